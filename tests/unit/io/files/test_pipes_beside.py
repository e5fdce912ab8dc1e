"""Pipes in the place of files that belong to one that is opened: nobody would write to them."""

from __future__ import annotations

import os

import numpy as np
import pyogrio
import pytest
import shapely
import zarr

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.regions.vector import read_shapes

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")

CUBE = np.arange(60, dtype="u2").reshape(3, 4, 5)
ESRI = "NROWS 3\nNCOLS 4\nNBANDS 5\nNBITS 16\nLAYOUT BIP\nBYTEORDER I\nPIXELTYPE UNSIGNEDINT\n"


def write_shapefile(path):
    squares = np.array([shapely.to_wkb(shapely.box(0, 0, 2, 2))], object)
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        pyogrio.raw.write(
            path, squares, [np.array([1])], np.array(["class_id"]), geometry_type="Polygon"
        )


def pipe_at(path):
    path.unlink(missing_ok=True)
    os.mkfifo(path)


@pytest.mark.parametrize("ending", [".prj", ".dbf", ".shx", ".CPG"])
def test_a_pipe_beside_a_shapefile(tmp_path, ending):
    write_shapefile(tmp_path / "a.shp")
    pipe_at(tmp_path / f"a{ending}")
    with pytest.raises(FileError, match=rf"a{ending} is a pipe or a device; remove it\."):
        read_shapes(tmp_path / "a.shp")


def test_a_shapefile_without_its_index_says_what_is_missing(tmp_path):
    write_shapefile(tmp_path / "a.shp")
    (tmp_path / "a.shx").unlink()
    with pytest.raises(FormatError, match=r"a\.shx is missing beside it; copy all files"):
        read_shapes(tmp_path / "a.shp")


@pytest.mark.parametrize("name", ["a.prj", "a.clr", "a.blw"])
def test_a_pipe_beside_an_esri_image(tmp_path, name):
    (tmp_path / "a.bip").write_bytes(CUBE.tobytes())
    (tmp_path / "a.hdr").write_text(ESRI)
    (tmp_path / "other.prj").symlink_to(tmp_path / "nowhere")
    np.testing.assert_array_equal(open_cube(tmp_path / "a.hdr").read(), CUBE)
    pipe_at(tmp_path / name)
    with pytest.raises(FileError, match="is a pipe or a device"):
        open_cube(tmp_path / "a.hdr")


@pytest.mark.parametrize("version", [2, 3])
def test_a_pipe_in_a_zarr_store(tmp_path, version):
    group = zarr.open_group(str(tmp_path), mode="w", zarr_format=version)
    group.create_array("cube", shape=CUBE.shape, chunks=(3, 4, 5), dtype="u2")[:] = CUBE
    cube = open_cube(tmp_path)
    np.testing.assert_array_equal(cube.read(), CUBE)
    pipe_at(tmp_path / "cube" / ("0.0.0" if version == 2 else "c/0/0/0"))
    with pytest.raises(FileError, match="is a pipe or a device"):
        cube.read()
    pipe_at(tmp_path / "cube" / (".zarray" if version == 2 else "zarr.json"))
    with pytest.raises(FormatError, match="is a pipe or a device"):
        open_cube(tmp_path)
