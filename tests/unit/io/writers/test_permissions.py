"""Files get the permissions that the user's other new files get, whatever wrote them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from rasterio.crs import CRS

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.labels.classes import legend_for
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary
from hsi_viewer.io.labels.class_map import FORMATS, export_prediction
from hsi_viewer.io.labels.label_writer import write_labels
from hsi_viewer.io.labels.legend_file import write_legend
from hsi_viewer.io.libraries.spectral_library import write_library
from hsi_viewer.io.regions.import_export import export_regions
from hsi_viewer.io.writers.cube_writer import write_cube

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")

GEOREFERENCE = Georeference((2.0, 0.0, 5e5, 0.0, -2.0, 4e6), CRS.from_epsg(32633).to_wkt())
CUBE = HyperCube.from_array(np.ones((9, 7, 3), "f4"), name="scene", georeference=GEOREFERENCE)
IDS = (np.arange(63, dtype=np.uint16) % 3).reshape(9, 7)
LEGEND = legend_for([1, 2])
LIBRARY = SpectralLibrary(("a", "b"), np.arange(5.0), np.ones((2, 5)), "x", ())
MAP = Prediction(IDS, np.ones((9, 7), np.float32), (1, 2), np.ones((9, 7, 2), np.float32))


def write_everything(folder: Path) -> None:
    for name in ("cube.tif", "cube.hdr", "cube.mat", "cube.npy"):
        write_cube(CUBE, folder / name)
    for name in ("labels.tif", "labels.hdr", "labels.mat", "labels.npy"):
        write_labels(folder / name, IDS, LEGEND, CUBE)
    for suffix in ("gpkg", "shp", "geojson", "csv", "txt", "xml", "h5"):
        export_regions(folder / f"regions.{suffix}", IDS, LEGEND, CUBE)
    for suffix in ("hdr", "csv", "qml"):
        write_legend(folder / f"legend.{suffix}", LEGEND)
    for suffix in ("hdr", "csv"):
        write_library(folder / f"library.{suffix}", LIBRARY)
    export_prediction(MAP, LEGEND, CUBE, folder, formats=(*FORMATS, "probabilities"))


@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077])
def test_every_writer_leaves_the_permissions_to_the_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        write_everything(tmp_path)
        write_everything(tmp_path)  # and so does what replaces them
    finally:
        os.umask(before)
    files = [p for p in tmp_path.iterdir() if p.is_file()]
    assert len(files) > 35
    modes = {p.name: oct(p.stat().st_mode & 0o777) for p in files}
    assert modes == dict.fromkeys(modes, oct(0o666 & ~mask))
