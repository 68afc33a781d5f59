"""What a published study says, as data: frozen, in the order of its file, nothing worked out.

Published numbers are kept as the text that was printed, because "7.20" and "7.2" are different evidence; counts and
denominators are whole numbers. Null (None, or "" for text) means that the source does not say; it never means none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

#: Versions of the format of a study file that are read; docs/evidence_format.md says what came with which.
FORMATS = (1, 2)


@dataclass(frozen=True)
class Citation:
    """Where a study was published.

    Parameters
    ----------
    authors: as cited, such as "Hashmi H, Mirza AS, Darwin A, et al.".
    title, journal, volume, pages: as printed; "" where not known.
    year: of publication.
    doi, pmid: only if they were seen; "" else.
    short: how a table names it, such as "Hashmi et al."; "" where it has its own name.
    reference: its number, or numbers, in the reference list of the paper that cites it.
    cited_by: that paper, by the name of its study file.
    """

    authors: str
    title: str
    journal: str = ""
    year: int | None = None
    volume: str = ""
    pages: str = ""
    doi: str = ""
    pmid: str = ""
    short: str = ""
    reference: str = ""
    cited_by: str = ""

    def __str__(self) -> str:
        place = f"{self.journal} {self.year or ''}".strip() or self.title
        if self.volume:
            place += f";{self.volume}" + (f":{self.pages}" if self.pages else "")
        return f"{self.authors} {place}." + (f" doi:{self.doi}" if self.doi else "")


@dataclass(frozen=True)
class Source:
    """From what the figures of a study were read.

    Parameters
    ----------
    name: within the file; outcomes, figures and claims name it.
    kind: publication, abstract, review, registry, label, memory (to be confirmed), or user.
    what: what was read, in words.
    doi, url: only if they were seen.
    version: of a registry record: its date or version; "" else.
    """

    name: str
    kind: str
    what: str
    doi: str = ""
    url: str = ""
    version: str = ""


@dataclass(frozen=True)
class Part:
    """A part of an arm that the source counts, such as those who received one of several products.

    Parameters
    ----------
    name: words of the source or of carac.
    n: how many; None where not said.
    product: of the vocabulary; "" where it is none of them.
    """

    name: str
    n: int | None = None
    product: str = ""


@dataclass(frozen=True)
class Arm:
    """One group of a study.

    Parameters
    ----------
    name: within the file.
    label: as printed.
    role: car_t, comparator, or other.
    n: its number as printed in the table or text; None where not said.
    population: what that number counts (randomised, treated, reports …); "" where not said.
    product: of the vocabulary; "" where there is none, or more than one.
    overlaps: names of arms that count some of the same people; such arms are never added up.
    parts: as the source divides the arm.
    """

    name: str
    label: str
    role: str
    n: int | None = None
    population: str = ""
    product: str = ""
    overlaps: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class AnalysisSet:
    """Another number of people that the study has: an analysis set, those in whom something was measured.

    Parameters
    ----------
    name: what it counts.
    n: how many.
    arm: the arm it belongs to; "" for the whole study.
    source: where it was read.
    """

    name: str
    n: int
    arm: str = ""
    source: str = ""


@dataclass(frozen=True)
class Cell:
    """The place of a figure in its source.

    Parameters
    ----------
    place: "Table 1", or the section of a text.
    row, column: of a table; "" in a text.
    """

    place: str
    row: str = ""
    column: str = ""

    def __str__(self) -> str:
        return ", ".join(part for part in (self.place, self.row, self.column) if part)


@dataclass(frozen=True)
class Outcome:
    """How many had something.

    Parameters
    ----------
    outcome: of carac's list of study outcomes, such as "venous_thromboembolism".
    arm: name of the arm.
    count: how many had it; None where only a percentage is printed, or nothing.
    count_lowest, count_highest: where only bounds are known, as from terms of which one person may have had several;
        None where the count is known, or nothing.
    denominator: out of how many; None where not known.
    denominator_from: "cell" where it stands with the figure, "row" where it is the number of the row or arm, "record"
        for a registry's number at risk, "" where there is none.
    percentage: as printed, trailing zeros kept; "" where none is printed.
    person_time, person_time_unit: time at risk behind the count, as printed, in patient-days, patient-weeks,
        patient-months or patient-years; "" where not said. Time and denominator may both be there.
    estimate: what the percentage is: proportion, cumulative_incidence, or "" where the source does not say.
    window: in words as short as the source's; "" where not said.
    window_days: its end in days after infusion; None where not said.
    definition, definition_version: by which it was counted; "" where not said.
    grades: "2-5", "3", or "" where the source does not divide by grade.
    serious: serious, non-serious, or "" where the source does not divide. The two are never added: a person may have
        had both.
    counted: what the count counts: patients, reports or events.
    analysis_population: the set that was analysed; "" where not said.
    source: name of the source in the file.
    cell: the place it stands.
    reported: False where the source says that it does not report this; count and percentage are then absent.
    repeats: True where another outcome of the file gives the same count of the same people, from another source or
        place: for comparing the two, never for pooling both.
    label, mark, suffix: what stands around the figure in its cell ("Grade ≥ 2", "†", "at 100 days").
    terms: of a registry record: the terms whose patients these are.
    note: what a reader should know; "" else.
    """

    outcome: str
    arm: str
    source: str
    cell: Cell
    count: int | None = None
    count_lowest: int | None = None
    count_highest: int | None = None
    denominator: int | None = None
    denominator_from: str = ""
    percentage: str = ""
    person_time: str = ""
    person_time_unit: str = ""
    estimate: str = ""
    window: str = ""
    window_days: int | None = None
    definition: str = ""
    definition_version: str = ""
    grades: str = ""
    serious: str = ""
    counted: str = "patients"
    analysis_population: str = ""
    reported: bool = True
    repeats: bool = False
    label: str = ""
    mark: str = ""
    suffix: str = ""
    terms: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A published figure that is no count of people: a median, a range, an odds ratio, a day.

    Parameters
    ----------
    quantity: what was measured, in words.
    statistic: median, mean, minimum, maximum, range, proportion, rate, odds_ratio, correlation, number or statement.
    value, low, high: as printed; "" where not printed. Low and high are the ends of the range or interval.
    interval: what low and high are: range, 95% confidence interval, interquartile range; "" where there are none.
    unit: "" where it has none.
    arm: name of the arm; "" for the whole study.
    studies: names of the studies it is about, where a review says it of others.
    source, cell, note: as in `Outcome`.
    """

    quantity: str
    statistic: str
    source: str
    cell: Cell
    value: str = ""
    low: str = ""
    high: str = ""
    interval: str = ""
    unit: str = ""
    arm: str = ""
    studies: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Claim:
    """What a text says about a table of studies, so that the two can be compared.

    Parameters
    ----------
    kind: range (of percentages), below (all percentages under `high`), studies (how many there are), studies_with (how
        many report at least one event), studies_reporting (how many report the outcome at all), total (patients added
        up).
    grades: that the percentages are about, such as "3-5"; "" for those that the table gives.
    outcomes: of the list; empty where it is about studies as such.
    designs: of the studies meant; empty for all.
    role: of the arms meant; "" for all.
    low, high, value: as printed.
    studies: names of the studies cited for it; empty where none are named.
    source, cell, note: as in `Outcome`.
    """

    kind: str
    source: str
    cell: Cell
    outcomes: tuple[str, ...] = ()
    designs: tuple[str, ...] = ()
    role: str = ""
    grades: str = ""
    low: str = ""
    high: str = ""
    value: str = ""
    studies: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class RiskOfBias:
    """A judgement on one domain of a risk-of-bias tool, by whoever keeps the file.

    Parameters
    ----------
    tool, domain: such as "RoB 2" and "outcome measurement".
    judgement: low, some concerns, high or unclear.
    by: who judged; note: why.
    """

    tool: str
    domain: str
    judgement: str
    by: str = ""
    note: str = ""


