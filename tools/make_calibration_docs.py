"""Write docs/calibration.md, the synthetic cohort beside publications and its truth, from proofs/synthetic_cohort.json.

    python tools/make_calibration_docs.py [FILE]

A test holds the file to what this writes; `make prove` makes the figures.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from carac.analysis.calibration import Row, counts, number, population_in_words, targets
from carac.analysis.calibration_estimates import Achieved
from carac.analysis.recovery import HALF_EFFECT, LOW_FIBRINOGEN, LOW_PLATELETS, SCORES, Agreement, Calls

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "calibration.md"
FIGURES = ROOT / "proofs" / "synthetic_cohort.json"

HEAD = """\
# The synthetic cohort beside publications, and beside its own truth

Written by `python tools/make_calibration_docs.py` from `proofs/synthetic_cohort.json`, which `make prove` makes; change
those, not this page. Everything here is about **synthetic** patients: they do not exist.

"""

HOW = """\
## How it is compared

{patients:,} patients were made with seed {seed} and graded by carac's definitions as any record is; nothing of the
truth was seen, but that true DIC stands for a clinician's diagnosis where a source had that. Each published figure is
counted as its source counted it: neurological events by CTCAE are not ICANS, an abnormal test is one outside the limits
on its row, and the mix of products is that of the source where it is known. Shares of people with an event by a day
are cumulative incidences with death competing.

The **accepted** range is the published one, or the 95 % interval that the source's number of people leaves open:
Wilson's of a share, Fisher's of a correlation; of a median, which sources print without one, made with a standard
deviation of 0.7 of the median, and at least one day to either side. Anything else is said in the note. How sure the
figure is: V was read in an opened source, S in one of two reviews, M is from memory of the main publication. Figures
without a range are shown for comparison; the note says why nothing is demanded.

**{summary}.**

"""


CONFLICTS = """\
## What cannot hold together

Each of these is settled in one way, which is named; the figure that gives way is shown in the tables, not demanded.

- **Wang 2020 against Xu 2021.** D-dimer above normal in 50 % and above 5 mg/L, ten times normal, in 67 %; aPTT long
  in 17 % and long by 10 s in 54 %; fibrinogen low in 23 % and below 1.5 g/L in 48 %. No cohort has both. Wang, the
  larger, is the target.
- **Thrombocytopenia in trials against T-ICAHT.** Trials print 28 to 54 % with thrombocytopenia of any grade, as
  reported by investigators; counted in the laboratory every count under the limit of normal is grade 1, and 43 %
  have a count of 50 or less by day 37. The laboratory is the target.
- **T-ICAHT against CAR-HEMATOTOX.** 43 % with platelets of 50 or less by day 37 (2025, four products) and 62 %
  below 50 by day 60 (2021, two products of earlier lines). The shares within the risk groups are targets, the 62 %
  is shown. More of the one is more of the other: early T-ICAHT stands at the upper end of its range, and the share of
  the group with low risk, which gives way, below the lower end of its own. It is told as outside.
- **Fibrinogen only in severe CRS against from grade 1 on.** Buechner 2021 replaced it only in severe CRS, Perl 2024
  saw it fall from grade 1 on, after tocilizumab. Buechner's scale (Penn) makes CRS grade 3 of any that is given
  coagulation factors, Perl's (ASTCT) does not: both hold, each by its own scale, and cannot both hold by one.
- **Hashmi 2020 against the rest.** Fibrinogen below 1.0 g/L in 9 of 31 measured, of 148 treated: who was not ill
  was not measured. The day of the nadir is a target, the share is shown.
- **DIC only in CRS grade 3 or more against the printed score.** Seven of seven in Wang 2020 were diagnosed by
  clinicians. The printed score also calls patients whose platelets are low by marrow and fibrinogen by tocilizumab,
  in any grade of CRS: true DIC is compared with the clinicians', the printed score with 6 to 29 %.
- **Venous thrombosis after axi-cel.** 10.8 % by day 100 (Hashmi 2020) and 4.4 % in a year (Ko 2025): both intervals
  hold between 6.8 and 7.7 % only. Trials print 0.5 to 3.3 %, serious events alone.
- **Bindal 2024 against every cohort.** 2.4 venous thromboses per 100 patient-months over six months would be 13 %.
  Its studies mostly stop after the dangerous months; its lower end holds.
- **Any bleeding.** 11 % (Qi 2022) and 32.8 % (Wang X 2023). Qi, the larger, is the target.
- **WHO grade 2 against ISTH.** 11.2 % in three months (Johnsrud 2021) and 4.8 % in a year (Ko 2025) of the same
  product hold together only if much of what WHO calls grade 2 is not clinically relevant by ISTH.

