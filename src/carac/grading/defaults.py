"""Which definitions run when none is named.

All others run when asked for by name (``--definition``). With all of them side by side the query of the patient-days
becomes too long for PostgreSQL to plan, and the day table four times as wide: until that is mended, the consensus
instruments that most users need are the default.
"""

from __future__ import annotations

#: In the order in which they are known.
BY_DEFAULT = frozenset(
    [
        "astct_crs",
        "astct_icans",
        "ctcae_v5_platelets",
        "ctcae_v5_neutrophils",
        "ctcae_v5_haemoglobin",
        "ctcae_v5_fibrinogen",
        "ctcae_v5_fibrinogen_with_baseline",
        "ctcae_v5_inr",
        "ctcae_v5_inr_with_baseline",
        "ctcae_v5_aptt",
        "ctcae_v6_platelets",
        "ctcae_v6_neutrophils",
        "ctcae_v6_haemoglobin",
        "ctcae_v6_fibrinogen",
        "ctcae_v6_fibrinogen_with_baseline",
        "ctcae_v6_inr",
        "ctcae_v6_inr_with_baseline",
        "ctcae_v6_aptt",
        "ctcae_v4_fibrinogen",
        "ctcae_v4_fibrinogen_with_baseline",
        "ctcae_v4_inr",
        "ctcae_v4_inr_with_baseline",
        "isth_overt_dic_2025",
        "isth_overt_dic_2001_5xuln",
        "isth_overt_dic_2001_10xuln",
        "isth_overt_dic_2001_2x4x",
        "isth_overt_dic_2001_fdp",
        "isth_overt_dic_2001_absolute",
        "isth_overt_dic_2001_percentile",
        "easix",
        "m_easix",
        "s_easix",
        "car_hematotox",
        "icaht_early_as_printed",
        "icaht_early_as_in_authors_code",
        "icaht_late_as_printed",
        "icaht_late_as_in_authors_code",
        "t_icaht_early_as_printed",
        "t_icaht_early_as_in_authors_code",
        "t_icaht_late_as_printed",
        "t_icaht_late_as_in_authors_code",
        "isth_bleeding",
        "who_bleeding",
        "thrombosis_class",
        "thrombosis_category",
        # The sorting of coagulopathy, with what it uses (design, rule 8).
        "ctcae_v5_alt",
        "ctcae_v5_ast",
        "ctcae_v5_bilirubin",
        "cdss_malignant",
        "jsth_dic_haematopoietic",
        "iec_hs_candidate",
        "haemostatic_events_proposal",
        "carac_laboratory_proposal",
        "abnormality_explained_proposal",
        "isth_2025_adjusted_proposal",
        "isth_2001_adjusted_proposal",
        "cdss_adjusted_proposal",
        "carac_proposal",
        "sorting_proposal",
        "dic_agreement_proposal",
        "jsth_adjusted_proposal",
        "sorting_patient_proposal",
        "sorting_concurrency_proposal",
        "dic_and_death_proposal",
    ]
)
