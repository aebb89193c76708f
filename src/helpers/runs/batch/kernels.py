"""Kernels that are forked from a warm process, for papermill: same messages, same outputs, no start-up.

A kernel manager tells nbclient (and so papermill) how a kernel is started and stopped; nothing else differs from an ordinary execution.
"""

from __future__ import annotations

import asyncio
import signal
import uuid
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from helpers.runs.batch.nursery import Child

POLL_SECONDS = 0.01


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
            super().__init__(**{"transport": "ipc", "ip": own, "connection_file": f"{own}.json", **traits})

        async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
            self.provisioner = self.provisioner or provisioner(kernel_id="warm", kernel_spec=self.kernel_spec, parent=self)
            return await super()._async_pre_start_kernel(**options)

        pre_start_kernel = _async_pre_start_kernel

    return WarmKernelManager
