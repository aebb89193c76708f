"""The command line of those who make and keep the kit: demo data, generated pages, exercises, the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from helpers.cli_options import near


def demo_data(out: Annotated[Path, typer.Argument(help="folder to write to")], seed: int = 7) -> None:
    """Write the raw exports of the made-up company again; the same seed gives the same bytes."""
    from helpers.collection.demo import write_demo

    write_demo(out, seed)
    typer.echo(near(out))


def dictionary() -> None:
    """Write docs/data_dictionary.md and docs/stages.png anew from the code."""
    import io

    from helpers.runs.files import write_whole
    from helpers.runs.graph import room_links, room_tables
    from helpers.runs.paths import project_root
    from helpers.show.dictionary import dictionary_markdown
    from helpers.show.graph import plot_stages
    from helpers.show.style import set_style

    set_style()
    picture = io.BytesIO()
    plot_stages(room_tables(), room_links()).figure.savefig(picture, format="png", dpi=70, metadata={"Software": None})
    write_whole(project_root() / "docs" / "stages.png", picture.getvalue())
    write_whole(project_root() / "docs" / "data_dictionary.md", dictionary_markdown())


def exercises(check: Annotated[bool, typer.Option("--check", help="only say whether the committed ones are up to date")] = False) -> None:
    """Make the exercise notebooks from their solutions."""
    from helpers.runs.exercise_files import stale_exercises, write_exercises

    stale = stale_exercises() if check else []
    for name in stale if check else write_exercises():
        typer.echo(f"{'out of date: ' if check else ''}{name}")
    if stale:
        raise typer.Exit(1)


def cache(older_than: Annotated[str, typer.Option(help="remove tables that were not used for so long, such as 60d; what is needed again is made again")] = "") -> None:
    """Say where the cache of tables is, how large it is and how old; remove what was not used for long."""
    import time

    from helpers.runs.paths import cache_folder
    from helpers.runs.upkeep import GIGABYTE, cached_files, prune, read_days, sum_by_age
    from helpers.show.tables import as_text

    folder, days = cache_folder(), read_days(older_than) if older_than else 0
    if days:
        count, size = prune(folder, days)
        typer.echo(f"removed {count} tables, {size / GIGABYTE:.3f} GB, not used for {days} days")
    files = cached_files(folder, time.time())
    typer.echo(f"cache {near(folder)}: {len(files)} tables, {files['bytes'].sum() / GIGABYTE:.3f} GB")
    if len(files):
        typer.echo(as_text(sum_by_age(files)))
