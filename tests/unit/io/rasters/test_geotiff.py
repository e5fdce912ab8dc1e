"""GeoTIFF as programs write it: spectral tags wherever they stand, headers beside, many images."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
import tifffile
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.files.gdal import open_raster
from hsi_viewer.io.info import cube_info, diagnosis
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube

VALUES = np.arange(3 * 5 * 7, dtype=np.uint16).reshape(3, 5, 7)
UM = ("0.4", "0.5", "0.6")


def write(
    path: Path, values=VALUES, dtype=None, bands=None, domain=None, whole=None, whole_domain=None
) -> Path:
    """Write a GeoTIFF; bands are tags by name with a value for each band."""
    count, height, width = values.shape
    profile = {"count": count, "height": height, "width": width, "dtype": dtype or values.dtype}
    with open_raster(path, "w", driver="GTiff", **profile) as file:
        file.write(values)
        for band in range(count):
            tags = {key: entries[band] for key, entries in (bands or {}).items()}
            file.update_tags(band + 1, ns=domain, **tags)
        file.update_tags(ns=whole_domain, **(whole or {}))
    return path


@pytest.mark.parametrize(
    "tags",
    [
        {"bands": {"wavelength": UM, "wavelength_units": ("Micrometers",) * 3}},
        {"bands": {"wavelength": UM, "wavelength units": ("um",) * 3}},  # GDAL's metadata editor
        {"bands": {"Wavelength": UM, "Wavelength_unit": ("micrometers",) * 3}, "domain": "FORCE"},
        {"bands": {"wavelength": UM, "wavelength_units": ("Micrometers",) * 3}, "domain": "ENVI"},
        {"bands": {"CENTRAL_WAVELENGTH_UM": UM}, "domain": "IMAGERY"},
        {"bands": {"wavelength": ("400", "500", "0.6"), "wavelength_units": ("nm", "nm", "um")}},
        {"bands": {"wavelength": ("400 nm", "500 nm", "600 nm")}},
        {"whole": {"wavelength": "{0.4, 0.5, 0.6}", "wavelength_units": "um"}},
        {
            "whole": {"wavelength": "[0.4, 0.5, 0.6]", "wavelength units": "um"},
            "whole_domain": "ENVI",
        },
        {"whole": {"Band_1": "0.4", "Band_2": "0.5", "Band_3": "0.6", "wavelength_units": "um"}},
    ],
)
def test_wavelengths_wherever_they_stand(tmp_path, tags):
    cube = open_cube(write(tmp_path / "a.tif", **tags))
    np.testing.assert_allclose(cube.wavelengths, [400, 500, 600])


def test_other_fields_of_the_domain_envi(tmp_path):
    whole = {
        "wavelength": "{0.4, 0.5, 0.6}",
        "wavelength_units": "Micrometers",
        "fwhm": "{0.01, 0.02, 0.01}",
        "bbl": "{1, 0, 1}",
        "band_names": "{a, b, c}",
        "default_bands": "{3, 2, 1}",
        "data_ignore_value": "-9999",
    }
    cube = open_cube(write(tmp_path / "a.tif", whole=whole, whole_domain="ENVI"))
    np.testing.assert_allclose(cube.fwhm, [10, 20, 10])
    assert cube.good_bands.tolist() == [True, False, True]
    assert cube.band_names == ("a", "b", "c")
    assert cube.default_bands == (2, 1, 0)
    assert cube.nodata == -9999


def test_fwhm_of_bands_in_different_units(tmp_path):
    bands = {
        "wavelength": ("400", "500", "1.2"),
        "wavelength_units": ("nm", "nm", "um"),
        "fwhm": ("5", "6", "0.01"),
    }
    np.testing.assert_allclose(open_cube(write(tmp_path / "a.tif", bands=bands)).fwhm, [5, 6, 10])


def test_a_band_without_a_wavelength_is_reported(tmp_path):
    cube = open_cube(write(tmp_path / "a.tif", bands={"wavelength": ("400", "500", "")}))
    assert cube.wavelengths is None
    assert "2 of 3 bands have a wavelength; they are not used." in cube.warnings


def test_numbers_that_count_the_bands_are_no_wavelengths(tmp_path):
    cube = open_cube(write(tmp_path / "a.tif", bands={"wavelength": ("1", "2", "3")}))
    assert cube.wavelengths is None
    assert cube.warnings == ("The wavelengths in the tags are band numbers; they are not used.",)


HEADER = """ENVI
file type = TIFF
wavelength units = Micrometers
wavelength = {0.4, 0.5, 0.6}
fwhm = {0.01, 0.02, 0.01}
bbl = {1, 0, 1}
band names = {a, b, c}
"""


@pytest.mark.parametrize("name", ["a.hdr", "a.tif.hdr"])
def test_a_header_beside_says_what_the_file_does_not(tmp_path, name):
    path = write(tmp_path / "a.tif", bands={"fwhm": ("1", "2", "3")})
    (tmp_path / name).write_text(HEADER)
    for source in (path, tmp_path / name):
        cube = open_cube(source)
        np.testing.assert_array_equal(cube.read(), VALUES.transpose(1, 2, 0))
        np.testing.assert_allclose(cube.wavelengths, [400, 500, 600])
        np.testing.assert_allclose(cube.fwhm, [1, 2, 3])  # its own word goes first
        assert cube.good_bands.tolist() == [True, False, True]
        assert cube.band_names == ("a", "b", "c")
        assert diagnosis(source) is None


def test_headers_beside_that_do_not_fit(tmp_path):
    path = write(tmp_path / "a.tif")
    header = tmp_path / "a.hdr"
    header.write_text(HEADER.replace("TIFF", "TIFF\nsamples = 9\nlines = 5\nbands = 3"))
    cube = open_cube(path)
    assert cube.wavelengths is None
    assert cube.warnings == ("a.hdr beside the file gives a different size; it is not used.",)
    header.write_text(HEADER.replace("TIFF", "ENVI Standard\nsamples = 9\nlines = 5\nbands = 3"))
    assert open_cube(path).warnings == ()  # the header of a.img
    header.write_text("NROWS 5\n")
    assert "a.hdr beside the file is not used" in open_cube(path).warnings[0]
    path.unlink()
    header.write_text(HEADER)
    with pytest.raises(FileError, match="the TIFF file of this header is missing"):
        open_cube(header)


def pages(path: Path, images) -> Path:
    from PIL import Image

    first, *others = [Image.fromarray(image) for image in images]
    first.save(path, save_all=True, append_images=others)
    return path


def test_images_of_one_size_are_bands(tmp_path):
    path = pages(tmp_path / "stack.tif", VALUES)
    cube = open_cube(path)
    np.testing.assert_array_equal(cube.read(), VALUES.transpose(1, 2, 0))
    np.testing.assert_array_equal(cube.read(slice(1, 4, 2), bands=[2])[..., 0], VALUES[2, 1:4:2])
    assert (cube.interleave, cube.wavelengths) == ("bsq", None)
    (tmp_path / "stack.hdr").write_text(HEADER)
    assert open_cube(path).band_names == ("a", "b", "c")
    np.testing.assert_array_equal(open_cube(f"{path}:2").read()[..., 0], VALUES[1])


def test_images_of_several_sizes_are_named(tmp_path):
    path = pages(tmp_path / "odd.tif", [VALUES[0], VALUES[1, :3]])
    cube = open_cube(path)
    assert cube.shape == (5, 7, 1)
    assert "2 images (5 x 7 x 1, 3 x 7 x 1); the first is shown" in cube.warnings[0]
    np.testing.assert_array_equal(open_cube(f"{path}:2").read()[..., 0], VALUES[1, :3])
    with pytest.raises(FormatError, match=r'no image "3"; it contains 2'):
        open_cube(f"{path}:3")


@pytest.mark.parametrize("count", [1, 3])
def test_images_of_a_file_are_numbered_from_one(tmp_path, count):
    images = [VALUES[0, k:] for k in range(count)]
    path = pages(tmp_path / "a.tif", images)
    for number, values in enumerate(images, 1):
        np.testing.assert_array_equal(open_cube(f"{path}:{number}").read()[..., 0], values)
    for part in ("0", str(count + 1), "x", "-1"):
        with pytest.raises(FormatError, match=f'no image "{part}"; it contains {count}, numbered'):
            open_cube(f"{path}:{part}")


def test_pairs_of_integers_are_read_as_complex(tmp_path):
    values = VALUES.astype(np.complex64)
    cube = open_cube(write(tmp_path / "a.tif", values, dtype="complex_int16"))
    assert cube.dtype == np.complex64
    np.testing.assert_array_equal(cube.read(), values.transpose(1, 2, 0))


def test_control_points_and_odd_scales_are_reported(tmp_path):
    path = write(tmp_path / "a.tif")
    points = [GroundControlPoint(r, c, c / 10, -r / 10) for r in (0, 5) for c in (0, 7)]
    with open_raster(path, "r+", driver="GTiff") as file:
        file.gcps = (points, rasterio.crs.CRS.from_epsg(4326))
        file.scales = (-1.0,) * 3
    cube = open_cube(path)
    assert cube.scale == 1.0
    assert any("georeferenced by ground control points" in w for w in cube.warnings)
    assert "The scale -1 is not positive; it is not applied." in cube.warnings


def test_pixels_that_a_mask_leaves_out_have_no_data(tmp_path):
    path = write(tmp_path / "a.tif")
    shown = np.eye(5, 7, dtype=bool)
    with open_raster(path, "r+", driver="GTiff") as file:
        file.write_mask(shown)
    cube = open_cube(path)
    assert cube.warnings == ("Pixels outside the file's mask have no data.",)
    np.testing.assert_array_equal(np.isnan(cube.read()), ~np.repeat(shown[:, :, None], 3, 2))
    np.testing.assert_array_equal(cube.read()[shown], VALUES.transpose(1, 2, 0)[shown])
    np.testing.assert_array_equal(cube.read(slice(None, None, 2)), cube.read()[::2])


def test_erdas_imagine(tmp_path):
    profile = {"count": 3, "height": 5, "width": 7, "dtype": "uint16", "nodata": 4}
    with open_raster(tmp_path / "a.img", "w", driver="HFA", crs="EPSG:32633", **profile) as file:
        file.write(VALUES)
        file.descriptions = ("450 nm", "550 nm", "650 nm")
    cube = open_cube(tmp_path / "a.img")
    np.testing.assert_array_equal(cube.read(), VALUES.transpose(1, 2, 0))
    assert (cube.format_name, cube.nodata) == ("ERDAS Imagine", 4)
    assert list(cube.wavelengths) == [450, 550, 650]
    assert rasterio.crs.CRS.from_wkt(cube.georeference.crs_wkt).to_epsg() == 32633


def test_scale_and_offset_make_physical_values(tmp_path):
    path = write(tmp_path / "a.tif")
    with open_raster(path, "r+", driver="GTiff") as file:
        file.scales, file.offsets = (2.75e-5,) * 3, (-0.2,) * 3  # Landsat collection 2
    cube = open_cube(path)
    assert (cube.dtype, cube.scale, cube.offset) == (np.uint16, 2.75e-5, -0.2)
    np.testing.assert_allclose(cube.spectrum(2, 3), VALUES[:, 2, 3] * 2.75e-5 - 0.2)
    assert "Physical value = stored value times 2.75e-05 plus -0.2." in cube_info(path)["warnings"]
    with open_raster(path, "r+", driver="GTiff") as file:
        file.offsets = (-0.2, -0.2, 0.0)
    cube = open_cube(path)
    assert (cube.dtype, cube.scale, cube.offset) == (np.float32, 1.0, 0.0)
    expected = VALUES[:, 2, 3] * 2.75e-5 + [-0.2, -0.2, 0.0]
    np.testing.assert_allclose(cube.spectrum(2, 3), expected, rtol=1e-6)
    assert "Scale or offset differs from band to band" in cube.warnings[0]


def claimed(path: Path, side: int, bits: int, planes: int, bands: int) -> Path:
    """Write a TIFF file that claims so many bands of side x side pixels and holds none."""
    import struct

    strips = bands if planes == 2 else 1
    entries = [
        (256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, bits), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, strips, 512), (277, 3, 1, bands), (278, 4, 1, side), (279, 4, strips, 512),
        (284, 3, 1, planes),
    ]  # fmt: skip
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + body
    path.write_bytes(head.ljust(512 + 4 * strips, b"\0"))
    return path


def test_blocks_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(FormatError, match="blocks of"):
        open_cube(claimed(tmp_path / "a.tif", side=60000, bits=8, planes=1, bands=60000))


def test_more_pixels_than_memory_is_an_error(tmp_path):
    cube = open_cube(claimed(tmp_path / "a.tif", side=16000, bits=64, planes=2, bands=4000))
    assert cube.shape == (16000, 16000, 4000)
    with pytest.raises(FileError, match="could not be read"):
        cube.read()


@pytest.mark.parametrize(("bands", "order"), [(3, "rgb"), (4, "bgr"), (6, "gbr")])
def test_bands_marked_as_red_green_and_blue_are_shown_so(tmp_path, bands, order):
    """As of a photograph; wavelengths and default bands of the file say more."""
    marks = [ColorInterp.undefined] * (bands - 3)
    marks += [
        {"r": ColorInterp.red, "g": ColorInterp.green, "b": ColorInterp.blue}[c] for c in order
    ]
    values = np.random.default_rng(0).integers(0, 255, (bands, 9, 11)).astype(np.uint8)
    with open_raster(
        tmp_path / "a.tif", "w", driver="GTiff", count=bands, height=9, width=11, dtype="uint8"
    ) as file:
        file.colorinterp = marks
        file.write(values)
    cube = open_cube(tmp_path / "a.tif")
    assert cube.default_bands == tuple(bands - 3 + order.index(c) for c in "rgb")
    with open_raster(tmp_path / "a.tif", "r+", driver="GTiff") as file:
        for band in range(1, bands + 1):
            file.update_tags(band, wavelength=f"{400 + 100 * band}", wavelength_units="nm")
    assert open_cube(tmp_path / "a.tif").default_bands is None


@pytest.mark.parametrize("written", ["-9223372036854775808", "-9.2233720368547758e+18"])
def test_the_no_data_value_of_long_integers_is_exact(tmp_path, written):
    """rasterio writes it as a float, of which GDAL reads the digit before the point."""
    values = np.full((3, 2, 2), -9, np.int64)
    values[:, 0, 0] = -(2**63)
    path, tag = tmp_path / "a.tif", (42113, "s", 0, written, True)
    tifffile.imwrite(
        path, values, photometric="minisblack", planarconfig="separate", extratags=[tag]
    )
    cube = open_cube(path)
    assert cube.nodata == -(2**63)
    assert np.isnan(cube.spectrum(0, 0)).all()
    assert np.isfinite(cube.spectrum(1, 1)).all()


@pytest.mark.parametrize("given", [(7, 8, None), (None, 8, 9)])
def test_a_no_data_value_of_each_band_counts_in_that_band(tmp_path, given):
    path = tmp_path / "a.tif"
    values = np.arange(1, 31, dtype=np.uint16).reshape(3, 2, 5)
    values[:, 0, :3] = 7, 8, 9
    tifffile.imwrite(path, values, photometric="minisblack", planarconfig="separate")
    bands = "".join(
        f'<PAMRasterBand band="{k}"><NoDataValue>{value}</NoDataValue></PAMRasterBand>'
        for k, value in enumerate(given, 1)
        if value is not None
    )
    (tmp_path / "a.tif.aux.xml").write_text(f"<PAMDataset>{bands}</PAMDataset>")
    cube = open_cube(path)
    expected = values.transpose(1, 2, 0).astype(np.float32)
    for k, value in enumerate(given):
        expected[:, :, k][expected[:, :, k] == value] = np.nan
    np.testing.assert_array_equal(cube.read(), expected)
    np.testing.assert_array_equal(cube.read(bands=[2, 1]), expected[:, :, [2, 1]])
    assert any("no-data value differs from band to band" in w for w in cube.warnings)


def write_placed(path, driver, bands):
    """Ones of 3 x 4 pixels with a coordinate system."""
    size = {"width": 4, "height": 3, "count": bands, "dtype": "uint8", "crs": "EPSG:32633"}
    place = rasterio.Affine(30, 0, 5e5, 0, -30, 4e6)
    with rasterio.open(path, "w", driver=driver, transform=place, **size) as file:
        file.write(np.ones((bands, 3, 4), np.uint8))


def test_a_damaged_coordinate_system_of_an_imagine_file_is_told(tmp_path):
    path = tmp_path / "a.img"
    write_placed(path, "HFA", 1)
    whole, one = path.read_bytes(), b"oEprj_Coordinate,lowerRightCenter"
    path.write_bytes(whole.replace(one, one.replace(b"p", b"q")))
    with pytest.raises(FormatError, match=r"a\.img is damaged or .*could not be parsed"):
        open_cube(path)


def test_gdal_writes_nothing_to_the_terminal(tmp_path, capfd):
    """Of a list of images that leads to nothing; who wants to see it sets CPL_LOG."""
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(np.ones((5, 4), np.uint8))
    with tifffile.TiffFile(path) as file:
        at = file.pages[0].offset + 2 + 12 * len(file.pages[0].tags)
    data = bytearray(path.read_bytes())
    data[at : at + 4] = len(data).to_bytes(4, "little")
    path.write_bytes(bytes(data) + bytes(6))
    open_cube(path).read()
    assert capfd.readouterr() == ("", "")


def test_a_damaged_text_of_a_file_is_no_error_of_the_application(tmp_path, monkeypatch):
    """GDAL quotes it in a message, which rasterio cannot decode."""
    path, errors = tmp_path / "a.tif", []
    with rasterio.open(
        path, "w", driver="GTiff", width=4, height=3, count=1, dtype="uint8", crs="EPSG:32633",
        transform=rasterio.Affine(30, 0, 5e5, 0, -30, 4e6),
    ) as file:  # fmt: skip
        file.write(np.ones((1, 3, 4), np.uint8))
        file.update_tags(1, wavelength="400")
    path.write_bytes(path.read_bytes().replace(b"<Item", b"<Ite\xed"))
    monkeypatch.setattr("sys.excepthook", lambda *error: errors.append(error))
    monkeypatch.setattr("sys.unraisablehook", errors.append)
    assert open_cube(path).read().min() == 1
    assert errors == []
    sys.excepthook(ValueError, ValueError(), None)
    assert len(errors) == 1


def test_what_gdal_says_later_of_a_damaged_file_is_told(tmp_path):
    """rasterio raises it where it next asks GDAL for something, as an error of another kind."""
    path = tmp_path / "a.tif"
    write_placed(path, "GTiff", 2)
    data = path.read_bytes()
    for form, key, other in (
        ("<4H", (2054, 0, 1, 9102), (2054, 0, 1025, 9102)),  # how many units of angles there are
        ("<2H", (33550, 12), (33678, 12)),  # the size of a pixel
    ):
        assert struct.pack(form, *key) in data
        data = data.replace(struct.pack(form, *key), struct.pack(form, *other))
    path.write_bytes(data)
    for read in (open_cube, read_labels):
        with pytest.raises(FormatError, match=r"a\.tif is damaged.*GeogAngularUnitsGeoKey"):
            read(path)


@pytest.mark.parametrize("scales", [(0.0, 0.5), (0.5, 0.0), (0.5, np.nan)])
def test_scales_of_which_one_cannot_be_applied_are_not_applied_at_all(tmp_path, scales):
    path = tmp_path / "a.tif"
    size = {"width": 4, "height": 3, "count": 2, "dtype": "uint8", "crs": "EPSG:32633"}
    place = rasterio.Affine(30, 0, 5e5, 0, -30, 4e6)
    with rasterio.open(path, "w", driver="GTiff", transform=place, **size) as file:
        file.write(np.full((2, 3, 4), 8, np.uint8))
        file.scales = scales
    cube = open_cube(path)
    assert cube.spectrum(0, 0).tolist() == [8, 8]
    assert any("none is applied" in warning for warning in cube.warnings)
