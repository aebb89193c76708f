"""pyproject.toml, requirements.lock and environment.yml name the same packages."""

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers.runs.environment import check_environment
from helpers.runs.paths import project_root

CONDA_NAMES = {"python-duckdb": "duckdb"}


def project_requirements() -> dict[str, Requirement]:
    project = tomllib.loads((project_root() / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [Requirement(r) for r in [*project["dependencies"], *project["optional-dependencies"]["dev"]]]
    return {canonicalize_name(r.name): r for r in listed}


def lock_lines() -> list[str]:
    text = (project_root() / "requirements.lock").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def conda_requirements() -> dict[str, Requirement]:
    listed = yaml.safe_load((project_root() / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    plain = [CONDA_NAMES.get(r.split()[0], r.split()[0]) + "".join(r.split()[1:]) for r in listed if isinstance(r, str)]
    from_pip = [r for part in listed if isinstance(part, dict) for r in part["pip"] if not r.startswith("-")]
    found = [Requirement(r) for r in [*plain, *from_pip]]
    return {canonicalize_name(r.name): r for r in found if r.name not in {"python", "pip"}}


def test_the_lock_holds_every_direct_dependency_within_its_range():
    locked = {canonicalize_name(Requirement(line).name): Requirement(line) for line in lock_lines()}
    for name, wanted in project_requirements().items():
        assert name in locked, f"{name} is not locked"
        (pin,) = locked[name].specifier
        assert pin.operator == "==" and wanted.specifier.contains(pin.version, prereleases=True)


def test_the_lock_pins_exact_versions_and_names_no_index():
    assert all("==" in line for line in lock_lines())
    text = (project_root() / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links|@ ", text.replace("--no-emit-index-url", ""))


def test_conda_users_get_the_same_packages_in_the_same_ranges():
    wanted, conda = project_requirements(), conda_requirements()
    assert set(conda) == set(wanted)
    assert {n: str(r.specifier) for n, r in conda.items()} == {n: str(r.specifier) for n, r in wanted.items()}


@pytest.mark.parametrize("check", check_environment(), ids=lambda c: c.name)
def test_this_environment_can_run_the_course(check):
    assert check.ok, f"{check.says}: {check.mend}"
