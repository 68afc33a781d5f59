"""New models: predictors, performance without optimism, whether there were people enough; and the file of each."""

from __future__ import annotations

from math import exp

from carac.analysis.markers import Marker
from carac.analysis.model_file import NOT_A_DEVICE, PredictionModel, as_toml
from carac.analysis.prediction_model import Fitted, ModelRequest, fit, landmark_words
from carac.report.content import Attachment, Block, Figure, Heading, Paragraph, Section, Table, Voice
from carac.report.figures.decision import Drawn, decision_figure
from carac.report.numbers import NOTHING, percent
from carac.report.questions.asked import Asked, sentence
from carac.report.questions.scores import area_words

NONE_ASKED = "No model was asked for: name its endpoint and predictors in [[model]] of the settings (docs/analysis.md)."


def section(asked: Asked) -> Section:
    """Every model that was asked for."""
    requests = asked.settings.models
    blocks: list[Block] = []
    files = []
    for request in requests:
        endpoint = asked.study.endpoint(request.endpoint)
        blocks.append(Heading(f"{sentence(endpoint.title)}, {landmark_words(request.day)}"))
        if reason := asked.study.lacks(endpoint):
            blocks.append(Paragraph(f"It cannot be counted here: {reason}.", Voice.NOTE))
            continue
        found = fit(asked.study, request, asked.settings.window, asked.synthetic, asked.files)
        blocks += _blocks(asked, request, found)
        if found.model is not None:
            files.append(Attachment(f"model_{found.model.name}.toml", as_toml(found.model)))
    if not requests:
        blocks.append(Paragraph(NONE_ASKED))
    return Section("model", "A new model", tuple(blocks), tuple(files))


def _blocks(asked: Asked, request: ModelRequest, found: Fitted) -> list[Block]:
    if found.model is None:
        said = f"No model was made: {found.refusal}."
        return [Paragraph(said), *_missing(asked, found)]
    model = found.model
    blocks: list[Block] = [Paragraph(_text(found))]
    if warning := sample_size_words(found):
        blocks.append(Paragraph(warning, Voice.CAUTION))
    blocks += [_coefficients(model), _performance(found)]
    if found.groups and not asked.settings.hide_small_cells:
        blocks.append(_figure(asked, found, model))
    blocks.append(Paragraph(f"Saved as model_{model.name}.toml, to be read, loaded and applied. {NOT_A_DEVICE}"))
    return [*blocks, *_missing(asked, found), Paragraph(found.methods, Voice.PASTE)]


def _text(found: Fitted) -> str:
    assert found.model and found.validated and found.area and found.corrected_interval
    low, high = found.corrected_interval
    return (
        f"Of {found.people} people with every predictor {found.events} had the event and {found.competing} a competing"
        f" one first. The area under the curve was {area_words(found.area)} on the same people and"
        f" {found.validated.corrected.area:.2f} ({low:.2f}–{high:.2f}) without optimism."
    )


def sample_size_words(found: Fitted) -> str:
    """A warning where there were too few people for such a model; empty where there were enough."""
    if found.needed is None or found.enough:
        return ""
    needed, parameters = found.needed, found.needed.parameters
    return (
        f"Too few people for a model with {parameters} parameter{'s' * (parameters != 1)}: {found.people} were there,"
        f" with {found.events / parameters:.1f} events per parameter; some {needed.people} would be needed"
        f" ({needed.events_per_parameter:.1f} events per parameter; Riley et al. BMJ 2020;368:m441). Its predictions"
        " will be too extreme elsewhere; use it to plan, not to decide."
    )


def _coefficients(model: PredictionModel) -> Table:
    rows = [
        (
            sentence(one.marker.title),
            _per(one.marker),
            f"{one.coefficient:.3f}".replace("-", "−"),
            f"{exp(one.coefficient):.2f}",
            _range(one.lowest, one.highest, one.marker.scale),
        )
        for one in model.predictors
    ]
    header = ("Predictor", "Per", "Log odds ratio", "Odds ratio", "Seen from–to")
    notes = (
        f"Intercept {model.intercept:.3f}; risk with the mean of every predictor {percent(model.baseline_risk)} %;"
        f" observed incidence {percent(model.incidence)} %. Penalised: no interval and no P value belongs to these.",
    )
    return Table(
        f"model_{model.name}", model.title, header, tuple(rows), tuple(note.replace("-", "−") for note in notes)
    )


def _per(marker: Marker) -> str:
    """What the odds ratio belongs to."""
    if marker.equals:
        return "yes against no"
    return f"doubling of {marker.unit or 'value'}" if marker.scale == "log2" else marker.unit.removesuffix("s") or "1"


def _range(low: float, high: float, scale: str) -> str:
    ends = (2**low, 2**high) if scale == "log2" else (low, high)
    return "–".join(f"{end:.3g}" for end in ends)


def _performance(found: Fitted) -> Table:
    assert found.validated and found.model
    apparent, corrected = found.validated.apparent, found.validated.corrected
    pairs = [
        ("Area under the curve", f"{apparent.area:.3f}", f"{corrected.area:.3f}"),
        ("Brier score", f"{apparent.brier:.4f}", f"{corrected.brier:.4f}"),
        ("Brier score against none, %", f"{100 * apparent.gain:.1f}", f"{100 * corrected.gain:.1f}"),
        ("Calibration slope", _slope(apparent.slope), _slope(corrected.slope)),
    ]
    rows = tuple((name, *(text.replace("-", "−") for text in texts)) for name, *texts in pairs)
    notes = (
        f"Without optimism: {found.validated.samples} bootstrap samples, {found.validated.failed} of them without a"
        " model. A slope above 1: the penalty holds the predictions together more than these people would ask.",
    )
    name = f"model_{found.model.name}_performance"
    return Table(name, "What the model does", ("", "On the same people", "Without optimism"), rows, notes)


def _slope(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def _figure(asked: Asked, found: Fitted, model: PredictionModel) -> Figure:
    chart = decision_figure(
        sentence(found.endpoint_title),
        f"Model read {landmark_words(model.day)}, events of {found.ahead.days}",
        [Drawn("model, on the same people", None, found.groups)],
        asked.synthetic,
    )
    said = "; ".join(
        f"{one.count} people predicted {percent(one.predicted)} %, observed {percent(one.observed)} %"
        for one in found.groups
    )
    notes = ("On the people that the model was made from, and so flattering; with 95 % intervals (Aalen-Johansen).",)
    return Figure(f"model_{model.name}_calibration", "Predicted against observed", chart, said + ".", notes)


def _missing(asked: Asked, found: Fitted) -> list[Block]:
    everybody = len(found.ahead.place)
    if not found.missing:
        return []
    said = ", ".join(f"{title} in {asked.writer.count(number)}" for title, number in found.missing)
    return [
        Paragraph(
            f"Of {everybody} at risk {asked.writer.count(everybody - found.people)} lack a predictor and were left out:"
            f" {said}.",
            Voice.NOTE,
        )
    ]
