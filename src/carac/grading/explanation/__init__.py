"""Why a patient-day has its grades, in words a doctor would use."""

from carac.grading.explanation.explain import Explanation, Section, explain

__all__ = ["Explanation", "Section", "explain"]
