"""evidence pool and compare: pooled figures in a terminal, as JSON, and as a folder with page, Word, tables, R code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from rich.table import Table
from rich.text import Text

from carac.commands import showing
from carac.commands.evidence_showing import loaded
from carac.evidence.library import Evidence
from carac.evidence.schema import DESIGNS
from carac.evidence.synthesis import GROUPS, MEASURES, NUMBERS, Compared, Gathered, Pooled, gather, gather_pairs
from carac.evidence.synthesis.two_arms import Comparisons, compare_pairs
from carac.evidence.synthesis.words import (
    cautions,
    heterogeneity,
    percent,
    regression,
    studies_in_words,
    with_interval,
)
from carac.findings import CaracError
from carac.report.content import Document, Section
from carac.report.literature import compared as two_arms
from carac.report.literature import pooled as one_arm
from carac.report.literature.changes import figure_changes, previous
from carac.report.literature.compared import effect_text
from carac.report.literature.own_cohort import own_blocks, own_cohort
from carac.report.literature.review import gather_review, write_review
from carac.report.literature.search import search_stages
from carac.report.write import page_of, write_document
from carac.statistics.pooling import Method
from carac.vocabulary.spelling import nearest


@dataclass(frozen=True)
class Asked:
    """What is asked of the studies.

    Parameters
    ----------
    outcome: of carac's list.
    role: of the arms (of `pool`).
    definition, window: part of their words, or "not said"; None for all.
    designs: of the studies; empty for all.
    anyway: what is pooled although it differs.
    corrected: whether denominators that the audit explains take the place of those printed.
    measure: proportion or rate (of `pool`).
    """

    outcome: str
    role: str = "car_t"
    definition: str | None = None
    window: str | None = None
    designs: tuple[str, ...] = ()
    anyway: tuple[str, ...] = ()
    corrected: bool = False
    measure: str = "proportion"

    def entries(self) -> dict[str, object]:
        """For the manifest."""
        return {
            "outcome": self.outcome,
            "role": self.role,
            "definition": self.definition,
            "window": self.window,
            "designs": list(self.designs),
            "anyway": list(self.anyway),
            "corrected_denominators": self.corrected,
            "measure": self.measure,
        }


def listed(text: str | None) -> tuple[str, ...]:
    """The words of a comma-separated option."""
    return tuple(word.strip().replace("-", "_") for word in (text or "").split(",") if word.strip())


def known_words(found: tuple[str, ...], known: Sequence[str], what: str) -> tuple[str, ...]:
    """The words themselves; raises `CaracError` on one that is not known."""
    for word in found:
        if word not in known:
            near = nearest(word, known)
            raise CaracError(f"There is no {what} {word!r}; {f'did you mean {near}?' if near else ', '.join(known)}")
    return found


def pool(
    asked: Asked,
    studies: Sequence[Path],
    no_shipped: bool,
    by: str | None,
    model: str,
    tau: str,
    output: Path | None,
    json: bool,
) -> None:
    """Pool one arm, and print or write what comes out."""
    wanted = known_words(listed(by), (*GROUPS, *NUMBERS), "property")
    (measure,) = known_words((asked.measure,), tuple(MEASURES), "measure")
    (chosen,) = known_words((model.replace("-", "_"),), tuple(MEASURES[measure].models), f"model of a {measure}")
    method = _method(tau)
    known_words(asked.designs, DESIGNS, "design")
    evidence = loaded(studies, no_shipped)
    gathered = gather(
        evidence,
        asked.outcome,
        asked.role,
        asked.designs,
        asked.anyway,
        asked.corrected,
        asked.definition,
        asked.window,
        measure,
    )
    if not gathered.pools:
        raise CaracError(_nothing(asked, len(gathered.left_out)))
    pooled = one_arm.pool_all(gathered, method, wanted, chosen)
    if output is not None:
        entries: dict[str, object] = {
            "command": "evidence pool",
            "asked": asked.entries() | {"by": list(wanted), "tau": method},
        }
        document = one_arm.pooled_document(pooled, gathered)
        entries["pools"] = [{"question": str(one.question)} | one_arm.estimate_entry(one.main) for one in pooled]
        _write(document, output, entries, evidence, {one_arm.SCRIPT: one_arm.script(pooled)})
    if json:
        print(one_arm.as_json(pooled, gathered))
        return
    _show_pools(pooled, gathered)
    if output is not None:
        _say_where(output)


def compare(asked: Asked, studies: Sequence[Path], no_shipped: bool, output: Path | None, json: bool) -> None:
    """Compare two arms, and print or write what comes out."""
    known_words(asked.designs, DESIGNS, "design")
    evidence = loaded(studies, no_shipped)
    gathered = gather_pairs(
        evidence, asked.outcome, asked.designs, asked.anyway, asked.corrected, asked.definition, asked.window
    )
    if not gathered.pairs:
        raise CaracError(_nothing(asked, len(gathered.left_out)))
    compared = [compare_pairs(question, found) for question, found in gathered.pairs.items()]
    if output is not None:
        entries: dict[str, object] = {"command": "evidence compare", "asked": asked.entries()}
        entries["comparisons"] = [{"question": str(one.question)} | two_arms.effect_entry(one.main) for one in compared]
        document = two_arms.compared_document(compared, gathered)
        _write(document, output, entries, evidence, {two_arms.SCRIPT: two_arms.script(compared)})
    if json:
        print(two_arms.as_json(compared, gathered))
        return
    out = showing.console()
    for one in compared:
        out.print(Text(f"{one.question.title}", style="bold").append(f"  {one.question.detail}", style="default"))
        for caution in cautions(one.question, [arm for pair in one.pairs for arm in (pair.first, pair.second)], ()):
            out.print(Text(f"  {caution}", style="dark_orange"))
        _print_pairs(one)
        _print_rows(("method", "effect (95 % CI)", "studies", "say nothing", "remark"), _effect_rows(one))
        for table in two_arms.beliefs(one, "bayes"):
            _print_rows(table.header, table.rows)
        for line in two_arms.sentences(one):
            out.print(Text(f"  {line}"))
        out.print()
    _show_left_out(gathered)
    if output is not None:
        _say_where(output)


def _method(tau: str) -> Method:
    known = get_args(Method)
    for method in known:
        if method.lower() == tau.lower():
            found: Method = method
            return found
    raise CaracError(f"There is no estimate of tau squared {tau!r}; there are {', '.join(known)}.")


def _nothing(asked: Asked, left_out: int) -> str:
    needed = "time at risk with its count" if asked.measure == "rate" else "count"
    parts = [f"No study has a {needed} of {asked.outcome} that was asked for"]
    if left_out:
        parts.append(f"{left_out} figures are left out")
    return "; ".join(parts) + f". carac evidence list --outcome {asked.outcome} shows what there is."


def _write(
    document: Document, output: Path, entries: dict[str, object], evidence: Evidence, texts: dict[str, str]
) -> None:
    with showing.progress_shown() as progress:
        write_document(document, output, entries | {"studies": [study.name for study in evidence]}, progress, texts)


def _say_where(output: Path) -> None:
    document = Document("", "", False, (), ())
    print(f"{page_of(document, output)}: also as Word, PDF, CSV, figures, and R code for metafor.")


def report(output: Path, studies: Sequence[Path], no_shipped: bool, prisma: Path | None, cohort: Path | None) -> None:
    """Write the living review, and say what changed since the output before."""
    evidence = loaded(studies, no_shipped)
    search = search_stages(prisma) if prisma else []
    own = own_cohort(cohort) if cohort else None
    before = previous(output)
    with showing.progress_shown() as progress:
        review = gather_review(evidence, own, search, progress)
        document = write_review(review, output, progress)
    print(f"{page_of(document, output)}: {document.subtitle}; also as Word, PDF, CSV, figures, and R code.")
    if before is not None:
        changed = figure_changes(before, review.state())
        print(f"{len(changed)} figures changed since {before.written}.")
        for name, old, new in changed:
            print(f"  {name}: {old} → {new}")


def beside(cohort: Path, studies: Sequence[Path], no_shipped: bool, output: Path) -> None:
    """Write one's own cohort beside the literature."""
    own = own_cohort(cohort)
    evidence = loaded(studies, no_shipped)
    subtitle = f"{len(own.incidences)} incidences of {cohort.name}, {len(evidence)} study files"
    section = Section("own_cohort", "By endpoint and window", tuple(own_blocks(own, evidence)))
    document = Document("Own cohort beside the literature", subtitle, own.synthetic, one_arm.lead(), (section,))
    _write(document, output, {"command": "evidence beside", "cohort": cohort.name}, evidence, {})
    print(f"{page_of(document, output)}: {subtitle}; also as Word, PDF, CSV and figures.")


