"""The command line: thin, every error one sentence."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import Annotated, Optional

import typer

from helpers.cli_make import cache, demo_data, dictionary, exercises
from helpers.cli_options import AsOfOption, OutOption, ProfileOption, SetOption, near
from helpers.cli_rules import plays_app, schemes_app
from helpers.errors import UserError

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="From raw customer exports to a dated, explained list.")
profile_app = typer.Typer(no_args_is_help=True, help="Profiles: which sources there are and how they are read.")
app.add_typer(profile_app, name="profile")
app.add_typer(schemes_app, name="schemes")
app.add_typer(plays_app, name="plays")


@app.callback()
def options(debug: Annotated[bool, typer.Option("--debug", help="show the full trace of an error")] = False) -> None:
    """Set what holds for every command."""
    if not debug:
        sys.excepthook = _one_sentence


def _one_sentence(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        typer.echo("stopped", err=True)
    elif issubclass(kind, UserError):
        typer.echo(f"Error: {fault}", err=True)
    else:
        typer.echo(f"Error: {kind.__name__}: {' '.join(str(fault).split())} (a fault of crmkit: run crmkit --debug ... and report it)", err=True)


@app.command()
def run(
    profile: ProfileOption = "demo",
    as_of: AsOfOption = "",
    assign: SetOption = None,
    out: OutOption = None,
    tables_only: Annotated[bool, typer.Option("--tables-only", help="make the tables, run no notebooks")] = False,
    previous: Annotated[Optional[Path], typer.Option(help="run folder of an earlier action list: says what was added, done and dropped since, and reads what people entered there")] = None,  # noqa: UP045
) -> None:
    """Run all lessons on a profile and write report, action list, tables and manifest."""
    from helpers.runs.main_job import run_all
    from helpers.runs.playfiles import near_project
    from helpers.runs.settings import read_assignments

    folder, told = out.absolute() if out else "", read_assignments(assign or [])
    if previous:
        told.setdefault("actions", {})["previous"] = near_project(previous)
    result = run_all(profile, as_of, told, folder, tables_only=tables_only, say=typer.echo)
    for name, reason in result.run.not_measured().items():
        typer.echo(f"  {name}: {reason}")
    typer.echo(near(result.page))
    if not result.ok:
        raise typer.Exit(1)


@app.command()
def batch(
    file: Annotated[Path, typer.Argument(help="a batch file; data/batches holds examples")],
    jobs: Annotated[int, typer.Option(help="runs at a time; 0: one per processor core, at most four")] = 0,
    dry: Annotated[bool, typer.Option("--dry-run", help="only show what would be done")] = False,
    scheduler: Annotated[str, typer.Option(help="address of a Dask scheduler whose workers do the runs")] = "",
    out: Annotated[str, typer.Option(help="folder or address (s3://...) for the results; default: the file's, or outputs/batches/<batch>")] = "",
    keep_going: Annotated[bool, typer.Option("--keep-going", help="do the good runs although others have a mistake")] = False,
    until: Annotated[str, typer.Option(help="day that the newest as-of dates are counted back from; default: the file's, else today")] = "",
) -> None:
    """Do many runs from one file: in parallel, resumable, with a page that compares them."""
    from helpers.runs.batch.driver import Options, dry_run, read_until, run_batch
    from helpers.show.tables import as_text

    place = str(Path(out).absolute()) if out and "://" not in out else out
    options = Options(place, jobs, scheduler, keep_going, read_until(file, until))
    if dry:
        table, sentence = dry_run(file, options)
        typer.echo(as_text(table))
        typer.echo(sentence)
        return
    done = run_batch(file, options, say=typer.echo)
    for name, error in done.failed.items():
        typer.echo(f"failed: {name}: {error}")
    typer.echo(f"{done.store.address}/index.html" if "://" in done.store.address else near(Path(done.store.address) / "index.html"))
    if done.failed:
        raise typer.Exit(1)


@app.command()
def diff(
    run_a: Annotated[str, typer.Argument(help="a run folder, or the address of one")],
    run_b: Annotated[str, typer.Argument(help="the run to compare it with")],
    out: Annotated[Optional[Path], typer.Option(help="write the difference as a page (.html), with all customers that moved beside it (.csv)")] = None,  # noqa: UP045
) -> None:
    """Say what differs between two runs: settings, inputs, tables, and which customers changed tier and why."""
    from helpers.runs.batch.places import local_copy
    from helpers.runs.diff import diff_page, diff_runs, say_difference, say_move, table_frame
    from helpers.runs.files import write_whole
    from helpers.show.export import safe_csv
    from helpers.show.tables import as_text

    with local_copy(run_a) as before, local_copy(run_b) as after:
        told = diff_runs(before, after)
    typer.echo("\n".join(say_difference(told)))
    for title, frame in (("settings", told.settings), ("inputs", told.inputs), ("versions", told.versions), ("figures", told.figures), ("tables", table_frame(told))):
        if len(frame):
            typer.echo(f"\n{title}\n{as_text(frame)}")
    if len(told.moves):
        typer.echo("\ncustomers that changed tier\n" + "\n".join(map(say_move, told.moves.head(20).to_dict("records"))))
    if out:
        write_whole(out, diff_page(told))
        write_whole(out.with_suffix(".csv"), safe_csv(told.moves))
        typer.echo(near(out.absolute()))


@app.command()
def verify(run: Annotated[str, typer.Argument(help="a run folder, the folder of a batch, or the address of one")]) -> None:
    """Make a run, or every finished run of a batch, again from its exports and say what is no longer as it was."""
    from helpers.runs.batch.recheck import recheck

    if not recheck(run, say=typer.echo):
        raise typer.Exit(1)


@app.command()
def doctor(profile: ProfileOption = "demo", as_of: AsOfOption = "", out: OutOption = None) -> None:
    """Say which analyses the data allows, why, and what would unlock the next."""
    from helpers.runs import Run
    from helpers.show.tables import as_text

    verdicts = Run.open(profile, as_of, out=out.absolute() if out else "").load("doctor")
    typer.echo(as_text(verdicts[["feature", "analysis", "verdict", "why", "unlock"]]))


@app.command()
def settings(profile: ProfileOption = "demo") -> None:
    """Print every setting with the profile's value, the default, what is allowed and what it means."""
    from helpers.collection.profiles import load_profile
    from helpers.runs.paths import profile_file
    from helpers.runs.settings import build_settings, list_settings
    from helpers.show.tables import as_text

    typer.echo(as_text(list_settings(build_settings(load_profile(profile_file(profile)).settings))))


