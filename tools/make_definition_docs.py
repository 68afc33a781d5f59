"""Write the cards of all definitions as pages, docs/definitions/*.md: one page per topic, and a list.

    python tools/make_definition_docs.py

Everything comes from the definitions themselves, and from which files of tests/cases expect something of them. A
test holds the pages to what this writes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from carac.definitions import MODULES, brought_definitions
from carac.definitions.unopened import UNOPENED
from carac.grading.cards import Card, card
from carac.language.definition import Definition
from make_vocabulary_docs import table

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "definitions"
CASES = ROOT / "tests" / "cases"
TITLES = {
    "cytokine_release": "Cytokine release syndrome",
    "neurotoxicity": "Neurotoxicity",
    "ctcae": "CTCAE",
    "coagulation": "Coagulation and DIC",
    "hyperinflammation": "Hyperinflammation and its differentials",
    "endothelium": "Endothelium",
    "risk": "Risk scores",
    "haematotoxicity": "Haematotoxicity",
    "bleeding": "Bleeding",
    "thrombosis": "Thrombosis",
    "proposals": "Proposals of carac",
}


@cache
def by_topic() -> dict[str, list[Definition]]:
    """The definitions by the folder that they stand in."""
    found: dict[str, list[Definition]] = {}
    for module in MODULES:
        topic = module.split(".")[0]
        found.setdefault(topic, []).extend(import_module(f"carac.definitions.{module}").DEFINITIONS)
    return found


@cache
def cases() -> dict[str, list[str]]:
    """The files with worked examples that expect something of a definition."""
    names = sorted(brought_definitions(), key=len, reverse=True)
    found: dict[str, list[str]] = {}
    for path in sorted(CASES.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))["case"]
        columns = {expected["column"] for case in content for expected in case["expect"]}
        owners = {next((n for n in names if c == n or c.startswith(f"{n}__")), "") for c in columns}
        for owner in owners - {""}:
            found.setdefault(owner, []).append(path.name)
    return found


def pages() -> dict[str, str]:
    """File name to text."""
    found = {f"{topic}.md": _page(topic, definitions) for topic, definitions in by_topic().items()}
    return {"README.md": _list(), **found}


def _list() -> str:
    lines = [
        "# The cards of the definitions",
        "",
        "Written by `python tools/make_definition_docs.py` from the definitions themselves. `carac definitions NAME`",
        "shows a card, `carac calc NAME` what the definition takes by hand, [verification](../verification.md) has the",
        "second reading.",
    ]
    for topic, definitions in by_topic().items():
        rows = [
            (f"[`{d.name}`]({topic}.md#{d.name})", d.title, d.version, str(d.status), str(d.certainty))
            for d in definitions
        ]
        lines += [
            "",
            f"## {TITLES[topic]}",
            "",
            table(("name", "what it is", "version", "status", "how sure"), rows).rstrip(),
        ]
    closed = [(f"`{one.name}`", one.title, str(one.citation), one.missing) for one in UNOPENED]
    lines += ["", "## Not computed", "", "The source could not be opened; there is a card and no column.", ""]
    return "\n".join([*lines, table(("name", "what it is", "source", "not known"), closed).rstrip(), ""])


def _page(topic: str, definitions: list[Definition]) -> str:
    lines = [
        f"# {TITLES[topic]}",
        "",
        "[All definitions](README.md). Written by `python tools/make_definition_docs.py`.",
    ]
    for definition in definitions:
        lines += list(_card(definition, card(definition)))
    return "\n".join([*lines, ""])


def _card(definition: Definition, one: Card) -> Iterator[str]:
    yield from ("", f"## {one.name}", "", f"**{one.title}**", "")
    facts = [(label, text) for label, text in one.facts if label != "Inputs"]
    files = ", ".join(cases().get(definition.name, [])) or "none of its own"
    facts.append(("Worked examples in tests/cases", files))
    yield table(("", ""), facts).rstrip()
    if one.inputs:
        yield from ("", "Inputs", "", table(("input", "unit or words"), one.inputs).rstrip())
    if one.table:
        yield from ("", "Criteria", "", table(("what", "is", "gives"), one.table).rstrip())
    if one.parameters:
        yield from ("", "Open choices and their defaults", "")
        yield table(
            ("parameter", "default", "what it decides"), [(f"`{n}`", d, m) for n, d, m in one.parameters]
        ).rstrip()
    for heading, texts in (
        ("What the source leaves open", one.choices),
        ("Other versions", one.versions),
        ("Pitfalls", one.pitfalls),
    ):
        if texts:
            yield from ("", heading, "", *(f"- {text}" for text in texts))
    yield from ("", "Columns", "", table(("column", "meaning"), [(f"`{n}`", m) for n, m in one.columns]).rstrip())


def main() -> None:
    """Write the pages, and remove one that no topic has any more."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = pages()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    for path in FOLDER.glob("*.md"):
        if path.name not in made:
            path.unlink()


if __name__ == "__main__":
    main()
