"""A synthetic cohort as a folder: one file per table, the truth beside them; written whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from carac.findings import CaracError
from carac.manifest import whole_folder, write_manifest
from carac.progress import Progress
from carac.synthetic.batches import FORMATS, Order, staged
from carac.synthetic.messiness import checked_level
from carac.vocabulary.spelling import nearest

#: Identifiers have six digits, and a seventh would change their order.
MOST_PATIENTS = 999_999
#: Random numbers are keyed by 64 bits.
LARGEST_SEED = 2**63 - 1


def synthesize(order: Order, target: Path, processes: int = 1, progress: Progress | None = None) -> dict[str, int]:
    """Make a cohort and write it; the number of rows by file.

    Parameters
    ----------
    order: what is made.
    target: the folder; an earlier output of carac in it is exchanged whole, anything else is refused.
    processes: how many work at once. With more than one, a script of the user has to guard its start with
        ``if __name__ == "__main__"``.
    progress: who shows it.

    Raises
    ------
    CaracError: an option that cannot be, or a folder that holds other files.
    """
    _check(order, processes)
    progress = progress or Progress()
    with whole_folder(target) as folder:
        with progress.step("synthesizing"):
            rows = _write_all(order, folder, processes, progress)
        write_manifest(folder, _manifest(order, rows))
    return rows


def _check(order: Order, processes: int) -> None:
    if not 1 <= order.patients <= MOST_PATIENTS:
        raise CaracError(f"--patients is {order.patients}; it must be 1 to {MOST_PATIENTS:,}.")
    if not 0 <= order.seed <= LARGEST_SEED:
        raise CaracError(f"--seed is {order.seed}; it must be a whole number from 0 to {LARGEST_SEED}.")
    if order.file_format not in FORMATS:
        near = nearest(order.file_format, FORMATS)
        hint = f" Did you mean {near}?" if near else ""
        raise CaracError(f"--format is {order.file_format!r}; it must be {' or '.join(FORMATS)}.{hint}")
    if not 1 <= processes <= 64:
        raise CaracError(f"--processes is {processes}; it must be 1 to 64.")
    checked_level(order.messiness)


def _write_all(order: Order, folder: Path, processes: int, progress: Progress) -> dict[str, int]:
    staging = folder / "staging"
    staging.mkdir()
    files = _Files(folder, order.file_format)
    try:
        for (_, last), batch in zip(order.batches(), staged(order, staging, processes), strict=True):
            files.append(batch)
            shutil.rmtree(batch)
            progress.show(f"synthesizing: {last:,} of {order.patients:,} patients")
    finally:
        files.close()
    shutil.rmtree(staging)
    return files.rows


class _Files:
    """The files of a cohort while they grow."""

    def __init__(self, folder: Path, file_format: str) -> None:
        self.folder = folder
        self.file_format = file_format
        self.rows: dict[str, int] = {}
        self._open: dict[str, Any] = {}

    def append(self, batch: Path) -> None:
        """Append the staged tables of a batch."""
        for path in sorted(path for path in batch.rglob("*") if path.is_file()):
            name = str(path.relative_to(batch).with_suffix(f".{self.file_format}"))
            number = self._append_csv(name, path) if self.file_format == "csv" else self._append_arrow(name, path)
            self.rows[name] = self.rows.get(name, 0) + number

    def _append_arrow(self, name: str, path: Path) -> int:
        with pa.memory_map(str(path)) as stream:
            table = pa.ipc.open_file(stream).read_all()
            if name not in self._open:
                target = self.folder / name
                target.parent.mkdir(exist_ok=True)
                self._open[name] = parquet.ParquetWriter(target, table.schema, compression="zstd")
            if table.num_rows:
                self._open[name].write_table(table, row_group_size=table.num_rows)
            return int(table.num_rows)

    def _append_csv(self, name: str, path: Path) -> int:
        header = name not in self._open
        if header:
            target = self.folder / name
            target.parent.mkdir(exist_ok=True)
            self._open[name] = target.open("wb")
        lines = 0
        with path.open("rb") as stream:
            while block := stream.read(1 << 22):
                self._open[name].write(block)
                lines += block.count(b"\n")
        return lines - header

    def close(self) -> None:
        """Finish every file."""
        for stream in self._open.values():
            stream.close()


def _manifest(order: Order, rows: dict[str, int]) -> dict[str, Any]:
    return {
        "command": "synthesize",
        "synthetic": True,
        "patients": order.patients,
        "seed": order.seed,
        "messiness": order.messiness,
        "truth": order.with_truth,
        "rows": rows,
        "world": order.world.values(),
    }
