"""How far a batch is, and how long it will still take."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from helpers.runs.batch.child import Outcome

INDEX_SECONDS = 20  # the page is renewed at most this often while a batch is at work


@dataclass
class Countdown:
    """Says how far a batch is and how long it will still take."""

    total: int
    jobs: int
    done: int = 0
    started: float = field(default_factory=time.monotonic)
    page: float = field(default_factory=time.monotonic)

    def line(self, outcome: Outcome) -> str:
        """Return the line about a run that has just ended."""
        self.done += 1
        rest = (time.monotonic() - self.started) / self.done * (self.total - self.done)
        left = f", about {_minutes(rest)} left" if self.done < self.total else ""
        error = f": {outcome.error}" if outcome.error else ""
        return f"[{self.done:>{len(str(self.total))}}/{self.total}] {outcome.name}  {outcome.status}  {outcome.seconds:.1f} s{left}{error}"

    def page_is_due(self) -> bool:
        """Say whether the index page should be renewed now."""
        due = time.monotonic() - self.page > INDEX_SECONDS and self.done < self.total
        if due:
            self.page = time.monotonic()
        return due


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
