"""The SQL that an expression becomes is read by its engine as it was meant."""

from __future__ import annotations

from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from carac.engine.base import compile_sql, quoted
from carac.engine.columns import with_columns
from carac.engine.duckdb_engine import DuckDB
from carac.findings import CaracError
from support.engines import ENGINES, open_engine

TABLE = ibis.table({"place": "int64", "word": "string"}, name="engine_sql")
ROWS = pa.table({"place": pa.array([1, 2, 3]), "word": pa.array(["one", "two", None], pa.string())})


@pytest.mark.parametrize("engine", ENGINES)
def test_whether_it_is_known_that_a_word_is_among_others(engine: str) -> None:
    known = TABLE.word.isin(("one", "three")).notnull()
    session = open_engine(engine)
    session.load("engine_sql", ROWS)
    beside, _ = with_columns(quoted("engine_sql", session.dialect), TABLE, {"known": known}, session.dialect)
    for sql in (compile_sql(TABLE.mutate(known=known), session.dialect), beside):
        assert {row["place"]: row["known"] for row in session.fetch(sql).to_pylist()} == {1: True, 2: True, 3: False}


def test_a_table_takes_the_place_of_a_view_and_the_other_way_round() -> None:
    session = open_engine("duckdb")
    session.create("engine_sql_either", "SELECT 1 AS one", view=True)
    session.load("engine_sql_either", ROWS)
    assert session.fetch("SELECT * FROM engine_sql_either").num_rows == ROWS.num_rows
    session.create("engine_sql_either", "SELECT 1 AS one", view=True)
    assert session.fetch("SELECT * FROM engine_sql_either").to_pylist() == [{"one": 1}]


def test_postgresql_does_not_end_a_query_at_a_division_by_zero() -> None:
    shares = TABLE.select("place", share=TABLE.place / (TABLE.place - 1))
    session = open_engine("postgresql")
    session.load("engine_sql", ROWS)
    found = {row["place"]: row["share"] for row in session.fetch(compile_sql(shares, session.dialect)).to_pylist()}
    assert found == {1: None, 2: 2.0, 3: 1.5}


def test_writing_without_memory_says_what_to_do(tmp_path: Path) -> None:
    # A list of all rows has to be in memory as one value, whatever may be spilled.
    too_much = "SELECT list(range) AS every FROM range(20_000_000)"
    said = r"^Memory ran out while writing days\.parquet; give more with --memory, or"
    with DuckDB(memory="50MB", threads=1, temporary=tmp_path) as engine:
        with pytest.raises(CaracError, match=said):
            engine.write_parquet(too_much, tmp_path / "days.parquet")
        # The session goes on as it was: rows keep the order in which they were inserted.
        assert engine.rows("SELECT current_setting('preserve_insertion_order')") == [(True,)]
