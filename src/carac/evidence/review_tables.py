"""The two tables of Lee 2026, written anew from the study files of their rows.

Lee D, Lage Bodour Danielian PL, Leader A. Bleeding, Thrombosis and Vascular Biology 2026;5(s1):461.
doi:10.4081/btvb.2026.461
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from carac.evidence.library import Evidence
from carac.evidence.printed import cell_text, superscript
from carac.evidence.study import Arm, Study

TRIALS = ("belinda", "zuma_7", "karmma_3", "cartitude_4", "transform")
COHORTS = (
    "ko_2025",
    "rejeski_2025",
    "hashmi_2020",
    "johnsrud_2021",
    "schorr_2023",
    "galli_2023",
    "goldman_2021",
    "qi_2022",
    "wang_2023",
    "parks_2021",
    "melo_garcia_2025",
    "melody_2022",
)
_EVENTS = ("ATE, n (%)", "VTE, n (%)", "Bleeding, n (%)")
#: What the table prints as design; it counts the spontaneous reports among the retrospective cohorts.
_DESIGNS: Mapping[str, str] = MappingProxyType(
    {
        "prospective_cohort": "Prospective",
        "retrospective_cohort": "Retrospective",
        "spontaneous_reports": "Retrospective",
    }
)


@dataclass(frozen=True)
class PrintedTable:
    """A table as printed: its head and the text of every cell.

    Parameters
    ----------
    name, title: such as "Table 1", and what it is about.
    header: of the columns.
    rows: as many cells as columns; "" where the table leaves one empty.
    studies: name of the study of each row.
    """

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    studies: tuple[str, ...]


def review_tables(evidence: Evidence) -> tuple[PrintedTable, PrintedTable]:
    """Table 1 and Table 2; a study that the evidence does not hold is left out."""
    return _trials(evidence), _cohorts(evidence)


def _trials(evidence: Evidence) -> PrintedTable:
    header = ("Study", "Indication for CAR-T", "Treatment", "N", *_EVENTS, "Thrombocytopenia, n (%)")
    rows, names = [], []
    for study in (evidence[name] for name in TRIALS if name in evidence):
        for place, arm in enumerate(study.arms):
            # Name and indication stand in the first row of a trial only.
            head = (f"{study.title} {superscript(references(study))}", study.population) if place == 0 else ("", "")
            rows.append((*head, arm.label, str(arm.n), *_cells(study, arm, "Table 1", header[4:], "{}")))
            names.append(study.name)
    return PrintedTable("Table 1", "Randomised trials of CAR T-cells", header, tuple(rows), tuple(names))


def _cohorts(evidence: Evidence) -> PrintedTable:
    header = ("Population", "Design", "Sample size", "Treatment", *_EVENTS, "Thrombotic risk factors", "Study")
    rows, names = [], []
    for study in (evidence[name] for name in COHORTS if name in evidence):
        arm = study.arms[0]
        cited = study.citations[0].short.replace("et al.", "<i>et al.</i>")
        rows.append(
            (
                study.population,
                _DESIGNS.get(study.design, study.design),
                str(arm.n),
                arm.label,
                *_cells(study, arm, "Table 2", header[4:7], " [{}]"),
                study.risk_factors,
                f"{cited} {superscript(references(study))}",
            )
        )
        names.append(study.name)
    return PrintedTable("Table 2", "Cohorts with thrombosis or bleeding", header, tuple(rows), tuple(names))


def _cells(study: Study, arm: Arm, place: str, columns: tuple[str, ...], mark: str) -> list[str]:
    of_arm = [one for one in study.outcomes if one.arm == arm.name and one.cell.place == place and one.cell.row]
    return [cell_text((one for one in of_arm if one.cell.column == column), mark) for column in columns]


def references(study: Study) -> str:
    """The numbers of a study in the reference list of the review, in order."""
    numbers = {one.reference for one in study.citations if one.cited_by == "lee_2026_review"}
    return ",".join(sorted(numbers, key=int))
