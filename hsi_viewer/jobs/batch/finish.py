"""Finishing a scene: its tiles become one map, in the files that `apply` writes, and a manifest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing
from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.progress import Note
from hsi_viewer.core.validation import InvalidError, checked, json_values
from hsi_viewer.jobs.batch.digests import file_digest
from hsi_viewer.jobs.batch.mosaic import mosaic_of
from hsi_viewer.jobs.batch.plan import MANIFEST, TILES, VERSION, ScenePlan
from hsi_viewer.jobs.batch.tile_file import TileFacts, tile_facts, tile_path
from hsi_viewer.jobs.classify import FORMATS, JobResult, Stopwatch, note_warnings, write_map
from hsi_viewer.jobs.job import Job
from hsi_viewer.learning.model import strange_note


@dataclass(frozen=True)
class WrittenFile:
    """A file of the results."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What makes a finished scene known again, and what the summary needs of it.

    Attributes
    ----------
    version, digest : as of the plan.
    source, model, model_digest, options, shape, statistics : as of the plan.
    mapped : pixels with data.
    confidence : their mean; None without any.
    outside : share of them outside of the training range; None where that is not known.
    tiles : rows, columns and checksum of each.
    files : the results.
    formats : that were asked for.
    """

    version: int
    digest: str
    source: str
    model: str
    model_digest: str
    options: dict[str, Any]
    shape: tuple[int, int]
    statistics: dict[str, Any]
    mapped: int
    confidence: float | None
    outside: float | None
    tiles: list[dict[str, Any]]
    files: list[WrittenFile]
    formats: list[str]


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a finished scene; None where there is none that can be read."""
    try:
        found = checked(Manifest, json_values((folder / MANIFEST).read_bytes()))
    except (OSError, InvalidError):
        return None
    return found if found.version == VERSION else None


def finished(folder: Path, digest: str, formats: Iterable[str]) -> Manifest | None:
    """The manifest, if a folder holds the results of this plan as they were written.

    Parameters
    ----------
    digest : of the plan.
    formats : that are asked for now.
    """
    manifest = read_manifest(folder)
    if manifest is None or manifest.digest != digest or not set(formats) <= {*manifest.formats}:
        return None
    for file in manifest.files:
        path = folder / file.name
        try:
            if path.stat().st_size != file.bytes or file_digest(path) != file.sha256:
                return None
        except OSError:
            return None
    return manifest


def facts_of(plan: ScenePlan, folder: Path) -> list[TileFacts | None]:
    """The facts of each tile of a plan; None of those that are missing or damaged."""
    tiles = folder / TILES
    return [tile_facts(tile_path(tiles, i), plan.digest) for i in range(len(plan.windows))]


def finish_scene(
    plan: ScenePlan,
    facts: Sequence[TileFacts],
    model: Model,
    cube: HyperCube,
    job: Job,
    watch: Stopwatch,
    test: NDArray[np.uint16] | None = None,
) -> JobResult:
    """Write the map, the report and the manifest of a scene; the tiles are gone then.

    Parameters
    ----------
    facts : of every tile.
    job : its output is the folder of the scene.
    watch : that timed "read".
    test : (rows, columns) ids that score the map; None for none.

    Raises
    ------
    ExportError
        if a file cannot be written; the tiles stay.
    """
    mapped = sum(f.mapped for f in facts)
    outside = _outside(facts, mapped)
    prediction = mosaic_of(
        job.output / TILES,
        plan.slices,
        plan.shape,
        model.class_ids,
        facts[0].source,
        outside,
        probabilities=plan.options.probabilities,
    )
    note_warnings(cube, (), job)
    alike = strange_note(outside) if len(facts) > 1 else None
    for text in dict.fromkeys([*(n for f in facts for n in f.notes), *([alike] if alike else [])]):
        job.report(Note(text))
    watch.seconds |= {"predict": sum(f.seconds for f in facts), "refine": 0.0}
    sources = {"cube": plan.source, "model": plan.model}
    result = write_map(model, prediction, cube, job, watch, sources, test)
    total = sum(f.confidence for f in facts)
    manifest = Manifest(
        plan.version,
        plan.digest,
        plan.source,
        plan.model,
        plan.model_digest,
        asdict(plan.options),
        plan.shape,
        plan.statistics,
        mapped,
        round(total / mapped, 6) if mapped else None,
        None if outside is None else round(outside, 6),
        [
            {"rows": rows, "columns": columns, "checksum": f.checksum}
            for (rows, columns), f in zip(plan.windows, facts, strict=True)
        ],
        [each for name in result.report["files"] for each in _written(job.output, name)],
        list(job.formats or FORMATS),
    )
    with replacing(job.output / MANIFEST) as (new,):
        new.write_text(json.dumps(asdict(manifest), indent=1, allow_nan=False), encoding="utf-8")
    drop_tiles(job.output)
    return result


def drop_tiles(folder: Path) -> None:
    """Remove the tiles of a scene that is put together.

    A call that was killed may have left them, or one that was at the same part written some again.
    """
    shutil.rmtree(folder / TILES, ignore_errors=True)


def _outside(facts: Sequence[TileFacts], mapped: int) -> float | None:
    """Share of all pixels with data outside of the training range."""
    shares = [(f.outside, f.mapped) for f in facts if f.mapped]
    if not shares or any(share is None for share, _ in shares):
        return None
    return sum((share or 0.0) * count for share, count in shares) / mapped


def _written(folder: Path, name: str) -> list[WrittenFile]:
    """A file of the results, or those of a store."""
    path = folder / name
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    return [
        WrittenFile(p.relative_to(folder).as_posix(), p.stat().st_size, file_digest(p))
        for p in files
    ]
