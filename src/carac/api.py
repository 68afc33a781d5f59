"""carac from Python: read a record, grade it, explain a patient-day, compare two outputs, make a synthetic cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carac.cohort.checks import check_cohort
from carac.cohort.cohort import Cohort, make_cohort
from carac.cohort.labs import LabOptions
from carac.cohort.limits import load_site_limits
from carac.definitions import all_definitions, definitions_from
from carac.engine.duckdb_engine import DuckDB
from carac.findings import CaracError
from carac.grading.by_hand.calculation import Calculation
from carac.grading.by_hand.calculation import calculate as calculate_by_hand
from carac.grading.compare import Comparison
from carac.grading.compare import compare as compare_folders
from carac.grading.coverage import coverage_findings
from carac.grading.disagreement import disagreement_findings
from carac.grading.explanation import Explanation
from carac.grading.explanation import explain as explain_day
from carac.grading.parameters import resolved
from carac.grading.run import Graded, grade_tables
from carac.language.definition import Definition
from carac.parameters import Parameters, from_toml
from carac.progress import Progress
from carac.sources.detect import read as read_records
from carac.sources.omop import OmopOptions

if TYPE_CHECKING:
    import carac.analysis.anticoagulation
    import carac.analysis.incidence
    import carac.analysis.landmark_analysis
    import carac.analysis.prediction_model
    import carac.analysis.risk
    import carac.analysis.scores
    import carac.analysis.spread
    import carac.analysis.timing
    import carac.analysis.under_reporting
    from carac.analysis.model_file import PredictionModel
    from carac.analysis.settings import Settings
    from carac.endpoints.study import Study
    from carac.synthetic.truth import Truth

Overrides = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Reading:
    """What a user says of a record beside its place.

    Parameters
    ----------
    kind: ``folder`` or ``omop``; None finds out.
    limits: a site file with limits of normal, for results that have none.
    index: for OMOP: ``infusion``, ``first-visit`` or ``every-visit``; None takes infusions where there are any.
    index_table: for OMOP: a CSV with patient_id and infusion_time.
    labs: default units, the basis of D-dimer, what is done with implausible values.
    tell_all: True makes one finding of each text that was set aside, however many there are.
    """

    kind: str | None = None
    limits: Path | None = None
    index: str | None = None
    index_table: Path | None = None
    labs: LabOptions = field(default_factory=LabOptions)
    tell_all: bool = False


def parameters(overrides: Overrides | Path | str | None = None) -> Parameters:
    """The resolved parameters: defaults, changed by a mapping of scopes or a TOML file."""
    if isinstance(overrides, str | Path):
        return resolved(from_toml(Path(overrides)))
    return resolved(overrides or {})


def read(
    path: str | Path,
    reading: Reading | None = None,
    *,
    parameters: Parameters | None = None,
    engine: DuckDB | None = None,
    progress: Progress | None = None,
    thorough: bool = False,
) -> Cohort:
    """Read a record and make a cohort of it.

    Parameters
    ----------
    path: a folder of tables, an OMOP folder, or an OMOP DuckDB file.
    reading: what to know beside; None finds out.
    parameters: the window of days and the like; None takes the defaults.
    engine: the session to work in; None starts one in memory.
    thorough: True also makes the checks that compare all results with each other.

    Raises
    ------
    CaracError: the record cannot be read; one sentence says why and what would be right.
    """
    reading = reading or Reading()
    engine = engine or DuckDB()
    progress = progress or Progress()
    with progress.step("reading"):
        options = OmopOptions(reading.index, reading.index_table)
        records = read_records(engine, Path(path), reading.kind, options)
        records.tell_all = reading.tell_all
        if reading.limits:
            load_site_limits(records, reading.limits)
    cohort = make_cohort(records, parameters or resolved(), reading.labs, progress)
    with progress.step("checks"):
        cohort.findings.extend(check_cohort(cohort, thorough))
    return cohort


def grade(
    cohort: Cohort | str | Path,
    parameters: Parameters | Overrides | str | Path | None = None,
    definitions: Sequence[str] | None = None,
    progress: Progress | None = None,
    definitions_file: str | Path | None = None,
) -> Graded:
    """Grade a cohort.

    Parameters
    ----------
    cohort: from `read`, or the place of a record.
    parameters: resolved parameters, a mapping of scopes, or a TOML file. The window of days is that of `read`.
    definitions: names; None grades all that run by default.
    definitions_file: TOML file with definitions of your own, which run by default.

    Raises
    ------
    CaracError: an unknown definition or parameter, or a record that cannot be read.
    """
    if definitions_file is not None:
        with definitions_from(definitions_file):
            return grade(cohort, parameters, definitions, progress)
    chosen = parameters if isinstance(parameters, Parameters) else globals()["parameters"](parameters)
    if not isinstance(cohort, Cohort):
        cohort = read(cohort, parameters=chosen, progress=progress)
    graded = grade_tables(cohort.engine, chosen, cohort.present, definitions, cohort.findings, progress)
    cohort.findings.extend(coverage_findings(cohort, graded.plan.definitions))
    cohort.findings.extend(disagreement_findings(graded))
    return graded


def explain(graded: Graded, patient: str, day: int, infusion: int | None = None) -> Explanation:
    """Why a patient-day has its grades."""
    return explain_day(graded, patient, day, infusion)


def calculate(
    name: str,
    items: Mapping[str, object],
    parameters: Overrides | None = None,
    definitions_file: str | Path | None = None,
) -> Calculation:
    """One case by hand, through the expressions that grade a cohort.

    Parameters
    ----------
    name: the definition.
    items: item to value, as typed on the command line: ``{"platelets": 45, "fibrinogen": "95mg/dL",
        "d_dimer": "8xULN"}``. A bare number is in the unit that ``carac calc NAME`` lists; ``day`` is the day after
        infusion that is graded (0).
    parameters: by scope and name.
    definitions_file: TOML file with definitions of your own.

    Raises
    ------
    CaracError: a definition, item, value or parameter that is none; one sentence says what would be right.

    Examples
    --------
    >>> made = calculate("isth_overt_dic_2025", {"platelets": 45, "fibrinogen": "95mg/dL", "d_dimer": "8xULN"})
    >>> made.value, made.lowest, made.highest, [one.item.name for one in made.missing][0]
    (None, 6, 8, 'prothrombin_time')
    """
    return calculate_by_hand(name, items, parameters, Path(definitions_file) if definitions_file else None)


def compare(first: str | Path, second: str | Path) -> Comparison:
    """What changed between two output folders."""
    return compare_folders(Path(first), Path(second))


def study(graded: Graded | Cohort | str | Path, settings: Settings | Path | str | None = None) -> Study:
    """A cohort with its endpoints and rules: what the analyses ask.

    Parameters
    ----------
    graded: a graded cohort; or a cohort or the place of a record, which is then graded by what the settings need. Only
        these two know the files of the record, whose hashes `fit_model` keeps in a model.
    settings: what counts and until when, or a TOML file; None takes the defaults.
    """
    from carac.analysis.settings import Settings, from_toml

    chosen = from_toml(Path(settings)) if isinstance(settings, str | Path) else settings or Settings()
    if isinstance(graded, Graded):
        return chosen.study(graded)
    cohort = graded if isinstance(graded, Cohort) else read(graded)
    return chosen.study(grade(cohort, definitions=chosen.definitions()), cohort.files)


def incidence(study: Study, endpoint: str, by: str = "", window: str = "to_100") -> carac.analysis.incidence.Incidence:
    """Cumulative incidence of an endpoint with competing events; see `carac.analysis.incidence`."""
    from carac.analysis.incidence import incidence as estimate

    return estimate(study, endpoint, by, window)


def timing(study: Study, endpoint: str, window: str = "to_100") -> carac.analysis.timing.Timing:
    """Day of onset of an endpoint, and its overlap with other toxicities against chance."""
    from carac.analysis.timing import timing as estimate

    return estimate(study, endpoint, window)


def landmark(
    study: Study,
    endpoint: str,
    day: int = 7,
    states: Sequence[str] | None = None,
    window: str = "to_100",
    adjust: Sequence[str] | None = None,
) -> carac.analysis.landmark_analysis.AfterLandmark:
    """Incidence after a day by what was reached by that day; see `carac.analysis.landmark_analysis`.

    Parameters
    ----------
    states: endpoints of patient-days that make groups; None takes CRS, ICANS, low platelets and low fibrinogen.
    adjust: factors at infusion for the adjusted difference; None takes age and platelets, an empty list none.
    """
    from carac.analysis.landmark_analysis import ADJUST
    from carac.analysis.landmark_analysis import landmark as estimate
    from carac.analysis.timing import STATES

    made_by, others = STATES if states is None else states, ADJUST if adjust is None else adjust
    return estimate(study, endpoint, day, made_by, window, others)


def risk(
    study: Study,
    endpoint: str,
    factors: Sequence[str] | None = None,
    factors_by_day: Sequence[str] | None = None,
    together: Sequence[str] = (),
    together_by_day: Sequence[str] = (),
    window: str = "to_100",
    window_by_day: str = "0_to_30",
    missing: str = "leave out",
) -> carac.analysis.risk.Risk:
    """Risk factors of an endpoint, at infusion and by day, alone and together; see `carac.analysis.risk`.

    Parameters
    ----------
    factors, factors_by_day: names of `carac.analysis.factors`; None takes all that the record has.
    together, together_by_day: those of the joint models; empty takes what the events carry.
    missing: "leave out" who lacks a factor at infusion, or "impute".
    """
    from carac.analysis.factors import AT_INFUSION, BY_DAY
    from carac.analysis.risk import risk as estimate

    chosen = tuple(AT_INFUSION) if factors is None else factors
    by_day = tuple(BY_DAY) if factors_by_day is None else factors_by_day
    return estimate(study, endpoint, chosen, by_day, together, together_by_day, window, window_by_day, missing)


def anticoagulation(
    study: Study, endpoints: Sequence[str] | None = None, window: str = "to_100"
) -> carac.analysis.anticoagulation.Anticoagulation:
    """Exposure to anticoagulants by agent, dose and platelets, and events on and off them."""
    from carac.analysis.anticoagulation import ENDPOINTS
    from carac.analysis.anticoagulation import anticoagulation as estimate

    return estimate(study, ENDPOINTS if endpoints is None else endpoints, window)


def spread(study: Study, topics: Sequence[str] | None = None, window: str = "0_to_30") -> carac.analysis.spread.Spread:
    """The incidence under every published definition on the same patients, and their agreement."""
    from carac.analysis.spread import spread as estimate

    return estimate(study, topics, window)


def under_reporting(
    study: Study, endpoints: Sequence[str] | None = None, window: str = "to_365"
) -> carac.analysis.under_reporting.UnderReporting:
    """What the incidence would have been had less been collected."""
    from carac.analysis.under_reporting import ENDPOINTS
    from carac.analysis.under_reporting import under_reporting as estimate

    return estimate(study, endpoints or ENDPOINTS, window)


def scores(study: Study, endpoint: str, window: str = "to_100", **more: Any) -> carac.analysis.scores.Scores:
    """How well scores foretell an endpoint; see `carac.analysis.scores`.

    Parameters
    ----------
    more: `day`, `look_back`, `thresholds`, `markers`, `models` of a request, in the words of the settings file; models
        are those that `load_model` or `fit_model` gave.
    """
    from carac.analysis.scores import Request
    from carac.analysis.scores import scores as judge

    return judge(study, endpoint, window, Request(**{name: _frozen(value) for name, value in more.items()}))


def fit_model(
    study: Study, endpoint: str, predictors: Sequence[str], window: str = "to_100", **more: Any
) -> carac.analysis.prediction_model.Fitted:
    """Fit a penalised model of the risk of an endpoint, with its optimism; see `carac.analysis.prediction_model`.

    Parameters
    ----------
    predictors: such as ``["age", "sex = male", "easix_pre", "log2 d_dimer_highest"]``.
    more: `day`, `look_back`, `name`, `samples`, `seed` of a request.
    """
    from carac.analysis.prediction_model import ModelRequest, fit
    from carac.report.synthetic import is_synthetic

    request = ModelRequest(endpoint, tuple(predictors), window, **more)
    return fit(study, request, window, is_synthetic(study.graded.findings, study.files), study.files)


def save_model(model: PredictionModel, path: str | Path) -> Path:
    """Write a model into a file of TOML."""
    from carac.analysis.model_file import save

    return save(model, path)


def load_model(path: str | Path) -> PredictionModel:
    """The model of a file; ``load_model(path).apply(study)`` gives everybody's risk."""
    from carac.analysis.model_file import load

    return load(path)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def definitions(definitions_file: str | Path | None = None) -> dict[str, Definition]:
    """Every definition by name; with a TOML file, also those of your own."""
    with definitions_from(definitions_file):
        return dict(all_definitions())


