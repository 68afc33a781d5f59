"""Draw the courses of a synthetic cohort: medians and quartiles by day, by product and by CRS grade, as SVG.

    python tools/make_course_pictures.py [RECORD] [FOLDER]

RECORD is a folder of `carac synthesize`; without it 2,000 patients are made with seed 1. Rewrites
courses_by_product.svg and courses_by_crs.svg in docs/pictures, or in FOLDER. Values are those of the record, as a
centre would plot them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from carac import api
from carac.analysis.calibration_facts import PEOPLE
from carac.analysis.day_values import HIGHEST, LOWEST, DayValues, Floats, read_day_values, scattered
from carac.grading.run import Graded
from carac.report import drawing
from carac.synthetic.batches import Order
from carac.synthetic.world import World
from carac.synthetic.write import synthesize
from carac.vocabulary.products import products

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
#: The cohort that is drawn where no record is named.
PATIENTS, SEED = 2_000, 1
#: Days that are drawn, and how many people a day needs.
FIRST_DAY, LAST_DAY, FEWEST = -7, 60, 8
#: After this day, when most are outpatients seen twice a week, values of so many days to either side are pooled.
DAILY_UNTIL, POOLED = 14, 3
PANEL_WIDTH, PANEL_HEIGHT = 150, 105
SHADE, LINE = "#9ecae1", "#08519c"


@dataclass(frozen=True)
class Drawn:
    """An analyte as it is drawn.

    Parameters
    ----------
    analyte: word of the vocabulary.
    title: of the row.
    worst: which value of the day.
    scale: ``linear`` or ``log``.
    low, high: ends of the axis.
    """

    analyte: str
    title: str
    worst: str
    scale: str
    low: float
    high: float


ANALYTES = (
    Drawn("platelets", "Platelets, 10^9/L", LOWEST, "linear", 0, 300),
    Drawn("neutrophils", "Neutrophils, 10^9/L", LOWEST, "log", 0.05, 12),
    Drawn("fibrinogen", "Fibrinogen, g/L", LOWEST, "linear", 0, 7),
    Drawn("d_dimer", "D-dimer, mg/L FEU", HIGHEST, "log", 0.2, 20),
    Drawn("ferritin", "Ferritin, µg/L", HIGHEST, "log", 100, 20000),
    Drawn("c_reactive_protein", "CRP, mg/L", HIGHEST, "linear", 0, 200),
)


def quartiles(values: DayValues, chosen: npt.NDArray[np.bool_]) -> list[dict[str, float]]:
    """Median and quartiles of each day on which enough people were tested.

    Parameters
    ----------
    values: by infusion and day.
    chosen: whose, [n].
    """
    found = []
    for day in range(FIRST_DAY, LAST_DAY + 1):
        reach = POOLED if day > DAILY_UNTIL else 0
        tested: Floats = values.between(day - reach, min(day + reach, LAST_DAY))[chosen].ravel()
        tested = tested[~np.isnan(tested)]
        if len(tested) >= FEWEST:
            low, median, high = np.percentile(tested, [25, 50, 75])
            found.append({"day": float(day), "low": float(low), "median": float(median), "high": float(high)})
    return found


def panel(drawn: Drawn, rows: Sequence[Mapping[str, float]], title: str, first: bool) -> Any:
    """One analyte in one group."""
    axis = alt.Axis(
        title=drawn.title if first else None, titleFontSize=10, tickCount=4, grid=False, minExtent=40, maxExtent=40
    )
    scale = alt.Scale(type="log" if drawn.scale == "log" else "linear", domain=[drawn.low, drawn.high], clamp=True)
    across = alt.X(
        "day:Q",
        title=None,
        scale=alt.Scale(domain=[FIRST_DAY, LAST_DAY], nice=False),
        axis=alt.Axis(values=[0, 14, 28, 42, 56], grid=False),
    )
    base = alt.Chart(alt.InlineData(values=list(rows)))
    band = base.mark_area(color=SHADE, clip=True).encode(
        x=across, y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q"
    )
    line = base.mark_line(color=LINE, strokeWidth=1.5, clip=True).encode(
        x=across, y=alt.Y("median:Q", scale=scale, axis=axis)
    )
    return alt.layer(band, line, title=alt.Title(title, fontSize=10)).properties(width=PANEL_WIDTH, height=PANEL_HEIGHT)


def picture(graded: Graded, groups: Mapping[str, npt.NDArray[np.bool_]], title: str) -> Any:
    """Analytes below each other, groups side by side.

    Parameters
    ----------
    graded: the record with `calibration_people`.
    groups: title of each group and who is in it.
    title: of the picture.
    """
    infusions = len(next(iter(groups.values())))
    lines = []
    for drawn in ANALYTES:
        values = read_day_values(graded.engine, drawn.analyte, drawn.worst, infusions, FIRST_DAY, LAST_DAY)
        panels = [
            panel(drawn, quartiles(values, chosen), name if drawn is ANALYTES[0] else "", place == 0)
            for place, (name, chosen) in enumerate(groups.items())
        ]
        lines.append(alt.hconcat(*panels, spacing=8))
    subtitle = "SYNTHETIC patients made by carac: median and quartiles of the values measured, by day after infusion"
    return alt.vconcat(*lines, spacing=4, title=alt.Title(title, subtitle=subtitle, anchor="start")).configure_view(
        stroke="#dddddd"
    )


def by_product(graded: Graded) -> dict[str, npt.NDArray[np.bool_]]:
    """The products of the cohort, each with who had it."""
    names = graded.engine.fetch(
        "SELECT product FROM infusions JOIN calibration_people USING (patient_id, infusion_number) ORDER BY place"
    )
    product = np.array(names.column("product").to_pylist(), dtype=object)
    known = [name for name in products() if (product == name).any()]
    return {f"{_short(name)} (n = {(product == name).sum():,})": product == name for name in known}


def _short(product: str) -> str:
    return next((name for name in products()[product].synonyms if name.endswith("-cel")), product)


def by_crs(graded: Graded, infusions: int) -> dict[str, npt.NDArray[np.bool_]]:
    """Highest grade of CRS by carac's own grading, grades 3 and 4 together."""
    rows = graded.engine.fetch(
        """
        SELECT place, day, coalesce(astct_crs, astct_crs__lowest) AS grade
        FROM patient_days_full JOIN calibration_people USING (patient_id, infusion_number) WHERE day BETWEEN 0 AND 60
        """
    )
    worst = np.nan_to_num(scattered(rows, "grade", infusions, 0, 60).highest(0, 60))
    groups = {
        "no CRS": worst == 0,
        "CRS grade 1": worst == 1,
        "CRS grade 2": worst == 2,
        "CRS grade 3 or 4": worst >= 3,
    }
    return {f"{name} (n = {chosen.sum():,})": chosen for name, chosen in groups.items()}


