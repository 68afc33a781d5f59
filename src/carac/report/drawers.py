"""Figures drawn by processes of their own, as many as there are cores, while sections are made and files written.

The drawing engine keeps Python from doing anything else, so that threads do not help; and processes of
`multiprocessing` would run the caller's script again wherever it lacks a guard, so that these are started by name.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from carac.report.content import Figure, Section
from carac.report.drawing import Drawing, drawn, specification

#: Each takes some 150 MB.
MOST = 4


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _asked_of(figure: Figure) -> tuple[str, int, str]:
    return specification(figure.chart), figure.dots, figure.alternative


class Drawers:
    """Draws figures of which it was told, each once; a context manager whose end stops its processes.

    Parameters
    ----------
    number: of processes; None takes one per core, up to four. With one core, or 0, figures are drawn where they are
        asked for.
    """

    def __init__(self, number: int | None = None) -> None:
        number = min(cores(), MOST) if number is None else number
        self._threads = ThreadPoolExecutor(number, "drawing") if number > 1 else None
        self._begun: dict[str, Future[Drawing]] = {}
        self._own = threading.local()
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
        if self._threads:
            self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.communicate()

    def begin(self, section: Section) -> None:
        """Begin with the figures of a section."""
        if self._threads:
            for figure in section.figures():
                self._begin(self._threads, figure)

    def _begin(self, threads: ThreadPoolExecutor, figure: Figure) -> None:
        if figure.name not in self._begun:
            self._begun[figure.name] = threads.submit(self._asked, *_asked_of(figure))

    def drawing(self, figure: Figure) -> Drawing:
        """The drawing of a figure; waits where it is not ready."""
        if not self._threads:
            return drawn(*_asked_of(figure))
        self._begin(self._threads, figure)
        return self._begun.pop(figure.name).result()

    def _asked(self, said: str, dots: int, alternative: str) -> Drawing:
        """Ask the process of this thread; where it cannot run or ended, draw here."""
        try:
            process = self._process()
            assert process.stdin and process.stdout
            pickle.dump((said, dots, alternative), process.stdin)
            process.stdin.flush()
            answer = pickle.load(process.stdout)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            return drawn(said, dots, alternative)
        if isinstance(answer, Drawing):
            return answer
        raise RuntimeError(f"a figure cannot be drawn: {answer}")

    def _process(self) -> subprocess.Popen[bytes]:
        process: subprocess.Popen[bytes] | None = getattr(self._own, "process", None)
        if process is None:
            process = subprocess.Popen(
                [sys.executable, "-m", "carac.report.drawing_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(place for place in sys.path if place)},
            )
            self._own.process = process
            self._processes.append(process)
        return process
