"""Write docs/estimators.md from proofs/estimators.json and proofs/estimates_recovered.json.

    python tools/make_estimator_docs.py [FOLDER]

`make prove` makes the figures.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from math import exp, sqrt
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "proofs" / "estimators.json"
RECOVERED = ROOT / "proofs" / "estimates_recovered.json"
#: The columns that a whole run makes, in order (`SCENARIOS` of the proof).
WHOLE = tuple(f"{events} events, ratio {ratio}" for events in (5, 20, 200) for ratio in (1, 2))
#: Rows of the first table: estimator and what its interval is of.
COVERAGE = {
    "aalen_johansen": "Aalen-Johansen, log-log: incidence by day 90",
    "rate": "events per person-time, exact Poisson",
    "cox": "Cox, Wald: hazard ratio",
    "firth": "Cox with Firth's penalty, profile: hazard ratio",
    "chosen": "the one of the two that carac chooses",
    "fine_gray": "Fine-Gray, with the censoring term: subdistribution hazard ratio",
    "by_day": "on against off a treatment, by day: hazard ratio",
    "ever_against_never": "*ever against never treated, which carac only warns of*",
}


#: Rows of the last table that are ratios.
RATIOS = {
    "cox": "hazard ratio by Cox's model",
    "firth": "hazard ratio with Firth's penalty",
    "fine_gray": "subdistribution hazard ratio by Fine-Gray",
}


def main(folder: Path) -> None:
    """Write the page."""
    text = page(figures(FIGURES), figures(RECOVERED))
    (folder / "estimators.md").write_text(text, encoding="utf-8")


def figures(path: Path) -> list[dict[str, Any]]:
    """The figures of each scenario."""
    return [part["figures"] for part in json.loads(path.read_text(encoding="utf-8"))["parts"].values()]


def page(found: Sequence[Mapping[str, Any]], recovered: Sequence[Mapping[str, Any]]) -> str:
    """The text of the page."""
    lines = [*_head(found), "", *_coverage(found), "", *_tests(found), "", *_answers(found), "", *_recovered(recovered)]
    return "\n".join(lines) + "\n"


def _head(found: Sequence[Mapping[str, Any]]) -> list[str]:
    fewest = min(one["repetitions"] for one in found)
    worst = 100 * sqrt(0.05 * 0.95 / fewest)
    return [
        "# Do the intervals cover?",
        "",
        "Written by `python tools/make_estimator_docs.py` from `proofs/estimators.json` and",
        "`proofs/estimates_recovered.json`, which `make prove` makes; change those, not this page. Everything here is",
        "about **made-up** people whose hazards are known.",
        "",
        f"Two arms, at least {fewest} repetitions of each column. The event has a constant hazard, in the second arm",
        "once or twice that of the first; a competing event and loss to follow-up come at 0.002 a day each; 100 days,",
        "whole days, so that most times are tied. For Fine-Gray and Gray's test the subdistribution hazards have the",
        "ratio instead. The treatment begins in half of the people on one of the first 60 days and acts from then on.",
        "",
        f"The Monte-Carlo error of a share of 95 % (or 5 %) is at most {worst:.2f} percentage points: what lies within",
        f"{95 - 2 * worst:.1f} to {95 + 2 * worst:.1f} % is as good as can be told.",
        *_missing(found),
    ]


def _missing(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns that have not been run yet."""
    made = set(_columns(found))
    missing = [name for name in WHOLE if name not in made]
    return ["", f"Not run yet: {'; '.join(missing)}."] if missing else []


def _columns(found: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"{one['events']} events, ratio {one['ratio']:g}" for one in found]


def _table(head: str, found: Sequence[Mapping[str, Any]], rows: Mapping[str, Sequence[str]]) -> list[str]:
    columns = _columns(found)
    lines = [f"| {head} | {' | '.join(columns)} |", f"| --- |{' --- |' * len(columns)}"]
    return [*lines, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items())]


def _share(one: Mapping[str, Any], name: str) -> str:
    counts = one["estimators"][name]
    return f"{100 * counts['yes'] / counts['answered']:.1f}" if counts["answered"] else "–"


def _coverage(found: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = {words: [_share(one, name) for one in found] for name, words in COVERAGE.items()}
    rows["people in each arm"] = [str(one["people"]) for one in found]
    rows["repetitions"] = [str(one["repetitions"]) for one in found]
    title = ["## Coverage of 95 % intervals, %", "", "Events are those expected in the first arm.", ""]
    return [*title, *_table("interval", found, rows)]


def _tests(found: Sequence[Mapping[str, Any]]) -> list[str]:
    alike = [one for one in found if one["ratio"] == 1]
    apart = [one for one in found if one["ratio"] != 1]
    title = ["## Gray's test at 5 %, % rejected", ""]
    size = _table("arms alike: its size", alike, {"Gray's test": [_share(one, "gray") for one in alike]})
    power = _table("arms apart: its power", apart, {"Gray's test": [_share(one, "gray") for one in apart]})
    return [*title, *size, "", *power]


def _answers(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """What gave no answer, and how often the naive incidence lies above."""
    names = {"cox": "Cox", "firth": "Firth", "chosen": "carac's choice", "fine_gray": "Fine-Gray", "by_day": "by day"}
    rows = {
        words: [f"{100 * (1 - one['estimators'][name]['answered'] / one['repetitions']):.1f}" for one in found]
        for name, words in names.items()
    }
    text = [
        "## Without an answer, %",
        "",
        "Refused, because no event happened, a likelihood has no maximum (separation), or fewer than five events carry",
        "no hazard ratio; the shares above are of those with an answer.",
        "",
    ]
    above = ", ".join(_share(one, "naive_above") for one in found)
    return [
        *text,
        *_table("model", found, rows),
        "",
        "1 - Kaplan-Meier, which takes the competing event for censoring, lies above the Aalen-Johansen estimate in",
        f"{above} % of the repetitions, in the order of the columns.",
    ]


def _recovered(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """The mean estimates beside the truth; ratios as geometric means."""
    rows = {"incidence by day 90 in the first arm, truth, %": [f"{100 * one['incidence']:.2f}" for one in found]}
    for name, words in (("aalen_johansen", "Aalen-Johansen"), ("naive", "*1 - Kaplan-Meier*")):
        rows[f"{words}, mean (error), %"] = [
            f"{100 * each['mean']:.2f} ({100 * each['error']:.2f})" for each in _estimates(found, name)
        ]
    rows["ratio, truth"] = [f"{one['ratio']:g}" for one in found]
    for name, words in RATIOS.items():
        rows[f"{words}, mean (error)"] = [
            f"{exp(each['mean']):.3f} ({exp(each['mean']) * each['error']:.3f})" for each in _estimates(found, name)
        ]
    fewest = min(one["repetitions"] for one in found)
    return [
        "## What is found on average",
        "",
        f"Mean of {fewest} estimates with its Monte-Carlo error; of ratios the geometric mean, over the repetitions",
        "with an answer. With five events the ordinary models have no answer where one arm has no event, so that the",
        "mean of the others is drawn towards 1; that is no fault of the sampling but what few events do.",
        "",
        *_table("estimate", found, rows),
    ]


def _estimates(found: Sequence[Mapping[str, Any]], name: str) -> list[Mapping[str, float]]:
    return [one["estimates"][name] for one in found]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs")