@profile_app.command("new")
def profile_new(files: list[Path], name: Annotated[str, typer.Option(help="name of the profile")] = "mine", out: OutOption = None) -> None:
    """Look at files and draft a commented profile with what was guessed and why."""
    from helpers.collection.draft import draft_profile
    from helpers.runs.files import write_whole
    from helpers.runs.paths import project_root

    target = out or project_root() / "data" / "profiles" / f"{name}.yml"
    if target.exists():
        raise UserError(f"{target.name} is there already: choose another --name or --out")
    write_whole(target, draft_profile([f.absolute() for f in files], name=name, folder=target.absolute().parent))
    typer.echo(near(target))
    typer.echo("Read it, edit what its comments ask about, then: crmkit run --profile " + (name if not out else str(out)))


@app.command("check-env")
def check_env() -> None:
    """Say in green and red lines whether this computer can run the course."""
    from helpers.runs.environment import check_environment

    checks = check_environment()
    for check in checks:
        colour = typer.colors.GREEN if check.ok else typer.colors.RED
        typer.secho(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.says}" + ("" if check.ok else f" -> {check.mend}"), fg=colour)
    if not all(c.ok for c in checks):
        raise typer.Exit(1)


@app.command()
def fetch(profile: str, trust_first_download: Annotated[bool, typer.Option(help="accept a file whose checksum the profile does not state yet")] = False) -> None:
    """Download the file that a profile names, and accept it only when its checksum agrees."""
    from helpers.collection.fetch import fetch_profile
    from helpers.collection.profiles import load_profile
    from helpers.runs.paths import profile_file

    typer.echo(fetch_profile(load_profile(profile_file(profile)), trust_first_download=trust_first_download))


@app.command()
def template(table: str, out: Annotated[Path, typer.Option(help="workbook to write")], lang: Annotated[str, typer.Option(help="en or zh")] = "en") -> None:
    """Write the Excel sheet in which people enter ratings, signals, staff, costs or contacts."""
    from helpers.collection.templates import build_template
    from helpers.runs.files import write_whole

    write_whole(out, build_template(table, lang))
    typer.echo(near(out))


@app.command()
def lab() -> None:
    """Open JupyterLab on the lessons."""
    import subprocess

    from helpers.runs.paths import project_root

    raise typer.Exit(subprocess.call([sys.executable, "-m", "jupyterlab", str(project_root() / "notebooks")]))


app.command("demo-data")(demo_data)
app.command()(cache)
app.command()(dictionary)
app.command()(exercises)


def main() -> None:
    """Run the command line; the console script `crmkit` calls this."""
    app()