# ---- in a terminal ----


def _show_pools(pooled: Sequence[Pooled], gathered: Gathered) -> None:
    out = showing.console()
    for one in pooled:
        out.print(Text(one.question.title, style="bold").append(f"  {one.question.detail}", style="default"))
        for caution in cautions(one.question, one.counts, gathered.anyway):
            out.print(Text(f"  {caution}", style="dark_orange"))
        unit = one.measure.unit
        rows = [
            (count.label, count.said, _with_ends(own, unit), f"{weight:.1f}", count.origin)
            for count, own, weight in zip(one.counts, one.own, one.weights, strict=True)
        ]
        _print_rows(("study", "n", "figure (exact 95 % CI)", "weight %", "remark"), rows)
        if len(one.counts) > 1:
            models = [(model.title, with_interval(model, unit), model.warning or model.why) for model in one.models]
            _print_rows(("model", "pooled (95 % CI)", "remark"), models)
            out.print(Text(f"  {one_arm.sentence(one)}", style="bold"))
            out.print(Text(f"  {heterogeneity(one)}"))
            _print_without(one)
            _print_groups(one)
            for slope in one.slopes:
                out.print(Text(f"  {regression(slope)}"))
            out.print(Text(f"  {one_arm.small_studies(one)}", style="dim"))
        out.print()
    _show_left_out(gathered)


