"""Make .venv in the folder of the project from a hashed lock; `make demo` and `make test` run it.

    python3 tools/environment.py demo    what carac needs
    python3 tools/environment.py test    that, Spark, PostgreSQL and the tools of the tests

Every file that is installed is checked against its hash in requirements/, the build tools of requirements/build.txt
included: they are installed first and nothing is built in isolation, because pip checks no hashes there (PySpark
comes as source only). A stamp in .venv says what was installed; the environment is made anew when the lock, the Python
or the folder has changed. An environment without a stamp was made by somebody else: it is added to, never cleared.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "carac.json"
LOCKS = ROOT / "requirements"
KINDS = ("demo", "test")
#: Seconds after which an installation that goes on is said again.
STILL = 30.0


def fingerprint(*files: Path) -> str:
    """SHA-256 of the files, one after the other."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def wanted() -> dict[str, str]:
    """What an environment made now would say in its stamp, of either kind."""
    return {
        "folder": str(ROOT),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "carac": fingerprint(ROOT / "pyproject.toml"),
        **{kind: fingerprint(LOCKS / "build.txt", LOCKS / f"{kind}.txt") for kind in KINDS},
    }


def stamped() -> dict[str, str]:
    """What the stamp of the present environment says; empty where there is none."""
    try:
        return dict(json.loads(STAMP.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def works() -> bool:
    """Whether the environment has a Python that starts (it does not once the Python it was made from is gone)."""
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], capture_output=True, check=False).returncode == 0


def pip(*arguments: str) -> None:
    """Run pip in the environment, and say every half minute that it goes on; end with its status where it fails."""
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    began = time.monotonic()
    with subprocess.Popen([PYTHON, "-m", "pip", "install", *quiet, *arguments], cwd=ROOT) as running:
        while (status := _status(running)) is None:
            print(f"  still installing, after {time.monotonic() - began:.0f} s ...", flush=True)
    if status:
        sys.exit("The environment .venv is not complete: pip says above what it could not install.")


def _status(running: subprocess.Popen[bytes]) -> int | None:
    """How it ended; None where it goes on."""
    try:
        return running.wait(STILL)
    except subprocess.TimeoutExpired:
        return None


def create(clear: bool) -> None:
    """Make an empty environment.

    Parameters
    ----------
    clear: throw away what stands there.
    """
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit("This Python cannot make a virtual environment: install python3-venv (apt-get install python3-venv).")
    subprocess.run([sys.executable, "-m", "venv", *(["--clear"] if clear else []), str(VENV)], check=True)


def _packages(kind: str) -> int:
    """How many packages a lock holds."""
    return sum("==" in line for line in (LOCKS / f"{kind}.txt").read_text(encoding="utf-8").splitlines())


def install(kind: str, have: dict[str, str], want: dict[str, str]) -> None:
    """Install what is missing and write the stamp.

    Parameters
    ----------
    kind: which lock, "demo" or "test".
    have: what the stamp says.
    want: what it should say.
    """
    # The test lock holds the demo lock, in the same versions.
    if not any(have.get(other) == want[other] for other in {kind, "test"}):
        print(f"Installing requirements/{kind}.txt into .venv, once; this takes a few minutes.", flush=True)
        print("  the tools that build packages", flush=True)
        pip("--require-hashes", "-r", "requirements/build.txt")
        print(f"  the {_packages(kind)} packages of the lock, each checked against its hash", flush=True)
        pip("--require-hashes", "--no-build-isolation", "--use-pep517", "-r", f"requirements/{kind}.txt")
        have = {**have, kind: want[kind]}
    if have.get("carac") != want["carac"]:
        print("  carac itself", flush=True)
        pip("--no-deps", "--no-build-isolation", "--editable", ".")
    stamp = {key: value for key, value in want.items() if key not in KINDS or have.get(key) == value}
    STAMP.write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Bring .venv to what the lock says."""
    if len(sys.argv) != 2 or sys.argv[1] not in KINDS:
        sys.exit(f"Say which: {' or '.join(KINDS)}.")
    have, want = stamped(), wanted()
    changed = any(have[key] != want[key] for key in ("folder", "python", *KINDS) if key in have)
    if changed or not works():
        create(clear=VENV.exists())
        have = {}
    install(sys.argv[1], have, want)


if __name__ == "__main__":
    main()
