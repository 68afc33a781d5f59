"""Do the documents say what the code does: generated pages, tables of columns, the table of definitions, pictures?"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from html import unescape
from pathlib import Path

import pytest

import make_pictures
import make_vocabulary_docs
from carac.cohort.limits import COLUMNS
from carac.cohort.tables import NEEDED_TABLES, RECORD_TABLES
from carac.definitions import all_definitions
from carac.grading.dictionary import Entry, dictionary
from carac.language.definition import Definition
from carac.manifest import manifest
from needs import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
RECORDS = (ROOT / "docs" / "records.md").read_text(encoding="utf-8")
#: What the two layouts leave to the eye: the columns of `labs` that stand in for `value`.
IN_PLACE_OF_VALUE = {"value_low", "value_high"}


def section(text: str, heading: str) -> str:
    """What stands under a heading."""
    after = text.split(f"\n{heading}", 1)[1]
    return re.split(r"\n#+ ", after, maxsplit=1)[0]


def table_rows(text: str) -> list[list[str]]:
    """The rows of the tables in a text, headers and rules left out."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    rules = [place for place, row in enumerate(cells) if set(row[0]) == {"-"}]
    return [row for place, row in enumerate(cells) if place not in rules and place + 1 not in rules]


def in_code(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", text)


# ---- generated ----


def test_the_vocabulary_page_is_what_the_tool_writes() -> None:
    committed = make_vocabulary_docs.DOCUMENT.read_text(encoding="utf-8")
    assert committed == make_vocabulary_docs.document(), "python tools/make_vocabulary_docs.py"


def shown(picture: str) -> list[str]:
    """The words of an SVG; how rich places them may change with its version."""
    return [unescape(text).replace("\xa0", " ") for text in re.findall(r"<text[^>]*>([^<]*)</text>", picture)]


def test_the_pictures_show_what_carac_prints() -> None:
    for name, picture in make_pictures.pictures().items():
        committed = (make_pictures.PICTURES / name).read_text(encoding="utf-8")
        assert shown(committed) == shown(picture), f"{name}: python tools/make_pictures.py"
        assert f"docs/pictures/{name}" in README
        assert "@font-face" not in committed, "a picture asks a server for its font"


# ---- the layout of a record ----


def readme_columns() -> dict[str, str]:
    """The columns of each table, as the README has them."""
    return {in_code(row[0])[0]: row[1] for row in table_rows(section(README, "## Your own records"))}


def test_the_readme_has_every_table() -> None:
    assert list(readme_columns()) == list(RECORD_TABLES)


@pytest.mark.parametrize("name", RECORD_TABLES)
def test_the_readme_has_the_columns_of_a_table(name: str) -> None:
    text = readme_columns()[name]
    layout = RECORD_TABLES[name]
    columns = re.findall(r"[a-z_]+", text.replace("(or value_low and value_high)", ""))
    assert columns == [column for column in layout.columns if column not in IN_PLACE_OF_VALUE]
    assert needed(re.findall(r"\*\*([a-z_]+)\*\*", text)) == set(layout.required)


def needed(bold: list[str]) -> set[str]:
    """The columns in bold; `value` of `labs` is one of two ways and not among the required."""
    return set(bold) - ({"value"} if "analyte" in bold else set())


@pytest.mark.parametrize("name", RECORD_TABLES)
def test_the_layout_describes_every_column_of_a_table(name: str) -> None:
    rows = table_rows(section(RECORDS, f"## `{name}`"))
    layout = RECORD_TABLES[name]
    described = [column for row in rows for column in in_code(row[0])]
    assert sorted(described) == sorted(layout.columns)
    assert needed([column for row in rows for column in re.findall(r"\*\*`([a-z_]+)`\*\*", row[0])]) == set(
        layout.required
    )
    for row in rows:
        assert row[1].startswith("time") == bool(set(in_code(row[0])) & set(layout.times)), row[0]


def test_the_needed_tables_are_named() -> None:
    for text in (README, RECORDS):
        assert " and ".join(f"`{name}`" for name in NEEDED_TABLES) in text


def test_the_site_file_is_described() -> None:
    rows = table_rows(section(RECORDS, "## The site file"))
    assert [column for row in rows for column in in_code(row[0])] == list(COLUMNS)
    assert f"    {','.join(COLUMNS)}\n" in README


def test_links_between_the_documents_lead_somewhere() -> None:
    for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = document.read_text(encoding="utf-8")
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(#[^)]+)?\)", text):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
            if anchor:
                assert anchor in anchors_of(document.parent / target), f"{document.name}: {target}{anchor}"


def anchors_of(path: Path) -> set[str]:
    """Where a link into a file may point: a line of code, a heading of a page."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".md":
        return {f"#L{number}" for number in range(1, len(text.splitlines()) + 1)}
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {"#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


# ---- what is graded ----


def graded_rows() -> list[list[str]]:
    """The rows of the README's table of definitions."""
    return table_rows(section(README, "## What is graded"))


def rows_of(definition: Definition) -> list[list[str]]:
    """The rows whose column names stand for a definition."""
    return [row for row in graded_rows() if any(fnmatch(definition.name, name) for name in in_code(row[1]))]


@pytest.mark.parametrize("name", all_definitions())
def test_the_readme_has_every_definition_once_and_true(name: str) -> None:
    definition = all_definitions()[name]
    rows = rows_of(definition)
    assert len(rows) == 1, f"{name} stands in {len(rows)} rows"
    _, _, version, source, how_sure = rows[0]
    assert definition.version.startswith(version)
    assert how_sure == str(definition.certainty)
    doi = definition.citation.doi
    assert (doi in source) if doi and str(definition.status) == "consensus" else True


def test_every_name_in_the_table_is_a_definition() -> None:
    for row in graded_rows():
        for pattern in in_code(row[1]):
            assert any(fnmatch(name, pattern) for name in all_definitions()), pattern


# ---- the output ----


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    """The data dictionary of the teaching cohort (synthetic)."""
    from carac import api

    return dictionary(api.grade(api.demo_cohort()))


def test_the_columns_that_the_output_page_gives_as_examples_exist(entries: list[Entry]) -> None:
    text = (ROOT / "docs" / "output.md").read_text(encoding="utf-8")
    columns = {entry.column for entry in entries}
    examples = [row[2] for row in table_rows(section(text, "## Names of columns"))]
    for example in examples:
        assert set(in_code(example)) <= columns, example
    for name in in_code(section(README, "## What comes out")):
        if name.startswith("isth_"):
            assert name in columns, name


def test_the_output_page_names_the_fields_of_the_manifest() -> None:
    text = (ROOT / "docs" / "output.md").read_text(encoding="utf-8")
    fields = {name for row in table_rows(section(text, "## The manifest")) for name in in_code(row[0])}
    assert set(manifest()) <= fields


def test_the_readme_says_what_the_proof_found() -> None:
    """The false calls of the printed scores, as stored with the hash of the code they came from."""
    stored = json.loads((ROOT / "proofs" / "synthetic_cohort.json").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for score in ("isth_overt_dic_2025", "isth_overt_dic_2001_5xuln"):
        calls = stored["figures"]["printed scores of overt DIC"][score]
        for part, whole in (
            (calls["mimic_false"], calls["mimic_patients"]),
            (calls["patients_false"], calls["patients_false"] + calls["patients_found"]),
            (calls["patients_found"], calls["patients_true"]),
        ):
            assert f"{100 * part / whole:.1f} %" in readme
        assert f"{calls['mimic_patients']:,}" in readme
