"""The course of fibrinogen after infusion: acute-phase peak, fall from it, nadir, recovery. A proposal of carac's own.

Source: none has an algorithm; the thresholds 4 and 1.5 g/L and the fall of 30 % follow catalogue 6.6 (acute-phase
masking, LOW), tocilizumab within 21 days too (Perl M et al. Haematologica 2024;109:2969-2977).
Inputs: fibrinogen (g/L) of each day, functional; fibrinogen concentrate and cryoprecipitate; tocilizumab.
Values: the nadir after the peak (g/L), with the day of both, the share lost, the day of recovery, whether it was
replaced, and whether the nadir lies within 21 days after tocilizumab; `__pattern` is low (nadir below 1.5),
masked_fall (lost 30 % of a peak above 4 and is still 1.5 or more), fall (lost 30 % of a lower peak), stable; null with
too few values. Every constant is a parameter.
Five drawn courses that it gets right and two that it does not are in tests/cases/fibrinogen_course.toml.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import TIE
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables, Values
from carac.parameters import Parameter, numeric, whole
from carac.vocabulary.types import Exposure, Grain, Input, Laboratory, Worse

NAME = "fibrinogen_course_proposal"
KEYS = ("patient_id", "infusion_number")
LOWEST, HIGHEST = Laboratory("fibrinogen", Worse.LOWER), Laboratory("fibrinogen", Worse.HIGHER)
SOURCE = "proposal of carac; catalogue 6.6, LOW"

PARAMETERS = (
    Parameter("last_day", 30, "last day of peak and nadir", lowest=1, source=SOURCE),
    Parameter(
        "peak_above", 4.0, "fibrinogen (g/L) above which a peak is one of acute phase", lowest=0.0, source=SOURCE
    ),
    Parameter(
        "fall_from", 0.3, "share of the peak that is lost from which on it is a fall", lowest=0.05, source=SOURCE
    ),
    Parameter("low_below", 1.5, "fibrinogen (g/L) below which the nadir is low", lowest=0.0, source=SOURCE),
    Parameter("recovered_from", 2.0, "fibrinogen (g/L) from which on it has recovered", lowest=0.0, source=SOURCE),
    Parameter("values_needed", 3, "how many days with a value are needed", lowest=2, source=SOURCE),
    Parameter(
        "tocilizumab_days", 21, "days after tocilizumab in which a nadir stands under it", lowest=0, highest=100,
        source="catalogue 6.6, LOW",
    ),
    Parameter(
        "replacement_days", 2, "days after replacement in which a value stands on it", lowest=0, highest=30,
        source=SOURCE,
    ),
)  # fmt: skip


def _tocilizumab(days: int) -> Exposure:
    return Exposure(f"tocilizumab_within_{days}_days", ("interleukin_6_receptor_blocker",), days_after=days)


def _replaced(days: int) -> Exposure:
    return Exposure(f"fibrinogen_replaced_within_{days}_days", ("fibrinogen_replacement",), days_after=days)


def _inputs(values: Values) -> tuple[Input, ...]:
    tocilizumab, replaced = (whole(values, f"{name}_days") for name in ("tocilizumab", "replacement"))
    return (LOWEST, HIGHEST, _tocilizumab(tocilizumab), _replaced(replaced))


def _first(rows: ibis.Table, value: str, largest: bool, day: str) -> ibis.Table:
    """The largest or smallest value per infusion, and its first day."""
    extreme = rows[value].max() if largest else rows[value].min()
    found = rows.group_by(*KEYS).aggregate(extreme=extreme)
    joined = rows.inner_join(found, list(KEYS)).filter(lambda t: t[value] == t.extreme)
    return joined.group_by(*KEYS).aggregate(**{value: joined.extreme.min(), day: joined.day.min()})


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per infusion with a plain value from day 0 on."""
    days = tables.days
    # A value that is only an interval is neither peak nor nadir.
    known = (days[LOWEST.low] == days[LOWEST.high]) & (days[HIGHEST.low] == days[HIGHEST.high])
    valued = days.filter(known, days.day >= 0).select(
        *KEYS,
        "day",
        nadir=days[LOWEST.low],
        peak=days[HIGHEST.low],
        replaced=days[_replaced(whole(values, "replacement_days")).name],
        tocilizumab=days[_tocilizumab(whole(values, "tocilizumab_days")).name],
    )
    inside = valued.filter(valued.day <= whole(values, "last_day"))
    peaks = _first(inside.drop("nadir"), "peak", True, "peak_day")
    after = inside.drop("peak").inner_join(peaks, list(KEYS)).filter(lambda t: t.day >= t.peak_day)
    nadirs = _first(after.select(*KEYS, "day", "nadir"), "nadir", False, "nadir_day")
    at = nadirs.inner_join(peaks, list(KEYS))
    counted = inside.group_by(*KEYS).aggregate(values_known=inside.count())
    at = at.inner_join(counted, list(KEYS))
    return _results(at, valued, values)


