"""10,000 random cases of all definitions by hand and in a cohort: how many were compared, and which differ.

    python proofs/calc_agreement.py [NUMBER] [SEED]

Writes proofs/calc_agreement.json, and fails where a column differs. A few definitions are compared at a
time, so that an interrupted run goes on where it stopped: what is done is kept in build/calc_agreement/.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests")]
from carac.definitions import brought_definitions  # noqa: E402
from carac.vocabulary.types import Grain  # noqa: E402
from stale_figures import depends_on  # noqa: E402
from support.agreement import cases_of, cohort_of, differences  # noqa: E402

FIGURES = Path(__file__).with_suffix(".json")
KEPT = ROOT / "build" / "calc_agreement"
#: A little more than the 10,000 to be compared: of some cases there is nothing to compare.
NUMBER, SEED = 10_200, 20241128
#: So many definitions share a record: reading one takes as long as grading it.
TOGETHER = 16
DEPENDS_ON = (
    "src/carac/definitions",
    "src/carac/language",
    "src/carac/grading/by_hand",
    "src/carac/cohort",
    "tests/support/random_cases.py",
    "tests/support/agreement.py",
    "proofs/calc_agreement.py",
)


def compared(names: Sequence[str], each: int, seed: int) -> dict[str, Any]:
    """Some definitions, without and with treatments, periods and events."""
    number, found = 0, []
    for full in (False, True):
        cases = cases_of(names, each, seed, full)
        if not cases:
            continue
        with tempfile.TemporaryDirectory(prefix="carac-") as folder:
            read = cohort_of(cases, Path(folder) / "record", full)
            more, differing = differences(cases, read, "duckdb", list(cases))
        number += more
        found += [str(one) for one in differing]
    return {"compared": number, "differ": found}


def main() -> int:
    """Compare, write the figures, and say what differs."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else NUMBER
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
    names = list(brought_definitions())
    # An event is compared once: without the table of events there is none to grade.
    ways = sum(1 if d.grain is Grain.EVENT else 2 for d in brought_definitions().values())
    each = -(-total // ways)
    stamp = depends_on(DEPENDS_ON)
    KEPT.mkdir(parents=True, exist_ok=True)
    results = []
    for first in range(0, len(names), TOGETHER):
        some = names[first : first + TOGETHER]
        path = KEPT / f"{some[0]}.json"
        key = {"names": some, "each": each, "seed": seed, "depends_on": stamp}
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if kept.get("key") != key:
            kept = {"key": key, "result": compared(some, each, seed)}
            path.write_text(json.dumps(kept), encoding="utf-8")
        results.append(kept["result"])
        number, differing = results[-1]["compared"], len(results[-1]["differ"])
        print(f"{some[0]} to {some[-1]}: {number} compared, {differing} columns differ", flush=True)
    differ = [text for result in results for text in result["differ"]]
    figures = {"definitions": len(names), "cases": sum(r["compared"] for r in results), "differ": len(differ)}
    FIGURES.write_text(json.dumps({"figures": figures, "depends_on": stamp}, indent=1) + "\n", encoding="utf-8")
    print("\n".join([json.dumps(figures), *differ[:20]]))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
