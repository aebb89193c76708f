"""Kernels that are forked from a warm process, for papermill: same messages, same outputs, no start-up.

A kernel manager tells nbclient (and so papermill) how a kernel is started and stopped; nothing else differs from an ordinary execution.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from helpers.runs.batch.nursery import Child

POLL_SECONDS = 0.01
QUIET_SECONDS = 0.02  # on a local socket nothing more comes after this


class NearClient(AsyncKernelClient):
    """A client that does not wait longer than a local kernel needs: the ordinary one listens a fifth of a second for stray messages."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Return when the kernel answers and its output channel is connected.

        Raises
        ------
        RuntimeError
            The kernel died, or did not answer in time.
        """
        until = time.monotonic() + (timeout or float("inf"))
        while not await self._answers():
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > until:
                raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")
        with contextlib.suppress(Empty):
            while True:
                await self.get_iopub_msg(timeout=QUIET_SECONDS)

    async def _answers(self) -> bool:
        """Ask who it is; true when both the answer and its echo on the output channel came."""
        self.kernel_info()
        try:
            answer = await self.get_shell_msg(timeout=1)
            await self.get_iopub_msg(timeout=0.2)
        except Empty:
            return False
        return bool(answer["msg_type"] == "kernel_info_reply")


class ForkedProvisioner(LocalProvisioner):
    """Starts a kernel as a child of the warm process at `address`."""

    address = ""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Fork; the words of the ordinary command after its module are the kernel's arguments."""
        argv = cmd[cmd.index("-f") :]
        self.process = Child(self.address, {"do": "kernel", "argv": argv, "env": dict(kwargs["env"]), "cwd": str(kwargs.get("cwd") or Path.cwd())})
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs.get("cwd")
        return self.connection_info

    async def poll(self) -> int | None:
        """Return None while the kernel lives."""
        return None if self.process is not None and not self.process.ended() else 0

    async def wait(self) -> int | None:
        """Wait until the kernel has ended."""
        while await self.poll() is None:
            await asyncio.sleep(POLL_SECONDS)
        if self.process is not None:
            self.process.close()
            self.process = None
        return 0

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel and what it started."""
        if self.process is not None:
            self.process.signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel at once."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel to end."""
        await self.send_signal(signal.SIGTERM)


def warm_manager(address: str) -> type[AsyncKernelManager]:
    """Return the kernel manager class to hand to papermill as `kernel_manager_class`.

    Parameters
    ----------
    address : str
        Socket of a warm process; kernels talk over Unix sockets too, so two that start at once never take each other's port.
    """
    provisioner = type("Provisioner", (ForkedProvisioner,), {"address": address})

    class WarmKernelManager(AsyncKernelManager):
        def __init__(self, **traits: Any) -> None:
            own = f"{address}-{uuid.uuid4().hex[:12]}"  # beside the warm process's socket; else all kernels would share one name in their folder
            super().__init__(**{"transport": "ipc", "ip": own, "connection_file": f"{own}.json", "client_factory": NearClient, **traits})

        async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
            self.provisioner = self.provisioner or provisioner(kernel_id="warm", kernel_spec=self.kernel_spec, parent=self)
            return await super()._async_pre_start_kernel(**options)

        pre_start_kernel = _async_pre_start_kernel

    return WarmKernelManager
