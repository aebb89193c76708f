"""The linter on signals and plays, the user's own included, and what there is of both."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers.retention.lint import lint_playbook
from helpers.retention.owners import build_prices, build_team
from helpers.retention.playfiles import read_playbooks
from helpers.retention.signalfiles import read_signals
from helpers.runs.playfiles import read_folder, read_yaml_file
from helpers.runs.run import Run
from helpers.runs.settings import Settings


def lint_plays(files: list[Path], profile: str = "", as_of: str = "") -> pd.DataFrame:
    """Return what the linter finds in signals and plays.

    Parameters
    ----------
    files : list of pathlib.Path
        Signal and playbook files of the user's own; they are looked at together with those of the project, and a file goes before the project's of the same name.
    profile, as_of : str
        Where `profile` is given, its staff and costs are looked at; else the defaults of the playbooks.

    Returns
    -------
    pandas.DataFrame
        play, check, verdict (ok, fault), detail (str), as from `lint_playbook`.

    Raises
    ------
    UserError
        A file that cannot be read, or a row that does not hang together: file, row and fault.
    """
    run = Run.open(profile, as_of) if profile else None
    own = {f.stem: read_yaml_file(f) for f in files}
    signals = {k: c for k, c in own.items() if isinstance(c, dict) and "signals" in c}
    book = read_playbooks(read_folder("playbooks") | {k: c for k, c in own.items() if k not in signals})
    rows = read_signals(read_folder("signals") | signals)
    staff, costs = (run.load(t) if run and run.measured(t) else None for t in ("staff", "costs"))
    return lint_playbook(book, rows, build_prices(costs, book), build_team(staff, book), (run.settings if run else Settings()).actions.contacts_per_week)


def list_plays() -> pd.DataFrame:
    """Return the plays: file, play, label_en, label_zh, purpose (str), steps (Int64), hold_out (share)."""
    book = read_playbooks(read_folder("playbooks"))
    rows = [(book.files[f"plays:{k}"], k, p.label.en, p.label.zh, p.purpose, len(p.steps), p.hold_out) for k, p in book.plays.items()]
    return pd.DataFrame(rows, columns=["file", "play", "label_en", "label_zh", "purpose", "steps", "hold_out"])


def list_signals() -> pd.DataFrame:
    """Return the signals: signal, label_en, label_zh, foretells, acts (proven, always, never), needs (str)."""
    rows = [(k, s.label.en, s.label.zh, s.foretells, s.act, ", ".join(s.needs)) for k, s in read_signals(read_folder("signals")).items()]
    return pd.DataFrame(rows, columns=["signal", "label_en", "label_zh", "foretells", "acts", "needs"])
