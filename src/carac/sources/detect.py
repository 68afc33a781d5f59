"""What kind of record a path is, and the reader for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from carac.cohort.records import Records
from carac.engine.duckdb_engine import DuckDB
from carac.findings import CaracError
from carac.sources.folder import looks_like_a_folder, read_folder
from carac.sources.omop import OmopOptions, looks_like_omop, looks_like_omop_database, read_omop
from carac.vocabulary.spelling import nearest


@dataclass(frozen=True)
class Kind:
    """One kind of record.

    Parameters
    ----------
    name: what a user writes after ``--from``.
    title: for messages.
    recognises: whether a path looks like one.
    read: its reader; takes the options of `options` by name.
    options: names of the options it knows.
    """

    name: str
    title: str
    recognises: Callable[[Path], bool]
    read: Callable[..., Records]
    options: tuple[str, ...] = ()


def _read_omop(engine: DuckDB, path: Path, **options: Any) -> Records:
    return read_omop(engine, path, OmopOptions(**options))


#: The first kind that recognises a path is taken.
KINDS: tuple[Kind, ...] = (
    Kind("folder", "folder of carac's tables", looks_like_a_folder, read_folder),
    Kind(
        "omop",
        "OMOP CDM 5.3 or 5.4 (folder of CSV or Parquet files, or DuckDB file)",
        lambda path: looks_like_omop(path) or looks_like_omop_database(path),
        _read_omop,
        ("index", "index_table"),
    ),
)


def kind_of(path: Path) -> str:
    """The name of the kind of record that a path is.

    Raises
    ------
    CaracError: there is nothing at the path, or it is no kind that carac reads.
    """
    if not path.exists():
        raise CaracError(f"There is no folder or file {path}.")
    for kind in KINDS:
        if kind.recognises(path):
            return kind.name
    known = "; ".join(kind.title for kind in KINDS)
    raise CaracError(
        f"{path} is no record that carac knows ({known}); say which it is with --from, or see `carac template DIR`."
    )


def read(
    engine: DuckDB, path: Path, kind: str | None = None, omop: OmopOptions | None = None, **options: Any
) -> Records:
    """The tables of a record of any kind.

    Parameters
    ----------
    engine: the session that will hold them.
    path: folder or file.
    kind: name of the kind; None finds it out.
    omop: options of an OMOP record; for another kind they have to be empty.
    options: of the reader, such as ``index`` and ``index_table`` for OMOP; None is as if not given.

    Raises
    ------
    CaracError: the kind is not known or cannot be found out, an option does not belong to it, or a file cannot be read.
    """
    names = [known.name for known in KINDS]
    if kind is not None and kind not in names:
        near = nearest(kind, names)
        raise CaracError(
            f"The kind of record {kind!r} is not known; write {' or '.join(names)}."
            + (f" Did you mean {near}?" if near else "")
        )
    if not path.exists():
        raise CaracError(f"There is no folder or file {path}.")
    chosen = next(known for known in KINDS if known.name == (kind or kind_of(path)))
    asked = asdict(omop or OmopOptions()) | options
    given = {name: value for name, value in asked.items() if value is not None}
    for name in given:
        if name not in chosen.options:
            raise CaracError(
                f"--{name.replace('_', '-')} does not apply to a record of kind {chosen.name}; leave it out."
            )
    return chosen.read(engine, path, **given)
