"""Instruments of the field that carac does not compute, because no source that states them could be opened.

Each has a card, so that nobody takes silence for an oversight; none has a column.
"""

from __future__ import annotations

from dataclasses import dataclass

from carac.language.definition import Citation

STATUS = "not implemented: source not opened"


@dataclass(frozen=True)
class Unopened:
    """An instrument whose rule, points or cut-offs are not known here.

    Parameters
    ----------
    name, title: as a definition would have them.
    citation: where it was published.
    missing: what could not be read, and what is known.
    """

    name: str
    title: str
    citation: Citation
    missing: str


UNOPENED = (
    Unopened(
        "qi_bleeding",
        "Bleeding nomogram with TNF-alpha",
        Citation("Qi J et al. Hematol Oncol 2022;40:64-72", "10.1002/hon.2930"),
        "coefficients; only the risk factors are known: TNF-alpha, cytokine release, platelets",
    ),
    Unopened(
        "easix_f",
        "EASIX-F and EASIX-FC",
        Citation("Greenbaum U et al. Blood Adv 2021;5:2799-2806", "10.1182/bloodadvances.2021004575"),
        "cut-offs of the three groups of EASIX with ferritin (F), and with C-reactive protein and ferritin (FC)",
    ),
    Unopened(
        "carhlh",
        "carHLH (CD22)",
        Citation("Lichtenstein DA et al. Blood 2021;138:2469-2484"),
        "the list of criteria beside ferritin above 10,000 and two or more of organ toxicity and cytopenia",
    ),
    Unopened(
        "eipm",
        "eIPM-Pre and eIPM-Post (early ICAHT of grade 3 or more)",
        Citation("Liang EC et al. Blood Adv 2024", "10.1182/bloodadvances.2024014455"),
        "coefficients of the logistic model; inputs and clipping are known",
    ),
    Unopened(
        "inflamix",
        "InflaMix",
        Citation("Nat Med 2025;31:1183"),
        "parameters of the mixture of 14 or 6 laboratory values; it predicts progression and death, not bleeding",
    ),
    Unopened(
        "carac_severity",
        "CARAC severity, stages and treatment",
        Citation("Mei H et al. Chin Med J (Engl) 2022;135:1639-1641", "10.1097/CM9.0000000000002288"),
        "laboratory thresholds, severity grades, stages and treatment table of the consensus; see carac_proposal",
    ),
    Unopened(
        "crp_ferritin",
        "C-reactive protein and ferritin before lymphodepletion: three groups",
        Citation("Faramand et al. Blood Cancer Discov 2024;5:106"),
        "how the two make low, intermediate and high; the cuts (4 mg/dL, 400 ng/mL) are from memory, moderate",
    ),
    Unopened(
        "haematopoietic_recovery_2024",
        "Harmonised haematopoietic recovery (EBMT, ASTCT, CIBMTR, APBMT)",
        Citation("Sureda et al. EBMT/ASTCT/CIBMTR/APBMT harmonised definitions, 2024"),
        "the definitions: the title alone was opened; platelet_recovery_20 and _50 follow CIBMTR",
    ),
    Unopened(
        "ehr_cat",
        "EHR-CAT",
        Citation("J Clin Oncol 2023;41:2926"),
        "points of the items",
    ),
    Unopened(
        "high_2_low",
        "HIGH-2-LOW",
        Citation("Blood Adv 2021;5:167"),
        "points of the items (catheter thrombosis, inpatient on day 30, GvHD, embolism or leg thrombosis, lymphoma, "
        "body-mass index from 35, leukocytes from 11)",
    ),
    Unopened(
        "dic_in_cancer",
        "DIC in cancer: procoagulant, hyperfibrinolytic, subclinical; DIC phenotype",
        Citation("Thachil J et al. J Thromb Haemost 2015;13:671-675", "10.1111/jth.12838"),
        "thresholds that part the types; the abstract names them without numbers",
    ),
    Unopened(
        "ebmt_2025",
        "EBMT recommendations on coagulation disorders after CAR T cells",
        Citation("Ortí G et al. Bone Marrow Transplant 2025", "10.1038/s41409-025-02567-5"),
        "the content: it is cited, nothing is computed",
    ),
    Unopened(
        "enoxaparin_intensity",
        "Dose intensity of enoxaparin: full, half, prophylactic",
        Citation("labels of enoxaparin, from memory"),
        "where one intensity ends and the next begins: only 1 mg/kg twice or 1.5 mg/kg once a day (full), 0.5 mg/kg "
        "twice (half) and 40 mg once (prophylactic) are named; carac reads the intent that the record gives",
    ),
    Unopened(
        "hypercoagulable_status",
        "Hypercoagulable status",
        Citation("Galli E, Sorà F, Rossi E. Br J Haematol 2024;205:409-410", "10.1111/bjh.19619"),
        "no published definition: it is printed as undefined and never computed",
    ),
)


def unopened(name: str) -> Unopened | None:
    """The instrument of that name that is not computed, or None."""
    return next((one for one in UNOPENED if one.name == name), None)