"""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def rows_of(figures: Mapping[str, Any]) -> list[Row]:
    """The targets beside the stored figures."""
    return [Row(target, _achieved(figures[target.id]), *target.accepted()) for target in targets()]


def _achieved(stored: Mapping[str, Any]) -> Achieved:
    values: dict[str, Any] = {name: float("nan") if value is None else value for name, value in stored.items()}
    return Achieved(**values)


def calibration(rows: Sequence[Row]) -> str:
    """One table per section, with the notes below it."""
    text = ""
    for section in dict.fromkeys(row.target.section for row in rows):
        chosen = [row for row in rows if row.target.section == section]
        notes = list(dict.fromkeys(row.target.note for row in chosen if row.target.note))
        text += f"### {section}\n\n" + table(
            ("what is counted", "in", "published", "accepted", "achieved", "", "source", "note"),
            [_cells(row, notes) for row in chosen],
        )
        text += "\n" + "".join(f"{place}. {note[0].upper()}{note[1:]}.\n" for place, note in enumerate(notes, 1)) + "\n"
    return text


def _cells(row: Row, notes: Sequence[str]) -> tuple[str, ...]:
    target = row.target
    accepted = "" if row.low != row.low or target.role != "target" else f"{number(row.low)} to {number(row.high)}"
    note = str(notes.index(target.note) + 1) if target.note else ""
    source = f"{target.source} ({target.certainty})"
    achieved = f"{number(row.achieved.value)} {row.unit}".strip()
    verdict = f"**{row.verdict}**" if row.verdict in ("outside", "near") else row.verdict
    where = population_in_words(target.population)
    return target.what_is_counted, where, target.published, accepted, achieved, verdict, source, note


def _percent(value: float) -> str:
    return "–" if value != value else f"{value:.1f} %"


def scores(stored: Mapping[str, Mapping[str, Any]]) -> str:
    """The printed scores of DIC against true DIC."""
    found = [Calls(**stored[name]) for name in SCORES]
    first = found[0]
    everybody = first.patients_true + first.patients_other
    text = f"""\
## The printed DIC score against true DIC

Of {everybody:,} synthetic patients {first.patients_true:,} had true DIC (consumption) in the first month. In
{first.mimic_patients:,} others platelets without noise were below {LOW_PLATELETS:.0f} x10^9/L by marrow and fibrinogen
below {LOW_FIBRINOGEN} g/L under at least {HALF_EFFECT:.0%} of the full effect of tocilizumab on the same day, and they
had neither DIC nor IEC-HS, sepsis or another liver injury: nothing was consumed.

"""
    text += table(
        (
            "printed score",
            "true DIC called",
            "others called",
            "of those called, without DIC",
            "marrow and tocilizumab, called",
        ),
        [
            (
                SCORES[c.score],
                _percent(c.sensitivity),
                _percent(c.false_calls),
                _percent(c.wrong_among_called),
                _percent(c.mimic_calls),
            )
            for c in found
        ],
    )
    return (
        text
        + """
A patient counts as called when the score is overt on any day of the first month, as ordered and measured. The numbers
rest on what the world file assumes: how deep tocilizumab takes fibrinogen, how high endothelial injury takes D-dimer
without consumption, and how often true DIC is. They say what a score can do to such patients, not how often DIC is.

"""
    )


def grades(stored: Mapping[str, Any]) -> str:
    """CRS and ICANS as computed against those of the mechanism."""
    import numpy as np

    titles = {"astct_crs": "CRS", "astct_icans": "ICANS"}
    found = [(title, Agreement(name, np.array(stored[name]))) for name, title in titles.items()]
    return (
        "## Grades against the truth\n\nHighest grade of the first month, from what the ward wrote down.\n\n"
        + table(
            ("", "same grade", "any: found", "any: false", "grade 3 or more: found", "grade 3 or more: false"),
            [
                (
                    title,
                    _percent(a.exact),
                    *(_percent(f(grade)) for grade in (1, 3) for f in (a.sensitivity, a.false_calls)),
                )
                for title, a in found
            ],
        )
        + "\n"
    )


def interventions(figures: Mapping[str, Any]) -> str:
    """What a change of one value does."""
    falls, ratio = figures["no effect of tocilizumab"], figures["hazard ratio doubled"]
    injury, consumption = figures["no marrow injury"], figures["no consumption"]
    fall = {
        name: f"{falls[name]['with_tocilizumab']:+.2f} g/L with tocilizumab and {falls[name]['without']:+.2f} without"
        for name in falls
    }
    called = "; ".join(f"{SCORES[name]}: {counted['patients_false']:,}" for name, counted in consumption.items())
    patients = next(iter(consumption.values()))["patients_other"]
    lines = [
        "**Effect of tocilizumab on fibrinogen set to zero**: its late change (days 10 to 24 against rest,"
        f" median of those with CRS and nothing else) is {fall['as it is']}; with the effect at zero"
        f" {fall['effect zero']}.",
        f"**A hazard ratio doubled**: {ratio['value']} set to {ratio['set'][0]:g} and {ratio['set'][1]:g}; a fit on"
        f" the person-days of the truth finds {ratio['fitted'][0]:.2f} and {ratio['fitted'][1]:.2f},"
        f" {ratio['distance from a doubling in standard errors']:+.1f} standard errors from a doubling.",
        f"**No marrow injury**: of {injury['patients']:,} patients {injury['early']} have early and"
        f" {injury['late']} late T-ICAHT; highest true injury {injury['most_injury']:g}.",
        f"**No consumption**: nobody of {patients:,} has true DIC. The printed scores still call: {called}.",
        "**Two seeds**: the main rates differ by "
        + ", ".join(f"{name} {values[-1]:+.1f}" for name, values in figures["two seeds"].items())
        + " standard errors.",
    ]
    patients_each = figures["cohort"]["of the interventions"]
    head = f"## Proof by intervention\n\n{patients_each:,} patients in each world, the same seed.\n\n"
    return head + "".join(f"- {line}\n" for line in lines)


def document() -> str:
    """The page."""
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))["figures"]
    rows = rows_of(figures["calibration"])
    cohort = figures["cohort"]
    how = HOW.format(patients=cohort["patients"], seed=cohort["seed"], summary=counts(rows))
    scored = scores(figures["printed scores of overt DIC"]) + grades(figures["grades against the truth"])
    return HEAD + how + CONFLICTS + "## Figure by figure\n\n" + calibration(rows) + scored + interventions(figures)


def main() -> None:
    """Write the page."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENT
    target.write_text(document(), encoding="utf-8")
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
