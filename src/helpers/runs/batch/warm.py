"""A process that has imported everything once and forks a ready child on request: kernels and runs start in milliseconds.

`python -m helpers.runs.batch.warm SOCKET` listens on a Unix socket. Whoever connects sends one line of JSON and gets a child of its own,
whose first line tells its process number. The connection is the child's life: when the child ends, the other side reads an end, and when
the other side ends, the child ends. Nothing outlives who asked for it, also after `kill -9`.

Forking is only used on Linux; elsewhere a batch starts ordinary kernels and processes.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import random
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

Task = dict[str, Any]


def serve(address: str) -> None:
    """Import, listen, fork; ends when standard input does, that is with the process that started it."""
    from helpers.runs.batch.preload import preload

    preload()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(address)
    listener.listen(64)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are not waited for: their connection tells
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()  # what is imported stays shared memory in all children
    os.write(1, b"ready\n")
    while True:
        ready, _, _ = select.select([listener, 0], [], [])
        if 0 in ready and not os.read(0, 1):
            return
        if listener in ready:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _live(connection)
            connection.close()


def _live(connection: socket.socket) -> None:
    """The whole life of a child; never returns."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setsid()
        with connection.makefile("r", encoding="utf-8") as reader:
            task = json.loads(reader.readline())
        tell(connection, {"pid": os.getpid()})
        threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
        _settle(task)
        _tasks()[task["do"]](task, connection)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        fault = sys.exc_info()[1]
        if fault is not None:
            _confess(connection, fault)
        os._exit(code)


def _confess(connection: socket.socket, fault: BaseException) -> None:
    """Tell the asking side what ended the child, in one sentence; the whole trace goes to standard error when it is wanted."""
    if os.environ.get("CRMKIT_DEBUG"):
        traceback.print_exception(fault)
    with suppress(OSError):
        tell(connection, {"fault": f"{type(fault).__name__}: {' '.join(str(fault).split())}"})


def _settle(task: Task) -> None:
    """Make the child what a new process would be: its own environment, folder, input and random numbers."""
    import numpy as np

    os.environ.clear()
    os.environ.update(task["env"])
    os.chdir(task["cwd"])
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)  # the warm process's own output is a pipe that nobody reads
    random.seed()
    np.random.seed()


def _end_with(connection: socket.socket) -> None:
    with suppress(OSError):
        while connection.recv(1024):
            pass
    os._exit(1)


def tell(connection: socket.socket, content: Task) -> None:
    """Send one line of JSON."""
    connection.sendall(json.dumps(content).encode("utf-8") + b"\n")


def _tasks() -> dict[str, Callable[[Task, socket.socket], None]]:
    return {"kernel": _be_kernel, "run": _be_run}


def _be_kernel(task: Task, connection: socket.socket) -> None:
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize(task["argv"])
    if "ipywidgets" in sys.modules:  # looks for a running kernel when it is imported, and there was none yet
        sys.modules["ipywidgets"].register_comm_target()
    app.start()
    atexit._run_exitfuncs()  # what an ordinary kernel does when it is asked to end


def _be_run(task: Task, connection: socket.socket) -> None:
    from helpers.runs.batch.child import perform

    tell(connection, {"result": perform(task["work"], task["address"])})


if __name__ == "__main__":
    if sys.path[0] in {"", os.getcwd()}:  # noqa: PTH109 as ipykernel does: modules of the caller's folder are not ours
        del sys.path[0]
    serve(sys.argv[1])
