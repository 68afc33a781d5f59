"""Names of tables as a doctor writes them: ``large_b_cell_lymphoma`` is printed "large B-cell lymphoma"."""

from __future__ import annotations

import re
from functools import cache

from carac.vocabulary.files import rows


def printed(name: str) -> str:
    """A name of a record without underscores, with the hyphens and capitals that its words have.

    Parameters
    ----------
    name: as recorded. One that has capitals of its own, such as an abbreviation, keeps its letters.
    """
    text = name.replace("_", " ").strip()
    if text != text.lower():
        return text
    return _pattern().sub(lambda found: _words()[found.group().replace("-", " ")], text)


@cache
def _words() -> dict[str, str]:
    return {row["words"]: row["printed"] for row in rows("printed_words.csv")}


@cache
def _pattern() -> re.Pattern[str]:
    """Whole words, the longest first, so that "non hodgkin" is not read as "hodgkin"."""
    longest = sorted(_words(), key=len, reverse=True)
    choices = "|".join(words.replace(" ", "[ -]") for words in longest)
    return re.compile(rf"\b(?:{choices})\b")
