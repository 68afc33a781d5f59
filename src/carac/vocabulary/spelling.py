"""Near misses among words, for messages that say what would be right; never used to guess a value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches


def fold(text: str) -> str:
    """A name without the differences that mean nothing: case, hyphens, underscores, runs of spaces."""
    return re.sub(r"[\s_\-\u2010-\u2015]+", " ", text.casefold()).strip()


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like the given one, None where none is close.

    Parameters
    ----------
    word: as the user wrote it.
    known: the words of a closed list; the answer keeps their spelling.
    """
    by_folded: dict[str, str] = {}
    for name in known:
        by_folded.setdefault(fold(name), name)
    close = get_close_matches(fold(word), list(by_folded), n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None
