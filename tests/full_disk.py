"""Writes files of every kind while no file may grow beyond a limit: a disk that is full.

python full_disk.py FOLDER: a process of its own, whose limit also holds for what GDAL, SQLite and
HDF5 write. Prints an object of JSON for each kind and limit.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.core.assessment.reference_sample import draw_sample
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary
from hsi_viewer.io.labels.class_map import FORMATS, FURTHER, export_prediction
from hsi_viewer.io.labels.label_writer import write_labels
from hsi_viewer.io.labels.legend_file import write_legend
from hsi_viewer.io.libraries.spectral_library import write_library
from hsi_viewer.io.regions.grid import Grid
from hsi_viewer.io.regions.import_export import export_regions
from hsi_viewer.io.regions.reference_points import write_reference_points
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.jobs.bundle.write import write_bundle
from hsi_viewer.jobs.polygons import MapOnGround, PolygonOptions, write_map_polygons
from hsi_viewer.jobs.report.gather import gather
from hsi_viewer.jobs.report.write import write_report
from tests.unit.jobs.report.made import leave_charts_undrawn, made_run

SHAPE = 60, 70
GEOREFERENCE = Georeference((10.0, 0.0, 4e5, 0.0, -10.0, 5e6))
CLASSES = [LabelClass(i, f"class {i}", (i, 2, 3)) for i in range(1, 40)]
Write = Callable[[Path, int], object]


def ids(version: int) -> np.ndarray:
    """Fields of 2 x 2 pixels: as many polygons as fill some pages of a file, and no more."""
    fields = np.random.default_rng(version).integers(1, 40, (SHAPE[0] // 2, SHAPE[1] // 2))
    return np.kron(fields, np.ones((2, 2), int)).astype(np.uint16)


def cube(version: int) -> HyperCube:
    values = np.random.default_rng(version).integers(0, 60_000, (*SHAPE, 5)).astype("u2")
    return HyperCube.from_array(values, georeference=GEOREFERENCE)


def legend(version: int) -> ClassLegend:
    return ClassLegend([LabelClass(c.id, f"{c.name} {version}", c.colour) for c in CLASSES])


def library(version: int) -> SpectralLibrary:
    values = np.random.default_rng(version).random((2, 500))
    return SpectralLibrary(("a", "b"), np.arange(500.0), values, "x", ())


def prediction(version: int) -> Prediction:
    shares = np.random.default_rng(version).random((*SHAPE, 39)).astype(np.float32)
    confidence = np.random.default_rng(version).random(SHAPE).astype(np.float32)
    return Prediction(ids(version), confidence, tuple(range(1, 40)), shares)


def points(path: Path, version: int) -> None:
    sample = draw_sample(ids(version), dict.fromkeys(range(1, 40), 5), version)
    reference = np.zeros(sample.strata.size, np.int64)
    write_reference_points(path, sample, reference, legend(version), Grid.of_cube(cube(version)))


def polygons(folder: Path, version: int) -> None:
    mapped = MapOnGround(ids(version), legend(version), GEOREFERENCE, np.full(SHAPE[0], 100.0))
    options = PolygonOptions(objects=folder / "objects.csv")
    write_map_polygons(folder / "polygons.gpkg", mapped, options)


def exported(kind: str) -> Write:
    return lambda folder, version: export_prediction(
        prediction(version), legend(version), cube(version), folder, formats=[kind]
    )


def kinds() -> dict[str, Write]:
    """What is written, by name: each takes a folder, and which of two contents."""
    runs = made_run(source="old.npy"), made_run(source="new.npy")
    reports = [gather(run) for run in runs]
    found: dict[str, Write] = {f"map {kind}": exported(kind) for kind in (*FORMATS, *FURTHER)}
    for end in ("tif", "hdr", "mat", "npy", "zarr"):
        found[f"cube {end}"] = lambda f, v, end=end: write_cube(cube(v), f / f"a.{end}")
    for end in ("tif", "hdr", "mat", "npy"):
        found[f"labels {end}"] = lambda f, v, end=end: write_labels(
            f / f"a.{end}", ids(v), legend(v), cube(v)
        )
    for end in ("gpkg", "shp", "geojson", "csv", "txt", "xml", "h5"):
        found[f"regions {end}"] = lambda f, v, end=end: export_regions(
            f / f"a.{end}", ids(v), legend(v), cube(v)
        )
    for end in ("csv", "qml", "hdr"):
        found[f"legend {end}"] = lambda f, v, end=end: write_legend(f / f"a.{end}", legend(v))
    for end in ("hdr", "csv"):
        found[f"library {end}"] = lambda f, v, end=end: write_library(f / f"a.{end}", library(v))
    for end in ("gpkg", "geojson", "csv"):
        found[f"points {end}"] = lambda f, v, end=end: points(f / f"a.{end}", v)
    found["polygons"] = polygons
    found["report"] = lambda f, v: write_report(reports[v], f)
    found["bundle"] = lambda f, v: write_bundle(runs[v], reports[v], f / "map.zip")
    found["model"] = lambda f, v: runs[v].model.save(f)
    return found


def state(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def put(folder: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def features(path: Path) -> int:
    import pyogrio

    return int(pyogrio.read_info(path, force_feature_count=True)["features"])


def tried(
    folder: Path, write: Write, before: dict[str, bytes], new: dict[str, bytes], limit: int
) -> dict[str, object]:
    """What a write that the disk has no room for says, and which files it leaves.

    Files that have changed are "new" where they are as without a limit, else "half".
    """
    put(folder, before)
    told = None
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        write(folder, 1)
    except ExportError as error:
        told = str(error)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    after = state(folder)
    changed = sorted(n for n in before | after if before.get(n) != after.get(n))
    half = [name for name in changed if after.get(name) != new.get(name)]
    temporary = [path.name for path in Path(tempfile.gettempdir()).iterdir()]
    # GDAL leaves out the index of a GeoPackage that it has no room for
    for name in [name for name in half if name.endswith(".gpkg") and name in after]:
        found = features(folder / name)
        put(folder, new)
        if found == features(folder / name):
            half.remove(name)
    return {"limit": limit, "told": told, "new": changed, "half": half, "temporary": temporary}


def main(folder: Path, only: str = "") -> None:
    for name, write in kinds().items():
        if only not in name:
            continue
        own = folder / name
        versions = []
        for version in (0, 1):
            put(own, {})
            write(own, version)
            versions.append(state(own))
        old, new = versions
        largest = max(len(data) for data in new.values())
        cases = [({}, largest // 3), *((old, n) for n in (8, largest // 3, largest - 1))]
        for before, limit in cases:
            report = tried(own, write, before, new, limit)
            facts = {"kind": name, "folder": str(own), "files": len(before), **report}
            sys.stdout.write(f"{json.dumps(facts)}\n")
        shutil.rmtree(own)


if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as patch:
        leave_charts_undrawn(patch)
        main(Path(sys.argv[1]), *sys.argv[2:])
