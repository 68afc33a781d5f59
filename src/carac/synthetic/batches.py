"""The batches of a cohort: each is simulated, observed and staged on its own, here or in another process, in order.

A patient's rows depend on the seed and the patient's number alone, so that neither the size of the batches nor the
number of processes can be seen in them. Staged tables wait in files, so that memory holds a few batches at most.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as arrow_csv

from carac.cohort.tables import SYNTHETIC
from carac.findings import CaracError
from carac.synthetic import truth
from carac.synthetic.observation import observe
from carac.synthetic.simulate import simulate
from carac.synthetic.world import World

#: Patients of a batch: some hundred megabytes of memory, and one row group of a Parquet file.
BATCH = 500
FORMATS = ("parquet", "csv")
#: What the metadata of a Parquet file say.
METADATA = {"carac": "synthetic"}


@dataclass(frozen=True)
class Order:
    """What cohort is made.

    Parameters
    ----------
    patients: how many, numbered from 1.
    seed: of the random numbers.
    world: every rate and effect.
    messiness: "none", "some" or "much".
    with_truth: whether the truth is written too.
    file_format: "parquet" or "csv".
    """

    patients: int
    seed: int
    world: World
    messiness: str = "none"
    with_truth: bool = True
    file_format: str = "parquet"

    def batches(self) -> list[tuple[int, int]]:
        """First and last patient number of each batch."""
        return [(first, min(first + BATCH - 1, self.patients)) for first in range(1, self.patients + 1, BATCH)]


def tables_of(order: Order, first: int, last: int) -> dict[str, pa.Table]:
    """Every table of a batch by the path of its file, without ending, within the folder of the cohort."""
    course = simulate(order.world, order.seed, np.arange(first, last + 1))
    tables = {f"{SYNTHETIC}{name}": table for name, table in observe(course, order.messiness).items()}
    if order.with_truth:
        tables |= {f"{truth.FOLDER}/{truth.FILES[name]}": table for name, table in truth.truth_tables(course).items()}
    return tables


def stage(order: Order, first: int, last: int, folder: Path) -> Path:
    """Make a batch and leave its tables in a folder of its own, which is given back.

    Parameters
    ----------
    order: what is made.
    first, last: patient numbers.
    folder: into which the folder of the batch is put.
    """
    own = folder / f"{first:09d}"
    for name, table in tables_of(order, first, last).items():
        path = own / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if order.file_format == "csv":
            _write_csv(table, path.with_suffix(".csv"), first == 1)
        else:
            _write_arrow(table, path.with_suffix(".arrow"))
    return own


def _write_arrow(table: pa.Table, path: Path) -> None:
    table = table.replace_schema_metadata(METADATA)
    with pa.OSFile(str(path), "wb") as stream, pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)


def _write_csv(table: pa.Table, path: Path, header: bool) -> None:
    columns = [_as_text(column) for column in table.columns]
    options = arrow_csv.WriteOptions(include_header=header, quoting_style="needed")
    arrow_csv.write_csv(pa.table(columns, names=table.column_names), path, options)


def _as_text(column: Any) -> Any:
    """A column as it stands in a CSV file: times to the minute, words plain."""
    if pa.types.is_timestamp(column.type):
        return compute.utf8_slice_codeunits(column.cast(pa.timestamp("s")).cast(pa.string()), 0, 16)
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def staged(order: Order, folder: Path, processes: int) -> Iterator[Path]:
    """The folders of all batches, in order, each as soon as it and all before it are made.

    Parameters
    ----------
    order: what is made.
    folder: into which they are put; whoever takes one out removes it.
    processes: how many make them at once; 1 makes them here.
    """
    batches = order.batches()
    if processes == 1 or len(batches) == 1:
        for first, last in batches:
            yield stage(order, first, last, folder)
        return
    # Processes that were forked would share the locks of threads that they do not have.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(batches)), context, initializer=_ignore_interrupts) as pool:
        waiting: deque[Future[Path]] = deque()
        try:
            for first, last in batches:
                waiting.append(pool.submit(stage, order, first, last, folder))
                # So many batches lie ready at most.
                if len(waiting) > 2 * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise CaracError(
                "A process of the synthesis was ended from outside, perhaps because memory ran out;"
                " use fewer with --processes."
            ) from None
        finally:
            for each in waiting:
                each.cancel()


def _ignore_interrupts() -> None:
    # The process that the user started ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
