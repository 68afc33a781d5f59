"""The page in real Chromium: nothing in the console, nothing fetched, no violation found by axe, no drawing too wide.

Screenshots are kept in the folder that CARAC_ARTEFACTS names, else in build/report. CARAC_REPORT names the folder of
another report to be opened in place of that of the teaching cohort, such as one of a thousand patients.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from carac.report.content import Document, Section, Table
from carac.report.writers import html
from needs import ROOT
from report_cohort import made
from support.browser import Browser, browser

AXE = ROOT / "tests" / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def report() -> Path:
    """The page that is opened."""
    given = os.environ.get("CARAC_REPORT")
    return next((Path(given) if given else made().report).glob("*report.html"))


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    """The report, open."""
    with browser() as session:
        session.open(report())
        yield session


def test_nothing_is_fetched_and_the_console_is_silent(opened: Browser) -> None:
    page = report().resolve().as_uri()
    assert opened.requests() in ([page], [])
    assert opened.console() == []


def test_the_typeface_of_the_figures_is_there(opened: Browser) -> None:
    assert opened.run("await document.fonts.ready; return document.fonts.check('600 12px \"IBM Plex Sans\"')") is True


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(opened: Browser, scheme: str, tmp_path: Path) -> None:
    opened.picture(tmp_path / "page.png", 1200, dark=scheme == "dark")
    opened.run(AXE.read_text(encoding="utf-8") + "\n; window.axe = axe;")
    script = """
        const found = await window.axe.run(document, {runOnly: rules});
        const said = nodes => nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | ');
        return found.violations.map(one => one.id + ': ' + said(one.nodes));"""
    found = opened.run("const rules = arguments[0];" + script, RULES)
    assert found == []


def test_headings_do_not_skip_a_level(opened: Browser) -> None:
    levels = opened.run("return Array.from(document.querySelectorAll('h1,h2,h3,h4')).map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("width", [360, 768, 1200])
def test_the_page_is_never_wider_than_the_window(opened: Browser, width: int) -> None:
    opened.resize(width)
    assert opened.run("return document.documentElement.scrollWidth") <= width


def test_no_table_scrolls_sideways_on_a_phone_and_each_cell_names_its_column(opened: Browser) -> None:
    opened.resize(360)
    script = """
        const tables = Array.from(document.querySelectorAll('table'));
        const wide = tables.filter(t => t.parentElement.scrollWidth > t.parentElement.clientWidth).map(t => t.id);
        const cells = Array.from(document.querySelectorAll('tbody td'));
        const header = td => td.closest('table').querySelector('thead tr').cells[td.cellIndex].textContent;
        return [tables.length, wide, cells.filter(td => td.dataset.of !== header(td)).length, cells.length];"""
    tables, wide, unnamed, cells = opened.run(script)
    assert tables > 5
    assert cells > 100
    assert wide == []
    assert unnamed == 0


def test_a_table_by_many_products_is_seen_whole_on_a_small_screen(tmp_path: Path) -> None:
    """The widest of the report: table one with the six commonest products, and quartiles in each cell."""
    header = ("", "All (n = 500)", *(f"{name}-cel (n = {n})" for name, n in (("axi", 173), *[("brexu", 149)] * 5)))
    rows = (
        ("  B-cell acute lymphoblastic leukaemia", *["123 (24)"] * 7),
        ("Baseline C-reactive protein, mg/L", *["11.4 (10.6–12.3)"] * 7),
        ("Baseline ferritin, µg/L", *["1360 (1289–11300)"] * 7),
    )
    document = Document("T", "S", False, (), (Section("one", "One", (Table("one", "One", header, rows),)),))
    (tmp_path / "page.html").write_text(html.page(document, {}), encoding="utf-8")
    script = "const box = document.querySelector('.wide'); return [box.scrollWidth, box.clientWidth];"
    broken = """return Array.from(document.querySelectorAll('td > span, th > span'))
        .filter(span => span.getClientRects().length > 1).map(span => span.textContent);"""
    with browser() as session:
        session.open(tmp_path / "page.html")
        session.resize(1100)
        needed, there = session.run(script)
        assert needed <= there
        assert session.run(broken) == []


def test_labels_of_figures_do_not_lie_on_each_other(opened: Browser) -> None:
    opened.resize(1200)
    script = """
        const found = [];
        for (const figure of document.querySelectorAll('figure')) {
          const texts = Array.from(figure.querySelectorAll('svg text'))
            .filter(t => t.textContent.trim() && !t.getAttribute('stroke'));
          const boxes = texts.map(t => t.getBoundingClientRect());
          for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
            const a = boxes[i], b = boxes[j];
            const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            // A box of text is higher than its letters by about a third.
            if (across > 1 && down > 0.4 * Math.min(a.height, b.height))
              found.push(figure.id + ': ' + texts[i].textContent + ' / ' + texts[j].textContent);
          }
        }
        return found;"""
    assert opened.run(script) == []


def test_screenshots_are_kept(opened: Browser) -> None:
    folder = Path(os.environ.get("CARAC_ARTEFACTS") or ROOT / "build" / "report")
    folder.mkdir(parents=True, exist_ok=True)
    for name, width, dark in (("page", 1200, False), ("page_dark", 1200, True), ("page_phone", 360, False)):
        target = folder / f"{report().stem}_{name}.png"
        opened.picture(target, width, dark)
        assert target.stat().st_size > 10_000
