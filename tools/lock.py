"""Write the hashed locks in requirements/ from pyproject.toml; `make lock` runs it.

Run it with the oldest Python that carac supports: a pin that installs there installs on the later ones, which ask
for a subset of its packages. Three locks come out: what builds (build.txt), what carac needs (demo.txt), and what its
tests need (test.txt), which holds the same versions as demo.txt so that one environment serves both.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = Path("requirements")
GROUP = Path("build/dev.in")
#: No index, no local wheels, no certificate file: a lock says what is installed, not from where.
OPTIONS = (
    "--generate-hashes",
    "--allow-unsafe",
    "--strip-extras",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
    "--no-emit-options",
    "--annotation-style=line",
    "--quiet",
)


def lock(name: str, *arguments: str) -> None:
    """Write one lock.

    Parameters
    ----------
    name: of the file in requirements/, without its ending.
    arguments: what to lock, in pip-compile's words.

    Raises
    ------
    subprocess.CalledProcessError: the requirements contradict each other, or the index cannot be reached.
    """
    output = LOCKS / f"{name}.txt"
    command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, f"--output-file={output}", *arguments]
    # Local wheels carry hashes that the public index does not know.
    environment = {key: value for key, value in os.environ.items() if key != "PIP_FIND_LINKS"}
    environment |= {"CUSTOM_COMPILE_COMMAND": "make lock", "PIP_CONFIG_FILE": os.devnull}
    subprocess.run(command, cwd=ROOT, check=True, env=environment)
    print(f"wrote {output}")


def main() -> None:
    """Write the three locks."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    oldest = project["project"]["requires-python"].removeprefix(">=")
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    if running != oldest:
        sys.exit(f"The locks are made with Python {oldest}, the oldest that carac supports; this is Python {running}.")
    (ROOT / LOCKS).mkdir(exist_ok=True)
    (ROOT / GROUP).parent.mkdir(exist_ok=True)
    (ROOT / GROUP).write_text("\n".join(project["dependency-groups"]["dev"]) + "\n", encoding="utf-8")
    extras = [f"--extra={extra}" for extra in project["project"]["optional-dependencies"]]
    lock("build", "--upgrade", "--build-deps-for=editable", "--only-build-deps", "pyproject.toml")
    lock("test", "--upgrade", *extras, "pyproject.toml", str(GROUP))
    # pip-compile keeps the versions and hashes that it finds in its output, and drops what is not asked for.
    shutil.copyfile(ROOT / LOCKS / "test.txt", ROOT / LOCKS / "demo.txt")
    lock("demo", "pyproject.toml")


if __name__ == "__main__":
    main()
