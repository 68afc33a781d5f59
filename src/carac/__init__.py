"""carac: consensus definitions of haemostatic toxicity after CAR T-cell therapy, applied to any record.

import carac

cohort = carac.read("records")
graded = carac.grade(cohort)
graded.patient_days          # a pyarrow Table: pandas, Polars and DuckDB take it as it is
print(carac.explain(graded, "T03", day=8).as_text())
study = carac.study("records")                       # endpoints, and who is at risk of them
print(carac.incidence(study, "major_bleeding").methods)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carac import evidence
    from carac.api import (
        anticoagulation,
        calculate,
        compare,
        definitions,
        demo_cohort,
        explain,
        fit_model,
        grade,
        incidence,
        landmark,
        load_model,
        read,
        read_truth,
        risk,
        save_model,
        scores,
        spread,
        study,
        synthesize,
        timing,
        under_reporting,
    )

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "anticoagulation",
    "calculate",
    "compare",
    "definitions",
    "demo_cohort",
    "evidence",
    "explain",
    "fit_model",
    "grade",
    "incidence",
    "landmark",
    "load_model",
    "read",
    "read_truth",
    "risk",
    "save_model",
    "scores",
    "spread",
    "study",
    "synthesize",
    "timing",
    "under_reporting",
]


def __getattr__(name: str) -> Any:
    """The functions of carac, imported when first asked for, so that `import carac` is instant."""
    if name == "evidence":
        return import_module("carac.evidence")
    if name in __all__:
        from carac import api

        return getattr(api, name)
    raise AttributeError(f"module 'carac' has no attribute {name!r}")
