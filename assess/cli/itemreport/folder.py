"""How do the files of a report come into their folder, whole or not at all?"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assess.cli.itemreport import tables

REPORT, PAGE = "report.json", "report.html"
SHEETS = ("items", "options", "attempts")
TABLES = {f"{sheet}.{kind}" for sheet in SHEETS for kind in ("csv", "parquet")}


def write(
    folder: Path, document: Mapping[str, Any], page: str, attempts: tables.Columns | None = None
) -> list[Path]:
    """Write the report's files into `folder`, which is made; returns their paths.

    They are written beside the folder first and moved when all are complete: whoever stops the
    command finds the folder as it was. Files of an earlier report are replaced, or removed where
    this one has none such; others stay.
    Raises OSError where the folder cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    texts = {
        REPORT: json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
        PAGE: page,
    }
    sheets = {
        "items": tables.columns(tables.items(document)),
        "options": tables.columns(tables.options(document)),
        "attempts": attempts or {},
    }
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, text in texts.items():
            (beside / name).write_text(text, encoding="utf-8")
        for name, sheet in sheets.items():
            if sheet:
                (beside / f"{name}.csv").write_text(tables.csv_text(sheet), encoding="utf-8")
                _parquet(beside / f"{name}.parquet", sheet)
        beside.chmod(0o755)
        names = sorted(path.name for path in beside.iterdir())
        if folder.exists():
            for name in names:
                (beside / name).replace(folder / name)
            for name in TABLES.difference(names):  # they would speak of other answers
                (folder / name).unlink(missing_ok=True)
        else:
            beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return [folder / name for name in names]


def _parquet(path: Path, sheet: tables.Columns) -> None:
    """The same table as Parquet, where that extra is installed."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        return
    parquet.write_table(pyarrow.table(dict(sheet)), path)
