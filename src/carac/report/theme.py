"""One look for all figures: typeface, colours fit for print and for colour-blind readers, axes, and the synthetic mark.

The colours of groups are those of Okabe and Ito; grades run from pale to dark so that they also read in grey.
"""

from __future__ import annotations

from typing import Any

import altair as alt

TYPEFACE = "IBM Plex Sans"
SEMIBOLD = 600

#: Neutral colours; a page that is read in the dark exchanges them, which is why each is used for one thing only.
INK = "#1c2126"
MUTED = "#5b6570"
LINE = "#c9d0d6"
GRID = "#e9ecef"
PAPER = "#ffffff"

#: What is not known is left as paper; what is known and not abnormal is a cool grey; grades are warm and darken.
#: It is not quite the colour of paper, so that it stays white where the page is dark, as the cells of a picture do.
UNKNOWN = "#fefefe"
RANGE = "#a3adb8"
GRADES = ("#dbe4ec", "#fdd49e", "#fc8d59", "#d7301f", "#7f0000", "#1a0a0a")
#: Lines across a picture, which stays white where the page is dark.
ON_PICTURES = "#5b6571"
#: Ink that can be read on each of them, in the dark as well, and is therefore not that of the page.
ON_GRADES = ("#1d2227", "#1d2227", "#1d2227", "#fefefe", "#fefefe", "#fefefe")

#: Groups in order of use; blue, vermilion, green, purple, orange, sky, dark yellow.
GROUPS = ("#0072b2", "#d55e00", "#00795b", "#aa4499", "#b87a00", "#3a8fc4", "#6b6b00")
#: All patients together.
EVERYONE = "#33414e"

BLEEDING = "#b2182b"
VENOUS = "#2166ac"
ARTERIAL = "#6a3d9a"
OTHER = "#6b7680"
#: Severity of a bleed within its colour: minor, clinically relevant, major, cannot be graded.
BLEEDS = {"major": "#8c0d1f", "clinically relevant non-major": "#d6604d", "minor": "#c07f5f", "not graded": "#8d97a1"}

#: What lines, marks and words in colour become on a dark page; shades of grades stay as they are.
IN_THE_DARK = {
    "#3a8fc4": "#6fb6e6",
    "#00795b": "#3cc49a",
    "#d55e00": "#f08b3c",
    "#5b1a4f": "#d58fc8",
    "#0072b2": "#5aaee6",
    "#aa4499": "#d98bcd",
    "#b87a00": "#e0aa3e",
    "#6b6b00": "#c2c24a",
    "#8a6100": "#d9b24c",
    "#6b4e9b": "#b8a2e0",
    EVERYONE: "#c3ced8",
    OTHER: "#a3adb7",
    BLEEDING: "#ff8a94",
    VENOUS: "#74b2ec",
    ARTERIAL: "#b794e0",
    # The worst bleed stands out most, as it does on paper by being darkest.
    "#8c0d1f": "#ff5264",
    "#d6604d": "#c4735f",
    "#c07f5f": "#a08170",
}

SYNTHETIC_MARK = "SYNTHETIC PATIENTS"

#: Sizes in pixels at 96 to the inch: 620 is a page wide.
WIDTH = 620
SMALL, TEXT, TITLE = 11, 12, 14


def _axis() -> dict[str, Any]:
    return {
        "labelFontSize": SMALL,
        "labelColor": INK,
        "titleFontSize": TEXT,
        "titleColor": INK,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "domainColor": MUTED,
        "tickColor": MUTED,
        "tickSize": 4,
        "gridColor": GRID,
        "labelPadding": 4,
        # Ticks are chosen so that their numbers fit; none is to be dropped in silence.
        "labelOverlap": False,
        "labelFont": TYPEFACE,
        "titleFont": TYPEFACE,
    }


def config() -> dict[str, Any]:
    """The configuration of every chart."""
    return {
        "font": TYPEFACE,
        "aria": False,
        "background": PAPER,
        "padding": 10,
        "view": {"stroke": None},
        "axis": _axis(),
        "title": {
            "anchor": "start",
            "font": TYPEFACE,
            "fontSize": TITLE,
            "fontWeight": SEMIBOLD,
            "color": INK,
            "subtitleFont": TYPEFACE,
            "subtitleFontSize": TEXT,
            "subtitleColor": MUTED,
            "subtitlePadding": 4,
            "offset": 12,
            "frame": "bounds",
        },
        "text": {"font": TYPEFACE, "fontSize": SMALL, "color": INK},
        "legend": {"disable": True},
        "header": {"labelFont": TYPEFACE, "labelFontSize": TEXT, "labelColor": INK, "title": None},
    }


def heading(title: str, subtitle: str = "", synthetic: bool = False) -> dict[str, Any]:
    """Title and subtitle of a chart; the subtitle of a synthetic one begins with the mark."""
    lines = [text for text in (SYNTHETIC_MARK if synthetic else "", subtitle) if text]
    return {"text": title, **({"subtitle": [" · ".join(lines)]} if lines else {})}


def finished(chart: Any, title: str, subtitle: str = "", synthetic: bool = False) -> alt.TopLevelMixin:
    """A chart with title, subtitle and configuration."""
    return chart.properties(title=alt.TitleParams(**heading(title, subtitle, synthetic))).configure(**config())
