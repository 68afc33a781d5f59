"""Are hazard ratios of imputed factors those of the factors where nothing is missing, and what is missing counted?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from carac.analysis.factors import AT_INFUSION, Columns, Factor, Kind, columns_of, middle
from carac.analysis.hazard_models import AtRisk, fitted
from carac.analysis.imputed_models import completed, fitted_imputed, incomplete
from carac.analysis.risk import ends_of, risk
from carac.analysis.settings import Settings, settings_from
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.report.content import Table
from carac.report.questions.asked import Asked
from carac.report.questions.risk import section
from support.hand_graded import Row, study
from test_endpoints import bleed

AGE, MARKER = (Factor(name, name, "", Kind.NUMBER, name) for name in ("age", "marker"))


def people(size: int = 600) -> tuple[AtRisk, np.ndarray, list[Columns]]:
    """A marker that follows age, both with a hazard ratio; whole days."""
    random = np.random.default_rng(4)
    age = random.normal(size=size)
    marker = 0.8 * age + 0.6 * random.normal(size=size)
    event = random.exponential(60 * np.exp(-0.5 * age - 0.5 * marker))
    drawn = np.stack([random.uniform(20, 100, size), event, random.exponential(150, size)])
    status = drawn.argmin(axis=0)
    rows = AtRisk(np.full(size, -np.inf), np.ceil(drawn.min(axis=0)), status == 1, np.arange(size))
    return rows, status, [Columns(AGE, ("",), age[:, None]), Columns(MARKER, ("",), marker[:, None])]


def logarithms(fit: object) -> np.ndarray:
    return np.array([np.log(line.ratio.estimate) for line in fit.lines])  # type: ignore[attr-defined]


def test_with_nothing_missing_it_is_the_model() -> None:
    rows, status, designs = people()
    sets = completed(rows, status, designs, {}, sets=3)
    plain, pooled = fitted(rows, designs), fitted_imputed(rows, sets)
    assert logarithms(pooled) == pytest.approx(logarithms(plain), abs=1e-12)
    for one, other in zip(plain.lines, pooled.lines, strict=True):
        assert one.ratio and other.ratio and other.ratio.upper == pytest.approx(one.ratio.upper, rel=1e-9)


def test_who_lacks_a_value_by_age_is_not_lost_and_the_interval_is_wider() -> None:
    """Half of the older lack the marker: within two standard errors of what all of them give, and less sure."""
    rows, status, designs = people()
    marker = designs[1].values.copy()
    gone = (designs[0].values[:, 0] > 0) & (np.arange(len(marker)) % 2 == 0)
    marker[gone] = np.nan
    lacking = [designs[0], replace(designs[1], values=marker)]
    assert incomplete(lacking[1], {}) == gone.sum() > 100
    sets = completed(rows, status, lacking, {}, sets=10)
    assert not np.isnan(sets[0][1].values).any() and (sets[0][1].values[~gone] == marker[~gone]).all()
    plain, left_out, pooled = fitted(rows, designs), fitted(rows, lacking), fitted_imputed(rows, sets)
    widths = [np.log(fit.lines[0].ratio.upper / fit.lines[0].ratio.lower) for fit in (plain, left_out, pooled)]  # type: ignore
    assert np.abs(logarithms(pooled) - logarithms(plain)).max() < widths[0] / 2
    assert widths[0] < widths[2] < widths[1]


def test_a_value_below_a_limit_is_drawn_below_it() -> None:
    rows, status, designs = people(200)
    marker = designs[1].values[:, 0]
    below = marker < -0.5
    ends = {"marker": (np.where(below, -np.inf, marker), np.where(below, -0.5, marker))}
    known = replace(designs[1], values=np.where(below, -0.5, marker)[:, None])
    drawn = completed(rows, status, [designs[0], known], ends, sets=2)[0][1].values[:, 0]
    assert (drawn[below] <= -0.5).all() and np.ptp(drawn[below]) > 0 and (drawn[~below] == marker[~below]).all()
    assert incomplete(known, ends) == below.sum()


class Known:
    """A column as the record has it: below 10, 10, above 100, nothing; and a count of 0."""

    def column(self, name: str) -> np.ndarray:
        below = name.endswith("from")
        return np.array([0.0, 10, 100, np.nan, 0]) if below else np.array([10.0, 10, np.inf, np.nan, 0])


def test_the_ends_of_an_assay_are_turned_with_the_factor() -> None:
    """Platelets enter per halving: what is below 10 lies above -log2(10); a count of 0 enters as the lowest seen."""
    factor = AT_INFUSION["platelets_baseline"]
    known = Known()
    design = columns_of(factor, middle(known.column("from"), known.column("to")))
    lower, upper = ends_of(known, design)  # type: ignore[arg-type]
    ten, hundred = -np.log2(10), -np.log2(100)
    assert lower[:3] == pytest.approx([ten, ten, -np.inf]) and np.isnan([lower[3], upper[3]]).all()
    assert upper[:3] == pytest.approx([np.inf, ten, hundred])
    assert lower[4] == upper[4] == ten


@pytest.fixture(scope="module")
def bled() -> Study:
    """Sixty people, every third with a bleed; of ten the sex is not recorded, of eight the age."""
    random = np.random.default_rng(11)
    rows: list[Row] = [
        {"id": f"p{n:02d}", "end": 60, "age": None if n % 8 == 3 else float(random.integers(30, 80)),
         "sex": None if n % 6 == 0 else "female" if random.random() < 0.5 else "male"}
        for n in range(60)
    ]  # fmt: skip
    return study(rows, events=[bleed(f"p{n:02d}", 3 + n % 20) for n in range(0, 60, 3)], definitions=["isth_bleeding"])


def test_the_question_imputes_where_it_is_asked_to_and_counts(bled: Study) -> None:
    left_out = risk(bled, "major_bleeding", ["age", "sex"], []).at_infusion
    found = risk(bled, "major_bleeding", ["age", "sex"], [], missing="impute")
    part = found.at_infusion
    assert not left_out.imputed and [fit.missing_people for fit in left_out.alone] == [8, 10]
    assert part.imputed == {"age": 8, "sex": 10}
    assert [fit.people for fit in part.alone] == [60, 60] and all(fit.lines[0].ratio for fit in part.alone)
    assert "imputed 20 times" in found.methods and "imputed" not in risk(bled, "major_bleeding", ["age"], []).methods


def test_the_page_says_how_many_were_imputed(bled: Study) -> None:
    chosen = {"risk_endpoints": ["major_bleeding"], "risk_factors": ["age", "sex"], "risk_missing": "impute"}
    blocks = section(Asked(bled, settings_from({"analysis": {**chosen, "risk_factors_by_day": []}}), False)).blocks
    (table,) = [one for one in blocks if isinstance(one, Table)]
    cells = [row[5] for row in table.rows if row[5]]
    assert cells == ["8 imputed", "10 imputed"] and any("Imputed: values" in note for note in table.notes)


def test_with_hardly_an_event_nothing_is_drawn() -> None:
    rows: list[Row] = [{"id": f"p{n}", "end": 60, "age": None if n % 8 == 3 else 40.0 + n} for n in range(20)]
    few = study(rows, events=[bleed("p0", 3), bleed("p1", 4)], definitions=["isth_bleeding"])
    part = risk(few, "major_bleeding", ["age"], [], missing="impute").at_infusion
    assert not part.imputed and "fewer than 5 events" in part.not_imputed and not part.alone[0].lines[0].ratio


def test_other_words_are_one_sentence(bled: Study) -> None:
    with pytest.raises(CaracError, match="'leave out' or 'impute'"):
        Settings(risk_missing="guess")
    with pytest.raises(CaracError, match="'leave out' or 'impute'"):
        risk(bled, "major_bleeding", ["age"], [], missing="guess")