def pictures(record: Path) -> dict[str, str]:
    """File name to SVG of each picture.

    Parameters
    ----------
    record: folder of `carac synthesize`.
    """
    graded = api.grade(record, definitions=["astct_crs"])
    graded.engine.create("calibration_people", PEOPLE)
    products_drawn = by_product(graded)
    crs = by_crs(graded, len(next(iter(products_drawn.values()))))
    drawn = {
        "courses_by_product.svg": picture(graded, products_drawn, "Courses by product (synthetic)"),
        "courses_by_crs.svg": picture(graded, crs, "Courses by highest grade of CRS (synthetic)"),
    }
    return {name: drawing.svg(chart) for name, chart in drawn.items()}


def main() -> None:
    """Write the pictures."""
    places = [Path(name) for name in sys.argv[1:]]
    folder = places[1] if len(places) > 1 else PICTURES
    with tempfile.TemporaryDirectory() as temporary:
        record = places[0] if places else _made(Path(temporary) / "cohort")
        for name, svg in pictures(record).items():
            (folder / name).write_text(svg + "\n", encoding="utf-8")
            print(f"wrote {folder / name}")


def _made(folder: Path) -> Path:
    synthesize(Order(PATIENTS, SEED, World.load(), with_truth=False), folder)
    return folder


if __name__ == "__main__":
    main()
