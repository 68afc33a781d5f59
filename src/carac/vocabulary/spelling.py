"""Near misses among words, for messages that say what would be right; never used to guess a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType

from carac.vocabulary.files import rows, words

#: So many letters tell what a word begins.
_TOLD = 4
#: Likeness (0 to 1) of a slip of the finger, and of what may still have been meant.
_MUCH_ALIKE, _ALIKE = 0.85, 0.6


def fold(text: str) -> str:
    """A name without the differences that mean nothing: case, hyphens, underscores, runs of spaces."""
    return re.sub(r"[\s_\-\u2010-\u2015]+", " ", text.casefold()).strip()


@cache
def usual_names() -> Mapping[str, str]:
    """What laboratories and wards write, folded, for a word of carac: only where it can mean nothing else."""
    return MappingProxyType(
        {fold(text): row["name"] for row in rows("usual_names.csv") for text in words(row["written"])}
    )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant, None where none is close.

    One that begins with the whole word comes first, then one written much like it, then one that holds all its words;
    of several that with the fewest words beside those asked for, numbers of versions aside, and the latest version.

    Parameters
    ----------
    word: as the user wrote it.
    known: the words of a closed list; the answer keeps their spelling. One of which the given word is a usual name
        goes before those that look like it.
    """
    by_folded: dict[str, str] = {}
    for name in known:
        by_folded.setdefault(fold(name), name)
    usual = usual_names().get(fold(word))
    if usual is not None and fold(usual) in by_folded:
        return by_folded[fold(usual)]
    asked = fold(word)
    begins = [name for name in by_folded if name.startswith(asked)] if len(asked) >= _TOLD else []
    alike = get_close_matches(asked, list(by_folded), n=1, cutoff=_MUCH_ALIKE)
    parts = asked.split()
    holds = [name for name in by_folded if set(parts) <= set(name.split())] if len(parts) > 1 else []
    for found in (begins, alike, holds, get_close_matches(asked, list(by_folded), n=1, cutoff=_ALIKE)):
        if found:
            return by_folded[min(sorted(found, reverse=True), key=lambda name: _beside(parts, name))]
    return None


def _beside(parts: Iterable[str], name: str) -> tuple[int, int]:
    others = [word for word in name.split() if word not in parts and not word.isdigit()]
    return len(others), len(name)
