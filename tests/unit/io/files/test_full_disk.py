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
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube

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


WRITERS = {
    "cube.tif": "write_cube(CUBE, path)",
    "cube.hdr": "write_cube(CUBE, path)",
    "cube.mat": "write_cube(CUBE, path)",
    "cube.npy": "write_cube(CUBE, path)",
    "labels.tif": "write_labels(path, IDS, LEGEND, CUBE)",
    "labels.hdr": "write_labels(path, IDS, LEGEND, CUBE)",
    "labels.mat": "write_labels(path, IDS, LEGEND, CUBE)",
    "labels.npy": "write_labels(path, IDS, LEGEND, CUBE)",
    "library.hdr": "write_library(path, LIBRARY)",
}
WRITERS_TEXT = json.dumps(WRITERS)
PROGRAM = """
import json, resource, sys
from pathlib import Path
import numpy as np
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.io.labels.label_writer import write_labels
from hsi_viewer.io.libraries.spectral_library import write_library
rng = np.random.default_rng(0)
CUBE = HyperCube.from_array(rng.integers(0, 60000, (100, 100, 5)).astype("u2"))
IDS = rng.integers(0, 3, (100, 100)).astype(np.uint16)
LEGEND = ClassLegend([LabelClass(1, "a", (1, 2, 3)), LabelClass(2, "b", (4, 5, 6))])
LIBRARY = SpectralLibrary(("a", "b"), np.arange(500.0), rng.random((2, 500)), "x", ())
for name, write in json.loads(sys.argv[2]).items():
    path = Path(sys.argv[1]) / name / name
    path.parent.mkdir()
    print(name)
    exec(write)
    largest = max(p.stat().st_size for p in path.parent.iterdir())
    for p in path.parent.iterdir():
        p.write_bytes(b"old")
    for limit in (largest // 2, largest - 5000, largest - 100, largest - 1):
        resource.setrlimit(resource.RLIMIT_FSIZE, (max(limit, 100), resource.RLIM_INFINITY))
        try:
            exec(write)
        except ExportError as error:
            print("refused", error)
        print([p.name for p in path.parent.iterdir() if p.read_bytes() != b"old"])
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""


@pytest.fixture(scope="module")
def said_on_a_full_disk(tmp_path_factory) -> str:
    """What one process has to say of all writers, a name before what it says of each."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", PROGRAM, str(tmp_path_factory.mktemp("full")), WRITERS_TEXT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit of the size of files")
@pytest.mark.parametrize("name", WRITERS)
def test_a_disk_that_is_full_just_before_the_end(said_on_a_full_disk, name):
    lines = said_on_a_full_disk.splitlines()
    of_name = lines[lines.index(name) + 1 :][:8]
    assert [line.split()[0] for line in of_name] == ["refused", "[]"] * 4, said_on_a_full_disk


def test_no_error_can_keep_a_view_of_a_bytesio():
    """Collecting one ends Python 3.12.0 and 3.12.1 (CPython issue 111049); use getvalue()."""
    package = Path(hsi_viewer.__file__).parent
    users = [p for p in package.rglob("*.py") if ".getbuffer(" in p.read_text(encoding="utf-8")]
    assert users == []
