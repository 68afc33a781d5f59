"""A table of Word in the layout that journals ask for: a rule above and below the header and at the end, no other line.

The XML is written whole: python-docx looks for the place of each cell's every property, three milliseconds a cell.
"""

from __future__ import annotations

from typing import Any

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from carac.report.content import Table
from carac.report.writers.word_text import clean

#: A table with more columns stands in smaller letters; sizes are in half points.
_MANY_COLUMNS, _SMALL, _USUAL = 7, 14, 17
_LINE = 'w:val="single" w:sz="8" w:space="0" w:color="1C2126"'
_ABOVE, _BELOW = f"<w:top {_LINE}/>", f"<w:bottom {_LINE}/>"


def table(block: Table, width: int) -> Any:
    """The element of a table.

    Parameters
    ----------
    width: of the page's text, in twentieths of a point.
    """
    columns = len(block.header)
    share = width // columns
    size = _SMALL if columns > _MANY_COLUMNS else _USUAL
    left = block.columns_of_words() | {0}
    grid = f'<w:gridCol w:w="{share}"/>' * columns
    rows = [_row(block.header, share, size, left, head=True, bold=True, rules=_ABOVE + _BELOW)]
    for place, texts in enumerate(block.rows, 1):
        rules = _BELOW if place == len(block.rows) else ""
        rows.append(_row(texts, share, size, left, head=False, bold=block.is_group(texts), rules=rules))
    return parse_xml(
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:type="auto" w:w="0"/><w:jc w:val="left"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _row(
    texts: tuple[str, ...], share: int, size: int, left: frozenset[int], *, head: bool, bold: bool, rules: str
) -> str:
    # The header stands again on every page that the table goes on to; no row breaks over two pages.
    again = '<w:tblHeader w:val="true"/>' if head else ""
    edges = f"<w:tcBorders>{rules}</w:tcBorders>" if rules else ""
    before = f'<w:tc><w:tcPr><w:tcW w:type="dxa" w:w="{share}"/>{edges}</w:tcPr>'
    cells = "".join(f"{before}{_text(text, size, n not in left, bold)}</w:tc>" for n, text in enumerate(texts))
    return f'<w:tr><w:trPr><w:cantSplit w:val="true"/>{again}</w:trPr>{cells}</w:tr>'


def _text(text: str, size: int, right: bool, bold: bool) -> str:
    inner = '<w:ind w:left="227"/>' if text.startswith("  ") else ""
    side = '<w:jc w:val="right"/>' if right else ""
    weight = "<w:b/>" if bold else ""
    return (
        f'<w:p><w:pPr><w:spacing w:before="20" w:after="20"/>{inner}{side}</w:pPr><w:r><w:rPr>{weight}'
        f'<w:sz w:val="{size}"/></w:rPr><w:t xml:space="preserve">{clean(text.strip())}</w:t></w:r></w:p>'
    )
