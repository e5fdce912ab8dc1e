"""The table of a batch: a line for each scene."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from msgspec import Struct

from hsi_viewer.atomic import replacing
from hsi_viewer.core.validation import InvalidError, json_values
from hsi_viewer.jobs.batch.finish import Manifest
from hsi_viewer.jobs.batch.scenes import SUMMARY, Scene

FIRST = ("name", "status", "source", "region", "rows", "columns", "pixels", "confidence", "outside")
LAST = ("warnings", "error")


class SceneResult(Struct, frozen=True):
    """How one scene of a batch stands.

    Attributes
    ----------
    number : of the scene, from 0.
    name : of its folder.
    scene : what is mapped.
    folder : of its results.
    status : "done", "failed" or "unfinished".
    error : why it has no map; "" if it has.
    manifest : of its results.
    """

    number: int
    name: str
    scene: Scene
    folder: Path
    status: str
    error: str = ""
    manifest: Manifest | None = None

    @property
    def region(self) -> str:
        """The part that is mapped, as in a table; "" for all."""
        if self.scene.rows is None or self.scene.columns is None:
            return ""
        (a, b), (c, d) = self.scene.rows, self.scene.columns
        return f"rows {a}:{b}, columns {c}:{d}"

    def record(self) -> dict[str, Any]:
        """The same as JSON, with what its report gives of classes and warnings."""
        manifest, report = self.manifest, self._report()
        return {
            "name": self.name,
            "status": self.status,
            "source": self.scene.source,
            "region": self.region,
            "rows": None if manifest is None else manifest.shape[0],
            "columns": None if manifest is None else manifest.shape[1],
            "pixels": None if manifest is None else manifest.mapped,
            "confidence": None if manifest is None else manifest.confidence,
            "outside": None if manifest is None else manifest.outside,
            "classes": [
                {key: c[key] for key in ("id", "name", "map_pixels", "map_area_m2")}
                for c in report.get("classes", [])
            ],
            "warnings": report.get("warnings", []),
            "error": self.error,
            "folder": str(self.folder.absolute()),
        }

    def _report(self) -> dict[str, Any]:
        if self.manifest is None:
            return {}
        try:
            report: dict[str, Any] = json_values((self.folder / "report.json").read_bytes())
        except (OSError, InvalidError):
            return {}
        return report


def write_summary(folder: Path, results: Sequence[SceneResult]) -> Path:
    """Write the table of all scenes.

    Raises
    ------
    ExportError
        if it cannot be written.
    """
    records = [result.record() for result in results]
    classes = list(dict.fromkeys(_key(c) for record in records for c in record["classes"]))
    placed = any(c["map_area_m2"] is not None for record in records for c in record["classes"])
    columns = [f"{name} ({i}) pixels" for i, name in classes]
    if placed:
        columns += [f"{name} ({i}) m2" for i, name in classes]
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*FIRST, *columns, *LAST])
    for record in records:
        found = {_key(c): c for c in record["classes"]}
        cells = [found[k]["map_pixels"] if k in found else "" for k in classes]
        if placed:
            cells += [found[k]["map_area_m2"] if k in found else "" for k in classes]
        first = ["" if record[name] is None else record[name] for name in FIRST]
        table.writerow([*first, *cells, " | ".join(record["warnings"]), record["error"]])
    path = folder / SUMMARY
    with replacing(path) as (new,):
        new.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
    return path


def _key(record: dict[str, Any]) -> tuple[int, str]:
    """What tells classes apart: models of other scenes may give their numbers to others."""
    return record["id"], record["name"]
