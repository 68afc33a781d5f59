"""Collections of studies: those shipped with carac, a user's folder, or both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from carac.evidence.reading import read_study, study_of_text
from carac.evidence.study import Outcome, Study
from carac.findings import CaracError


@dataclass(frozen=True)
class Evidence:
    """Studies by name, in the order of their names.

    Parameters
    ----------
    studies: each with a name of its own.
    """

    studies: tuple[Study, ...]

    def __iter__(self) -> Iterator[Study]:
        return iter(self.studies)

    def __len__(self) -> int:
        return len(self.studies)

    def __contains__(self, name: str) -> bool:
        return any(study.name == name for study in self.studies)

    def __getitem__(self, name: str) -> Study:
        """The study of this name; KeyError where there is none."""
        for study in self.studies:
            if study.name == name:
                return study
        raise KeyError(name)

    def outcomes(
        self,
        outcome: str | None = None,
        role: str | None = None,
        designs: Iterable[str] = (),
        repeats: bool = False,
    ) -> Iterator[tuple[Study, Outcome]]:
        """Outcomes with their studies, those not reported among them (`Outcome.reported` is then False).

        Parameters
        ----------
        outcome: name of the list of study outcomes; all where None.
        role: of the arm (car_t, comparator, other); all where None.
        designs: of the studies; all where empty.
        repeats: whether the same count from a further source or place is in.
        """
        wanted = tuple(designs)
        for study in self.studies:
            if wanted and study.design not in wanted:
                continue
            for one in study.outcomes:
                wanted_role = role in (None, study.arm(one.arm).role)
                if outcome in (None, one.outcome) and wanted_role and (repeats or not one.repeats):
                    yield study, one

    def with_studies(self, studies: Iterable[Study]) -> Evidence:
        """The same with further studies; one of the same name takes the place of the old."""
        found = {study.name: study for study in self.studies} | {study.name: study for study in studies}
        return Evidence(tuple(found[name] for name in sorted(found)))


@cache
def shipped() -> Evidence:
    """The studies that come with carac: those behind the two papers that ask for it, the papers, and a few more."""
    folder = files("carac.evidence").joinpath("studies")
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".toml")]
    studies = (
        study_of_text(entry.read_text(encoding="utf-8"), entry.name.removesuffix(".toml"), entry.name)
        for entry in found
    )
    return Evidence(()).with_studies(studies)


def load(*paths: str | Path, with_shipped: bool | None = None) -> Evidence:
    """Studies: the shipped ones where no path is given, else those of the files and folders named.

    Parameters
    ----------
    paths: study files, or folders of them.
    with_shipped: whether the shipped studies are in; by default only where no path is given. A study of the same
        name takes the place of the shipped one.

    Raises
    ------
    CaracError: a path that is not there or holds no study, or a file that is not right.
    """
    found = shipped() if (with_shipped if with_shipped is not None else not paths) else Evidence(())
    read: dict[str, tuple[Path, Study]] = {}
    for file in (file for path in paths for file in study_files(Path(path))):
        if file.stem in read and read[file.stem][0] != file:
            raise CaracError(f"{file} and {read[file.stem][0]} have the same name; rename one of them.")
        read[file.stem] = (file, read_study(file))
    return found.with_studies(study for _, study in read.values())


def study_files(path: Path) -> list[Path]:
    """The study files of a folder, or the file itself."""
    if path.is_dir():
        found = sorted(path.glob("*.toml"))
        if not found:
            raise CaracError(f"{path} holds no study files; they end in .toml.")
        return found
    if not path.exists():
        raise CaracError(f"{path} does not exist; name a study file or a folder of them.")
    return [path]
