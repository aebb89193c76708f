"""The asking side of warm processes: start the one that forks, ask it for kernels and runs."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from helpers.errors import UserError

CAN_FORK = sys.platform == "linux"  # macOS's own libraries do not survive a fork, Windows has none
SCRATCH = "crmkit-"  # folder names are short: a socket's address may hold about a hundred letters


class Child:
    """A forked process; it ends at the latest when this object's connection is closed.

    Parameters
    ----------
    address : str
        Socket of the warm process.
    task : dict
        What the child is to do, see `warm`.
    """

    def __init__(self, address: str, task: dict[str, Any]) -> None:
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.connect(address)
        whole = {"env": dict(os.environ), "cwd": str(Path.cwd()), **task}
        self._connection.sendall(json.dumps(whole).encode("utf-8") + b"\n")
        self._waiting = b""
        first = self.read_line(60)
        if first is None:
            raise ConnectionError("the warm process gave no child")
        self.pid = int(first["pid"])

    def read_line(self, seconds: float | None = None) -> dict[str, Any] | None:
        """Return the next thing the child says; None when it ended or said nothing in time (`ended` tells which)."""
        while b"\n" not in self._waiting:
            ready, _, _ = select.select([self._connection], [], [], seconds)
            if not ready:
                return None
            part = self._receive()
            if not part:
                return None
            self._waiting += part
        line, _, self._waiting = self._waiting.partition(b"\n")
        return json.loads(line)

    def _receive(self) -> bytes:
        try:
            return self._connection.recv(1 << 16)
        except ConnectionError:
            return b""

    def ended(self) -> bool:
        """Say whether the process is gone."""
        ready, _, _ = select.select([self._connection], [], [], 0)
        if not ready:
            return False
        part = self._receive()
        self._waiting += part
        return not part

    def signal(self, number: int) -> None:
        """Send a signal to the child and what it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def close(self) -> None:
        """End the child."""
        if not self.ended():
            self.signal(signal.SIGKILL)
        self._connection.close()


class Nursery:
    """One warm process, started at once and ended with `close`, or with this process.

    Use it as a context manager. `address` is what `Child` needs.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix=SCRATCH))
        self.address = str(self._folder / "warm")
        self._server = subprocess.Popen([sys.executable, "-m", "helpers.runs.batch.warm", self.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._ready = False

    def ready(self) -> Nursery:
        """Wait until it can be asked; importing takes some seconds, in which the caller may do something else.

        Raises
        ------
        UserError
            It did not start.
        """
        assert self._server.stdout is not None
        if not self._ready and self._server.stdout.readline() != b"ready\n":
            self.close()
            raise UserError("the process that starts kernels did not come up: run crmkit check-env")
        self._ready = True
        return self

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()

    def alive(self) -> bool:
        """Say whether the warm process is still there."""
        return self._server.poll() is None

    def close(self) -> None:
        """End the warm process; children end with their own connections."""
        for pipe in (self._server.stdin, self._server.stdout):
            if pipe is not None:
                pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.wait(5)
        if self.alive():
            self._server.kill()
            self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
