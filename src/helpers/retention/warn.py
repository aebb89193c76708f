"""How many warnings people have noted about each customer, as known on a day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from helpers.retention.catalogue import Observed
from helpers.retention.history import Look, Whole
from helpers.retention.measure import current_notes
from helpers.retention.signalfiles import read_signals


def warning_counter(observed: pd.DataFrame | None, rows: dict[str, Any]) -> Callable[[Look], Whole | None]:
    """Return what counts, on any day, the facts per customer that speak for leaving and still count; it gives None when nobody keeps such a list.

    Parameters
    ----------
    observed : pandas.DataFrame, optional
        Table `signals`.
    rows : dict
        Contents of `data/signals`.
    """
    if observed is None:
        return lambda look: None
    warning = [s for s in read_signals(rows).values() if isinstance(s, Observed) and s.foretells == "leaving" and s.act == "always"]

    def count(look: Look) -> Whole:
        told = [np.bincount(current_notes(s, look, observed)["who"].to_numpy("int64"), minlength=look.history.count) for s in warning]
        return np.sum(told, axis=0).astype("float64") if told else np.zeros(look.history.count)

    return count
