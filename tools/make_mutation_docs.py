"""Write docs/mutation.md from proofs/mutation.json and proofs/mutation_reasons.toml.

python tools/make_mutation_docs.py
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mutants import mutants

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
FIGURES = ROOT / "proofs" / "mutation.json"
REASONS = ROOT / "proofs" / "mutation_reasons.toml"
PAGE = ROOT / "docs" / "mutation.md"

ABOUT = """# Mutation testing

Would a test notice, if a number in a definition were wrong? `proofs/mutation.py` changes one thing at a time in the
modules of `definitions` and `language`: a number (by one, or by a twentieth), a comparison (the tie goes to the other
side), and/or, smallest/largest, plus/minus, times/divided by, a direction that is worse, true/false. Then it asks the
criteria and the parameters typed a second time from the catalogue (`tests/printed_criteria.toml`,
`tests/printed_parameters.toml`), the case files, the tests generated from the criteria and the bounds. The test modules
written by hand are asked last; with `--quick`, as in the figures below, only those that take seconds: the others could
only kill more.

A mutant is *killed* where a test fails that the unchanged code passes. It is *the same* where no expression of any
definition changes under any parameter, and nothing that a definition says of itself: there is nothing to notice
(`--quick` does not look for that). Else it *survived*, and its reason is given below, or none is known yet. Where the
reason shows that no record and no parameter that carac accepts could tell it from the original, it is *equal*, judged
by hand: nobody could notice it, and it is left out of the share of those killed.

Made by `tools/make_mutation_docs.py`; the figures come from `make prove`.
"""


def not_done(parts: Mapping[str, Any]) -> dict[str, int]:
    """How many mutants each module has that was not done yet."""
    found = {}
    for room in ("definitions", "language"):
        for path in sorted((SOURCE / "carac" / room).rglob("*.py")):
            name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
            number = len(mutants(path.read_text(encoding="utf-8")))
            if number and name.removesuffix(".__init__") not in parts:
                found[name.removesuffix(".__init__")] = number
    return found


@dataclass(frozen=True)
class Reason:
    """Why a survivor may live.

    Parameters
    ----------
    words: a sentence.
    equal: whether no record and no parameter could tell the mutant from the original.
    """

    words: str
    equal: bool


#: By module and mutant.
Reasons = Mapping[tuple[str, str], Reason]


def reasons() -> Reasons:
    """The reasons that were written by hand."""
    entries = tomllib.loads(REASONS.read_text(encoding="utf-8"))["survivor"]
    return {
        (entry["module"], mutant): Reason(entry["reason"], entry.get("equal", False))
        for entry in entries
        for mutant in entry["mutants"]
    }


def counts(name: str, figures: Mapping[str, Any], known: Reasons) -> dict[str, int]:
    """The figures of a module as they are shown."""
    found = [known.get((name, mutant)) for mutant in figures["survived"]]
    equal = sum(reason is not None and reason.equal for reason in found)
    return {
        **{key: figures[key] for key in ("mutants", "killed", "same")},
        "equal": equal,
        "survived": len(found) - equal,
        "unexplained": found.count(None),
    }


def share(counted: Mapping[str, int]) -> float:
    """Killed of those that can be noticed, in percent."""
    possible = counted["mutants"] - counted["same"] - counted["equal"]
    return 100 * counted["killed"] / possible if possible else 100.0


def page(parts: Mapping[str, Any], known: Reasons) -> str:
    """The whole page."""
    figures = {name: part["figures"] for name, part in parts.items()}
    counted = {name: counts(name, f, known) for name, f in figures.items()}
    total: Counter[str] = Counter()
    for each in counted.values():
        total.update(each)
    lines = [
        ABOUT,
        f"**{total['mutants']} mutants of {len(figures)} modules: {total['killed']} killed, {total['same']} the same, "
        f"{total['equal']} equal by their reason, {total['survived']} survived, {total['unexplained']} of them without "
        f"a reason; {share(total):.1f} % of those that can be noticed were killed.**",
        "",
        "| module | mutants | killed | the same | equal | survived | killed, % |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, c in counted.items():
        if c["mutants"]:
            row = (name.removeprefix("carac."), *list(c.values())[:-1], f"{share(c):.1f}")
            lines.append(f"| {' | '.join(map(str, row))} |")
    lived = list(_survivors(figures, known))
    if lived:
        lines += ["", "## Survivors", "", *lived]
    waiting = not_done(parts)
    if waiting:
        lines += ["", "## Not done yet", "", f"{len(waiting)} modules with {sum(waiting.values())} mutants:", ""]
        lines += [f"- {name.removeprefix('carac.')}: {number}" for name, number in waiting.items()]
    return "\n".join(lines) + "\n"


def _survivors(figures: Mapping[str, Any], known: Reasons) -> list[str]:
    lines = []
    for name, f in figures.items():
        if not f["survived"]:
            continue
        lines += [f"### {name.removeprefix('carac.')}", ""]
        for mutant in f["survived"]:
            reason = known.get((name, mutant), Reason("no reason known yet", equal=False))
            lines.append(f"- `{mutant}`: {'*equal.* ' if reason.equal else ''}{reason.words}")
        lines.append("")
    return lines


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(json.loads(FIGURES.read_text(encoding="utf-8"))["parts"], reasons()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
