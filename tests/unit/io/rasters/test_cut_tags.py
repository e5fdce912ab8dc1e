"""A TIFF file whose end was lost says so where the image itself is whole."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio

from hsi_viewer.core.errors import HsiError
from hsi_viewer.io.info import cube_info
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.rasters.cut_tags import without_tags

ROWS, COLUMNS = 6, 7


def write(path, bands, **options):
    profile = {"driver": "GTiff", "height": ROWS, "width": COLUMNS, "count": bands}
    system = rasterio.crs.CRS.from_proj4("+proj=tmerc +lat_0=1 +lon_0=2 +k=0.9 +ellps=bessel")
    place = rasterio.Affine(10, 0, 4e5, 0, -10, 5e6)
    with rasterio.open(
        path, "w", dtype="uint8", crs=system, transform=place, **profile, **options
    ) as file:
        file.write(np.ones((bands, ROWS, COLUMNS), "u1"))
        for band in range(1, bands + 1):
            file.update_tags(band, wavelength=str(400 + band), wavelength_units="nm")


def described(cube):
    nm = None if cube.wavelengths is None else cube.wavelengths.tolist()
    return cube.georeference, nm, cube.band_names


@pytest.mark.parametrize("options", [{}, {"BIGTIFF": "YES"}, {"ENDIANNESS": "BIG"}])
def test_what_is_lost_with_the_end_of_a_file_is_said(tmp_path, options):
    path, cut = tmp_path / "a.tif", tmp_path / "cut.tif"
    write(path, 3, **options)
    whole, expected, said = path.read_bytes(), described(open_cube(path)), 0
    assert open_cube(path).warnings == ()
    assert None not in expected[:2]
    for left in range(len(whole) - 1, 8, -5):
        cut.write_bytes(whole[:left])
        try:
            cube = open_cube(cut)
            cube.read()
        except HsiError:
            continue
        lost = [text for text in cube.warnings if text.startswith("The file is cut off, and ")]
        assert lost or described(cube) == expected
        said += bool(lost)
    assert said > 5


def test_labels_whose_place_is_cut_off(tmp_path):
    write(tmp_path / "a.tif", 1)
    whole = (tmp_path / "a.tif").read_bytes()
    assert read_labels(tmp_path / "a.tif").notes == ()
    (tmp_path / "a.tif").write_bytes(whole[:-1])
    (note,) = read_labels(tmp_path / "a.tif").notes
    assert note.startswith("The file is cut off, and ")


def test_info_says_that_values_cannot_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr("hsi_viewer.io.info.is_noise", lambda _cube: False)  # reads other rows
    write(tmp_path / "a.tif", 3, compress="deflate", blockysize=1)
    whole = (tmp_path / "a.tif").read_bytes()
    with rasterio.open(tmp_path / "a.tif") as file:
        at = int(file.get_tag_item("BLOCK_OFFSET_0_3", "TIFF", bidx=1))
    (tmp_path / "a.tif").write_bytes(whole[:at] + b"x" * 8 + whole[at + 8 :])
    warnings = cube_info(tmp_path / "a.tif")["warnings"]
    assert any(text.startswith("Not all values can be read: ") for text in warnings)


@pytest.mark.parametrize(
    "data", [b"", b"II*\0", b"II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff"]
)
def test_what_is_no_tiff_has_no_tags(tmp_path, data):
    (tmp_path / "a.tif").write_bytes(data)
    assert without_tags(tmp_path / "a.tif") == []
