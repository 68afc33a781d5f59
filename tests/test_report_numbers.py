"""Numbers read back from the HTML and Word files equal queries over the Parquet files that import nothing of carac."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from math import sqrt
from pathlib import Path
from typing import Any

import docx
import duckdb
import pytest

from report_cohort import made

Z = 1.959963984540054


class _Tables(HTMLParser):
    """The cells of every table of a page, by the id of the table."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.name, self.inside = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.name = str(dict(attrs)["id"]).removeprefix("table-")
            self.tables[self.name] = []
        elif tag == "tr":
            self.tables[self.name].append([])
        elif tag in ("td", "th"):
            self.tables[self.name][-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.tables[self.name][-1][-1] += data


@cache
def html_tables() -> dict[str, list[list[str]]]:
    parser = _Tables()
    parser.feed((made().report / "synthetic_report.html").read_text(encoding="utf-8"))
    return parser.tables


@cache
def word_tables() -> list[list[list[str]]]:
    file = docx.Document(str(made().report / "synthetic_report.docx"))
    return [[[cell.text for cell in row.cells] for row in table.rows] for table in file.tables]


def word_table(header: list[str]) -> list[list[str]]:
    """The Word table with this header."""
    return next(table for table in word_tables() if [cell.strip() for cell in table[0]] == header)


def query(sql: str) -> list[tuple[Any, ...]]:
    """A query over the Parquet files; {days}, {infusions} and {events} are their tables."""
    places = {name: f"'{made().tables / name}.parquet'" for name in ("patient_days", "infusions", "events")}
    return duckdb.sql(sql.format(days=places["patient_days"], **places)).fetchall()


def row_of(table: list[list[str]], name: str) -> list[str]:
    return next(row for row in table if row[0].strip() == name)


def row_of_version(table: list[list[str]], name: str) -> list[str]:
    """The row of a toxicity under a version, which it may share with others, such as "…, CTCAE 5.0 and 6.0"."""
    what, _, version = name.rpartition(", CTCAE ")
    if not version or not what:
        return row_of(table, name)
    own = [row for row in table if row[0].strip().startswith(f"{what}, CTCAE ")]
    return next(row for row in own if version in row[0].rpartition(", CTCAE ")[2])


def wilson(count: int, total: int) -> str:
    """The interval as it is printed, by a formula of its own: the roots of (p - k/n)^2 = z^2 p (1 - p) / n."""
    a, b, c = 1 + Z * Z / total, -(2 * count / total + Z * Z / total), (count / total) ** 2
    roots = [(-b - sqrt(b * b - 4 * a * c)) / (2 * a), (-b + sqrt(b * b - 4 * a * c)) / (2 * a)]

    def said(share: float) -> str:
        value = 100 * share
        return f"{value:.1f}" if 1e-9 < value < 9.95 else f"{value:.0f}"

    return f"{said(count / total)} ({said(roots[0])}–{said(roots[1])})"


@pytest.mark.parametrize(
    ("column", "title"),
    [
        ("astct_crs", "CRS (ASTCT)"),
        ("astct_icans", "ICANS (ASTCT)"),
        ("ctcae_v5_platelets", "Platelet count decreased, CTCAE 5.0"),
        ("ctcae_v6_platelets", "Thrombocytopenia, by the count, CTCAE 6.0"),
        ("ctcae_v5_fibrinogen", "Fibrinogen decreased, CTCAE 5.0"),
        ("ctcae_v6_fibrinogen", "Fibrinogen decreased, CTCAE 6.0"),
        ("ctcae_v4_inr", "INR increased, by upper limit, CTCAE 4.03"),
    ],
)
def test_worst_grades(column: str, title: str) -> None:
    own = query(
        f"SELECT max({column}__lowest), max({column}__highest) FROM {{days}} WHERE day BETWEEN 0 AND 30"
        " GROUP BY patient_id, infusion_number"
    )
    known = [(low, high) for low, high in own if low is not None]
    html, word = html_tables()["toxicities"], word_table(html_tables()["toxicities"][0])
    for table in (html, word):
        row = row_of_version(table, title)
        assert row[1] == f"{len(known)} of {len(own)}"
        for grade in range(6):
            if row[2 + grade] != "–":
                assert int(row[2 + grade]) == sum(pair == (grade, grade) for pair in known), (title, grade)
        severe, mild = sum(low >= 3 for low, _ in known), sum(high < 3 for _, high in known)
        assert row[10].split(";")[0] == wilson(severe, severe + mild)


def test_infusion_grades() -> None:
    own = query("SELECT t_icaht_early_as_printed__lowest, t_icaht_early_as_printed__highest FROM {infusions}")
    row = row_of(html_tables()["toxicities"], "Early T-ICAHT (from day 0), as printed")
    assert int(row[8]) == sum(low != high for low, high in own if low is not None) > 0
    known = [(low, high) for low, high in own if low is not None]
    least = 100 * sum(low >= 3 for low, _ in known) / len(known)
    most = 100 * sum(high >= 3 for _, high in known) / len(known)
    assert row[10].endswith(f"; {least:.0f}–{most:.0f}")


def test_overt_dic() -> None:
    sql = (
        "SELECT bool_or(isth_overt_dic_2025__overt), bool_or(isth_overt_dic_2025__lowest IS NOT NULL) FROM {days}"
        " WHERE day BETWEEN 0 AND 30 GROUP BY patient_id, infusion_number"
    )
    own = query(sql)
    html = html_tables()["scores"]
    for table in (html, word_table(html[0])):
        row = row_of(table, "ISTH overt DIC, 2025 update")
        assert int(row[3]) == sum(yes is True for yes, _ in own) > 0
        assert row[2] == f"{sum(known for _, known in own)} of {len(own)}"


@pytest.mark.parametrize(("analyte", "title"), [("platelets", "Platelets"), ("fibrinogen", "Fibrinogen")])
def test_coverage(analyte: str, title: str) -> None:
    html = html_tables()["coverage"]
    for place, head in enumerate(html[0][1:], 1):
        day = int(head.removeprefix("Day ").replace("−", "-"))
        tested, observed = query(
            f"SELECT count({analyte}_lowest__from), count(*) FROM {{days}} JOIN {{infusions}} AS i"
            f" USING (patient_id, infusion_number) WHERE day = {day}"
            " AND (least(i.death_day, i.follow_up_end_day) IS NULL OR day <= least(i.death_day, i.follow_up_end_day))"
        )[0]
        cell = row_of(html, title)[place]
        assert int(cell.split(" ")[0]) == tested
        assert int(row_of(html, "Under observation, n")[place]) == observed


def test_table_one_age_and_sex() -> None:
    low, middle, high, women = query(
        "SELECT quantile_cont(age, 0.25), median(age), quantile_cont(age, 0.75),"
        " count(*) FILTER (WHERE sex = 'female') FROM {infusions}"
    )[0]
    html = html_tables()["table_one"]
    for table in (html, word_table(html[0])):
        numbers = [float(n) for n in re.findall(r"[\d.]+", row_of(table, "Age, years")[1])]
        assert numbers == pytest.approx([middle, low, high], abs=0.06)
        assert row_of(table, "female")[1].startswith(f"{women} (")


def test_event_counts() -> None:
    html = html_tables()["event_counts"]
    found = query(
        "SELECT count(*) FILTER (WHERE isth_bleeding = 3), count(*) FILTER (WHERE isth_bleeding = 2),"
        " count(*) FILTER (WHERE thrombosis_class = 'venous' AND thrombosis_class__counts IS DISTINCT FROM false),"
        " count(DISTINCT patient_id) FILTER (WHERE kind = 'bleeding') FROM {events} WHERE day >= 0"
    )[0]
    for table in (html, word_table(html[0])):
        names = ("Bleeding, major", "Bleeding, clinically relevant non-major", "Venous")
        assert [int(row_of(table, name)[1]) for name in names] == list(found[:3])
        total = query("SELECT count(*) FROM {infusions}")[0][0]
        assert row_of(table, "Any bleeding")[2] == wilson(found[3], total)


def test_nadirs_of_platelets() -> None:
    sql = (
        "SELECT median(nadir), count(*) FROM (SELECT d.patient_id, min(platelets_lowest__from) AS nadir,"
        " max(astct_crs) FILTER (WHERE day >= 0) AS peak FROM {days} AS d WHERE day BETWEEN 0 AND 30"
        " GROUP BY d.patient_id, infusion_number) WHERE peak = 1"
    )
    middle, count = query(sql)[0]
    rows = html_tables()["nadirs"]
    start = next(n for n, row in enumerate(rows) if row[0].startswith("Platelets"))
    own = next(row for row in rows[start:] if row[0].strip() == "CRS 1")
    assert int(own[1]) == count
    assert float(own[2].split(" ")[0]) == pytest.approx(middle, rel=0.01)


def test_word_and_page_have_the_same_tables() -> None:
    page = [[cell.strip() for row in rows for cell in row] for rows in html_tables().values()]
    # A row that names a group is one wide cell on the page.
    file = [[cell.strip() for row in rows for cell in row] for rows in word_tables()]
    assert [[c for c in cells if c] for cells in file] == [[c for c in cells if c] for cells in page]


def test_csv_has_what_is_printed() -> None:
    written = {path.stem.removeprefix("synthetic_") for path in Path(made().report / "tables").glob("*.csv")}
    assert written == set(html_tables())


def test_severity_of_days_without_a_grade_is_no_severity() -> None:
    from carac.report.material import gather
    from carac.report.options import Options
    from carac.report.queries.coverage import by_severity

    material = gather(made().graded, Options(salt="test"), True)
    found = {row.key: row.observed for row in by_severity(material)}
    sql = (
        "SELECT CASE WHEN astct_crs IS NULL THEN -1 WHEN astct_crs >= 3 THEN 3 ELSE astct_crs END AS grade, count(*)"
        " FROM {days} JOIN {infusions} AS i USING (patient_id, infusion_number) WHERE day BETWEEN 0 AND 14"
        " AND coalesce(day <= least(i.death_day, i.follow_up_end_day), true) GROUP BY grade"
    )
    assert found == dict(query(sql))
