"""What the literature says: published studies as data.

from carac import evidence

studies = evidence.load()                    # those shipped; evidence.load("my_studies") reads a folder
for study, outcome in studies.outcomes("venous_thromboembolism", role="car_t"):
    print(study.title, outcome.count, outcome.denominator, outcome.percentage)
"""

from carac.evidence.library import Evidence, load, shipped
from carac.evidence.reading import read_study
from carac.evidence.study import (
    FORMATS,
    AnalysisSet,
    Arm,
    Cell,
    Citation,
    Claim,
    Figure,
    Outcome,
    Part,
    RiskOfBias,
    Source,
    Study,
)
from carac.evidence.writing import write_study

__all__ = [
    "FORMATS",
    "AnalysisSet",
    "Arm",
    "Cell",
    "Citation",
    "Claim",
    "Evidence",
    "Figure",
    "Outcome",
    "Part",
    "RiskOfBias",
    "Source",
    "Study",
    "load",
    "read_study",
    "shipped",
    "write_study",
]
