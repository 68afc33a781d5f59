"""synthesize: a made-up cohort whose truth is known."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from carac.commands import showing
from carac.findings import CaracError
from carac.synthetic.batches import Order
from carac.synthetic.options import world_of
from carac.synthetic.write import synthesize

#: Patients on which the calibration is checked where nothing else is said; fewer leave chance too much room.
CHECKED = 20_000
PATIENTS = 500


def order_of(
    patients: int,
    seed: int,
    messiness: str,
    with_truth: bool,
    file_format: str,
    products: Sequence[str] | None,
    first: str | None,
    last: str | None,
    world_file: Path | None,
    changes: Sequence[str] | None,
) -> Order:
    """What the options ask for; raises `CaracError` for one that cannot be."""
    world = world_of(world_file, changes or (), products or (), first, last)
    return Order(patients, seed, world, messiness, with_truth, file_format)


def write(order: Order, output: Path, processes: int) -> None:
    """Make a cohort and say in one line what was written."""
    with showing.progress_shown() as progress:
        rows = synthesize(order, output, processes, progress)
    results = rows[f"synthetic_labs.{order.file_format}"]
    truth = ", with the truth in truth/" if order.with_truth else ""
    print(
        f"{output}: {order.patients:,} synthetic patients with {results:,} laboratory results"
        f" (seed {order.seed}){truth}. They do not exist."
    )


def check(order: Order, output: Path | None, processes: int) -> None:
    """Make a cohort, grade it, and print it beside the published figures."""
    if order.messiness != "none":
        raise CaracError("--check compares a clean export; leave --messiness out.")
    if output is not None:
        write(order, output, processes)
        _compare(order, output)
        return
    with TemporaryDirectory(prefix="carac-") as folder:
        target = Path(folder) / "cohort"
        with showing.progress_shown() as progress:
            synthesize(order, target, processes, progress)
        _compare(order, target)


def _compare(order: Order, folder: Path) -> None:
    from carac.analysis.calibration import calibration_table, counts, rendered

    with showing.progress_shown() as progress:
        rows = calibration_table(folder, progress)
    out = showing.console()
    out.print(rendered(rows, f"Synthetic cohort of {order.patients:,} (seed {order.seed}) against published figures"))
    out.print(counts(rows))
    if order.patients < CHECKED:
        print(
            f"{order.patients:,} patients leave much to chance; --patients {CHECKED} is what is proved.",
            file=sys.stderr,
        )
