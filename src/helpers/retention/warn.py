"""How many warnings people have noted about each customer, as known on a day."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.retention.catalogue import Observed, read_signals
from helpers.retention.history import Look, Whole
from helpers.retention.measure import current_notes


def count_warnings(look: Look, observed: pd.DataFrame | None, rows: dict[str, Any]) -> Whole | None:
    """Return the number of facts that speak for leaving and still count, per customer; None when nobody keeps such a list.

    Parameters
    ----------
    look : Look
        The day.
    observed : pandas.DataFrame, optional
        Table `signals`.
    rows : dict
        Contents of `data/signals`.
    """
    if observed is None:
        return None
    warning = [s for s in read_signals(rows).values() if isinstance(s, Observed) and s.foretells == "leaving" and s.act == "always"]
    counts = [np.bincount(current_notes(s, look, observed)["who"].to_numpy("int64"), minlength=look.history.count) for s in warning]
    return np.sum(counts, axis=0).astype("float64") if counts else np.zeros(look.history.count)