def synthesize(
    folder: str | Path,
    patients: int = 500,
    seed: int = 1,
    *,
    changes: Mapping[str, object] | None = None,
    messiness: str = "none",
    file_format: str = "parquet",
    with_truth: bool = True,
    processes: int = 1,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Make a synthetic cohort, with the truth beside it; the number of rows by file.

    Parameters
    ----------
    folder: a new folder, or an earlier output of carac, which is exchanged whole.
    patients: how many; the first of them are the same however many follow.
    seed: of the random numbers.
    changes: values of the world by name, such as ``{"marrow.injury": 0.0}``; docs/world.md lists them.
    messiness: faults of an export: ``none``, ``some`` or ``much``.
    file_format: ``parquet`` or ``csv``.
    with_truth: False leaves the folder ``truth`` out.
    processes: how many work at once. With more than one, a script has to guard its start with
        ``if __name__ == "__main__"``.
    progress: who shows it.

    Raises
    ------
    CaracError: a name, value or option that cannot be, or a folder that holds other files.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rows = synthesize(f"{folder}/cohort", patients=2)
    ...     truth = read_truth(f"{folder}/cohort")
    >>> rows["synthetic_infusions.parquet"], truth.infusions.num_rows
    (2, 2)
    """
    from carac.synthetic.batches import Order
    from carac.synthetic.world import World
    from carac.synthetic.write import synthesize as write

    order = Order(patients, seed, World.load(None, changes), messiness, with_truth, file_format)
    return write(order, Path(folder), processes, progress)


def read_truth(folder: str | Path) -> Truth:
    """What really happened in a synthetic cohort: days, infusions, events, and events without anticoagulant.

    Raises `CaracError` where the folder has no truth.
    """
    from carac.synthetic.truth import read_truth as read_tables

    return read_tables(folder)


def demo_cohort() -> Cohort:
    """The teaching cohort that ships with carac: invented courses, each with a line that says what it teaches."""
    with as_file(files("carac") / "examples" / "teaching_cohort") as folder:
        if not folder.is_dir():
            raise CaracError("The teaching cohort is not installed; install carac anew.")
        return read(folder)
