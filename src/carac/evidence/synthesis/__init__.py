"""Pooling of published counts: what may be pooled, by which models, and in which words it is told.

from carac import evidence
from carac.evidence import synthesis

gathered = synthesis.gather(evidence.load(), "venous_thromboembolism")
for question, counts in gathered.pools.items():
    pooled = synthesis.pool_counts(question, counts)
    print(question, pooled.main.value, pooled.main.lower, pooled.main.upper)
"""

from carac.evidence.synthesis.estimates import Estimate
from carac.evidence.synthesis.gathering import ANYWAY, Gathered, LeftOut, StudyCount, gather
from carac.evidence.synthesis.measures import MEASURES
from carac.evidence.synthesis.one_arm import GROUPS, NUMBERS, Pooled, pool_counts
from carac.evidence.synthesis.question import Question
from carac.evidence.synthesis.r_code import one_arm_code, two_arm_code
from carac.evidence.synthesis.two_arms import METHODS, Compared, Effect, Pair, compare_pairs, gather_pairs

__all__ = [
    "ANYWAY",
    "GROUPS",
    "MEASURES",
    "METHODS",
    "NUMBERS",
    "Compared",
    "Effect",
    "Estimate",
    "Gathered",
    "LeftOut",
    "Pair",
    "Pooled",
    "Question",
    "StudyCount",
    "compare_pairs",
    "gather",
    "gather_pairs",
    "one_arm_code",
    "pool_counts",
    "two_arm_code",
]
