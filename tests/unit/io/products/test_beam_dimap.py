"""BEAM-DIMAP products of SNAP.

No product is at hand: the tests write small ones after the header writer of SNAP and its help.
"""

from __future__ import annotations

import numpy as np
import pytest
from rasterio.crs import CRS

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.opening import open_cube
from tests.unit.io.products.dimap_files import band, write_product

RNG = np.random.default_rng(8)
WKT = CRS.from_epsg(32633).to_wkt()


def bands(count=4, dtype=">i2", **more):
    values = RNG.integers(1, 200, (count, 5, 6)).astype(dtype)
    return [band(f"r_{400 + 10 * k}", v, wavelength=400 + 10 * k, **more) for k, v in
            enumerate(values)]  # fmt: skip


def values_of(written):
    return np.stack([b["values"] for b in written], axis=2)


def test_a_product_opens_by_its_xml_and_by_its_folder(tmp_path):
    written = bands(scale=0.5, offset=-1, nodata=7, width=9.5, unit="mW/(m^2*sr*nm)")
    path = write_product(tmp_path / "scene.dim", written, crs=WKT, transform=(10, 0, 0, -20, 3, 4))
    for source in (path, tmp_path / "scene.data"):
        cube = open_cube(source)
        assert cube.format_name == "BEAM-DIMAP"
        assert cube.dtype == np.int16
        np.testing.assert_array_equal(cube.read(), values_of(written))
        assert list(cube.wavelengths) == [400, 410, 420, 430]
        assert list(cube.fwhm) == [9.5] * 4
        assert cube.band_names == ("r_400", "r_410", "r_420", "r_430")
        assert (cube.scale, cube.offset, cube.nodata) == (0.5, -1, 7)
        assert cube.georeference.transform == (10, 0, 3, 0, -20, 4)
        assert CRS.from_wkt(cube.georeference.crs_wkt).to_epsg() == 32633
        assert cube.metadata["unit"] == "mW/(m^2*sr*nm)"
        assert cube.warnings == ()


def test_a_window_of_some_bands(tmp_path):
    written = bands(70)  # more than are kept open
    cube = open_cube(write_product(tmp_path / "scene.dim", written))
    part = cube.read(slice(1, 4, 2), slice(2, 5), [69, 0])
    np.testing.assert_array_equal(part, values_of(written)[1:4:2, 2:5, [69, 0]])


def test_scales_of_each_band_are_applied(tmp_path):
    one, other = bands(2, nodata=None)
    other |= {"scale": 0.1, "offset": 2.0, "nodata": int(other["values"][0, 0])}
    cube = open_cube(write_product(tmp_path / "scene.dim", [one, other]))
    expected = other["values"] * 0.1 + 2.0
    found = cube.read()
    np.testing.assert_array_equal(found[:, :, 0], one["values"])
    is_gap = other["values"] == other["nodata"]
    assert np.isnan(found[:, :, 1][is_gap]).all()
    np.testing.assert_allclose(found[:, :, 1][~is_gap], expected[~is_gap], rtol=1e-6)
    assert cube.scale == 1.0
    assert cube.nodata is None
    assert "differ from band to band" in " ".join(cube.warnings)


def test_what_is_not_a_spectral_band_is_left_out_and_said(tmp_path):
    written = bands(3)
    others = [
        band("quality", np.zeros((5, 6), "u1"), flags="quality_flags"),
        band("classes", np.zeros((5, 6), "u1"), index_coding="types"),
        band("latitude", np.zeros((5, 6), ">f4")),
        band("coarse", np.zeros((2, 3), ">i2"), wavelength=900),
        band("ndvi", None, wavelength=500),
    ]
    cube = open_cube(write_product(tmp_path / "scene.dim", [*written, *others]))
    np.testing.assert_array_equal(cube.read(), values_of(written))
    (warning,) = cube.warnings
    assert warning == (
        "Bands left out: flags or classes (quality, classes); computed by SNAP (ndvi); "
        "of another size (coarse); without a wavelength (latitude)."
    )


def test_bands_without_wavelengths_are_shown_all(tmp_path):
    written = [band(name, np.full((5, 6), k, ">f4")) for k, name in enumerate(("chl", "tsm"))]
    cube = open_cube(write_product(tmp_path / "scene.dim", written))
    assert cube.band_names == ("chl", "tsm")
    assert cube.wavelengths is None


