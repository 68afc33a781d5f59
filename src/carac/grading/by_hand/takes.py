"""Which items a definition takes by hand, found in the definition itself: its declared inputs, and the words of the
vocabulary that its expressions compare with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import ibis
import ibis.expr.operations as ops

from carac.cohort.tables import COHORT_SCHEMAS
from carac.grading.by_hand.items import FACTS_OF_EVENTS, CaseItem
from carac.grading.plan import day_schema, tables_of
from carac.language.definition import Definition, Rule
from carac.parameters import Parameters
from carac.vocabulary.agents import agent_classes, agents
from carac.vocabulary.analytes import analytes
from carac.vocabulary.assessment_items import RECORDED_GRADE, assessment_items
from carac.vocabulary.event_features import event_features
from carac.vocabulary.event_sites import event_sites
from carac.vocabulary.types import Assessed, Baseline, Exposure, Grain, Input, Laboratory, OfPatient, Scale
from carac.vocabulary.units import conversion

#: Tables that a case by hand may have.
TABLES = ("assessments", "treatments", "events", "event_features", "periods")
#: Columns of the infusions that a user can type, and what they are.
PATIENT = {
    "age": ("Age", "years"),
    "sex": ("Sex", ""),
    "weight": ("Weight", "kg"),
    "height": ("Height", "cm"),
    "body_mass_index": ("Body-mass index, in place of weight and height", "kg/m2"),
    "lymphodepletion_day": ("Day on which lymphodepletion started", "day"),
    "follow_up_end_day": ("Last day of follow-up", "day"),
    "death_day": ("Day of death", "day"),
    "cause_of_death": ("Cause of death", ""),
    "progression_day": ("Day of progression", "day"),
    "next_therapy_day": ("Day of the next therapy", "day"),
}
SEXES = ("female", "male")
EVENT = {
    "event_day": "Day of the event; else the day of the case",
    "kind": "Kind of event",
    "site": "Site",
    "code": "ICD-10-CM code, in place of kind and site",
    "side": "Side",
    "certainty": "Certainty",
    "present_on_admission": "Present on admission",
}
KINDS = ("bleeding", "venous", "arterial")
#: What is none of these: taken only where a definition asks for it by name.
OTHER = "other"
PERIODS = {
    "central_line": "Central line",
    "ward": "Stay on the ward",
    "intensive_care": "Stay in intensive care",
    "outpatient": "Time as an outpatient",
}


@dataclass
class Read:
    """What the expressions of a definition compare with: words by column, the columns of the infusions, and all whose
    value anything depends on, which is more than to be passed on or to be there.
    """

    words: dict[str, set[str]] = field(default_factory=dict)
    infusions: set[str] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    columns: set[str] = field(default_factory=set)

    def of(self, *columns: str) -> set[str]:
        """The words that any of these columns is compared with."""
        return set().union(*(self.words.get(column, set()) for column in columns))


def read_by(definitions: Sequence[Definition], parameters: Parameters) -> Read:
    """What the definitions read beside their declared inputs."""
    found = Read()
    present = frozenset({"infusions", "labs", "central_lines", *TABLES})
    # What definitions over graded days read of these are the results of others.
    graded = {d.name + output.suffix: output.type for d in definitions if d.grain is Grain.DAY for output in d.outputs}
    tables = tables_of(day_schema([d.name for d in definitions], parameters, present) | graded, present)
    results: dict[str, ibis.Table] = {}
    for definition in definitions:
        if definition.layers is not None and definition.grain is Grain.INFUSION:
            _collect(_layered(definition, chain_inputs(definitions, parameters), definitions, parameters), found)
        if definition.rows is None:
            continue
        used = {name: results[name] for name in definition.uses if name in results}
        made = definition.rows(replace(tables, results=used), parameters.scope(definition.name))
        results[definition.name] = ibis.table(made.schema(), name=f"rows_{definition.name}")
        _collect(made, found)
    return found


def chain_inputs(definitions: Sequence[Definition], parameters: Parameters) -> tuple[Input, ...]:
    """The declared inputs of definitions that use one another, those of the last one first."""
    return tuple(dict.fromkeys(i for d in reversed(definitions) for i in d.inputs_with(parameters.scope(d.name))))


def _layered(
    definition: Definition, inputs: Sequence[Input], definitions: Sequence[Definition], parameters: Parameters
) -> ibis.Table:
    """A row-wise definition on a table that has every column it may read."""
    columns = dict(COHORT_SCHEMAS["infusions"])
    for i in inputs:
        if not isinstance(i, Exposure):
            columns |= {i.low: "float64", i.high: "float64"}
    for used in definitions:
        if used.name in definition.uses:
            columns |= {used.name + output.suffix: output.type for output in used.outputs}
    table = ibis.table(columns, name="infusions")
    assert definition.layers is not None
    for layer in definition.layers(parameters.scope(definition.name)):
        table = table.mutate(**layer(table))
    return table


def _collect(expression: ibis.Table, found: Read) -> None:
    for op in expression.op().find((ops.Equals, ops.InValues)):
        value, options = (op.value, op.options) if isinstance(op, ops.InValues) else (op.left, (op.right,))
        if isinstance(value, ops.Field):
            texts = {o.value for o in options if isinstance(o, ops.Literal) and isinstance(o.value, str)}
            found.words.setdefault(value.name, set()).update(texts)
    for op in expression.op().find(ops.Field):
        if isinstance(op.rel, ops.UnboundTable):
            found.tables.add(op.rel.name)
            if op.rel.name == "infusions":
                found.infusions.add(op.name)
    for op in expression.op().find((ops.Value, ops.Project)):
        found.columns |= _depends_on(op)


def _depends_on(op: ops.Node) -> set[str]:
    """The columns whose value an operation works with; one that is only looked for, or passed on, is none."""
    if isinstance(op, ops.Project):
        return {value.name for name, value in op.values.items() if isinstance(value, ops.Field) and value.name != name}
    if isinstance(op, ops.Field | ops.NotNull | ops.IsNull):
        return set()
    return {child.name for child in op.__children__ if isinstance(child, ops.Field)}


def items_of(
    definition: Definition, chain: Sequence[Definition], parameters: Parameters, units: dict[str, str]
) -> list[CaseItem]:
    """The items of a definition, in the order of its declaration.

    Parameters
    ----------
    definition: the definition asked for.
    chain: it and those that it uses.
    parameters: resolved.
    units: unit of a bare number by analyte, where the definition names one.
    """
    inputs = chain_inputs(chain, parameters)
    rules = tuple(rule for d in chain for rule in d.rules)
    read = read_by(chain, parameters)
    found: dict[str, CaseItem] = {}
    course = definition.grain is Grain.INFUSION
    for item in (
        *_values(inputs, read, rules, units, course),
        *_assessments(inputs, read, rules),
        *_event(read),
        *_treatments(inputs, read),
        *(CaseItem(k, "period", PERIODS[k], of=k) for k in PERIODS if k in read.of("kind")),
        *_patient(inputs, read),
    ):
        found.setdefault(item.name, item)
    return list(found.values())


def _values(
    inputs: Sequence[Input], read: Read, rules: Sequence[Rule], units: dict[str, str], course: bool
) -> Iterator[CaseItem]:
    measured = [i for i in inputs if isinstance(i, Laboratory | Baseline)]
    names = [*dict.fromkeys(i.analyte for i in measured), *sorted(read.of("analyte") & set(analytes()))]
    for analyte in dict.fromkeys(names):
        own = [i for i in measured if i.analyte == analyte]
        days = [i for i in own if isinstance(i, Laboratory)]
        before = [i for i in own if isinstance(i, Baseline)]
        unit = units.get(analyte) or _printed_unit(analyte, own, rules)
        only_before = bool(before) and not days
        if days or not own:
            yield _value(analyte, "laboratory", days, rules, unit, course or not own)
        if before:
            yield _value(analyte, "baseline", before, rules, unit, False, "" if only_before else "_baseline")
        yield from _limits(analyte, own, unit)


def _value(
    analyte: str,
    kind: str,
    inputs: Sequence[Laboratory | Baseline],
    rules: Sequence[Rule],
    unit: str,
    days_needed: bool,
    suffix: str = "",
) -> CaseItem:
    sides = " ".join(side for side in ("lower", "upper") if any(side in i.scale for i in inputs))
    absolute = not inputs or any(i.scale is Scale.VALUE for i in inputs)
    title = analytes()[analyte].title + (" before treatment" if kind == "baseline" else "")
    tries = () if days_needed else _tries(analyte, inputs, rules, absolute, sides)
    return CaseItem(
        analyte + suffix,
        kind,
        title,
        analyte,
        unit,
        by_limit=sides,
        absolute=absolute,
        days_needed=days_needed,
        tries=tries,
    )


def _tries(
    analyte: str, inputs: Sequence[Laboratory | Baseline], rules: Sequence[Rule], absolute: bool, sides: str
) -> tuple[str, ...]:
    """Values of an analyte beside each cut-point, and the ends of what is plausible."""
    known = analytes()[analyte]
    texts = [f"{end!r}{known.canonical_unit}" for end in (known.plausible_low, known.plausible_high)]
    if not absolute:
        texts = [f"{end}x{'LLN' if sides == 'lower' else 'ULN'}" for end in (1e-3, 1e3)]
    by_column = {i.column: i for i in inputs}
    for rule in rules:
        i = by_column.get(rule.column)
        for _, constant, _ in rule.cuts if i is not None else ():
            for beside in (constant * 0.999, constant, constant * 1.001):
                if i is not None and (text := _typed(beside / rule.factor, i.scale, known.canonical_unit, absolute)):
                    texts.append(text)
    return tuple(dict.fromkeys(texts))


def _typed(value: float, scale: Scale, unit: str, absolute: bool) -> str:
    if scale is Scale.VALUE:
        return f"{value:.9g}{unit}"
    if absolute:
        return ""
    words = {Scale.BY_LOWER_LIMIT: "{}xLLN", Scale.BY_UPPER_LIMIT: "{}xULN", Scale.ABOVE_UPPER_LIMIT: "ULN+{}"}
    return words[scale].format(f"{value:.9g}")


def _limits(analyte: str, inputs: Sequence[Laboratory | Baseline], unit: str) -> Iterator[CaseItem]:
    sides = [side for side in ("lower", "upper") if any(side in i.scale for i in inputs)]
    for side in sides:
        name = f"{analyte}_limit" if len(sides) == 1 else f"{analyte}_{side}_limit"
        title = f"{side.capitalize()} limit of normal of {analytes()[analyte].title}"
        absolute = any(i.scale is Scale.VALUE for i in inputs)
        yield CaseItem(name, "limit", title, analyte, unit, by_limit=side, absolute=absolute, tries=("1e-6", "1e6"))


def _printed_unit(analyte: str, inputs: Sequence[Laboratory | Baseline], rules: Sequence[Rule]) -> str:
    """The unit in which the definition prints the analyte, else the canonical one."""
    columns = {i.column for i in inputs if i.scale is Scale.VALUE}
    for rule in rules:
        found = conversion(analyte, rule.unit) if rule.column in columns and rule.unit else None
        if found is not None and not found.basis_needed:
            return rule.unit
    return analytes()[analyte].canonical_unit


def _assessments(inputs: Sequence[Input], read: Read, rules: Sequence[Rule]) -> Iterator[CaseItem]:
    known = assessment_items()
    declared = [i.item for i in inputs if isinstance(i, Assessed)]
    columns = {i.column: i.item for i in inputs if isinstance(i, Assessed)}
    traced = [name for name in known if name in read.of("item")]
    for name in dict.fromkeys([*declared, *traced]):
        item = known[name]
        tries: list[str] = list(item.allowed)
        if not tries:
            cuts = [c for rule in rules if columns.get(rule.column) == name for _, c, _ in rule.cuts]
            ends = [end for end in (item.low, item.high) if end is not None]
            beside = [v for c in cuts for v in (c * 0.999, c, c * 1.001) if not ends or ends[0] <= v <= ends[-1]]
            tries = [f"{value:.9g}" for value in (*ends, *beside)]
        yield CaseItem(name, "assessment", item.title, name, item.unit, item.allowed, tries=tuple(tries))
    for name in sorted(word for word in read.of("item") if word.startswith(RECORDED_GRADE)):
        yield CaseItem("recorded_grade", "assessment", "Grade that a clinician recorded", name)


def _event(read: Read) -> Iterator[CaseItem]:
    asked = read.of("feature")
    if not asked and "events" not in read.tables:
        return
    kinds = tuple(kind for kind in (*KINDS, OTHER) if kind in read.of("kind"))
    named = read.of("site") & set(event_sites())
    # One that asks for a site alone (an intracranial haemorrhage) takes events of the kind that the site has.
    kinds = kinds or tuple(kind for kind in KINDS if kind in {event_sites()[site].kind for site in named}) or KINDS
    sites = tuple(site for site, known in event_sites().items() if known.kind in kinds)
    words = {
        "kind": kinds,
        "site": sites,
        "side": ("left", "right", "bilateral"),
        "present_on_admission": ("no", "yes"),
    }
    for name, title in EVENT.items():
        if name in FACTS_OF_EVENTS and name not in read.columns:
            continue
        yield CaseItem(name, "event", title, name, words=words.get(name, ()))
    for name, feature in event_features().items():
        if name in asked & read.columns:
            allowed = ("no", "yes") if feature.kind == "bool" else feature.allowed
            ends = [f"{end:g}" for end in (feature.low, feature.high) if end is not None]
            yield CaseItem(name, "feature", feature.title, name, feature.unit, allowed, tries=tuple(allowed or ends))


def _treatments(inputs: Sequence[Input], read: Read) -> Iterator[CaseItem]:
    classes = agent_classes()
    for exposure in (i for i in inputs if isinstance(i, Exposure)):
        title = exposure.name.replace("_", " ").capitalize()
        yield CaseItem(exposure.name, "exposure", title, exposure.name, agents=exposure.agents, tries=("no", "yes"))
    wanted = read.of("agent", "agent_class") | {a for i in inputs if isinstance(i, Exposure) for a in i.agents}
    for name in [*agents(), *(name for name in classes if name in wanted)]:
        if name in classes and name in wanted:
            yield CaseItem(name, "treatment", _of_class(name, classes[name]), name, agents=classes[name])
        elif name not in analytes() and (name in wanted or agents()[name].agent_class in wanted):
            # "platelets" is the count; the transfusion goes by its class.
            yield CaseItem(name, "treatment", agents()[name].title, name, agents=(name,))


def _of_class(name: str, members: Iterable[str]) -> str:
    return f"{name.replace('_', ' ').capitalize()}: {', '.join(members)}"


def _patient(inputs: Sequence[Input], read: Read) -> Iterator[CaseItem]:
    declared = {i.column for i in inputs if isinstance(i, OfPatient)}
    if "body_mass_index" in declared:
        declared |= {"weight", "height"}
    wanted = declared | (read.infusions & set(PATIENT))
    if any(isinstance(i, Baseline) for i in inputs):
        wanted.add("lymphodepletion_day")
    tries = {"age": ("1", "30", "65.0", "64.9", "75", "100"), "sex": SEXES, "body_mass_index": ("10", "25", "60")}
    for name, (title, unit) in PATIENT.items():
        if name in wanted:
            words = SEXES if name == "sex" else ()
            yield CaseItem(name, "patient", title, name, unit, words, tries=tries.get(name, ()))
