"""Proportions on the scale that they are pooled on, and back.

Logit, arcsine, Freeman-Tukey double arcsine (Freeman MF, Tukey JW. Ann Math Stat 1950;21:607-611; back by Miller JJ. Am
Stat 1978;32:138), and none. Logit and raw proportions of studies in which nobody or everybody had the event have half
an event added to both sides; the two arcsine scales need no such help, and have it only if asked. O(1) per study.

The Freeman-Tukey scale has no inverse of its own: it depends on the size of a study, and for a pooled value the
harmonic mean stands in, which can mislead badly where sizes differ much (Schwarzer G et al. Res Synth Methods
2019;10:476-483). It is here to reproduce published figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from carac.statistics.checks import EstimationError, Floats, whole_numbers

Scale = Literal["logit", "arcsine", "freeman-tukey", "raw"]


@dataclass(frozen=True)
class Effects:
    """One effect and its variance per study.

    Attributes
    ----------
    corrected: whether half an event was added, per study.
    """

    estimate: Floats
    variance: Floats
    corrected: Floats


def study_counts(events: ArrayLike, total: ArrayLike) -> tuple[Floats, Floats]:
    """Checked counts of events and people, one pair per study."""
    happened = whole_numbers(events, "events")
    people = whole_numbers(total, "total", len(happened))
    if people.min() == 0:
        raise EstimationError("a study has nobody in it, so it has no proportion")
    if (happened > people).any():
        raise EstimationError("a study has more people with the event than people")
    return happened.astype(np.float64), people.astype(np.float64)


def transformed(events: ArrayLike, total: ArrayLike, scale: Scale = "logit", add_half: bool | None = None) -> Effects:
    """Each study's proportion on a scale, with its sampling variance.

    Parameters
    ----------
    events, total: counts per study.
    scale: "logit", "arcsine", "freeman-tukey" or "raw".
    add_half: whether half an event is added to both sides where nobody or everybody had it. None for what the scale
        needs: logit and raw do. (metafor also does so for arcsine.)
    """
    happened, people = study_counts(events, total)
    wanted = scale in ("logit", "raw") if add_half is None else add_half
    edge = ((happened == 0) | (happened == people)) & wanted
    with_event = happened + edge / 2
    without = people - happened + edge / 2
    size = with_event + without
    corrected = edge.astype(np.float64)
    if scale == "arcsine":
        return Effects(np.arcsin(np.sqrt(with_event / size)), 1 / (4 * size), corrected)
    if scale == "freeman-tukey":
        low, high = np.arcsin(np.sqrt(with_event / (size + 1))), np.arcsin(np.sqrt((with_event + 1) / (size + 1)))
        return Effects((low + high) / 2, 1 / (4 * size + 2), corrected)
    if (with_event == 0).any() or (without == 0).any():
        raise EstimationError("a study in which nobody or everybody had the event has no value on this scale")
    if scale == "logit":
        return Effects(np.log(with_event / without), 1 / with_event + 1 / without, corrected)
    if scale == "raw":
        return Effects(with_event / size, with_event * without / size**3, corrected)
    raise EstimationError(f"there is no scale {scale!r}; known are logit, arcsine, freeman-tukey and raw")


def proportion(values: ArrayLike, scale: Scale, total: ArrayLike | None = None) -> Floats:
    """Back from a scale to proportions; the Freeman-Tukey scale needs the studies' sizes for their harmonic mean."""
    scaled = np.asarray(values, dtype=np.float64)
    if scale == "logit":
        return np.asarray(expit(scaled), dtype=np.float64)
    if scale == "arcsine":
        return np.sin(np.clip(scaled, 0, np.pi / 2)) ** 2
    if scale == "raw":
        return np.clip(scaled, 0, 1)
    if total is None:
        raise EstimationError("back from the Freeman-Tukey scale needs the studies' sizes")
    sizes = np.asarray(total, dtype=np.float64)
    return _back_from_freeman_tukey(scaled, len(sizes) / float(np.sum(1 / sizes)))


def _back_from_freeman_tukey(scaled: Floats, size: float) -> Floats:
    lowest = np.arcsin(np.sqrt(1 / (size + 1))) / 2
    highest = (np.arcsin(np.sqrt(size / (size + 1))) + np.pi / 2) / 2
    angle = 2 * np.clip(scaled, lowest, highest)
    sine = np.sin(angle)
    inner = np.clip(1 - (sine + (sine - 1 / sine) / size) ** 2, 0, 1)
    value = (1 - np.sign(np.cos(angle)) * np.sqrt(inner)) / 2
    return np.where(scaled <= lowest, 0.0, np.where(scaled >= highest, 1.0, value))
