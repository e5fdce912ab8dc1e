"""Broken files of regions and legends end in typed errors.

Projects of ilastik are left out: the HDF5 library itself can go round in circles over a damaged
text of variable length.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import rasterio

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.io.labels.legend_file import read_legend, write_legend
from hsi_viewer.io.regions.import_export import export_regions, import_regions
from tests.unit.io.bounds import FUZZ_ROUNDS, bounded

REGIONS = ("shp", "gpkg", "geojson", "xml", "txt", "csv", "h5")
LEGENDS = ("qml", "hdr", "csv")
LEGEND = ClassLegend([LabelClass(1, "Corn", (230, 159, 0)), LabelClass(3, "Woods", (0, 114, 178))])
GEOREFERENCE = Georeference(
    (10.0, 0.0, 600000.0, 0.0, -10.0, 5200000.0), rasterio.crs.CRS.from_epsg(32632).to_wkt()
)
CUBE = HyperCube.from_array(np.zeros((12, 15, 1), "u1"), georeference=GEOREFERENCE)


def damaged(whole: bytes, rng: np.random.Generator) -> bytes:
    """A piece changed, cut out or doubled, or the end cut off."""
    data = bytearray(whole)
    a, b = sorted(int(k) for k in rng.integers(0, len(data), 2))
    match rng.integers(5):
        case 0:
            return bytes(data[:b])
        case 1:
            return bytes(data[:a] + data[b:])
        case 2:
            return bytes(data[:a] + data[a : a + 40] + data[a:])
        case 3:
            for at in rng.integers(len(data), size=8):
                data[at] = rng.choice([0, 34, 45, 57, 127, 255])
        case _:
            data[a] = rng.integers(256)
    return bytes(data)


def refused_of(read, path, whole) -> int:
    """How many damaged files are refused; anything but a typed error passes through."""
    rng = np.random.default_rng(len(whole))
    refused = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # libraries may warn about what is broken
        for _ in range(FUZZ_ROUNDS):
            path.write_bytes(damaged(whole, rng))
            with bounded():
                try:
                    read()
                except HsiError as error:
                    refused += bool(str(error).strip())
    return refused


@pytest.mark.parametrize("suffix", REGIONS)
def test_damaged_regions(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    ids = np.zeros((12, 15), np.uint16)
    ids[2:6, 3:9] = 1
    ids[8:10, 10:] = 3
    export_regions(path, ids, LEGEND, CUBE)
    assert refused_of(lambda: import_regions(path, CUBE), path, path.read_bytes())


@pytest.mark.parametrize("suffix", LEGENDS)
def test_damaged_legends(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    write_legend(path, LEGEND)
    assert refused_of(lambda: read_legend(path), path, path.read_bytes())
