"""The haemorrhage terms of CTCAE 5.0 and 6.0 by site, with the grades that each prints.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, versions 5.0 (2017) and 6.0 (2025);
MedDRA codes as printed. A site is that of the record, or the finer one of the feature `finer_site`. A finer site that a
version has no term for is graded under the term of the wider site.
"""

from __future__ import annotations

from dataclasses import dataclass

from carac.definitions.ctcae.terms import Version
from carac.definitions.ctcae.version_6 import VERSION_6


@dataclass(frozen=True)
class Term:
    """The term of a site.

    Parameters
    ----------
    name_5, name_6: name and MedDRA code in each version; empty where that version has none.
    floor, ceiling: the lowest and the highest grade that the term prints.
    own: whether its cells differ from the common ones in more than that.
    """

    name_5: str
    name_6: str
    floor: int = 1
    ceiling: int = 5
    own: bool = False

    def name(self, version: Version) -> str:
        """The term in that version; empty where it has none."""
        return self.name_6 if version is VERSION_6 else self.name_5


def _both(name: str, floor: int = 1, ceiling: int = 5, own: bool = False) -> Term:
    return Term(name, name, floor, ceiling, own)


HAEMATOCHEZIA = "Hematochezia [10060544]"

#: By the sites of the record (vocabulary/event_sites.csv).
SITES = {
    "epistaxis": _both("Epistaxis [10015090]", own=True),
    "oropharyngeal": _both("Oral hemorrhage [10030980]"),
    "gastrointestinal_upper": _both("Upper gastrointestinal hemorrhage [10055356]"),
    "gastrointestinal_lower": Term("Lower gastrointestinal hemorrhage [10051746]", HAEMATOCHEZIA),
    "respiratory": _both("Bronchopulmonary hemorrhage [10065746]"),
    "haemothorax": _both("Pleural hemorrhage [10055319]", own=True),
    "intra_abdominal": _both("Intra-abdominal hemorrhage [10055291]", floor=2),
    "retroperitoneal": _both("Retroperitoneal hemorrhage [10038981]", floor=2),
    "haematuria": _both("Hematuria [10019450]", own=True),
    "gynaecological": _both("Vaginal hemorrhage [10046912]"),
    "intracranial": _both("Intracranial hemorrhage [10022763]", own=True),
    "intraocular": _both("Vitreous hemorrhage [10047656]", ceiling=4, own=True),
    "skin": _both("Purpura [10037549]", ceiling=3, own=True),
    "soft_tissue": _both("Hematoma [10019428]", own=True),
    "intramuscular": _both("Hematoma [10019428]", own=True),
}
#: By the words of the feature `finer_site`. 6.0 has no anal, colonic and rectal term; haematemesis, melaena, stoma
#: sites and biopsies are new in it.
FINER = {
    "oesophageal": _both("Esophageal hemorrhage [10015384]"),
    "oesophageal_varices": _both("Esophageal varices hemorrhage [10015453]", floor=2),
    "gastric": _both("Gastric hemorrhage [10017789]"),
    "duodenal": _both("Duodenal hemorrhage [10055242]"),
    "jejunal": _both("Jejunal hemorrhage [10055300]"),
    "ileal": _both("Ileal hemorrhage [10055287]"),
    "caecal": _both("Cecal hemorrhage [10065747]"),
    "colonic": Term("Colonic hemorrhage [10009998]", HAEMATOCHEZIA),
    "rectal": Term("Rectal hemorrhage [10038064]", HAEMATOCHEZIA),
    "anal": Term("Anal hemorrhage [10055226]", HAEMATOCHEZIA),
    "haemorrhoidal": _both("Hemorrhoidal hemorrhage [10060640]"),
    "haematemesis": Term("", "Hematemesis [10019418]"),
    "melaena": Term("", "Melena [10027162]"),
    "haematochezia": Term("", HAEMATOCHEZIA),
    "pancreatic": _both("Pancreatic hemorrhage [10033626]"),
    "hepatic": _both("Hepatic hemorrhage [10019678]"),
    "laryngeal": _both("Laryngeal hemorrhage [10065759]"),
    "pharyngeal": _both("Pharyngeal hemorrhage [10055315]"),
    "tracheal": _both("Tracheal hemorrhage [10062548]"),
    "mediastinal": _both("Mediastinal hemorrhage [10056356]"),
    "renal": _both("Renal hemorrhage [10038463]"),
    "prostatic": _both("Prostatic hemorrhage [10055325]"),
    "testicular": _both("Testicular hemorrhage [10055347]"),
    "spermatic_cord": _both("Spermatic cord hemorrhage [10065762]"),
    "ovarian": _both("Ovarian hemorrhage [10065763]"),
    "uterine": _both("Uterine hemorrhage [10046789]"),
    "menorrhagia": _both("Menorrhagia [10027313]", own=True),
    "tumour": _both("Tumor hemorrhage [10055351]"),
    "bruising": _both("Bruising [10006504]", ceiling=2, own=True),
    "intraoperative": _both("Intraoperative hemorrhage [10055298]", floor=3, own=True),
    "after_biopsy": Term("", "Post biopsy bleeding [10054113]", floor=2, own=True),
    "intestinal_stoma": Term("", "Intestinal stoma site bleeding [10049468]", own=True),
    "tracheostomy": Term("", "Tracheostomy site bleeding [10065749]", own=True),
    "urostomy": Term("", "Urostomy site bleeding [10065748]", own=True),
}
STOMAS = ("intestinal_stoma", "tracheostomy", "urostomy")
POSTOPERATIVE = "Postoperative hemorrhage [10055322]"


def terms_of(version: Version) -> dict[str, Term]:
    """The terms that a version has, by site."""
    return {site: term for site, term in {**SITES, **FINER}.items() if term.name(version)}
