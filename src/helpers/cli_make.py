"""The command line of those who make the kit: demo data, generated pages, exercises."""

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
