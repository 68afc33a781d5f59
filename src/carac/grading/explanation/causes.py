"""What could explain the values of a patient-day: facts beside the grades, to be weighed.

The sorting is that of the rules of thumb of catalogue section 6.6, 6.1 for inflammation after CRS and 2.2 for marrow.
Equal facts have equal sentences: each rule asks only the values of the day, never for whom.
"""

from __future__ import annotations

from carac.grading.explanation import anticoagulants, consumption, fibrinogen, inflammation, platelets
from carac.grading.explanation.facts import Facts


def explanations(facts: Facts) -> list[str]:
    """Facts that could explain an abnormal value, each with what it does."""
    return [
        *fibrinogen.acute_phase(facts),
        *fibrinogen.tocilizumab(facts),
        *inflammation.hiding(facts),
        *fibrinogen.course(facts),
        *consumption.movement(facts),
        *consumption.markers(facts),
        *platelets.marrow(facts),
        *inflammation.after_crs(facts),
        *inflammation.infection(facts),
        *consumption.clot(facts),
        *platelets.replaced(facts),
        *anticoagulants.effects(facts),
        *platelets.unexplained(facts),
    ]
