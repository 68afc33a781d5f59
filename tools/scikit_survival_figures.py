"""What scikit-survival says of 300 made-up people: figures that tests/test_statistics_libraries.py holds carac to.

    python tools/scikit_survival_figures.py tests/data/statistics

scikit-survival is under the GPL: it is run here by hand, in an environment of its own (`pip install scikit-survival`),
and nothing of carac imports it. Writes scikit_survival_people.csv (the people) and scikit_survival.csv (the figures).
Status is 0 for censored, 1 and 2 for two causes; its area and Brier score know one cause, so that those of status 2 are
censored for them.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np
import sksurv
from numpy.typing import NDArray
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.metrics import brier_score, cumulative_dynamic_auc
from sksurv.nonparametric import cumulative_incidence_competing_risks
from sksurv.util import Surv

PEOPLE, SEED = 300, 20261128
HORIZONS = (5.0, 10.0, 20.0)


def people() -> dict[str, NDArray[Any]]:
    """Times without ties (the library orders tied events and censoring in its own way), a marker, a risk."""
    random = np.random.default_rng(SEED)
    marker, second = random.normal(size=(2, PEOPLE)).round(6)
    event = random.exponential(25 * np.exp(-0.7 * marker))
    other = random.exponential(40 * np.exp(-0.3 * second))
    censored = random.uniform(2, 40, PEOPLE)
    stacked = np.stack([censored, event, other])
    time = stacked.min(axis=0).round(9)
    risk = (1 - np.exp(-np.exp(0.7 * marker) * 10 / 25)).round(9)
    return {"time": time, "status": stacked.argmin(axis=0), "marker": marker, "second": second, "risk": risk}


def figures(data: dict[str, NDArray[Any]]) -> list[tuple[str, float, float]]:
    """Name, horizon (or number of the coefficient) and figure."""
    time, status = data["time"], data["status"]
    single = Surv.from_arrays(status == 1, time)
    found: list[tuple[str, float, float]] = []
    area, _ = cumulative_dynamic_auc(single, single, data["marker"], np.array(HORIZONS))
    found += [("area", horizon, float(one)) for horizon, one in zip(HORIZONS, area, strict=True)]
    chance = np.repeat((1 - data["risk"])[:, None], len(HORIZONS), axis=1)
    _, brier = brier_score(single, single, chance, np.array(HORIZONS))
    found += [("brier", horizon, float(one)) for horizon, one in zip(HORIZONS, brier, strict=True)]
    moments, incidence = cumulative_incidence_competing_risks(status, time)
    for cause in (1, 2):
        for horizon in HORIZONS:
            place = np.searchsorted(moments, horizon, side="right") - 1
            found.append((f"incidence_{cause}", horizon, float(incidence[cause][place])))
    design = np.column_stack([data["marker"], data["second"]])
    for ties in ("efron", "breslow"):
        model = CoxPHSurvivalAnalysis(ties=ties, tol=1e-14).fit(design, Surv.from_arrays(status == 1, np.ceil(time)))
        found += [(f"cox_{ties}", float(place), float(one)) for place, one in enumerate(model.coef_)]
    return found


def main() -> None:
    """Write both tables; print what it says where one cause never happened."""
    folder = Path(sys.argv[1])
    data = people()
    with (folder / "scikit_survival_people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(data)
        writer.writerows(zip(*(one.tolist() for one in data.values()), strict=True))
    with (folder / "scikit_survival.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("version", "figure", "at", "value"))
        writer.writerows((sksurv.__version__, *row) for row in figures(data))
    try:
        cumulative_incidence_competing_risks(np.where(data["status"] == 1, 0, data["status"]), data["time"])
    except ValueError as error:
        print(f"without an event of cause 1, scikit-survival {sksurv.__version__} raises: {error}")


if __name__ == "__main__":
    main()
