"""The command line of what people write as rules: tier schemes, and signals with plays."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from helpers.cli_options import AsOfOption, ProfileOption

schemes_app = typer.Typer(no_args_is_help=True, help="Tier schemes: what there is, whether it hangs together, what is called what elsewhere.")
plays_app = typer.Typer(no_args_is_help=True, help="Signals and plays: what there is, and whether it hangs together.")


@schemes_app.command("list")
def schemes_list() -> None:
    """Print every scheme in data/schemes with its tiers in English and Chinese."""
    from helpers.rules.schemes import schemes_of
    from helpers.runs.schemefiles import read_scheme_files

    for name, scheme in schemes_of(read_scheme_files()).items():
        typer.secho(f"{name}: {scheme.title.en} ({scheme.title.zh})", bold=True)
        typer.echo(f"  {scheme.about}")
        for tier in scheme.tiers:
            typer.echo(f"  {tier.key:<18}{tier.label.en} ({tier.label.zh}): {tier.who.en}; {tier.objective.en}")


@schemes_app.command("lint")
def schemes_lint(
    files: Annotated[Optional[list[Path]], typer.Argument(help="scheme files; default: all of data/schemes")] = None,  # noqa: UP045
    profile: Annotated[str, typer.Option(help="also look at the share of the fallback on this profile's customers")] = "",
    as_of: AsOfOption = "",
) -> None:
    """Look into every region of every scheme: holes, overlaps, rules that never decide, priority inversions."""
    from helpers.runs.schemelint import lint_files
    from helpers.show.tables import as_text

    found = lint_files(files or [], profile, as_of)
    typer.echo(as_text(found[["scheme", "check", "verdict", "found", "of", "detail"]], width=200))
    if (found["verdict"] == "fault").any():
        raise typer.Exit(1)


@schemes_app.command("crosswalk")
def schemes_crosswalk(a: str, b: str, profile: ProfileOption = "demo", as_of: AsOfOption = "") -> None:
    """Print how many customers of a profile hold each pair of tiers of two schemes."""
    from helpers.rules.crosswalk import cross_tiers
    from helpers.rules.schemes import primary_scheme
    from helpers.runs import Run
    from helpers.runs.schemefiles import read_scheme_files
    from helpers.show.tables import as_text

    contents = read_scheme_files()
    first, second = (primary_scheme(contents, name, "on the command line") for name in (a, b))
    typer.echo(as_text(cross_tiers(Run.open(profile, as_of).load("scheme_tiers"), (first, second))))


@plays_app.command("list")
def plays_list() -> None:
    """Print every play in data/playbooks and every signal in data/signals."""
    from helpers.runs.playlint import list_plays, list_signals
    from helpers.show.tables import as_text

    typer.echo(as_text(list_plays(), width=80))
    typer.echo("")
    typer.echo(as_text(list_signals(), width=60))


@plays_app.command("lint")
def plays_lint(
    files: Annotated[Optional[list[Path]], typer.Argument(help="signal and playbook files of your own, looked at together with the project's; a file goes before the project's of the same name")] = None,  # noqa: UP045
    profile: Annotated[str, typer.Option(help="also look whether this profile's staff and costs can carry the plays")] = "",
    as_of: AsOfOption = "",
    everything: Annotated[bool, typer.Option("--all", help="print what is in order, too")] = False,
) -> None:
    """Look into every play: columns and signals that nobody knows, missing words, costs above the cap, nobody to do it, situations without a play."""
    from helpers.runs.playlint import lint_plays
    from helpers.show.tables import as_text

    found = lint_plays(files or [], profile, as_of)
    faults = found[found["verdict"] == "fault"]
    shown = found if everything else faults
    if len(shown):
        typer.echo(as_text(shown, width=200))
    typer.echo(f"{found['play'].nunique() - 1:,} plays, {len(found):,} checks, {len(faults):,} faults")
    if len(faults):
        raise typer.Exit(1)
