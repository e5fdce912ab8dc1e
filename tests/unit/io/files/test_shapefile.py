"""Shapefiles that were copied in part: cut off, or without the file that names their encoding."""

from __future__ import annotations

import os

import numpy as np
import pytest
import shapely

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.files.gdal_vector import write_layer
from hsi_viewer.io.regions.import_export import import_regions

SCENE = HyperCube.from_array(np.zeros((20, 20, 1), np.uint8))
SHAPES = [shapely.box(1, 1, 5, 5), shapely.box(8, 8, 15, 15)]


def written(path, names, **more):
    write_layer(path, SHAPES, {"class": np.array(names, object)}, None, **more)
    return path


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize(("suffix", "lost"), [(".shp", 40), (".shx", 8), (".dbf", 90)])
def test_a_part_that_is_cut_off_is_refused(tmp_path, suffix, lost, upper):
    path = written(tmp_path / "a.shp", ["oak", "pine"])
    assert np.bincount(import_regions(path, SCENE).ids.ravel()).tolist() == [335, 16, 49]
    if upper:
        for part in list(tmp_path.iterdir()):
            part.rename(part.with_suffix(part.suffix.upper()))
        path, suffix = path.with_suffix(".SHP"), suffix.upper()
    part = path.with_suffix(suffix)
    os.truncate(part, part.stat().st_size - lost)
    with pytest.raises(FormatError, match=rf"a\{suffix} is cut off: .* Copy all files of the"):
        import_regions(path, SCENE)


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1"])
def test_names_are_read_whether_or_not_their_encoding_is_named(tmp_path, encoding, named):
    path = written(tmp_path / "a.shp", ["Bäume", "Straße"], encoding=encoding)
    if not named:
        path.with_suffix(".cpg").unlink(missing_ok=True)
    assert import_regions(path, SCENE).names == {1: "Bäume", 2: "Straße"}
