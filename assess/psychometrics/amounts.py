"""What numbers stand in a file of answers: scores, times, places?

Every refusal names file, line and remedy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import options, responses
from assess.psychometrics.delimited import MISSING, FileError, Table
from assess.psychometrics.responses import FULL, LONGEST_FORM, OMITTED, UNKNOWN

TIMES = {"seconds": 1000, "rt_ms": 1, "milliseconds": 1}  # column: its unit in milliseconds


def scores(
    table: Table,
    item: NDArray[np.int32],
    items: tuple[str, ...],
    marks: NDArray[np.float64] | None,
    chosen: options.Choices | None,
    row: NDArray[np.int32] | None = None,
) -> tuple[NDArray[np.int16], NDArray[np.int16] | None, NDArray[np.int32]]:
    """Scores in thousandths, full marks of the items, options: of rows, or of wide rows `row`."""

    def refuse(place: np.intp, what: str) -> FileError:
        return table.refuse(int(place if row is None else row[place]), what)

    keyed = chosen is not None and bool(chosen.keys.any())
    by_key = None
    if chosen is not None and keyed:
        by_key = np.where(chosen.mask == chosen.keys[item], np.int16(FULL), np.int16(0))
    if marks is None:
        if chosen is None or by_key is None:
            what = "options alone have no score. Add a column score, or give the key (--key)."
            raise FileError(table.path, what, 1)
        return by_key, None, chosen.mask
    unscored = np.isnan(marks)
    if (marks < 0).any():
        first = np.flatnonzero(marks < 0)[0]
        raise refuse(first, f"score {marks[first]:g} is below 0.")
    earned = np.where(unscored, 0.0, marks)
    full = np.ones(len(items))
    np.maximum.at(full, item, earned)
    broken = np.flatnonzero((full[item] > 1) & (earned != np.rint(earned)))
    if broken.size or full.max(initial=1) > LONGEST_FORM:
        place = broken[0] if broken.size else np.flatnonzero(earned > LONGEST_FORM)[0]
        raise refuse(
            place,
            f"score {earned[place]:g} of item {items[item[place]]} is neither a part of one mark "
            f"(0 to 1) nor a whole number of marks up to {LONGEST_FORM}.",
        )
    whole = full[item]
    score = np.where(
        whole > 1, responses.thousandths(earned, whole), np.rint(FULL * earned)
    ).astype(np.int16)
    maximum = None if full.max(initial=1) == 1 else full.astype(np.int16)
    if chosen is None:
        return score, maximum, np.where(unscored, np.int32(OMITTED), np.int32(UNKNOWN))
    lacking = np.flatnonzero(unscored & (chosen.mask > OMITTED))
    if lacking.size and by_key is None:
        raise refuse(lacking[0], "an option is chosen, and it has no score. Add it, or a key.")
    if by_key is not None:
        score = np.where(unscored, by_key, score)
    # Marks without an option: the score is known, what was chosen is not.
    option = np.where((chosen.mask == OMITTED) & (score > 0), np.int32(UNKNOWN), chosen.mask)
    return score, maximum, option


def numbers(table: Table, name: str) -> NDArray[np.float64]:
    """A column as float64, nan where it is empty; FileError where it is no number."""
    column = table.columns[name]
    if column.dtype.kind != "O":
        return column.astype(np.float64)
    code, texts = options.codes(column)
    values = np.empty(texts.size)
    for place, text in enumerate(texts.tolist()):
        try:
            # 1_000 is a number to Python, and in no file.
            values[place] = np.nan if text in MISSING else float(text.replace("_", "no"))
        except ValueError:
            values[place] = np.inf
        if np.isinf(values[place]):
            row = int(np.flatnonzero(code == place)[0])
            what = f"{text!r} in column {name!r} is no number"
            remedy = (
                ""
                if name in ("score", "position", *TIMES)
                else (
                    ". If the column is no item, leave it out (--ignore) or name it (--group, "
                    "--id); if it holds options, give their key (--key)"
                )
            )
            raise table.refuse(row, f"{what}{remedy}.")
    return values[code]


def milliseconds(table: Table, name: str) -> NDArray[np.int64]:
    """A column of times in milliseconds, `responses.NO_TIME` where it is empty."""
    times = numbers(table, name) * TIMES[name]
    wrong = np.flatnonzero((times < 0) | (times > np.iinfo(np.int32).max))
    if wrong.size:
        row = int(wrong[0])
        value = times[row] / TIMES[name]
        raise table.refuse(row, f"{name} {value:g} cannot be the time of an answer.")
    return np.where(np.isnan(times), responses.NO_TIME, np.rint(times)).astype(np.int64)
