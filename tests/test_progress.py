"""Is long work said, and quick work not, where there is no terminal?"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from carac.commands import showing
from carac.grading.explanation.gathering import no_such_patient
from carac.progress import PlainLines, Progress


def until(met: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something is so; on a crowded machine that may take its time."""
    end = time.monotonic() + seconds
    while not met() and time.monotonic() < end:
        time.sleep(0.005)
    assert met()


def test_a_step_that_takes_long_is_said_once() -> None:
    said: list[str] = []
    lines = PlainLines(said.append, slow=0.01, still=1000)
    progress = Progress(lines.show)
    with lines.watching():
        with progress.step("grading"):
            until(lambda: "grading ..." in said)
            time.sleep(0.1)
        with progress.step("writing"):
            until(lambda: "writing ..." in said)
    assert said == ["grading ...", "writing ..."]
    assert list(progress.seconds) == ["grading", "writing"]


def test_a_step_that_goes_on_is_said_again_with_its_seconds() -> None:
    said: list[str] = []
    lines = PlainLines(said.append, slow=0.01, still=0.05)
    with lines.watching(), Progress(lines.show).step("grading"):
        until(lambda: len(said) >= 3)
    assert said[0] == "grading ..."
    assert all(re.fullmatch(r"still grading, after \d+ s \.\.\.", line) for line in said[1:])


def test_what_is_quick_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    with showing.progress_shown() as progress, progress.step("reading"):
        pass
    assert capsys.readouterr().err == ""


def test_a_slow_step_is_a_plain_line_on_standard_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(showing, "PlainLines", lambda write: PlainLines(lambda line: told.append(write(line)), 0.01))
    with showing.progress_shown() as progress, progress.step("isth_overt_dic"):
        until(lambda: bool(told))
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "isth overt dic ...\n")


def test_work_that_fails_ends_the_lines() -> None:
    lines = PlainLines(lambda line: None, slow=1000)
    with pytest.raises(KeyError), lines.watching(), Progress(lines.show).step("reading"):
        raise KeyError


def test_a_reader_who_has_gone_does_not_stop_the_work() -> None:
    tried: list[str] = []

    def closed(line: str) -> None:
        tried.append(line)
        raise BrokenPipeError

    lines = PlainLines(closed, slow=0.01, still=0.01)
    with lines.watching(), Progress(lines.show).step("reading"):
        until(lambda: bool(tried))
    assert tried == ["reading ..."]


@pytest.mark.parametrize(
    ("asked", "known", "which"),
    [
        ("T3", ["T03", "T04", "X9"], "like it is T03"),
        ("p12", ["P120", "P121", "X9"], "like it are P120, P121"),
        ("t03", ["T03", "Z"], "like it is T03"),
        ("NOBODY", [f"P{number}" for number in range(9)], "the first ones are P0, P1, P2, P3, P4"),
        ("NOBODY", ["P1"], "the only one is P1"),
        ("NOBODY", [], "nobody in the record has one"),
    ],
)
def test_who_is_unknown_is_told_whose_identifier_is_like_it(asked: str, known: list[str], which: str) -> None:
    said = str(no_such_patient(asked, known))
    assert said.startswith(f"There is no patient {asked!r} with an infusion; {which}")
    assert said.endswith(".")
    assert "\n" not in said
