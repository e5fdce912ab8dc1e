"""A full disk and a kill leave what stood there, and nothing beside it: Zarr and HDF5."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hsi_viewer
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ExportError, FileError
from hsi_viewer.io.labels.class_map import FORMATS, FURTHER
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube

PROGRAM = Path(__file__).parents[3] / "full_disk.py"
NOBODY = 2**22 + 1  # more than the number of any process
ARRAY = np.arange(3 * 4 * 5, dtype="<u2").reshape(3, 4, 5)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "out"
    path.mkdir()
    return path


def test_zarr_writes_nothing_more_once_a_write_has_failed(folder, tmp_path, monkeypatch):
    zarr = pytest.importorskip("zarr")
    write, written = zarr.storage.LocalStore.set, []

    async def full(self, key, value, **options):
        if "/c/" in key:
            written.append(key)
        if "/c/" in key and len(written) >= 2:
            raise OSError(28, "No space left on device")
        await write(self, key, value, **options)

    monkeypatch.setattr(zarr.storage.LocalStore, "set", full)
    cube = HyperCube.from_array(np.ones((300, 300, 2), "u2"))
    with pytest.raises(ExportError, match="No space left on device"):
        write_cube(cube, folder / "a.zarr")
    zarr.open_group(str(tmp_path / "b"), mode="w")  # whatever waits to be written has its turn
    assert len(written) == 2
    assert list(folder.iterdir()) == []


def test_zarr_that_a_kill_left_aside_comes_back(folder):
    zarr = pytest.importorskip("zarr")
    aside = folder / f".a.zarr.{NOBODY}-0123abcd.old"
    zarr.create_array(str(aside), data=ARRAY)

    class Gone:
        shape, dtype = (3, 4, 5), np.dtype("u2")

        def read(self, rows, columns, bands):
            raise FileError("The drive is gone.")

    with pytest.raises(FileError, match="drive is gone"):
        write_cube(HyperCube(Gone()), folder / "a.zarr")
    assert [p.name for p in folder.iterdir()] == ["a.zarr"]
    np.testing.assert_array_equal(open_cube(folder / "a.zarr").read(), ARRAY)
    write_cube(HyperCube.from_array(ARRAY), folder / "a.zarr")
    assert [p.name for p in folder.iterdir()] == ["a.zarr"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit of the size of files")
def test_a_full_disk_does_not_end_the_process_that_writes_labels(folder):
    code = (
        "import resource, sys; from pathlib import Path; import numpy as np\n"
        "from hsi_viewer.core.errors import ExportError\n"
        "from hsi_viewer.io.regions.ilastik import write_array\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "ids = np.random.default_rng(0).integers(0, 9, (300, 300)).astype(np.uint16)\n"
        "try: write_array(Path(sys.argv[1]), ids)\n"
        "except ExportError as error: print('refused', error)"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, str(folder / "a.h5")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("refused")
    assert list(folder.iterdir()) == []


KINDS = (
    *(f"map {kind}" for kind in (*FORMATS, *FURTHER)),
    *(f"cube {end}" for end in ("tif", "hdr", "mat", "npy", "zarr")),
    *(f"labels {end}" for end in ("tif", "hdr", "mat", "npy")),
    *(f"regions {end}" for end in ("gpkg", "shp", "geojson", "csv", "txt", "xml", "h5")),
    *(f"legend {end}" for end in ("csv", "qml", "hdr")),
    *(f"library {end}" for end in ("hdr", "csv")),
    *(f"points {end}" for end in ("gpkg", "geojson", "csv")),
    *("polygons", "report", "bundle", "model"),
)
# GDAL leaves out the index of a GeoPackage that it has no room for.
WITHOUT_INDEX = {"regions gpkg", "points gpkg", "polygons"}
# Several files, one after the other: those before the one without room are there.
ONE_BY_ONE = {"map cog", "report"}


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """What each kind of writer has said and left on disks without room."""
    folder, temporary = (tmp_path_factory.mktemp(name) for name in ("full", "temporary"))
    done = subprocess.run(
        [sys.executable, "-B", str(PROGRAM), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(PROGRAM.parents[1])},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert {report["kind"] for report in found} == {*KINDS}
    return found


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit of the size of files")
@pytest.mark.parametrize("kind", KINDS)
def test_on_a_full_disk_each_file_is_the_old_one_or_a_new_one(reports, kind):
    tried = [report for report in reports if report["kind"] == kind]
    assert len(tried) == 4
    for report in tried:
        assert report["half"] == [], report
        assert report["temporary"] == [], report
        told, allowed = report["told"], kind in ONE_BY_ONE | WITHOUT_INDEX
        assert allowed or report["new"] == [], report
        if kind not in WITHOUT_INDEX or told is not None:
            assert "Choose another folder or free some space" in told, report
            assert told.startswith(report["folder"]), report
            assert len(told.replace(report["folder"], "")) < 300, report
            assert f"{os.sep}." not in told, report  # a temporary name
            assert told.endswith("; the previous file is unchanged.") or not report["files"]


def test_no_error_can_keep_a_view_of_a_bytesio():
    """Collecting one ends Python 3.12.0 and 3.12.1 (CPython issue 111049); use getvalue()."""
    package = Path(hsi_viewer.__file__).parent
    users = [p for p in package.rglob("*.py") if ".getbuffer(" in p.read_text(encoding="utf-8")]
    assert users == []
