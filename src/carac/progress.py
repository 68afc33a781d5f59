"""Progress of long work: who works calls `step`; who shows it decides how."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Progress:
    """Steps with their seconds; `show` is called at the start of each with its name, by default nowhere."""

    show: Callable[[str], None] = lambda _: None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside and say that it began."""
        self.show(name)
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


#: Seconds after which a step is said in a plain line, and after which a step that goes on is said again.
SLOW, STILL = 5.0, 60.0


class PlainLines:
    """Progress where nothing can be overwritten (a file, a pipe, a log): one line for each step that is not quick.

    Parameters
    ----------
    write: takes a line.
    slow: seconds between two looks at what is going on; what is over before the first is not said.
    still: seconds after which a step that goes on is said again, with how long it has taken.
    """

    def __init__(self, write: Callable[[str], None], slow: float = SLOW, still: float = STILL) -> None:
        self._write, self._slow, self._still = write, slow, still
        self._running = ("", time.monotonic())
        self._ended = threading.Event()

    def show(self, name: str) -> None:
        """Another step has begun; for `Progress.show`."""
        self._running = (name, time.monotonic())

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look at the steps from a thread of its own, until the work ends or fails."""
        thread = threading.Thread(target=self._look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _look(self) -> None:
        told, at = "", 0.0
        while not self._ended.wait(self._slow):
            (name, since), now = self._running, time.monotonic()
            if not name or (name == told and now - at < self._still):
                continue
            try:
                self._write(f"{name} ..." if name != told else f"still {name}, after {now - since:.0f} s ...")
            except (OSError, ValueError):
                return  # Nobody reads on: no reason to stop the work.
            told, at = name, now