def _print_without(one: Pooled) -> None:
    """What leaving out one study can do: the lowest and the highest figure that it gives."""
    found = [
        (without.value, count.label)
        for count, without in zip(one.counts, one.without, strict=False)
        if without.value is not None
    ]
    if found:
        (low, first), (high, last) = min(found), max(found)
        text = f"Without one study at a time: {percent(low)} (without {first}) to {percent(high)} (without {last})"
        showing.console().print(Text(f"  {text} {one.measure.unit}."))


def _print_groups(one: Pooled) -> None:
    out = showing.console()
    for grouping in one.groupings:
        rows = [
            (group.name, studies_in_words(len(group.counts)), with_interval(group.estimate, one.measure.unit))
            for group in grouping.groups
        ]
        _print_rows((f"by {grouping.by}", "", "pooled (95 % CI)"), rows)
        out.print(Text(f"  {grouping.why or f'alike: p = {grouping.p_value:.3f}'}", style="dim"))


def _with_ends(own: tuple[float, float, float], unit: str) -> str:
    return f"{percent(own[0])} {unit} ({percent(own[1])} to {percent(own[2])})"


def _print_pairs(one: Compared) -> None:
    rows = [
        (
            pair.study.title,
            f"{pair.first.events} of {pair.first.total}",
            f"{pair.second.events} of {pair.second.total}",
            effect_text(own) if own.value is not None else own.why,
        )
        for pair, own in zip(one.pairs, one.own, strict=True)
    ]
    _print_rows(("study", "CAR-T", "comparator", "odds ratio (exact 95 % CI)"), rows)


def _effect_rows(one: Compared) -> list[tuple[str, ...]]:
    return [
        (
            effect.title,
            effect_text(effect),
            str(effect.studies or "·"),
            str(effect.left_out) if effect.value is not None else "·",
            effect.warning or effect.why,
        )
        for effect in one.effects
    ]


def _print_rows(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    table = Table(box=None, padding=(0, 2), header_style="dim", show_edge=False)
    for place, column in enumerate(header):
        table.add_column(column, no_wrap=place == 0)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    showing.console().print(table)


def _show_left_out(gathered: Gathered | Comparisons) -> None:
    for one in gathered.left_out:
        line = f"left out: {one.study.title}, {one.outcome.cell}: {one.why}"
        showing.console().print(Text(line, style="dim"))