@dataclass(frozen=True)
class Study:
    """One study, registry record or review, as its file has it.

    Parameters
    ----------
    name: the name of its file without ending.
    title: how it is called.
    design: randomised_trial, single_arm_trial, prospective_cohort, retrospective_cohort, cohort (not said which),
        spontaneous_reports, registry_record, meta_analysis, review or guideline.
    phase: of a trial; "" else.
    population: as printed.
    diseases: of carac's list.
    products: of the vocabulary.
    enrolment, follow_up: in words; "" where not said.
    registry_number: such as "NCT00000000"; "" where not known.
    risk_factors: as the source lists them.
    """

    name: str
    title: str
    design: str
    citations: tuple[Citation, ...]
    sources: tuple[Source, ...]
    arms: tuple[Arm, ...]
    outcomes: tuple[Outcome, ...] = ()
    figures: tuple[Figure, ...] = ()
    claims: tuple[Claim, ...] = ()
    analysis_sets: tuple[AnalysisSet, ...] = ()
    risk_of_bias: tuple[RiskOfBias, ...] = ()
    phase: str = ""
    population: str = ""
    diseases: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    enrolment: str = ""
    follow_up: str = ""
    registry_number: str = ""
    risk_factors: str = ""
    note: str = ""

    def arm(self, name: str) -> Arm:
        """The arm of this name; KeyError where there is none."""
        for arm in self.arms:
            if arm.name == name:
                return arm
        raise KeyError(name)

    def source(self, name: str) -> Source:
        """The source of this name; KeyError where there is none."""
        for source in self.sources:
            if source.name == name:
                return source
        raise KeyError(name)

    def outcomes_of(self, outcome: str, arm: str | None = None) -> Iterator[Outcome]:
        """Its outcomes of this name, of one arm or of all."""
        return (one for one in self.outcomes if one.outcome == outcome and arm in (None, one.arm))
