"""One batch at a time at a remote address: a note with its owner and a time that the owner keeps fresh."""

from __future__ import annotations

import json
import os
import platform
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psutil

from helpers.errors import UserError

if TYPE_CHECKING:
    from helpers.runs.batch.remote import RemoteStore

NOTE = ".batch-owner.json"
FRESHEN_SECONDS = 30.0
STALE_SECONDS = 120.0  # an owner that has not been heard of for so long is gone
SETTLE_SECONDS = 1.0  # two that begin at the same moment: the later note stands, the other reads it and gives way


@dataclass(frozen=True)
class Hold:
    """A place that a batch holds: the token in its note, empty for a folder, and an event that is set when the place was lost to another batch."""

    token: str = ""
    lost: threading.Event = field(default_factory=threading.Event)


@contextmanager
def lease(store: RemoteStore) -> Iterator[Hold]:
    """Hold an address for one batch.

    An address has no lock that goes with its owner, so the owner writes a note and renews it. A note of a process of this computer that
    is gone, or one that was not renewed for two minutes, no longer counts. The event of the hold is set when another batch has taken over,
    as can happen after this computer slept or was cut off: this batch must then stop.

    Raises
    ------
    UserError
        Another batch is at work there.
    """
    mine = {"token": uuid.uuid4().hex, "process": os.getpid(), "computer": platform.node()}
    _refuse(store, mine)
    _renew(store, mine)
    time.sleep(SETTLE_SECONDS)
    _refuse(store, mine)
    done, hold = threading.Event(), Hold(mine["token"])
    keeper = threading.Thread(target=_keep, args=(store, mine, done, hold.lost), daemon=True)
    keeper.start()
    try:
        yield hold
    finally:
        done.set()
        keeper.join()
        _leave(store, mine)


def _renew(store: RemoteStore, mine: dict[str, Any]) -> None:
    store.write(NOTE, json.dumps(mine | {"at": time.time()}))


def _keep(store: RemoteStore, mine: dict[str, Any], done: threading.Event, lost: threading.Event) -> None:
    """Renew the note until the batch ends or the address is another's; when the network fails, the next beat tries again."""
    while not lost.is_set() and not done.wait(FRESHEN_SECONDS):
        with suppress(UserError):
            if _read(store).get("token", mine["token"]) == mine["token"]:
                _renew(store, mine)
            else:
                lost.set()


def _leave(store: RemoteStore, mine: dict[str, Any]) -> None:
    """Another's note stays; one that cannot be reached counts as gone when this process is."""
    with suppress(UserError):
        if _read(store).get("token") == mine["token"]:
            store.remove(NOTE)


def refuse_lost(store: RemoteStore, token: str) -> None:
    """Stop a batch that is about to write at an address that another holds by now; without a token there is no batch to stop.

    Raises
    ------
    UserError
        The note at the address is another's.
    """
    if token and _read(store).get("token", token) != token:
        raise UserError(f"another batch has taken over {store.address}: what this one made stays on this computer")


def _read(store: RemoteStore) -> dict[str, Any]:
    note = store.read(NOTE)
    try:
        return json.loads(note) if note else {}
    except json.JSONDecodeError as fault:
        raise UserError(f"{NOTE} at {store.address} cannot be read: another batch may be writing it, so try again; remove it when no batch is at work there") from fault


def _refuse(store: RemoteStore, mine: dict[str, Any]) -> None:
    told = _read(store)
    if not told or told["token"] == mine["token"]:
        return
    here_and_gone = told["computer"] == mine["computer"] and not psutil.pid_exists(told["process"])
    if not here_and_gone and time.time() - told["at"] < STALE_SECONDS:
        raise UserError(f"another batch is at work at {store.address} (process {told['process']} on {told['computer']}): wait for it, or use another address with --out")
