"""Write docs/sorting_truth.md and docs/versions.md from proofs/sorting.json.

    python tools/make_sorting_docs.py [FOLDER]

`make prove` makes the figures.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from carac.analysis.calibration import number
from carac.analysis.recovery import percent
from carac.analysis.sorting_recovery import READINGS, STATES, Confusion
from carac.analysis.versions import PAIRS, Change, is_daily
from carac.definitions.proposals.sorting.places import WORDS

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "proofs" / "sorting.json"
MADE = (
    "Written by `python tools/make_sorting_docs.py` from `proofs/sorting.json`, which `make prove` makes; change"
    "\nthose, not this page. Everything here is about **synthetic** patients: they do not exist, and no share says"
    "\nanything about people.\n"
)


def _share(value: float) -> str:
    return f"{number(value)} %" if value == value else "–"


def _confusions(counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    lines = [
        "| reading | with DIC: called | not called | without: called | not called | sensitivity | false calls |"
        " wrong among called | kappa |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in READINGS:
        one = Confusion(**counts[name])
        lines.append(
            f"| {name} | {one.found:,} | {one.missed:,} | {one.false:,} | {one.right:,} | {_share(one.sensitivity)} |"
            f" {_share(one.false_calls)} | {_share(one.wrong_among_called)} | {number(one.kappa)} |"
        )
    return lines


def truth_page(figures: Mapping[str, Any]) -> str:
    """The sorting and the DIC scores beside the true state."""
    found, cohort = figures["sorting"], figures["cohort"]
    places = (*WORDS, "range")
    by_place = [
        "| true state | " + " | ".join(word.replace("_", " ") for word in places) + " |",
        "| --- |" + " --- |" * len(places),
        *(
            f"| {state} | " + " | ".join(f"{found['states by place'][state].get(word, 0):,}" for word in places) + " |"
            for state in STATES
        ),
    ]
    parts = [
        "# The sorting and the DIC scores beside the truth",
        "",
        MADE,
        f"{cohort['patients']:,} patients, seed {cohort['seed']}, days 0 to 30. True DIC is a state of the mechanism"
        " that made them; the mechanism\nknows no definition. The adjusted readings set the points of explained"
        " items aside ([sorting.md](sorting.md)) and are exploratory:\nthat they do well or badly on made-up patients"
        " proves nothing.",
        "",
        "## Patients",
        "",
        "Called on any day of the month; a day on which the reading is not known calls nobody.",
        "",
        *_confusions(found["patients"]),
        "",
        "## Patient-days",
        "",
        "Days on which the reading is known.",
        "",
        *_confusions(found["days"]),
        "",
        "## Places of the sorting by true state",
        "",
        "Patient-days of which anything of coagulation is known; the first state that fits.",
        "",
        *by_place,
    ]
    return "\n".join(parts) + "\n"


def _change(counts: Mapping[str, int] | None) -> str:
    if counts is None:
        return "– | – | –"
    one = Change(**counts)
    differ = f"{one.differ:,} ({_share(percent(one.differ, one.both))})"
    return f"{one.both:,} | {differ} | {one.higher:,}"


def versions_page(figures: Mapping[str, Any]) -> str:
    """One table: what each choice of version or rule changes."""
    lines = [
        "# What a choice of version changes",
        "",
        MADE,
        f"{figures['cohort']['patients']:,} patients, seed {figures['cohort']['seed']}. Counted are patient-days 0 to"
        " 30 and patients (worst known grade of these days; ICAHT\nand T-ICAHT have a grade of the infusion alone)"
        " of whom both grades are known, those who differ, and of these those who\nare graded higher by the second.",
        "",
        "| compared | days, both known | differ | higher in the second | patients, both known | differ |"
        " higher in the second |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    group = ""
    for pair in PAIRS:
        if pair.group != group:
            group = pair.group
            lines.append(f"| **{group}** | | | | | | |")
        found = figures["versions"][f"{pair.group}: {pair.title}"]
        days = _change(found["days"] if is_daily(pair) else None)
        lines.append(f"| {pair.title} | {days} | {_change(found['patients'])} |")
    return "\n".join(lines) + "\n"


def pages(figures: Mapping[str, Any]) -> dict[str, str]:
    """Each page by the name of its file."""
    return {"sorting_truth.md": truth_page(figures), "versions.md": versions_page(figures)}


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    stored = json.loads(FIGURES.read_text(encoding="utf-8"))["figures"]
    for name, text in pages(stored).items():
        (folder / name).write_text(text, encoding="utf-8")