def test_bands_of_several_types(tmp_path):
    written = [band("a", np.full((5, 6), -3, "i1"), wavelength=400),
               band("b", np.full((5, 6), 0.5, ">f4"), wavelength=500)]  # fmt: skip
    cube = open_cube(write_product(tmp_path / "scene.dim", written))
    assert cube.dtype == np.float32
    assert list(cube.read()[0, 0]) == [-3, 0.5]  # ENVI has no type for signed bytes
    assert cube.warnings == ("Bands of different types (int8, float32) are read as float32.",)


def test_wavelengths_in_other_units(tmp_path):
    written = [band("a", np.zeros((5, 6), "u1"), wavelength=0.4, width=0.01)]
    cube = open_cube(write_product(tmp_path / "scene.dim", written, wavelength_unit="um"))
    assert list(cube.wavelengths) == pytest.approx([400])
    assert list(cube.fwhm) == pytest.approx([10])


def test_logarithms_masks_and_tie_points_are_reported(tmp_path):
    written = bands(2, log10=True, valid="not quality.cloud")
    cube = open_cube(write_product(tmp_path / "scene.dim", written, tie_points=True))
    text = " ".join(cube.warnings)
    assert "r_400: the values are logarithms" in text
    assert '"not quality.cloud"' in text
    assert "tie points" in text
    assert cube.georeference is None


def test_the_place_of_the_headers_where_the_xml_has_none(tmp_path):
    info = "{UTM, 1, 1, 500000, 5600000, 30, 30, 33, North, WGS-84, units=Meters}"
    cube = open_cube(write_product(tmp_path / "scene.dim", bands(2), map_info=info))
    assert cube.georeference.transform == (30, 0, 500000, 0, -30, 5600000)


def test_a_renamed_xml_finds_the_folder_it_names(tmp_path):
    path = write_product(tmp_path / "scene.dim", bands(2))
    cube = open_cube(path.rename(tmp_path / "renamed.dim"))
    assert cube.bands == 2


@pytest.mark.parametrize("href", ["../secret/b.hdr", "/etc/b.hdr", "other/../../b.hdr", "b.hdr"])
def test_a_path_leads_nowhere_but_into_the_folder_beside(tmp_path, href):
    inside = tmp_path / "in"
    inside.mkdir()
    for folder in (tmp_path, tmp_path / "secret"):
        write_product(folder / "b.dim", bands(1))
    (tmp_path / "b.data" / "r_400.hdr").rename(tmp_path / "b.hdr")
    path = write_product(inside / "scene.dim", bands(1))
    path.write_text(path.read_text().replace("scene.data/r_400.hdr", href))
    with pytest.raises(FileError, match=r"scene\.data.b\.hdr, which scene\.dim names, is missing"):
        open_cube(path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda text: text[: len(text) // 2], "is not readable XML"),
        (lambda text: "<!DOCTYPE a [<!ENTITY b 'c'>]>" + text, "defines entities"),
        (lambda text: text.replace("<BAND_WAVELEN>410", "<BAND_WAVELEN>x"), "BAND_WAVELEN is"),
        (lambda text: text.replace(".hdr", ".tif"), "not a BEAM-DIMAP product"),
        (lambda text: text.replace("r_410.hdr", "c:x.hdr"), "isn't the name of a band's file"),
        (lambda text: text.replace("Spectral_Band_Info", "Info"), "no band of values"),
    ],
)
def test_damaged_products_are_refused(tmp_path, change, expected):
    path = write_product(tmp_path / "scene.dim", bands(2))
    path.write_text(change(path.read_text()))
    with pytest.raises(FormatError, match=expected):
        open_cube(path)


def test_files_that_are_missing_or_short(tmp_path):
    path = write_product(tmp_path / "scene.dim", bands(2))
    image = tmp_path / "scene.data" / "r_410.img"
    image.write_bytes(image.read_bytes()[:-1])
    with pytest.raises(FormatError, match="60 bytes expected, but 59 bytes"):
        open_cube(path)
    image.unlink()
    with pytest.raises(FileError, match=r"r_410\.hdr: the data file of this header"):
        open_cube(path)
    path.unlink()
    with pytest.raises(FormatError, match=r"whose \.dim file is missing.*Open an image in it"):
        open_cube(tmp_path / "scene.data")


def test_a_product_of_flags_only(tmp_path):
    path = write_product(tmp_path / "a.dim", [band("q", np.zeros((5, 6), "u1"), flags="f")])
    with pytest.raises(FormatError, match="no band of values to show: q is flags or classes"):
        open_cube(path)


def test_the_image_is_one_and_nothing_in_it_is_named(tmp_path):
    path = write_product(tmp_path / "scene.dim", bands(2))
    with pytest.raises(FormatError, match="contains a single unnamed image"):
        open_cube(f"{path}:r_400")
