"""Names that are no addresses, and files that would lead to other files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import rasterio

import hsi_viewer
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ExportError, FileError, FormatError, HsiError
from hsi_viewer.io.convert import convert
from hsi_viewer.io.files.gdal import open_raster
from hsi_viewer.io.files.identify import split_source
from hsi_viewer.io.info import cube_info
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.libraries.spectral_library import read_library
from hsi_viewer.io.metadata.crs import crs_of
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.regions.import_export import import_regions
from hsi_viewer.io.writers.subset import Subset

ARRAY = np.arange(3 * 4 * 5, dtype="<u2").reshape(3, 4, 5)
UTM = rasterio.crs.CRS.from_epsg(32632).to_wkt()
SCENE = HyperCube.from_array(np.zeros((4, 5, 1), "u1"))
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")

# names -------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("name", ["zip:x", "s3:x", "~", "~root", "a!b", "x.zip", "-x", "new\nline"])
def test_names_are_names_and_no_addresses(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with open_raster(
        tmp_path / "t", "w", driver="GTiff", height=3, width=4, count=5, dtype="uint16"
    ) as file:
        file.write(ARRAY.transpose(2, 0, 1))
    (tmp_path / "t").rename(tmp_path / f"{name}.tif")
    np.save(tmp_path / f"{name}.npy", ARRAY)
    for suffix in (".tif", ".npy"):
        np.testing.assert_array_equal(open_cube(f"{name}{suffix}").read(), ARRAY)


@posix
def test_names_that_gdal_cannot_be_told(tmp_path):
    path = tmp_path / os.fsdecode(b"lat\xe9in.tif")
    path.write_bytes(b"II*\0" + bytes(100))
    with pytest.raises(FileError, match="a name in UTF-8"):
        open_cube(path)


@pytest.mark.parametrize("name", ["x" * 300 + ".npy", "x" * 300 + ".hdr", "a\0b", "~nobody/x"])
def test_names_that_no_file_has(name):
    for read in (open_cube, cube_info, read_labels, read_library):
        with pytest.raises(FileError):
            read(name)


def test_a_path_without_a_part_is_not_looked_up(monkeypatch):
    monkeypatch.setattr("os.path.exists", None)
    monkeypatch.setattr("os.path.lexists", None)
    monkeypatch.setattr("pathlib.Path.exists", None)
    assert split_source(Path("/data/a.npz:x")) == (Path("/data/a.npz:x"), None)


def test_a_zarr_store_is_reached_by_the_file_that_describes_it(tmp_path):
    store = tmp_path / "a.zarr"
    store.mkdir()
    for mark in (".zgroup", "zarr.json"):
        (store / mark).write_text("{}")
        assert split_source(store / mark) == (store, None)
        assert split_source(str(store / mark)) == (store, None)
        assert split_source(f"{store / mark}:x") == (store, "x")
    assert split_source(tmp_path / "zarr.json") == (tmp_path / "zarr.json", None)  # isn't there


def test_numbers_of_all_kinds_in_the_names_of_a_folder(tmp_path):
    for name in ("5²5", "5²6", "٣"):
        with open_raster(
            tmp_path / f"{name}.tif", "w", driver="GTiff", height=3, width=4, count=1, dtype="uint8"
        ) as file:
            file.write(np.ones((1, 3, 4), "u1"))
    assert open_cube(tmp_path).bands == 3


# files that reach elsewhere ----------------------------------------------------------------------


def test_a_virtual_data_set_of_itself_does_not_end_the_process(tmp_path):
    path = tmp_path / "a.h5"
    layout = h5py.VirtualLayout((3, 4, 5), "u2")
    layout[:] = h5py.VirtualSource(path.name, "cube", (3, 4, 5))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("cube", layout)
    code = (
        "import sys; from hsi_viewer.core.errors import FormatError\n"
        "from hsi_viewer.io.info import cube_info\n"
        "try: cube_info(sys.argv[1])\n"
        "except FormatError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "its values are stored elsewhere" in done.stdout


def test_external_values_are_not_read(tmp_path):
    (tmp_path / "secret").write_bytes(bytes(1000))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        external = [(str(tmp_path / "secret"), 0, h5py.h5f.UNLIMITED)]
        file.create_dataset("cube", (3, 4, 5), "u1", external=external)
    for source in ("a.h5", "a.h5:cube"):
        with pytest.raises(FormatError, match="stored elsewhere"):
            open_cube(f"{tmp_path}/{source}")


def test_a_list_of_references_that_is_virtual_is_not_followed(tmp_path):
    path = tmp_path / "a.mat"
    layout = h5py.VirtualLayout((1, 1), h5py.ref_dtype)
    layout[:] = h5py.VirtualSource(path.name, "list", (1, 1), h5py.ref_dtype)
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_virtual_dataset("list", layout)
        file["list"].attrs["MATLAB_class"] = np.bytes_("cell")
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    with pytest.raises(FormatError, match="stored elsewhere"):
        open_cube(path)


@pytest.mark.parametrize("system", ["PATH", "http://127.0.0.1:9/a.prj", "/vsicurl/x"])
def test_a_coordinate_system_is_no_file_and_no_address(tmp_path, system):
    (tmp_path / "a.prj").write_text(rasterio.crs.CRS.from_epsg(32632).to_wkt())
    text = system.replace("PATH", str(tmp_path / "a.prj"))
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file["cube"], file["x"], file["y"] = ARRAY, [1.0, 2, 3, 4], [3.0, 2, 1]
        file["crs"] = 0
        file["crs"].attrs["spatial_ref"] = text
    georeference = open_cube(tmp_path / "a.nc").georeference
    assert (georeference.transform is None, georeference.crs_wkt) == (False, None)
    assert crs_of(text) is None


def test_a_pickle_among_the_filters_of_zarr_is_not_loaded(tmp_path):
    zarr = pytest.importorskip("zarr")
    folder = tmp_path / "a.zarr"
    zarr.create_array(
        str(folder), shape=(3, 4, 5), chunks=(3, 4, 5), dtype="u2", zarr_format=2, compressors=None
    )
    text = (folder / ".zarray").read_text()
    assert '"filters": null' in text
    mark = tmp_path / "ran"
    (folder / "0.0.0").write_bytes(f"cos\nmkdir\n(S'{mark}'\ntR.".encode())
    for dtype in ("<u2", "|O"):
        (folder / ".zarray").write_text(
            text.replace('"filters": null', '"filters": [{"id": "pickle"}]').replace("<u2", dtype)
        )
        with pytest.raises(HsiError):
            cube_info(folder)
        assert not mark.exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.geojson", '<OGRVRTDataSource><OGRVRTLayer name="x"/></OGRVRTDataSource>'),
        ("a.kml", '<!-- <kml --><OGRVRTDataSource><OGRVRTLayer name="x"/></OGRVRTDataSource>'),
        ("a.shp", "http://127.0.0.1:9/a.shp"),
    ],
)
def test_vectors_that_are_a_list_of_other_files(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(FormatError, match="does not contain what its name suggests"):
        import_regions(tmp_path / name, SCENE)


@posix
def test_an_output_that_is_a_link_to_itself_is_refused_in_words(tmp_path):
    loop, scene = tmp_path / "loop.npy", tmp_path / "a.npy"
    loop.symlink_to(loop)
    np.save(scene, ARRAY)
    with pytest.raises(ExportError, match=r"loop\.npy.* could not be written"):
        convert(str(scene), loop / "b.tif", Subset())


def test_paths_are_resolved_in_the_one_way_that_copes_with_links_to_themselves():
    for path in Path(hsi_viewer.__file__).parent.rglob("*.py"):
        lines = path.read_text("utf-8").splitlines()
        assert not [line for line in lines if ".resolve()" in line and "__file__" not in line], path
