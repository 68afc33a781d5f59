"""Where a day stands: in the data of the figures, and in the drawn SVG, measured against the numbers of its axis."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt
import pytest

from carac import figures
from carac.findings import CaracError
from carac.report import drawing, theme
from carac.report.figures.axes import pixel_of_day, ticks
from carac.report.labels import lanes, spread
from report_cohort import graded_teaching, made

SVG = "{http://www.w3.org/2000/svg}"
_MOVE = re.compile(r"translate\(([-\d.]+)[ ,]([-\d.]+)\)")


def placed(
    element: ElementTree.Element, x: float = 0.0, y: float = 0.0
) -> Iterator[tuple[ElementTree.Element, float, float]]:
    """Every element of a drawing with the place that the moves above it give."""
    if move := _MOVE.search(element.get("transform") or ""):
        x, y = x + float(move.group(1)), y + float(move.group(2))
    yield element, x, y
    for child in element:
        yield from placed(child, x, y)


def axis_numbers(drawn: str) -> dict[int, float]:
    """Day to its place, from the numbers of the last day axis of a drawing."""
    found: dict[int, float] = {}
    for element, x, _ in placed(ElementTree.fromstring(drawn)):
        if "role-axis-label" in (element.get("class") or ""):
            numbers = [(text, place) for text, place, _ in placed(element) if text.tag == f"{SVG}text"]
            words = [(text.text or "").replace("−", "-") for text, _ in numbers]
            if {"-7", "0", "7"} <= set(words):
                found = {int(word): x + place for word, (_, place) in zip(words, numbers, strict=True)}
    return found


def day_at(drawn: str, x: float) -> float:
    """The day of a place, by the numbers of the axis."""
    numbers = axis_numbers(drawn)
    step = (numbers[28] - numbers[0]) / 28
    return (x - numbers[0]) / step


def rows(chart: dict[str, Any]) -> list[dict[str, Any]]:
    """All rows of data of a chart, however deep; Altair keeps those of named data sets apart."""
    found = [row for values in chart.get("datasets", {}).values() for row in values]
    found += chart.get("data", {}).get("values", [])
    for part in ("layer", "vconcat", "hconcat"):
        for inner in chart.get(part, []):
            found += rows(inner)
    return found


def boxes(drawn: str, colours: set[str]) -> list[tuple[float, float]]:
    """Left and right end of the boxes of these colours."""
    found = []
    for element, x, _ in placed(ElementTree.fromstring(drawn)):
        path = element.get("d") or ""
        if element.get("fill") in colours and path:
            start, width = re.match(r"M([-\d.e]+)", path), re.search(r"h([-\d.]+)", path)
            ends = [float(n) for n in re.findall(r"(?:M|L|H|C)?([-\d.]+),[-\d.]+", path)]
            assert start is not None
            left = min(ends)
            right = left + float(width.group(1)) if width and float(width.group(1)) > 0 else max(ends)
            found.append((x + left, x + right))
    return found


def test_days_of_the_course_are_days_of_the_record() -> None:
    found = rows(figures.course(graded_teaching(), "fibrinogen", by="none").to_dict())
    own = {row["day"]: row["n"] for row in found if "median" in row}
    sql = (
        "SELECT day, count(fibrinogen_lowest__from) AS n FROM patient_days_full"
        " WHERE day BETWEEN -7 AND 30 AND fibrinogen_lowest__from IS NOT NULL GROUP BY day HAVING n >= 3"
    )
    assert own == {row["day"]: row["n"] for row in graded_teaching().engine.fetch(sql).to_pylist()}


def test_the_points_of_a_course_stand_at_their_days() -> None:
    chart = figures.course(graded_teaching(), "platelets", by="none")
    days = sorted(row["day"] for row in rows(chart.to_dict()) if "median" in row)[: 2 * 38]
    drawn = drawing.svg(chart)
    points = [
        x
        for group, gx, _ in placed(ElementTree.fromstring(drawn))
        if "mark-symbol" in (group.get("class") or "")
        for path, px, _ in placed(group)
        if path.tag == f"{SVG}path"
        for x in [gx + px]
    ]
    assert len(set(days)) == len(points) > 25
    assert sorted(day_at(drawn, x) for x in points) == pytest.approx(sorted(set(days)), abs=0.05)


def test_bars_of_events_span_their_day() -> None:
    drawn = drawing.svg(figures.two_sides(graded_teaching()))
    found = boxes(drawn, {theme.BLEEDS["major"], theme.VENOUS})
    middles = sorted(round(day_at(drawn, (left + right) / 2), 1) for left, right in found if right - left > 5)
    events = graded_teaching().events.to_pylist()
    wanted = {e["day"] for e in events if e["isth_bleeding"] == 3 and e["day"] <= 30}
    wanted |= {e["day"] for e in events if e["thrombosis_class"] == "venous" and 0 <= e["day"] <= 30}
    assert set(middles) >= {float(day) for day in wanted}


def test_the_axis_of_events_says_what_it_counts() -> None:
    drawn = drawing.svg(figures.two_sides(graded_teaching()))
    assert "Events that day" in {text.text for text in ElementTree.fromstring(drawn).iter(f"{SVG}text")}


def test_every_figure_is_one_that_vega_lite_knows() -> None:
    """Figures are made without being held against the schema; here they are."""
    for section in made().document.sections:
        for figure in section.figures():
            assert not isinstance(figure.chart, Mapping)
            figure.chart.to_dict(validate=True)


def test_a_page_of_a_patient_is_one_that_vega_lite_knows() -> None:
    for section in made().document.patients:
        for figure in section.figures():
            assert isinstance(figure.chart, Mapping)
            alt.LayerChart.from_dict(figure.chart, validate=True)


def test_the_strips_of_a_patient_are_the_grades_of_its_days() -> None:
    """Runs of days are put together from nothing but days that have this grade, and all of these."""
    found = {}
    for row in rows(figures.patient(graded_teaching(), "T03").to_dict()):
        if row.get("what") == "astct_crs":
            first, last = row["from"] + 0.5, row["to"] - 0.5
            found |= dict.fromkeys(range(int(first), int(last) + 1), row["grade"])
    sql = (
        "SELECT day, CASE WHEN astct_crs IS NULL THEN '?' WHEN astct_crs = 0 THEN ''"
        " ELSE CAST(astct_crs AS VARCHAR) END AS grade FROM patient_days_full WHERE patient_id = 'T03'"
        " AND day BETWEEN -7 AND 30 AND astct_crs__lowest IS NOT NULL"
    )
    assert found == {row["day"]: row["grade"] for row in graded_teaching().engine.fetch(sql).to_pylist()}
    assert len(set(found.values())) > 2


def test_panels_of_a_patient_share_their_days() -> None:
    drawn = drawing.svg(figures.patient(graded_teaching(), "T03"))
    lines = [
        x
        for group, gx, _ in placed(ElementTree.fromstring(drawn))
        if "mark-rule" in (group.get("class") or "")
        for line, lx, _ in placed(group)
        if line.tag == f"{SVG}line" and line.get("stroke") == theme.MUTED and line.get("stroke-dasharray") == "2,2"
        for x in [gx + lx]
    ]
    assert len(lines) >= 6
    assert [day_at(drawn, x) for x in lines] == pytest.approx([0.0] * len(lines), abs=0.05)


def test_the_heat_map_begins_half_a_day_before_its_first_day() -> None:
    chart = figures.grades_by_day(graded_teaching())
    drawn = drawing.svg(chart)
    root = ElementTree.fromstring(drawn)
    images = [(e, x) for e, x, _ in placed(root) if e.tag == f"{SVG}image"]
    assert len(images) == 4
    picture = images[-1][0].get("{http://www.w3.org/1999/xlink}href") or ""
    width = int.from_bytes(base64.b64decode(picture.split(",")[1])[16:20], "big")
    assert width == 38
    left, right = images[-1][1], images[-1][1] + float(images[-1][0].get("width") or 0)
    # An axis stands half a pixel off its panel, in which a day is four pixels wide.
    assert [day_at(drawn, x) for x in (left, right)] == pytest.approx([-7.5, 30.5], abs=0.15)


def test_pixels_of_days() -> None:
    assert pixel_of_day(-7, -7, 30, 380) == pytest.approx(5)
    assert pixel_of_day(30, -7, 30, 380) == pytest.approx(375)
    assert ticks(-7, 30)[0] == -7
    assert ticks(-7, 100)[-1] == 100


@pytest.mark.parametrize("name", ["toxicities", "grades_by_day", "events", "two_sides", "coverage", "flow", "testing"])
def test_every_figure_is_a_chart_that_can_be_drawn(name: str) -> None:
    drawn = drawing.svg(getattr(figures, name)(graded_teaching()))
    assert drawn.startswith("<svg")
    assert drawing.png(drawn, 96)[:4] == b"\x89PNG"


def test_an_analyte_without_course_is_told() -> None:
    with pytest.raises(CaracError, match="no course of 'fibrin'"):
        figures.course(graded_teaching(), "fibrin")


def test_a_patient_whom_nobody_knows_is_told_in_one_sentence() -> None:
    with pytest.raises(CaracError, match=r"^There is no patient 'NOBODY' with an infusion; .*T01.*\.$"):
        figures.patient(graded_teaching(), "NOBODY")
    with pytest.raises(CaracError, match=r"^Patient T03 has no infusion 7; there are 1\.$"):
        figures.patient(graded_teaching(), "T03", infusion=7)


def test_synthetic_stands_in_every_figure() -> None:
    drawn = list((made().report / "figures").glob("*.svg"))
    assert len(drawn) >= 15
    for path in drawn:
        assert path.name.startswith("synthetic_")
        assert theme.SYNTHETIC_MARK in path.read_text(encoding="utf-8")


def test_labels_are_pushed_apart_and_stay_inside() -> None:
    assert spread([10, 11, 50], 14, 0, 100) == pytest.approx([3.5, 17.5, 50])
    assert spread([99, 99, 99], 14, 0, 100) == pytest.approx([72, 86, 100])
    assert spread([0], 14, 0, 100) == [0]
    assert spread([], 14, 0, 100) == []
    places = spread([5, 5, 5, 60, 61], 12, 0, 80)
    assert all(b - a >= 12 - 1e-9 for a, b in zip(sorted(places), sorted(places)[1:], strict=False))


def test_lanes_keep_spans_apart() -> None:
    assert lanes([0, 1, 3], [2, 4, 5]) == [0, 1, 0]


def contrast(first: str, second: str) -> float:
    """Contrast of two colours after WCAG 2."""

    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(first), light(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_colours_can_be_read_on_paper_and_in_the_dark() -> None:
    for day, night in theme.IN_THE_DARK.items():
        # Lines and marks need 3; words in these colours are bold and have a name beside them.
        assert contrast(day, theme.PAPER) >= 3, day
        assert contrast(night, "#14181c") >= 4.5, night
    for shade, ink in zip(theme.GRADES, theme.ON_GRADES, strict=True):
        assert contrast(shade, ink) >= 4.5, shade


def test_every_colour_of_a_group_has_one_for_the_dark() -> None:
    from carac.report.groups import groups_of

    infusions = [{"crs_peak": grade, "product": f"product {grade}"} for grade in (0, 1, 2, 3, 4, None)]
    for by in ("crs_peak", "product", "none"):
        assert {group.colour for group in groups_of(infusions, by)} <= set(theme.IN_THE_DARK)
    assert set(theme.GROUPS) <= set(theme.IN_THE_DARK)
