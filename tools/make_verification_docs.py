"""Write the pages of the second reading, docs/verification*.md, from the CSV files in tests/verification.

The list of definitions in which a worse value may lower the result is that of tests/not_monotone.toml.

    python tools/make_verification_docs.py

One CSV file per part gives one page, and docs/verification.md lists them. Each row is one criterion: what the catalogue
says, where the code says it, which case holds it, what was found. The place in the code is an anchor, a text that
stands exactly once in its module; the line number is looked up here. A test holds the pages to what this writes.

Columns of the CSV: instrument, criterion, catalogue_section, catalogue_says, module (below src/carac), anchor, case
(several separated by semicolons: `file::id` of tests/cases, `test_file.py::test_name` of tests; both may have `*`),
found (begins with one of `OUTCOMES`). A row without module is of something that the code does not have; `found` says
why.
"""

from __future__ import annotations

import csv
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from make_vocabulary_docs import table

ROOT = Path(__file__).resolve().parents[1]
READINGS = ROOT / "tests" / "verification"
NOT_MONOTONE = ROOT / "tests" / "not_monotone.toml"
SOURCE = ROOT / "src" / "carac"
DOCS = ROOT / "docs"
COLUMNS = (
    "instrument",
    "criterion",
    "catalogue_section",
    "catalogue_says",
    "module",
    "anchor",
    "case",
    "found",
)
#: With what the column `found` begins, and what it means.
OUTCOMES = {
    "agrees": "code and catalogue say the same, and the case named is about it",
    "corrected": "the code said something else and was mended",
    "added": "the code, a parameter or the case was missing and is new",
    "unsure": "the catalogue leaves it open or is not sure; what was chosen is said",
    "open": "known and not mended",
}

HEAD = """\
# Verification: {title}

Written by `python tools/make_verification_docs.py` from `tests/verification/{stem}.csv`; change that, not this page.
[verification.md](verification.md) says how to read it.
"""

INDEX = """\
# Verification: the definitions, read a second time

Written by `python tools/make_verification_docs.py`. After the definitions had been written, somebody who had not
written them read the catalogue of definitions again and held every criterion against its line of code and against a
case about it. Whether a case fails when its line is wrong is a matter of mutation testing, not of this page.

One row is one criterion: a threshold, a tie, a window, a rule for what is missing, a unit, or a parameter with its
default. "The catalogue" is the collection of inputs, thresholds, ties and windows that the definitions were written
from; "2.1" is its section. A case is a worked example of `tests/cases/` (`file::id`) or a test.

Three long proofs belong to this page; `make prove` runs them, and `make test` names those whose code has changed since.
`proofs/mutation.py` changes one number, comparison or connective at a time and asks whether a test notices.
`proofs/calc_agreement.py` draws 10,000 cases and holds `carac calc` against a cohort, column by column.
`proofs/sorting.py` counts what a choice of version changes ([versions.md](versions.md)).

What was found begins with one of these words:

"""

WORSE = """
## Where a worse value may lower the result

In every other definition a worse value in place of today's never lowers the grade; `tests/test_properties.py` and
`tests/test_worse_values.py` ask for that with drawn patients. In these it may:

"""


@dataclass(frozen=True)
class Row:
    """One criterion, read a second time; the fields are the columns of the CSV."""

    instrument: str
    criterion: str
    catalogue_section: str
    catalogue_says: str
    module: str
    anchor: str
    case: str
    found: str

    @property
    def outcome(self) -> str:
        """The word that `found` begins with."""
        return self.found.replace(":", " ").split()[0] if self.found.strip() else ""

    @property
    def cases(self) -> list[str]:
        """The cases that hold it."""
        return [one.strip() for one in self.case.split(";") if one.strip()]

    @property
    def lines(self) -> list[int]:
        """The numbers of the lines in which the anchor stands."""
        text = (SOURCE / self.module).read_text(encoding="utf-8").splitlines()
        return [number for number, line in enumerate(text, start=1) if self.anchor in line]


def readings() -> list[Path]:
    """The CSV files."""
    return sorted(READINGS.glob("*.csv"))


def rows_of(path: Path) -> list[Row]:
    """The rows of one CSV file; the header must have the columns."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{path.name} has the columns {reader.fieldnames}; they must be {list(COLUMNS)}")
        return [Row(**row) for row in reader]


def page_of(path: Path) -> Path:
    """The page that is written from a CSV file."""
    return DOCS / f"verification_{path.stem}.md"


def _title(path: Path) -> str:
    return path.stem.replace("_", " ").replace("ctcae", "CTCAE")


def _code(row: Row) -> str:
    if not row.module:
        return "–"
    [number] = row.lines
    return f"[{row.module.removeprefix('definitions/')}:{number}](../src/carac/{row.module}#L{number})"


def _catalogue(row: Row) -> str:
    return f"{row.catalogue_section}: {row.catalogue_says}".replace("<", "&lt;")


def _counts(rows: Iterable[Row]) -> str:
    counted = Counter(row.outcome for row in rows)
    return ", ".join(f"{counted[word]} {word}" for word in OUTCOMES if counted[word])


def page(path: Path) -> str:
    """One page: a table for each instrument."""
    rows = rows_of(path)
    parts = [HEAD.format(title=_title(path), stem=path.stem), f"\n{len(rows)} criteria: {_counts(rows)}.\n"]
    for instrument in dict.fromkeys(row.instrument for row in rows):
        header = ("criterion", "catalogue", "code", "case", "found")
        parts.append(f"\n## {instrument}\n\n")
        parts.append(table(header, (_cells(row) for row in rows if row.instrument == instrument)))
    return "".join(parts)


def _cells(row: Row) -> Sequence[str]:
    cases = "<br>".join(f"`{case}`" for case in row.cases) or "–"
    return (row.criterion.replace("<", "&lt;"), _catalogue(row), _code(row), cases, row.found.replace("<", "&lt;"))


def index() -> str:
    """The page that says how to read the others."""
    parts = [
        (f"[{_title(path)}]({page_of(path).name})", str(len(rows)), _counts(rows))
        for path in readings()
        for rows in [rows_of(path)]
    ]
    outcomes = table(("word", "meaning"), OUTCOMES.items())
    pages = table(("page", "criteria", "found"), parts)
    reasons = tomllib.loads(NOT_MONOTONE.read_text(encoding="utf-8"))
    return INDEX + outcomes + "\n" + pages + WORSE + table(("definition", "why"), _named(reasons))


def _named(reasons: Mapping[str, str]) -> list[Sequence[str]]:
    return [(f"`{name}`", reason) for name, reason in reasons.items()]


def documents() -> dict[Path, str]:
    """Every page and what stands on it."""
    return {page_of(path): page(path) for path in readings()} | {DOCS / "verification.md": index()}


def main() -> None:
    """Write the pages."""
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
