"""kit.py: sets up once, refreshes when the lock changes, leaves nothing half-made, says mistakes in one sentence."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.runs.paths import project_root


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """kit.py as a module, working in a folder of its own, with installing replaced by notes of what was called."""
    spec = importlib.util.spec_from_file_location("kit_under_test", project_root() / "kit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, value in {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "MARK": tmp_path / ".venv" / "crmkit-ready", "GUARD": tmp_path / "guard"}.items():
        monkeypatch.setattr(module, name, str(value))
    (tmp_path / "requirements.lock").write_text("nothing==1\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    module.calls, module.fails_at = [], None

    def call(command, **options):
        module.calls.append(command)
        if command[1:3] == ["-m", "venv"]:
            python = Path(module.venv_python())
            python.parent.mkdir(parents=True, exist_ok=True)
            python.write_text("", encoding="utf-8")
        return 1 if module.fails_at and module.fails_at in command else 0

    monkeypatch.setattr(module.subprocess, "call", call)
    return module


def installs(kit) -> int:
    return sum("install" in c for c in kit.calls)


def test_the_first_call_sets_up_and_the_second_does_not(kit):
    assert kit.main(["run"]) == 0 and installs(kit) == 2
    assert kit.calls[-1][-1] == "run"
    assert kit.main(["doctor"]) == 0 and installs(kit) == 2


def test_a_changed_lock_sets_up_anew(kit):
    kit.main(["run"])
    (Path(kit.ROOT) / "requirements.lock").write_text("nothing==2\n", encoding="utf-8")
    kit.main(["run"])
    assert installs(kit) == 4


def test_line_ends_of_windows_are_no_change(kit):
    kit.main(["run"])
    (Path(kit.ROOT) / "requirements.lock").write_bytes(b"nothing==1\r\n")
    kit.main(["run"])
    assert installs(kit) == 2


@pytest.mark.parametrize("step", ["venv", "install", "-e"])
def test_a_failed_set_up_leaves_nothing_and_says_one_sentence(kit, step, capsys):
    kit.fails_at = step
    with pytest.raises(SystemExit) as ended:
        kit.main(["run"])
    assert ended.value.code == 2 and not Path(kit.VENV).exists() and not Path(kit.GUARD).exists()
    error = capsys.readouterr().err
    assert error.startswith("Error: ") and error.count("\n") == 1
    kit.fails_at = None
    assert kit.main(["run"]) == 0


def test_an_interrupted_set_up_is_made_anew(kit):
    kit.main(["run"])
    Path(kit.MARK).unlink()
    kit.main(["run"])
    assert installs(kit) == 4


def test_tests_fail_when_one_step_fails(kit, capsys):
    (Path(kit.ROOT) / "notebooks").mkdir()
    (Path(kit.ROOT) / "notebooks" / "00_a.ipynb").write_text("{}", encoding="utf-8")
    assert kit.main(["test"]) == 0
    kit.fails_at = "ruff"
    assert kit.main(["test", "--quick"]) == 1
    assert "FAILED: style" in capsys.readouterr().out


def test_no_lessons_is_a_failure_not_a_pass(kit):
    (Path(kit.ROOT) / "notebooks").mkdir()
    with pytest.raises(SystemExit):
        kit.main(["test"])


def test_another_python_is_refused_in_one_sentence(kit, monkeypatch, capsys):
    monkeypatch.setattr(kit, "OLDEST", (3, 99))
    with pytest.raises(SystemExit):
        kit.main(["run"])
    assert "crmkit needs Python 3.11 to 3.13" in capsys.readouterr().err


def test_help_of_the_real_command_line():
    told = subprocess.run([sys.executable, "-c", "from helpers.cli import main; main()", "--help"], capture_output=True, text=True, check=False)
    assert told.returncode == 0 and "doctor" in told.stdout


def test_an_extra_installed_later_stays_until_the_lock_changes(kit):
    kit.ensure_ready()
    extra = Path(kit.VENV) / "an-extra"
    extra.write_text("", encoding="utf-8")
    kit.ensure_ready()
    assert extra.exists()
    (Path(kit.ROOT) / "requirements.lock").write_text("nothing==2\n", encoding="utf-8")
    kit.ensure_ready()
    assert not extra.exists()
