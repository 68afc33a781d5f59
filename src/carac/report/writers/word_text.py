"""Paragraphs of Word as XML written whole: python-docx looks for the style of each among all, 10 ms a line."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

#: Characters that XML cannot hold, such as a name in a record may have.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def clean(text: str) -> str:
    """The text as XML holds it."""
    return escape(_FORBIDDEN.sub("", text), quote=False)


def run(text: str, *, bold: bool = False, italic: bool = False, half_points: int = 0) -> str:
    """Letters of one kind; without a size of their own they have that of the paragraph."""
    look = ("<w:b/>" if bold else "") + ("<w:i/>" if italic else "")
    look += f'<w:sz w:val="{half_points}"/>' if half_points else ""
    return f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{clean(text)}</w:t></w:r>'


def paragraph(*runs: str, style: str = "", with_next: bool = False, after: int | None = None) -> Any:
    """The element of a paragraph.

    Parameters
    ----------
    runs: from `run`.
    style: identifier of its style; empty takes the plain one.
    with_next: whether it stays on one page with what follows.
    after: white beneath it, in twentieths of a point.
    """
    about = f'<w:pStyle w:val="{style}"/>' if style else ""
    about += "<w:keepNext/>" if with_next else ""
    about += f'<w:spacing w:after="{after}"/>' if after is not None else ""
    return parse_xml(f"<w:p {nsdecls('w')}><w:pPr>{about}</w:pPr>{''.join(runs)}</w:p>")
