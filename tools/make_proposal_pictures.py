"""Draw the courses on which carac's own proposals are tried, five right and two wrong each; write docs/proposals.md.

    python tools/make_proposal_pictures.py

Each drawing is a case of tests/cases, so that what is drawn is also what is tested. Rewrites docs/proposals.md and
docs/pictures/proposal_*.svg; a test holds them to what this writes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from textwrap import wrap
from typing import Any

from carac.definitions import definition_of
from make_vocabulary_docs import table

ROOT = Path(__file__).resolve().parents[1]
CASES, DOCS = ROOT / "tests" / "cases", ROOT / "docs"
PICTURES, PAGE = DOCS / "pictures", DOCS / "proposals.md"

WIDTH, HEIGHT, TEXT, COLUMNS, GAP = 270, 120, 74, 4, 18
LEFT, BOTTOM = 30, 18
RIGHT_INK, WRONG_INK, GIVEN_INK, GREY = "#1b6a4b", "#a3341c", "#6b4ea0", "#6a6a6a"

Case = Mapping[str, Any]
#: How the columns end whose value is a day.
FOUND = ("_day", "independence_proposal", "refractoriness_proposal")


@dataclass(frozen=True)
class Proposal:
    """One algorithm of carac's own.

    Parameters
    ----------
    title, definition: what it is called, and where it is.
    file: of the cases.
    analyte: what is drawn; empty draws treatments and events alone.
    right, wrong: the cases that it gets right, and those that it does not.
    lines: parameters, or numbers, that are drawn as horizontal lines.
    rule: what it does, in two or three sentences.
    """

    title: str
    definition: str
    file: str
    analyte: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    rule: str
    lines: tuple[str | float, ...] = ()

    @property
    def height(self) -> int:
        """Of a panel: without values a line of days is enough."""
        return HEIGHT if self.analyte else HEIGHT // 3

    @property
    def picture(self) -> str:
        return f"proposal_{self.file}.svg"


PROPOSALS = (
    Proposal(
        "Biphasic platelet nadirs",
        "platelet_nadirs_proposal",
        "platelet_nadirs",
        "platelets",
        ("right_biphasic", "right_monophasic", "right_no_nadir", "right_plateau", "right_transfusion_bump"),
        ("wrong_slow_second", "wrong_single_outlier"),
        "The lowest count of the first days is the first nadir. A second one needs a rise in between, by a multiple "
        "and by a number, and a loss of a share of the highest count reached. Days after a platelet transfusion are "
        "left out.",
        ("low_below",),
    ),
    Proposal(
        "Course of fibrinogen",
        "fibrinogen_course_proposal",
        "fibrinogen_course",
        "fibrinogen",
        ("right_masked_fall", "right_low_recovers", "right_after_tocilizumab", "right_stable", "right_replaced"),
        ("wrong_nadir_before_peak", "wrong_replaced_course"),
        "The highest value is the peak, the lowest from its day on the nadir. A nadir below the lower line is low; a "
        "fall by a share of a peak above the upper line that stays above the lower one is masked by the acute phase.",
        ("low_below", "peak_above"),
    ),
    Proposal(
        "A cytopenia that is new or worse",
        "iec_hs_candidate",
        "new_cytopenia",
        "platelets",
        ("right_new", "right_half", "right_long_low", "right_mild", "right_recovering"),
        ("wrong_slow_fall", "wrong_after_transfusion"),
        "A count is new under the cut-point of grade 3 where the median of the three days before was not, and worse "
        "where it has lost a share of that median. Refractoriness to transfusion is judged by a clinician, never "
        "computed.",
        (50.0,),
    ),
    Proposal(
        "Stable, falling, rising",
        "isth_non_overt_dic",
        "stable_trend",
        "platelets",
        ("right_falling", "right_stable", "right_rising", "right_tie", "right_low_and_flat"),
        ("wrong_slow_fall", "wrong_noise"),
        "A value is stable where it differs from that of the day before by no more than a share of it.",
    ),
    Proposal(
        "Independence from transfusion",
        "platelet_independence_proposal",
        "transfusion_independence",
        "",
        ("right_last_d12", "right_never", "right_death_before", "right_red_cells", "right_weekly"),
        ("wrong_weekly_at_clinic", "wrong_procedure"),
        "The first day after a transfusion on which so many days without another begin, if observation lasts so long.",
    ),
    Proposal(
        "Platelets refractory to transfusion",
        "platelet_refractoriness_proposal",
        "platelet_refractoriness",
        "platelets",
        (
            *("right_two_in_a_row", "right_rises", "right_success_between", "right_two_units"),
            "right_count_missing",
        ),
        ("wrong_bleeding", "wrong_recovering"),
        "A transfusion fails where the rise to the next day, corrected for body surface and platelets given, is too "
        "small. So many transfusion days in a row that failed are refractory; one that nobody measured afterwards is "
        "neither a failure nor a success. The dotted line, at 20, is for the eye alone.",
        (20.0,),
    ),
    Proposal(
        "Neutropenia refractory to growth factor",
        "neutrophil_refractoriness_proposal",
        "neutrophil_refractoriness",
        "neutrophils",
        (
            *("right_two_weeks", "right_responds", "right_never_given", "right_first_week"),
            "right_pegfilgrastim",
        ),
        ("wrong_stopped", "wrong_just_above"),
        "So many days in a row with severe neutropenia, all of them under growth factor, after the first week.",
        ("severe_at_most",),
    ),
    Proposal(
        "Recent thrombosis before infusion",
        "recent_thrombosis_proposal",
        "recent_thrombosis",
        "",
        ("day_30", "day_31", "day_181", "history_alone", "present_on_admission"),
        ("wrong_first_coded_late", "wrong_still_there"),
        "The days from the last thrombosis to the infusion, in classes. A code of history has no date.",
    ),
)

HEAD = """\
# carac's own proposals

