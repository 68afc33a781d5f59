"""Laboratory results as rows of the table `labs`: words as codes, numbers as numbers, until they become text.

The text of a value has the digits that the laboratory prints ("0.50", "<0.19"). Each different text is made once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from carac.synthetic.columns import Column
from carac.synthetic.course import Array, Booleans, Floats, Integers
from carac.synthetic.laboratory import assays
from carac.synthetic.results import Results

STATUSES = ("final", "preliminary", "corrected", "cancelled")
_BOUNDS = {-1: "<", 0: "", 1: ">"}


@dataclass
class LabRows:
    """Rows of `labs`.

    Parameters
    ----------
    patient: position in the batch, [R].
    time: datetime64[m], [R].
    date_only: whether the time of day is left out, [R].
    assay: place in `laboratory.assays()`, [R].
    analyte: place in `analytes`, [R].
    value, decimals: number, and its digits after the point (-1 for tens), [R].
    bound: -1 for "<", 1 for ">", else 0, [R].
    comma: whether the point is a comma, [R].
    remark: place in `remarks` of what stands in place of the number; 0 for the number itself, [R].
    unit: place in `units`; 0 for none, [R].
    lower_limit, upper_limit: NaN where none is printed, [R].
    status: place in `STATUSES`, [R].
    analytes, units, remarks: the words.
    """

    patient: Integers
    time: Array
    date_only: Booleans
    assay: Integers
    analyte: Integers
    value: Floats
    decimals: Integers
    bound: Integers
    comma: Booleans
    remark: Integers
    unit: Integers
    lower_limit: Floats
    upper_limit: Floats
    status: Integers
    analytes: list[str]
    units: list[str]
    remarks: list[str]

    def __len__(self) -> int:
        return len(self.patient)

    def place(self, words: list[str], word: str) -> int:
        """The place of a word in a list of this table, appended where it is new."""
        if word not in words:
            words.append(word)
        return words.index(word)

    def repeated(self, times: Integers) -> LabRows:
        """The rows, each so many times in a row."""
        columns = {name: np.repeat(getattr(self, name), times) for name in _ARRAYS}
        return LabRows(**columns, analytes=self.analytes, units=self.units, remarks=self.remarks)


_ARRAYS = (
    *("patient", "time", "date_only", "assay", "analyte", "value", "decimals", "bound", "comma", "remark", "unit"),
    *("lower_limit", "upper_limit", "status"),
)


def rows_of(results: Results) -> LabRows:
    """The rows of a clean export: canonical names and units, final results."""
    number = len(results.patient)
    units = list(dict.fromkeys(["", *(assay.unit for assay in assays())]))
    unit = np.array([units.index(assay.unit) for assay in assays()])
    decimals = np.array([assay.decimals for assay in assays()])
    nothing = np.zeros(number, dtype=np.int64)
    return LabRows(
        patient=results.patient,
        time=results.time,
        date_only=np.zeros(number, dtype=bool),
        assay=results.assay,
        analyte=results.assay.copy(),
        value=results.value,
        decimals=decimals[results.assay],
        bound=results.bound,
        comma=np.zeros(number, dtype=bool),
        remark=nothing,
        unit=unit[results.assay],
        lower_limit=results.lower_limit,
        upper_limit=results.upper_limit,
        status=nothing.copy(),
        analytes=[assay.analyte for assay in assays()],
        units=units,
        remarks=[""],
    )


def value_texts(rows: LabRows) -> Column:
    """The values as text, a dictionary array."""
    digits = np.maximum(rows.decimals, 0)
    scaled = np.round(rows.value * 10.0**digits).astype(np.int64)
    key = ((scaled * 4 + rows.bound + 1) * 8 + digits) * 2 + rows.comma
    # Remarks lie below 0, where no value does.
    key = np.where(rows.remark > 0, -rows.remark, key)
    encoded = pa.array(key).dictionary_encode()
    texts = [_text(number, rows.remarks) for number in np.asarray(encoded.dictionary).tolist()]
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(texts, pa.string()))


def _text(key: int, remarks: list[str]) -> str:
    if key < 0:
        return remarks[-key]
    key, comma = divmod(key, 2)
    key, digits = divmod(key, 8)
    scaled, bound = divmod(key, 4)
    text = f"{_BOUNDS[bound - 1]}{scaled / 10**digits:.{digits}f}"
    return text.replace(".", ",") if comma else text
