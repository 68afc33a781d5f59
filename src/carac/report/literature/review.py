"""The living review: one page from the study files, written anew whenever one is added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from carac.evidence.audit import AuditFinding, Weight, audit
from carac.evidence.library import Evidence
from carac.evidence.synthesis import Compared, Pooled, compare_pairs, gather, gather_pairs, one_arm_code, two_arm_code
from carac.evidence.synthesis.gathering import LeftOut
from carac.evidence.synthesis.words import (
    SAME_INTERVAL,
    amount,
    cautions,
    methods,
    percent,
    with_interval,
    without_spread,
)
from carac.manifest import versions
from carac.progress import Progress
from carac.report.content import Block, Document, Figure, Items, Paragraph, Section, Table, Voice
from carac.report.literature import compared as arms_page
from carac.report.literature import mapped
from carac.report.literature.changes import ENTRY, State, changes_section, previous, study_hashes
from carac.report.literature.forests import bias_key, one_arm_forest, ratio, two_arm_forest
from carac.report.literature.own_cohort import OwnCohort, own_section
from carac.report.literature.pooled import SCRIPT, left_out_table, pool_all, single_table
from carac.report.literature.search import search_section
from carac.report.literature.tables import tables
from carac.report.queries.follow_up import FlowStep
from carac.report.write import write_document
from carac.vocabulary.study_outcomes import study_outcomes

TITLE = "Bleeding and thrombosis after CAR T-cells: a living review"


@dataclass(frozen=True)
class Review:
    """Everything that the page is made from.

    Parameters
    ----------
    evidence: the studies.
    pooled: every question of every outcome.
    compared: every comparison.
    left_out: figures that could not be pooled.
    findings: of the audit.
    own: one's own cohort; None for none.
    search: stages of the search with their numbers, as the user gave them; empty for none.
    """

    evidence: Evidence
    pooled: tuple[Pooled, ...]
    compared: tuple[Compared, ...]
    left_out: tuple[LeftOut, ...]
    findings: tuple[AuditFinding, ...]
    own: OwnCohort | None = None
    search: tuple[FlowStep, ...] = ()

    def state(self) -> State:
        """Studies and figures, for the comparison with the next output."""
        figures = {f"Incidence: {one.question}": _line(one) for one in self.pooled}
        figures |= {f"Two arms: {one.question}": _arms_line(one) for one in self.compared}
        for weight in Weight:
            figures[f"Audit: {weight}s"] = str(sum(one.weight is weight for one in self.findings))
        for row in mapped.gaps_table(self.evidence).rows:
            figures[f"Studies with {row[0]}"] = row[1]
        return State(study_hashes(self.evidence), figures)


def _line(one: Pooled) -> str:
    return f"{amount(one)} in {len(one.counts)}: {with_interval(one.main, one.measure.unit)}"


def _arms_line(one: Compared) -> str:
    return f"{len(one.pairs)} studies: {one.main.measure} {ratio(one.main)}"


def gather_review(
    evidence: Evidence,
    own: OwnCohort | None = None,
    search: Sequence[FlowStep] = (),
    progress: Progress | None = None,
) -> Review:
    """Pool, compare and audit everything that the studies hold."""
    progress = progress or Progress()
    pooled: list[Pooled] = []
    compared: list[Compared] = []
    left_out: list[LeftOut] = []
    present = {one.outcome for study in evidence for one in study.outcomes}
    for outcome in (name for name in study_outcomes() if name in present):
        with progress.step(f"pooling {outcome}"):
            gathered = gather(evidence, outcome)
            pooled += pool_all(gathered, "REML", (), "glmm")
            left_out += [one for one in gathered.left_out if one.outcome.reported]
            pooled += pool_all(gather(evidence, outcome, measure="rate"), "REML", (), "glmm")
            pairs = gather_pairs(evidence, outcome).pairs
            compared += [compare_pairs(question, found) for question, found in pairs.items()]
    with progress.step("audit"):
        findings = tuple(audit(evidence))
    return Review(evidence, tuple(pooled), tuple(compared), tuple(left_out), findings, own, tuple(search))


def review_document(review: Review, before: State | None) -> Document:
    """The page."""
    evidence = review.evidence
    sections = [
        changes_section(before, review.state()),
        Section("studies", "The studies", tuple(tables(evidence))),
        _map(review),
        _pooled(review),
        _arms(review),
        *own_section(review.own, evidence),
        _audit(review.findings),
        *search_section(review.search),
        _methods(review),
    ]
    subtitle = f"{len(evidence)} study files, {len(review.pooled)} ways of counting kept apart"
    lead = Paragraph(
        "Made by carac from study files, each figure as its source prints it. It supports research and the writing of"
        " guidelines. It is not a medical device, no advice for the care of anyone, and no better than its studies."
    )
    return Document(TITLE, subtitle, False, (lead,), tuple(sections))


def _map(review: Review) -> Section:
    chart = mapped.map_figure(review.evidence)
    gaps = mapped.gaps_table(review.evidence)
    said = "; ".join(f"{row[0]}: {row[1]} studies, {row[4]} with definition and window" for row in gaps.rows)
    title = "Which study measured which outcome, by which definition, in which window"
    figure = Figure("evidence_map", title, chart, said)
    return Section("gaps", "What was measured, and what was not", (figure, gaps))


def _pooled(review: Review) -> Section:
    several = [one for one in review.pooled if len(one.counts) > 1]
    rows = tuple(
        (
            one.question.title,
            one.question.detail,
            str(len(one.counts)),
            amount(one),
            with_interval(one.main, one.measure.unit),
            "–" if not one.main.prediction else "–".join(percent(end) for end in one.main.prediction),
            " ".join(cautions(one.question, one.counts, ())),
        )
        for one in several
    )
    header = ("Outcome", "Counted how", "Studies", "n", "Pooled (95 % CI)", "Prediction", "Caution")
    notes = (
        "Different definitions, windows, grades, and reports and patients are not pooled. Binomial-normal model.",
        *((SAME_INTERVAL,) if any(without_spread(one.main) for one in several) else ()),
    )
    blocks: list[Block] = [Table("pooled", "Pooled incidence, by outcome and way of counting", header, rows, notes)]
    for place, one in enumerate(several, 1):
        said = _line(one)
        title = f"{one.question.title} ({one.question.detail})"
        blocks.append(Figure(f"forest_{place}", title, one_arm_forest(one), said, _notes(one)))
    if not any(one.question.measure == "rate" for one in review.pooled):
        blocks.append(Paragraph("No study file gives the time at risk behind a count: no rate per patient-month."))
    alone = [one for one in review.pooled if len(one.counts) == 1]
    if alone:
        blocks.append(single_table(alone))
    if review.left_out:
        blocks.append(left_out_table(review.left_out))
    return Section("incidence", "Incidence, pooled where it may be", tuple(blocks))


def _notes(one: Pooled) -> tuple[str, ...]:
    origins = (f"* {count.label}: {count.origin}." for count in one.counts if count.origin)
    return (*origins, *bias_key(count.study for count in one.counts))


def _arms(review: Review) -> Section:
    blocks: list[Block] = []
    if not review.compared:
        blocks.append(Paragraph("No study has a comparator counted in the same way."))
    for place, one in enumerate(review.compared, 1):
        name = f"arms_{place}"
        notes = bias_key(pair.study for pair in one.pairs)
        blocks.append(Figure(f"{name}_forest", str(one.question), two_arm_forest(one), _arms_line(one), notes))
        blocks += [Paragraph(text) for text in arms_page.sentences(one)]
        blocks += [
            arms_page.effects_table(one, name),
            *arms_page.without_each(one, name),
            *arms_page.beliefs(one, name),
        ]
    return Section("arms", "CAR T-cells against the comparator", tuple(blocks))


def _audit(findings: Sequence[AuditFinding]) -> Section:
    shown = [one for one in findings if one.weight is not Weight.NOTE]
    rows = tuple(
        (str(one.weight), f"{one.study}, {one.where}", one.printed, one.arithmetic, one.reading) for one in shown
    )
    header = ("Weight", "Where", "Printed", "Arithmetic", "Likeliest reading")
    notes = (f"{len(findings) - len(shown)} further notes are a matter of manner: carac evidence audit.",)
    text = "These are checks, not accusations: no figure was changed, and several have an innocent reason."
    table = Table("audit", "Published figures that do not fit", header, rows, notes)
    return Section("audit", "Do the published figures fit?", (Paragraph(text), table))


def _methods(review: Review) -> Section:
    cited = tuple(f"{study.title}: {study.citations[0]}" for study in review.evidence)
    used = "; ".join(f"{name} {number}" for name, number in versions().items())
    blocks: tuple[Block, ...] = (
        Paragraph(methods(review.pooled), Voice.PASTE),
        Paragraph(arms_page.methods(), Voice.PASTE),
        Paragraph(f"{SCRIPT} and {arms_page.SCRIPT} give the figures again with metafor. {used}."),
        Items(cited, numbered=True),
    )
    return Section("methods", "Methods, versions, sources", blocks)


def write_review(review: Review, target: Path, progress: Progress | None = None) -> Document:
    """Write the review into a folder, whole or not at all; the page says what changed since the output before."""
    document = review_document(review, previous(target))
    texts = {SCRIPT: one_arm_code(review.pooled), arms_page.SCRIPT: two_arm_code(review.compared)}
    entries = {"command": "evidence report", ENTRY: review.state().entry()}
    write_document(document, target, entries, progress, texts)
    return document