Written by `python tools/make_proposal_pictures.py` from `tests/cases/`; change those, not this page.

Where the field has no agreed algorithm, carac proposes one. Each is marked as a proposal wherever it shows, and every
constant is a parameter. The courses below are invented. For each proposal there are five that it gets right and two
that it does not (in red): they are test cases, so that a change of the algorithm shows here first. Vertical lines are
the days that carac finds; triangles are what was given; horizontal lines are thresholds.
"""


def cases_of(proposal: Proposal) -> dict[str, Case]:
    """The cases of a proposal by id, the right ones first."""
    found = {
        case["id"]: case
        for case in tomllib.loads((CASES / f"{proposal.file}.toml").read_text(encoding="utf-8"))["case"]
    }
    return {name: found[name] for name in (*proposal.right, *proposal.wrong)}


def points_of(case: Case, analyte: str) -> list[tuple[int, float]]:
    """The drawn values by day."""
    made: list[tuple[int, float]] = []
    for lab in case.get("labs", []):
        if lab["analyte"] == analyte:
            first, last = (int(end) for end in lab["days"].split("-")) if "days" in lab else (lab["day"], lab["day"])
            made += [(day, float(lab["value"])) for day in range(first, last + 1)]
    return sorted(made)


def given_of(case: Case) -> list[int]:
    """Days on which something was given, or an event began."""
    courses = [(row["day"], row.get("end_day", row["day"])) for row in case.get("treatments", [])]
    return [day for first, last in courses for day in range(first, last + 1)] + [
        row["day"] for row in case.get("events", [])
    ]


def found_days(case: Case) -> list[int]:
    """The days that the case expects to be found."""
    days = [row for row in case["expect"] if row["column"].endswith(FOUND)]
    return [int(row["value"]) for row in days if row.get("value") not in (None, "null")]


def _says(case: Case) -> str:
    text = str(case["says"])
    for start in ("drawn, wrong: ", "drawn, after 6.6 (1): ", "drawn, after 6.6 (3): ", "drawn: "):
        text = text.removeprefix(start)
    return text[0].upper() + text[1:] if text else text


@dataclass(frozen=True)
class Axes:
    """Where a day and a value lie in a panel."""

    low: int
    high: int
    most: float
    height: int

    @property
    def floor(self) -> float:
        return TEXT + self.height - BOTTOM

    def across(self, day: float) -> float:
        return LEFT + (day - self.low) / max(self.high - self.low, 1) * (WIDTH - LEFT - 8)

    def down(self, value: float) -> float:
        return TEXT + (self.height - BOTTOM) * (1 - value / self.most)


def _head(says: str, word: str, ink: str) -> Iterator[str]:
    yield f'<text x="0" y="12" class="head" style="fill:{ink}">{word}</text>'
    for number, line in enumerate(wrap(says, 46)[:4]):
        yield f'<text x="0" y="{27 + 13 * number}">{escape(line)}</text>'


def _frame(axes: Axes, lines: Sequence[float]) -> Iterator[str]:
    end = WIDTH - 8
    yield f'<line x1="{LEFT}" y1="{axes.floor}" x2="{end}" y2="{axes.floor}" stroke="{GREY}"/>'
    for day in sorted({axes.low, axes.high, *((0,) if axes.low < 0 < axes.high else ())}):
        yield f'<text x="{axes.across(day):.1f}" y="{axes.floor + 13}" text-anchor="middle" class="small">{day}</text>'
    for value in lines:
        y = axes.down(value)
        yield f'<line x1="{LEFT}" y1="{y:.1f}" x2="{end}" y2="{y:.1f}" stroke="{GREY}" stroke-dasharray="2 3"/>'
        yield f'<text x="{LEFT - 4}" y="{y + 4:.1f}" text-anchor="end" class="small">{value:g}</text>'


def panel(proposal: Proposal, name: str, case: Case, lines: Sequence[float]) -> Iterator[str]:
    """One course."""
    wrong = name in proposal.wrong
    ink = WRONG_INK if wrong else RIGHT_INK
    points, given, found = points_of(case, proposal.analyte), given_of(case), found_days(case)
    days = [day for day, _ in points] + given + found + ([] if points else [0])
    most = max([value for _, value in points] + list(lines), default=1.0)
    axes = Axes(min(days), max(days), most * 1.12, proposal.height)
    yield from _head(_says(case), "Wrong" if wrong else "Right", ink)
    yield from _frame(axes, lines)
    for day in found:
        x = axes.across(day)
        yield f'<line x1="{x:.1f}" y1="{TEXT}" x2="{x:.1f}" y2="{axes.floor}" stroke="{ink}"/>'
        near_end = x > WIDTH - 50
        where = f'x="{x - 3:.1f}" text-anchor="end"' if near_end else f'x="{x + 3:.1f}"'
        yield f'<text {where} y="{TEXT + 9}" class="small" style="fill:{ink}">day {day}</text>'
    path = " ".join(f"{axes.across(day):.1f},{axes.down(value):.1f}" for day, value in points)
    yield f'<polyline points="{path}" fill="none" stroke="#222" stroke-width="1.4"/>'
    for day, value in points:
        yield f'<circle cx="{axes.across(day):.1f}" cy="{axes.down(value):.1f}" r="2.2" fill="#222"/>'
    for day in given:
        yield f'<path d="M{axes.across(day) - 4:.1f},{axes.floor - 9} h8 l-4,8 z" fill="{GIVEN_INK}"/>'


def picture(proposal: Proposal) -> str:
    """All courses of a proposal, side by side."""
    values = {p.name: p.default for p in definition_of(proposal.definition).parameters}
    lines = [line if isinstance(line, float) else float(str(values[line])) for line in proposal.lines]
    drawn = cases_of(proposal)
    across, down = WIDTH + GAP, TEXT + proposal.height + GAP
    rows = -(-len(drawn) // COLUMNS)
    width, height = COLUMNS * across, rows * down + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(proposal.title)}: seven drawn courses">',
        "<style>text{font:11px sans-serif;fill:#222}.head{font-weight:bold}.small{font-size:10px;fill:#555}</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for place, (name, case) in enumerate(drawn.items()):
        x, y = 8 + place % COLUMNS * across, 8 + place // COLUMNS * down
        parts += [f'<g transform="translate({x},{y})">', *panel(proposal, name, case, lines), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def page() -> str:
    """docs/proposals.md."""
    text = HEAD
    for proposal in PROPOSALS:
        definition = definition_of(proposal.definition)
        text += f"\n## {proposal.title}\n\n{proposal.rule}\n\n"
        text += f"In `{proposal.definition}`, cases in `{proposal.file}.toml`.\n"
        text += f"\n![{proposal.title}: five courses it gets right, two it does not](pictures/{proposal.picture})\n"
        parameters = [(f"`{p.name}`", f"{p.default}", p.meaning) for p in definition.parameters]
        if parameters:
            text += "\n" + table(("parameter", "default", "meaning"), parameters)
    return text


def documents() -> dict[Path, str]:
    """Every file that this writes, by path."""
    return {PAGE: page()} | {PICTURES / proposal.picture: picture(proposal) for proposal in PROPOSALS}


def main() -> None:
    """Write page and pictures."""
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
