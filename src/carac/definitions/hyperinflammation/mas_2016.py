"""Classification criteria for macrophage activation syndrome in systemic juvenile idiopathic arthritis, 2016.

Source: Ravelli A et al. Ann Rheum Dis 2016;75:481 (catalogue 6.5).
Inputs: ferritin (ug/L), which is required; platelets (10^9/L), AST (U/L), triglycerides (mg/dL), fibrinogen (g/L).
Values: how many of the four are met; the reading is true where ferritin is above 684 and two or more are met; null
where what is missing decides. Not validated after CAR T cells.
"""

from __future__ import annotations

from carac.definitions.hyperinflammation.hlh import highest, lowest
from carac.language.bands import Bands
from carac.language.definition import Certainty, Citation, Definition
from carac.language.points import Reading, Total
from carac.language.score import About, score

TOTAL = Total(
    (
        lowest("platelets", "platelets", "platelets", "10^9/L", Bands(at_most={181: 1})),
        highest("ast", "aspartate_aminotransferase", "AST", "U/L", Bands(above={48: 1})),
        highest("triglycerides", "triglycerides", "triglycerides", "mg/dL", Bands(above={156: 1})),
        lowest("fibrinogen", "fibrinogen", "fibrinogen", "g/L", Bands(at_most={3.6: 1})),
    ),
    readings=(Reading("__met", "criteria met with ferritin above 684", 2),),
    gates=(highest("ferritin", "ferritin", "ferritin (required)", "ug/L", Bands(above={684: 1})),),
)

DEFINITIONS: tuple[Definition, ...] = (
    score(
        About(
            name="mas_2016",
            title="MAS 2016",
            instrument="MAS 2016",
            version="2016",
            citation=Citation("Ravelli A et al. Ann Rheum Dis 2016;75:481"),
            certainty=Certainty.SECONDARY,
            population="children with systemic juvenile idiopathic arthritis; not validated after CAR T cells",
            meaning="criteria met beside ferritin, 0 to 4; null where what is missing decides",
            choices=("Not validated after CAR T cells.",),
        ),
        lambda _: TOTAL,
    ),
)
