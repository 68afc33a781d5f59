"""Write docs/evidence_format.md, the format of study files, from the schema and the descriptions of its classes.

    python tools/make_evidence_docs.py [FILE]

A test holds the file to what this writes.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from carac.evidence import schema
from carac.evidence.study import FORMATS, Part, Study
from carac.vocabulary.study_outcomes import study_diseases, study_outcomes
from make_vocabulary_docs import code, table

#: Keys that came with a later format.
LATER = "; ".join(
    f"{since} for " + ", ".join(f"`{key}`" for (_, key), of in schema.SINCE.items() if of == since)
    for since in FORMATS[1:]
)
DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "evidence_format.md"

HEAD = f"""\
# Study files

Written by `python tools/make_evidence_docs.py` from `src/carac/evidence`; change that, not this page.

One published study, registry record or review is one text file in [TOML](https://toml.io), in UTF-8; the name of the
file without `.toml` is the name of the study. `carac evidence check FILE` says in one sentence per fault what is wrong
and what would be right, `carac evidence list` and `show` print what is there, and in Python
`carac.evidence.load("my_studies")` gives frozen objects with the same names.

- The first line is `format = {FORMATS[0]}`, or a later format where a key needs it: {LATER}. The program writes the
  earliest that holds the study. A carac that does not know a format says so and does not guess.
- **Percentages and other printed numbers are text**, `"8.70"` and not `8.7`: trailing zeros say to how many places
  the author rounded. Counts and denominators are whole numbers.
- **Every outcome has a denominator of its own**, and says where that stands: with the figure itself (`cell`), at the
  head of its row or arm (`row`), or in a registry record (`record`).
- **Rates** need the time at risk behind the count, `person_time = "812.5"` with `person_time_unit = "patient-months"`
  (or -days, -weeks, -years), as printed. `counted = "events"` says that a patient may be counted more than once. A
  percentage is never turned into a rate, nor a rate into a count.
- A key that is left out means that the source does not say, never zero. An outcome that the source names and does not
  give is written with `reported = false`.
- Nothing is corrected in a study file. What does not fit together is the matter of the audit, which reads it and
  changes nothing.
- Windows stay in the source's words; `window_days` is the end in days, a month as 30.4 days (one month 30, three 91).

Ways to a file: write it by hand; `carac evidence add FILE … -f FOLDER` makes one of every citation of a RIS, nbib or
PubMed XML file, or of every included row of a screening tool's CSV, to be filled in; `carac evidence registry FOLDER -o
DIR` makes one of every ClinicalTrials.gov results record (JSON, in the layout of API version 2 or the older one).

In a registry record each term has its own number of patients. Where one term of a kind (venous, arterial, bleeding,
thrombocytopenia, coagulopathy) has patients, their number is the count; where several have, one person may have had
more than one, and `count_lowest` and `count_highest` are the bounds. Serious and other events are never added, nor are
groups; groups that may count the same people name each other in `overlaps`. A group with nobody at risk is not
reported, which is not none. `terms.csv` beside the files has every term with the group it was sorted into and the rule
that decided, those for a person first; `--terms` names a list of your own, which decides over carac's. MedDRA is
licensed and is not part of carac.

A whole file:

"""

EXAMPLE = """\
format = 1
title = "Example 2031"
design = "retrospective_cohort"
population = "R/R LBCL"
diseases = ["LBCL"]
products = ["axicabtagene_ciloleucel"]

[[citation]]
authors = "Author A, Author B."
title = "A made-up study"
journal = "No Journal"
year = 2031

[[source]]
name = "publication"
kind = "publication"
what = "the publication, Table 2"

[[arm]]
name = "car_t"
label = "axi-cel"
role = "car_t"
n = 60
population = "treated"
product = "axicabtagene_ciloleucel"

[[outcome]]
outcome = "venous_thromboembolism"
arm = "car_t"
source = "publication"
cell = {place = "Table 2", row = "Deep vein thrombosis or pulmonary embolism", column = "n (%)"}
count = 3
denominator = 60
denominator_from = "row"
percentage = "5.0"
window = "90 days"
window_days = 90

[[outcome]]
outcome = "bleeding"
arm = "car_t"
source = "publication"
cell = {place = "Table 2", row = "Bleeding", column = "n (%)"}
reported = false
"""
#: What each section is for, beyond what its keys say.
ABOUT: Mapping[str, str] = {
    "study": "Keys at the head of the file, before any section.",
    "citation": "At least one. A DOI or PubMed number only if somebody saw it.",
    "source": "At least one: what was read. Outcomes, figures and claims name it.",
    "arm": "",
    "analysis_set": "The audit looks among these for the denominator of a percentage that does not fit.",
    "outcome": "",
    "figure": "",
    "claim": "For reviews: what the text says of the studies in its tables.",
    "risk_of_bias": "",
    "part": "Parts of an arm, under `[[arm.parts]]`.",
}
#: Keys whose words have lists of their own.
LISTED_BELOW = ("outcome", "outcomes", "products", "product", "diseases")


def meanings(made: type) -> dict[str, str]:
    """Name of a key to its meaning, from the description of its class."""
    text = inspect.getdoc(made) or ""
    found: dict[str, str] = {}
    body = text.split("----------\n", 1)[1] if "----------\n" in text else ""
    for entry in re.split(r"\n(?=\S)", body):
        names, _, meaning = entry.partition(":")
        for name in names.split(","):
            found[name.strip()] = " ".join(meaning.split())
    return found


def section(name: str, made: type) -> str:
    """The table of the keys of a section."""
    rows = []
    for key in schema.keys(name):
        meaning = meanings(made).get(key.name, "")
        allowed = schema.closed_lists().get((name, key.name), ())
        unsaid = key.name not in LISTED_BELOW and not all(word in meaning for word in allowed)
        rows.append(
            (
                f"**`{key.name}`**" if schema.needed(key) else f"`{key.name}`",
                schema.kind_of(key),
                f"{meaning} {code(allowed)}".strip() if unsaid else meaning,
            )
        )
    heading = "The head" if name == "study" else f"`[[{'arm.parts' if name == 'part' else name}]]`"
    about = f"{ABOUT[name]}\n\n" if ABOUT[name] else ""
    return f"\n## {heading}\n\n{about}" + table(("key", "holds", "meaning"), rows)


def document() -> str:
    """The whole page."""
    indented = "".join(f"    {line}\n" if line else "\n" for line in EXAMPLE.splitlines())
    parts = [HEAD + indented + "\nKeys in bold are needed."]
    parts.append("\n" + section("study", Study))
    for name, (_, made) in schema.SECTIONS.items():
        parts.append(section(name, made))
        if name == "arm":
            parts.append(section("part", Part))
    outcomes = [(f"`{one.name}`", one.title, one.group) for one in study_outcomes().values()]
    parts.append("\n## Outcomes\n\n" + table(("name", "what it is", "group"), outcomes))
    diseases = [(f"`{name}`", title) for name, title in study_diseases().items()]
    parts.append("\n## Diseases\n\n" + table(("name", "what it is"), diseases))
    parts.append("\nThe names of products are those of [vocabulary.md](vocabulary.md).\n")
    return "".join(parts)


if __name__ == "__main__":
    (Path(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENT).write_text(document(), encoding="utf-8")
