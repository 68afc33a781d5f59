"""What all tests share: nothing is skipped in silence, and nothing changes from run to run."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

from needs import require_all, requires_shared
from support.engines import close_engines
from support.graded_cases import GradedCases

# The same examples in every run: a failure that comes and goes is not looked into. Engines start slowly: no deadline.
hypothesis.settings.register_profile("carac", derandomize=True, deadline=None)
hypothesis.settings.load_profile("carac")


# ---- nothing is skipped where everything is required ----


def _was_skipped(report: pytest.TestReport | pytest.CollectReport) -> bool:
    """Whether a test or module was not run; an expected failure (xfail) was, unless it is marked run=False."""
    return report.skipped and getattr(report, "wasxfail", "[NOTRUN]").removeprefix("reason: ").startswith("[NOTRUN]")


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that keeps the reason, where everything is required."""
    if not (require_all() and _was_skipped(report)):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid}: with CARAC_REQUIRE_ALL=1 nothing may be skipped. {reason}"
    # pytest shows what has this attribute as an expected failure
    vars(report).pop("wasxfail", None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Skips of a test: marks, calls, fixtures."""
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Skips of a whole module, such as `pytest.importorskip` at its top."""
    report = yield
    _fail_if_skipped(report)
    return report


# ---- the shared folder ----


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real records and reference answers."""
    return requires_shared(".")


# ---- engines ----
# DuckDB is always there; Spark needs Java, PostgreSQL the connection in CARAC_POSTGRESQL: see needs.require.


@pytest.fixture(scope="session", autouse=True)
def engines_are_closed() -> Generator[None, None, None]:
    """End the sessions that tests opened; a process of pytest-xdist runs no exit handlers."""
    yield
    close_engines()


@pytest.fixture(scope="session")
def graded_cases(tmp_path_factory: pytest.TempPathFactory) -> GradedCases:
    """The case files and the teaching cohort, graded once per engine."""
    return GradedCases(tmp_path_factory.mktemp("cases"))