def _results(at: ibis.Table, valued: ibis.Table, values: Values) -> ibis.Table:
    joined = valued.drop("peak", "nadir").inner_join(at, list(KEYS))
    measured = valued.select(*KEYS, "day", value=valued.nadir)
    joined = joined.inner_join(measured, [*KEYS, "day"])
    later = (joined.day > joined.nadir_day) & (joined.value >= numeric(values, "recovered_from") * (1 - TIE))
    was_low = joined.nadir < numeric(values, "recovered_from") * (1 - TIE)
    on_nadir = joined.day == joined.nadir_day
    found = joined.group_by(*KEYS).aggregate(
        **{name: joined[name].min() for name in ("nadir", "nadir_day", "peak", "peak_day", "values_known")},
        recovery_day=(later & was_low).ifelse(joined.day, ibis.null("int32")).min(),
        replaced=_any(joined.replaced, (joined.day >= joined.peak_day) & (joined.day <= joined.nadir_day)),
        tocilizumab=_any(joined.tocilizumab, on_nadir),
    )
    enough = found.values_known >= whole(values, "values_needed")
    lost = 1.0 - found.nadir / (found.peak > 0).ifelse(found.peak, ibis.null("float64"))
    fell = lost >= numeric(values, "fall_from") * (1 - TIE)
    pattern = ibis.cases(
        (~enough, ibis.null("string")),
        (found.nadir < numeric(values, "low_below") * (1 - TIE), "low"),
        (fell & (found.peak > numeric(values, "peak_above") * (1 + TIE)), "masked_fall"),
        (fell, "fall"),
        else_="stable",
    )
    columns: dict[str, ir.Value] = {
        "": found.nadir,
        "__nadir_day": found.nadir_day.cast("int32"),
        "__peak": found.peak,
        "__peak_day": found.peak_day.cast("int32"),
        "__share_lost": lost,
        "__recovery_day": found.recovery_day.cast("int32"),
        "__replaced": found.replaced,
        "__after_tocilizumab": found.tocilizumab,
    }
    shown = {NAME + suffix: enough.ifelse(column, ibis.null(column.type())) for suffix, column in columns.items()}
    return found.select(*KEYS, **shown, **{f"{NAME}__pattern": pattern})


def _any(flag: ir.BooleanValue, where: ir.BooleanValue) -> ir.BooleanValue:
    """Whether the flag holds on one of these days; null where nobody recorded it."""
    found = (flag & where).ifelse(1, 0).max()
    known = (flag.notnull() & where).ifelse(1, 0).max()
    return (known == 1).ifelse(found == 1, ibis.null("boolean"))


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Course of fibrinogen",
        instrument="Fibrinogen course",
        version="proposal",
        citation=Citation("Proposal of carac, 2026; after Perl M et al. Haematologica 2024;109:2969-2977"),
        status=Status.PROPOSAL,
        certainty=Certainty.LOW,
        population="recipients of CAR T cells",
        grain=Grain.INFUSION,
        inputs=_inputs({parameter.name: parameter.default for parameter in PARAMETERS}),
        inputs_of=_inputs,
        outputs=(
            Output("", "nadir after the peak; null with too few values", "float64", "g/L"),
            Output("__nadir_day", "first day of the nadir; null with too few values", "int32", "d"),
            Output("__peak", "highest value; null with too few values", "float64", "g/L"),
            Output("__peak_day", "first day of the peak; null with too few values", "int32", "d"),
            Output("__share_lost", "share of the peak that is lost at the nadir; null with too few values", "float64"),
            Output(
                "__recovery_day",
                "first day after a nadir below 2 with 2 or more; null where there is none",
                "int32",
                "d",
            ),
            Output(
                "__replaced",
                "whether a value between peak and nadir lies within 2 days after replacement; null: not recorded",
                "boolean",
            ),
            Output(
                "__after_tocilizumab",
                "whether the nadir lies within 21 days after tocilizumab; null: not recorded",
                "boolean",
            ),
            Output("__pattern", "low, masked_fall, fall or stable; null with too few values", "string"),
        ),
        rows=rows,
        parameters=PARAMETERS,
        rules=(
            Rule("peak", "fibrinogen, acute-phase peak", "g/L", ((">", 4.0, 1),), HIGHEST.column),
            Rule("fall", "share of the peak that is left", "x peak", (("≤", 0.7, 1),)),
            Rule("low", "fibrinogen, low nadir", "g/L", (("<", 1.5, 1),), LOWEST.column),
        ),
        lowest=None,
        monotone=False,
        by_default=False,
        choices=(
            "No source has an algorithm: every constant is carac's own.",
            "The nadir is sought from the day of the peak on; a nadir before the peak is not seen.",
            "A value that is only an interval is neither peak nor nadir.",
        ),
    ),
)
