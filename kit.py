"""Set up crmkit once and run it: python kit.py run | test | doctor | lab | ...

Needs nothing but Python 3.11 to 3.13. Makes .venv from requirements.lock, again when the lock changes,
and hands every command to crmkit. `python kit.py test` runs all checks, `test --quick` the unit tests only.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
MARK = os.path.join(VENV, "crmkit-ready")
GUARD = os.path.join(ROOT, ".venv-setup.lock")
SOURCES = ("requirements.lock", "pyproject.toml")
OLDEST, NEWEST = (3, 11), (3, 13)
STALE_SECONDS = 1800
NOTEBOOK_TEST = ["-p", "no:cacheprovider", "--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/notebooks/sanitize.cfg", "-n", "2", "--dist", "loadscope"]


def say(text):
    print(text, flush=True)


def stop(sentence):
    sys.stderr.write("Error: " + sentence + "\n")
    sys.exit(2)


def fingerprint():
    """What .venv must have been made from: the lock, the project file and this Python."""
    digest = hashlib.sha256(sys.version.encode())
    for name in SOURCES:
        with open(os.path.join(ROOT, name), "rb") as handle:
            digest.update(handle.read().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def venv_python():
    return os.path.join(VENV, "Scripts", "python.exe") if os.name == "nt" else os.path.join(VENV, "bin", "python")


def is_ready():
    try:
        with open(MARK) as handle:
            return handle.read() == fingerprint() and os.path.exists(venv_python())
    except OSError:
        return False


def take_guard():
    """Two set-ups at once would break each other: the second waits for the first."""
    told = False
    while True:
        try:
            os.close(os.open(GUARD, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            return
        except FileExistsError:
            try:
                stale = time.time() - os.path.getmtime(GUARD) > STALE_SECONDS
            except OSError:
                continue
            if stale:
                drop_guard()
            elif not told:
                say("another set-up is at work, waiting for it")
                told = True
            time.sleep(1)


def drop_guard():
    with contextlib.suppress(OSError):  # the other set-up may have removed it
        os.remove(GUARD)


def set_up():
    say("setting up .venv from requirements.lock (once, a few minutes)")
    shutil.rmtree(VENV, ignore_errors=True)
    pip = [venv_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    steps = (
        ([sys.executable, "-m", "venv", VENV], "no virtual environment could be made (on Debian: apt-get install python3-venv)"),
        (pip + ["-r", os.path.join(ROOT, "requirements.lock")], "the packages of requirements.lock could not be installed; is there a network?"),
        (pip + ["--no-deps", "-e", ROOT], "crmkit itself could not be installed"),
    )
    done = False
    try:
        for command, wrong in steps:
            if subprocess.call(command) != 0:
                stop(wrong + "; nothing half-made was left behind, try again")
        with open(MARK, "w") as handle:
            handle.write(fingerprint())
        done = True
    finally:
        if not done:
            shutil.rmtree(VENV, ignore_errors=True)


def ensure_ready():
    if is_ready():
        return
    take_guard()
    try:
        if not is_ready():
            set_up()
    finally:
        drop_guard()


def call(*words):
    return subprocess.call([venv_python()] + list(words), cwd=ROOT)


def run_tests(words):
    """Style, unit tests with doctests and published figures, then all lessons under strict nbval."""
    quick = "--quick" in words
    steps = [
        ("style", ["-m", "ruff", "check", "--quiet", "."]),
        ("unit tests", ["-m", "pytest", "-q", "-n", "2", "--dist", "loadscope"]),
    ]
    if not quick:
        lessons = sorted(n for n in os.listdir(os.path.join(ROOT, "notebooks")) if n[:2].isdigit() and n.endswith(".ipynb"))
        if not lessons:
            stop("there are no lessons in notebooks/")
        steps.append(("lessons under strict nbval", ["-m", "pytest", "-q"] + NOTEBOOK_TEST + ["notebooks/" + n for n in lessons]))
    failed = []
    for name, command in steps:
        say("== " + name)
        if call(*command) != 0:
            failed.append(name)
    say("== " + ("FAILED: " + ", ".join(failed) if failed else "all passed: " + ", ".join(name for name, _ in steps)))
    return 1 if failed else 0


def main(words):
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        stop("crmkit needs Python 3.11 to 3.13, this is %d.%d: call kit.py with another python" % sys.version_info[:2])
    ensure_ready()
    if words[:1] == ["test"]:
        return run_tests(words[1:])
    try:
        return subprocess.call([venv_python(), "-c", "from helpers.cli import main; main()"] + words)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
