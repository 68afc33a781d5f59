"""What a definition declares of itself, and the shapes in which it hands over its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import Interval
from carac.parameters import Parameter
from carac.parameters import Values as Values
from carac.vocabulary.types import Assessed, Baseline, Grain, Input, Laboratory, OfPatient


class Status(StrEnum):
    """Where a rule comes from."""

    CONSENSUS = "consensus"
    CONVENTION = "software convention"
    PROPOSAL = "proposal of carac"
    SITE = "site definition"


class Certainty(StrEnum):
    """How sure the catalogue is of the printed thresholds."""

    VERIFIED = "verified in an opened source"
    SECONDARY = "verified in a secondary source"
    MEMORY_HIGH = "from memory, high confidence"
    MEMORY_MODERATE = "from memory, moderate confidence"
    LOW = "low: no source opened"
    SITE = "stated by the site"


@dataclass(frozen=True)
class Citation:
    """A source as it is printed in references."""

    text: str
    doi: str = ""

    def __str__(self) -> str:
        return f"{self.text}. doi:{self.doi}" if self.doi else self.text


@dataclass(frozen=True)
class Output:
    """One column of a result.

    Parameters
    ----------
    suffix: what follows the name of the definition; empty for the grade itself, ``__overt`` for a reading.
    meaning: what each value means, and what null means.
    unit: unit of a number; empty for grades, points and words.
    type: type of Ibis.
    item: True for what a grade was made of: it stands in a table of the definition, not on the patient-day.
    """

    suffix: str
    meaning: str
    type: str = "int8"
    unit: str = ""
    item: bool = False


Columns = dict[str, ir.Value]
#: One layer of side-by-side columns; the next layer may read them.
Layer = Callable[[ibis.Table], Columns]


@dataclass(frozen=True)
class Rule:
    """One criterion as data: what is read, its unit, and the cut-points; from it come card, explanation and tests.

    Parameters
    ----------
    name, title: the item, for columns and for people.
    unit: unit of the cut-points.
    cuts: comparison, constant, points; worst first.
    column: the input column that is compared; empty where it is no plain input.
    factor: what the input is multiplied by to be in the unit of the cut-points.
    """

    name: str
    title: str
    unit: str
    cuts: tuple[tuple[str, float, float], ...]
    column: str = ""
    factor: float = 1.0


@dataclass(frozen=True)
class Tables:
    """The tables that a definition may read, as unbound expressions; one that the records lack is empty.

    `days` is the patient-day grid with its inputs. Where a definition of infusions or events uses row-wise ones of the
    day, it is made after them, and their results stand on `days` too.
    """

    infusions: ibis.Table
    labs: ibis.Table
    assessments: ibis.Table
    treatments: ibis.Table
    events: ibis.Table
    event_features: ibis.Table
    periods: ibis.Table
    days: ibis.Table
    present: frozenset[str] = frozenset()
    results: Mapping[str, ibis.Table] = field(default_factory=dict)


@dataclass(frozen=True)
class Definition:
    """One instrument in one version.

    Parameters
    ----------
    name: column of the result; at most 40 bytes, no dots.
    title: as a doctor would say it.
    instrument: name shared by all versions and parts, such as ``CTCAE``.
    version: as printed.
    citation: the source.
    status, certainty: see the classes.
    population: for whom it was made.
    grain: what one row of the result is about.
    inputs: what it reads of the patient-day, the baseline, the exposures.
    outputs: its columns; the first is the grade.
    layers: for row-wise definitions on the patient-day: the layers of columns, given the parameters.
    rows: for all others: a function from tables and parameters to a table keyed by the grain.
    parameters: its open choices.
    uses: definitions whose results it reads.
    rules: the criteria as data.
    lowest, highest: range of the grade; None where it has none.
    adds: True where the points of its items add up, so that every item is told.
    monotone: True where a worse value in place of today's never lowers today's grade.
    choices: what the source leaves open, in sentences.
    low_items: items or constants marked LOW in the catalogue, which the explanation flags where they decided.
    needs: tables without which every result is null.
    inputs_of: the inputs where they depend on the parameters.
    runs_if: whether the parameters allow it to run; None means always.
    by_default: False runs only when asked for by name (an entry marked LOW).
    typed_units: analyte and unit of a bare number typed by hand, where the source prints another than the canonical.
    """

    name: str
    title: str
    instrument: str
    version: str
    citation: Citation
    status: Status
    certainty: Certainty
    population: str
    grain: Grain
    outputs: tuple[Output, ...]
    inputs: tuple[Input, ...] = ()
    layers: Callable[[Values], Sequence[Layer]] | None = None
    rows: Callable[[Tables, Values], ibis.Table] | None = None
    parameters: tuple[Parameter, ...] = ()
    uses: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    lowest: int | None = 0
    highest: int | None = None
    adds: bool = False
    monotone: bool = True
    choices: tuple[str, ...] = ()
    low_items: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("labs",)
    inputs_of: Callable[[Values], tuple[Input, ...]] | None = None
    runs_if: Callable[[Values], bool] | None = None
    by_default: bool = True
    typed_units: tuple[tuple[str, str], ...] = ()

    def inputs_with(self, values: Values) -> tuple[Input, ...]:
        """The inputs under these parameters (a carry-forward makes an input of its own)."""
        return self.inputs_of(values) if self.inputs_of else self.inputs

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all result columns."""
        return tuple(self.name + output.suffix for output in self.outputs)

    @property
    def analytes(self) -> tuple[str, ...]:
        """The laboratory analytes that it reads, in the order of first mention."""
        return tuple(dict.fromkeys(i.analyte for i in self.inputs if isinstance(i, Laboratory)))


#: What a band can be laid on.
Measured = Laboratory | Baseline | Assessed | OfPatient


def interval(table: ibis.Table, source: Measured) -> Interval:
    """The interval of an input's two columns on a table."""
    return Interval(table[source.low], table[source.high])
