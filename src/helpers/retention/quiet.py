"""Keeps a solver's stray prints out of lessons and terminals."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_solver() -> Iterator[None]:
    """Let nothing that compiled code prints reach the standard output.

    HiGHS 1.12, which scipy ships, prints a line of its own although it was told not to (jump-dev/HiGHS.jl issue 312); a notebook would
    show it, and not the same number of times on each run.

    Examples
    --------
    >>> with quiet_solver():
    ...     kept = 1 + 1
    >>> kept
    2
    """
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # no standard output at all, for example under a window system
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
