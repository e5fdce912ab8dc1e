"""ENVI images: real files, every layout, odd headers, and what is refused."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsi_viewer.core.errors import FileError, FormatError, HsiError
from hsi_viewer.io.envi.header import (
    DTYPES,
    LONG_HEADER,
    MAX_FIELDS,
    MAX_HEADER_BYTES,
    MAX_LINES,
    read_header,
)
from hsi_viewer.io.files.raw_source import ORDERS
from hsi_viewer.io.metadata.wavelengths import from_band_names
from hsi_viewer.io.opening import open_cube

BASE = {
    "samples": 3,
    "lines": 2,
    "bands": 4,
    "data type": 2,
    "interleave": "bsq",
    "byte order": 0,
    "header offset": 0,
}


def write(folder, stem="cube", suffix=".img", data=None, header_name=None, **fields):
    """Write a pair; a field None is left out of the header."""
    merged = BASE | {key.replace("_", " "): value for key, value in fields.items()}
    text = "ENVI\n" + "".join(f"{k} = {v}\n" for k, v in merged.items() if v is not None)
    header = folder / (header_name or f"{stem}.hdr")
    header.write_text(text, encoding="utf-8")
    if data is None:
        data = np.arange(24, dtype="<i2").tobytes()
    (folder / f"{stem}{suffix}").write_bytes(data)
    return header


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    code=st.sampled_from(sorted(DTYPES)),
    order=st.sampled_from([0, 1]),
    interleave=st.sampled_from(["bsq", "bil", "bip", "BSQ", "Bip"]),
    offset=st.integers(0, 300),
    shape=st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(1, 9)),
    packed=st.booleans(),
)
def test_every_layout_reads_back(tmp_path, code, order, interleave, offset, shape, packed):
    dtype = np.dtype(DTYPES[code]).newbyteorder("<>"[order])
    array = (np.arange(np.prod(shape)) % 251).reshape(shape).astype(dtype)
    axes = ORDERS[interleave.lower()]
    data = b"\xff" * offset + np.ascontiguousarray(array.transpose(axes)).tobytes()
    header = write(
        tmp_path,
        data=gzip.compress(data) if packed else data,
        lines=shape[0],
        samples=shape[1],
        bands=shape[2],
        data_type=code,
        byte_order=order,
        interleave=interleave,
        header_offset=offset,
        file_compression=int(packed),
    )
    cube = open_cube(header)
    assert cube.dtype == dtype.newbyteorder("=")
    assert cube.interleave == interleave.lower()
    np.testing.assert_array_equal(cube.read(), array)
    r, c = shape[0] // 2, shape[1] // 2
    np.testing.assert_array_equal(
        cube.read(slice(r, r + 1), slice(c, c + 1), [-1])[0, 0, 0], array[r, c, -1]
    )


@pytest.mark.parametrize(
    ("stem", "suffix", "header"),
    [
        ("x", ".img", "x.hdr"),
        ("x", ".dat", "x.dat.hdr"),
        ("x", ".bip", "x.bip.hdr"),
        ("x", ".img", "x.img.hdr"),
        ("x", "", "x.hdr"),
        ("my scene 1", ".RAW", "my scene 1.HDR"),
        ("X", ".IMG", "x.hdr"),
        ("x", ".strange", "x.hdr"),
        ("x.y_z", "", "x.y_z.hdr"),
        ("x.y", ".img", "x.y.hdr"),
    ],
)
def test_header_and_data_find_each_other(tmp_path, stem, suffix, header):
    path = write(tmp_path, stem, suffix, header_name=header)
    (tmp_path / f"{stem}.xml").write_text("<aux/>")
    for source in (path, tmp_path / (stem + suffix)):
        assert open_cube(source).read().sum() == sum(range(24)), source


def test_comments_are_passed_over_and_byte_order_may_be_missing(tmp_path):
    header = write(tmp_path, byte_order=None)
    text = header.read_text().replace("ENVI\n", "ENVI\n; bands = 9\n\n  ;x={\n")
    header.write_text(text + "wavelength = {400,\n; a remark\n500, 600, 700}\n")
    cube = open_cube(header)
    assert list(cube.wavelengths) == [400, 500, 600, 700]
    assert "no byte order" in " ".join(cube.warnings)


@pytest.mark.parametrize(
    ("unit", "values", "warned"),
    [
        ("nm", "400, 500, 600, 2500", False),
        ("Nanometers", "400, 500, 600, 2500", False),
        ("um", "0.4, 0.5, 0.6, 2.5", False),
        ("µm", "0.4, 0.5, 0.6, 2.5", False),
        ("μm", "0.4, 0.5, 0.6, 2.5", False),
        ("Micrometers", "0.4, 0.5, 0.6, 2.5", False),
        ("MICRONS", "0.4, 0.5, 0.6, 2.5", False),
        ("Angstrom", "4000, 5000, 6000, 25000", False),
        ("Wavenumber", "25000, 20000, 16666.6666667, 4000", False),
        ("Unknown", "0.4, 0.5, 0.6, 2.5", True),
        ("Unknown", "400, 500, 600, 2500", True),
        (None, "400 500 600 2500", True),
        ("furlongs", "0.4, 0.5, 0.6, 2.5", True),
        ("{Nanometers}", "400, 500, 600, 2500", False),
        ("Nanometers ; of the centres", "400, 500, 600, 2500", False),
    ],
)
def test_wavelengths_become_nm(tmp_path, unit, values, warned):
    header = write(
        tmp_path, wavelength_units=unit, wavelength=f"{{{values}}}", fwhm="{0.01,.01,.01,.01}"
    )
    cube = open_cube(header)
    np.testing.assert_allclose(cube.wavelengths, [400, 500, 600, 2500], rtol=1e-9)
    assert bool(cube.warnings) == warned
    written = "Nanometers" if "Nanometers" in (unit or "") else unit
    assert cube.wavelength_units_in_file == written


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("400 nm, 500 nm, 600 nm, 700 nm", [400, 500, 600, 700]),
        ("Band 1 (0.4 um), Band 2 (0.5 um), b3 (0.6 um), b4 (0.7 um)", [400, 500, 600, 700]),
        (
            "422.16 (423.84), 464.59 (466.29), 507.14 (508.84), 549.73 (551.44)",
            [422.16, 464.59, 507.14, 549.73],
        ),
        ("Band 1, Band 2, Band 3, Band 4", None),
        ("1, 2, 3, 4", None),
        ("B1, B2, B3, 443 nm", None),
        ("Band 1 (0.4), Band 2 (0.5), Band 3 (0.6), Band 4 (0.7)", [400, 500, 600, 700]),
        ("Band 8 (426.82), Band 9 (436.99), B10 (447), B11 (457)", [426.82, 436.99, 447, 457]),
        ("B1_400.5nm, B2_500nm, Rrs_600nm, x700nm_refl", [400.5, 500, 600, 700]),
        ("1.5 Micrometers, 1.6 Micrometers, 1.7 um, 1.8 microns", [1500, 1600, 1700, 1800]),
        ("reflectance at 400.0 nm, at 500 nm, at 600 nm, at 700 nm", [400, 500, 600, 700]),
        ("Resize (Band 1:a.img), Resize (Band 2:a.img), Resize (Band 3:a.img), Band 4", None),
        ("NDVI (2015), NDVI (2016), NDVI (2017), NDVI (2018)", None),
        ("MNF (1), MNF (2), MNF (3), MNF (4)", None),
        ("wl_400, wl_500.5, WL-600, wavelength 700", [400, 500.5, 600, 700]),
        ("Band 400, Band 401, Band 402, Band 403", None),
        ("bowl_400, bowl_500, bowl_600, bowl_700", None),
        ("Rrs_412, Rrs_503, Rrs_620, Rrs_705", [412, 503, 620, 705]),
        ("rhos_412.5, rhos_503, rhos_620, rhos_1020", [412.5, 503, 620, 1020]),
        ("frame_400, frame_500, frame_600, frame_700", None),
        ("Rrs_1, Rrs_2, Rrs_3, Rrs_4", None),
        ("blue 450-500 nm, 500 - 550 nm, 600 to 650 nm, 700\u2013760 nm", [475, 525, 625, 730]),
        ("B1-450 nm, B2-500nm, B03 - 600 nm, B4-700 nm", [450, 500, 600, 700]),
        ("4500 A, 5500 A, 6500 \u00c5, Band 4 (7500 A)", [450, 550, 650, 750]),
        ("450 a.u., 500 a.u., 600 a.u., 700 a.u.", [450, 500, 600, 700]),
    ],
)
def test_wavelengths_in_band_names(tmp_path, names, expected):
    cube = open_cube(write(tmp_path, band_names=f"{{{names}}}"))
    assert (None if cube.wavelengths is None else list(cube.wavelengths)) == expected
    assert len(cube.band_names) == 4


@pytest.mark.parametrize(
    ("form", "found"),
    [
        ("b{k}_v_{nm:.1f}", True),
        ("b{k}_{detector}_{nm:.1f}", True),
        ("b{k:03}_v_{nm:.0f}.", True),
        ("Oa{k:02} {nm:.1f}", True),
        ("x_{nm:.1f}", True),
        ("mnf_{nm:.1f}_{k}", False),
        ("t_{nm:.1f}", False),
        ("scan_{count}", False),
        ("part_0{nm:.0f}", False),
        ("tile_{count}", False),
    ],
)
def test_wavelengths_at_the_end_of_band_names(tmp_path, form, found):
    nm = [450.5, 560.5, 670.5, 960.5, 940.5, 1650.5, 2200.5]  # two detectors that overlap
    names = [
        form.format(k=k, nm=w, count=1000 + k, detector="v" if k < 5 else "s")
        for k, w in enumerate(nm, start=1)
    ]
    wavelengths = from_band_names(tuple(names))
    assert (wavelengths is not None) == found
    if wavelengths is not None:
        np.testing.assert_allclose(wavelengths, nm, atol=0.5)


def test_every_field_is_kept(tmp_path):
    header = write(
        tmp_path,
        bbl="{1, 0.0, 1, 1}",
        fwhm="{10, 11, 12, 13}",
        wavelength="{400, 500, 500, 450}",
        wavelength_units="nm",
        data_ignore_value="-9999",
        reflectance_scale_factor="10000.0",
        default_bands="{3, 2, 1}",
        default_stretch="2.0% linear",
        sensor_type="AVIRIS",
        description="{a {nested} one}",
    )
    cube = open_cube(header)
    assert list(cube.good_bands) == [True, False, True, True]
    assert list(cube.fwhm) == [10, 11, 12, 13]
    assert cube.nodata == -9999
    assert cube.scale == pytest.approx(1e-4)
    assert cube.default_bands == (2, 1, 0)
    assert cube.metadata["default stretch"] == "2.0% linear"
    assert cube.metadata["sensor type"] == "AVIRIS"
    assert cube.metadata["description"] == "{a {nested} one}"
    assert cube.warnings == (EQUAL, FALLING)


EQUAL = "Several bands have the same wavelength."
FALLING = "The wavelengths are not in ascending order."


@pytest.mark.parametrize(
    ("waves", "warnings"),
    [
        ("400, 500, 600, 700", ()),
        ("400, 500, 500, 700", (EQUAL,)),
        ("700, 600, 500, 400", (FALLING,)),
        ("400, 600, 500, 700", (FALLING,)),
        ("500, 500, 400, 700", (EQUAL, FALLING)),
    ],
)
def test_wavelengths_that_do_not_ascend_are_reported_by_their_kind(tmp_path, waves, warnings):
    header = write(tmp_path, wavelength=f"{{{waves}}}", wavelength_units="nm")
    assert open_cube(header).warnings == warnings


@pytest.mark.parametrize(
    ("map_info", "projection", "epsg"),
    [
        ("{UTM, 1, 1, 5e5, 4e6, 30, 30, 33, South, WGS-84}", None, 32733),
        ("{UTM, 1, 1, 5e5, 4e6, 30, 30, 17, North, North America 1983}", None, 26917),
        ("{Geographic Lat/Lon, 1, 1, 10, 50, 0.1, 0.1, WGS-84}", None, 4326),
        (
            "{Transverse Mercator, 1, 1, 411999, 142701, 3, 3, OSGB}",
            "{3, 6377563.396, 6356256.909, 49, -2, 400000, -100000, 0.9996, OSGB, TM}",
            27700,
        ),
        ("{Arbitrary, 1, 1, 0, 0, 1, 1}", None, None),
        ("{UTM, 1, 1, 5e5, 4e6, 30, 30, 99, North, WGS-84}", None, None),
    ],
)
def test_coordinate_reference_systems_of_map_info(tmp_path, map_info, projection, epsg):
    from rasterio.crs import CRS

    fields = {"map_info": map_info} | ({"projection_info": projection} if projection else {})
    georeference = open_cube(write(tmp_path, **fields)).georeference
    assert georeference.transform[1] == 0
    if epsg is None:
        assert georeference.crs_wkt is None or CRS.from_wkt(georeference.crs_wkt).to_epsg() is None
    elif projection is None:
        assert CRS.from_wkt(georeference.crs_wkt).to_epsg() == epsg
    else:
        assert "Transverse_Mercator" in georeference.crs_wkt
        assert "-100000" in georeference.crs_wkt


def test_lists_of_another_length_are_left_out_with_a_warning(tmp_path):
    cube = open_cube(write(tmp_path, wavelength="{400, 500}", bbl="{1}", default_bands="{9,9,9}"))
    assert cube.wavelengths is None
    assert cube.good_bands.all()
    assert cube.default_bands is None
    assert len(cube.warnings) == 3


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"interleave": "bup"}, r'"interleave = bup" must be bsq, bil or bip'),
        ({"interleave": None}, "interleave"),
        ({"data_type": 7}, '"data type = 7" is not one of'),
        ({"data_type": None}, 'no "data type"'),
        ({"lines": None}, 'no "lines"'),
        ({"lines": 0}, '"lines = 0" must be at least 1'),
        ({"lines": "many"}, '"lines = many" is not a whole number'),
        ({"samples": "inf"}, "not a whole number"),
        ({"byte_order": 3}, '"byte order = 3" is neither 0 nor 1'),
        ({"header_offset": -8}, "must not be negative"),
        ({"lines": 3}, "72 bytes expected, but 48 bytes were found"),
        ({"header_offset": 1}, "49 bytes expected, but 48 bytes were found"),
        ({"lines": 10**9, "samples": 10**9}, "bytes expected, but 48 bytes were found"),
        ({"lines": 10**400}, "bytes expected, but 48 bytes were found"),
        ({"file_type": "ENVI Spectral Library"}, "is a spectral library, not an image"),
        ({"description": "{never closed"}, 'field "description" has no closing brace'),
    ],
)
def test_a_bad_header_is_refused_with_the_reason(tmp_path, fields, message):
    header = write(tmp_path, **fields)
    with pytest.raises(FormatError, match=message):
        open_cube(header)


def test_a_missing_file_and_an_empty_one(tmp_path):
    with pytest.raises(FileError, match="does not exist"):
        open_cube(tmp_path / "none.hdr")
    (tmp_path / "empty.img").touch()
    with pytest.raises(FormatError, match="is empty"):
        open_cube(tmp_path / "empty.img")


def test_a_header_without_data_names_what_was_looked_for(tmp_path):
    header = write(tmp_path)
    (tmp_path / "cube.img").unlink()
    with pytest.raises(FileError, match="data file of this header is missing"):
        open_cube(header)


def test_a_compressed_bomb_is_not_unpacked(tmp_path):
    bomb = gzip.compress(bytes(50_000_000))
    cube = open_cube(write(tmp_path, data=bomb, file_compression=1))
    assert not cube.read().any()  # 48 bytes are asked for and 48 are taken
    header = write(tmp_path, data=bomb, file_compression=1, lines=10**12)
    with pytest.raises(FormatError, match=r"more than .* compressed bytes can contain"):
        open_cube(header)


@pytest.mark.parametrize(
    "name", ["cube.img.gz", "cube.gz", "cube.bsq.gz", "cube.dat.gz", "cube.IMG.GZ"]
)
@pytest.mark.parametrize("stated", [0, 1])
def test_a_packed_file_is_named_by_its_suffix_or_its_header(tmp_path, name, stated):
    header = write(tmp_path, file_compression=stated)
    data, values = (tmp_path / "cube.img").read_bytes(), open_cube(header).read()
    (tmp_path / "cube.img").unlink()
    (tmp_path / name).write_bytes(gzip.compress(data))
    for path in (header, tmp_path / name):
        cube = open_cube(path)
        assert cube.name == name[:-3]
        np.testing.assert_array_equal(cube.read(), values)
        assert cube.warnings == ()


@pytest.mark.parametrize("name", ["cube", "cube.img"])
def test_a_packed_file_is_known_by_its_content_where_nothing_says_so(tmp_path, name):
    header = write(tmp_path, data=bytes(400), lines=10, samples=5, bands=4)
    packed = gzip.compress(bytes(400))
    (tmp_path / "cube.img").unlink()
    (tmp_path / name).write_bytes(packed)
    for path in (header, tmp_path / name):
        cube = open_cube(path)
        assert not cube.read().any()
        assert cube.warnings == (
            "The data file is compressed (gzip), which its header does not say.",
        )


@pytest.mark.parametrize("stated", [0, 1])
def test_a_file_named_gz_that_is_not_packed_is_read_as_it_is(tmp_path, stated):
    header = write(tmp_path, file_compression=stated)
    values = open_cube(header).read()
    (tmp_path / "cube.img").rename(tmp_path / "cube.img.gz")
    np.testing.assert_array_equal(open_cube(header).read(), values)


@pytest.mark.parametrize("cut", [0.5, 0.99])
def test_a_truncated_gzip_is_an_error(tmp_path, cut):
    packed = gzip.compress(np.random.default_rng(0).bytes(48))
    header = write(tmp_path, data=packed[: int(len(packed) * cut) - 9], file_compression=1)
    cube = open_cube(header)
    with pytest.raises(FormatError, match="too short"):
        cube.read()


def test_damaged_gzip_is_an_error(tmp_path):
    packed = bytearray(gzip.compress(bytes(range(48))))
    packed[12:20] = b"\xff" * 8
    cube = open_cube(write(tmp_path, data=bytes(packed), file_compression=1))
    with pytest.raises(HsiError):
        cube.read()


@pytest.mark.real_data
class TestRealFiles:
    def test_aviris_ng_reflectance(self, data_dir):
        name = "ang20140912t192359_corr_v1c_img_2580-2590_540-550"
        cube = open_cube(data_dir / "envi" / f"{name}.hdr")
        assert cube.shape == (10, 10, 432)
        assert cube.dtype == np.float32
        assert cube.interleave == "bip"
        assert cube.good_bands.sum() == 373
        assert cube.read().min() < 0
        raw = np.fromfile(data_dir / "envi" / f"{name}.img", "<f4").reshape(10, 10, 432)
        np.testing.assert_array_equal(cube.read(bands=[7, 3]), raw[:, :, [7, 3]])

    def test_rotated_map_info_lies_where_gdal_says(self, data_dir):
        import rasterio

        for path in sorted((data_dir / "envi").glob("*.img")):
            with rasterio.open(path) as file:
                expected, crs = file.transform, file.crs
            georeference = open_cube(path).georeference
            np.testing.assert_allclose(georeference.transform, tuple(expected)[:6], rtol=1e-12)
            assert crs.to_epsg() == rasterio.crs.CRS.from_wkt(georeference.crs_wkt).to_epsg()

    def test_a_cube_of_one_pixel(self, data_dir):
        cube = open_cube(data_dir / "envi/f080702t01p00r08rdn_c_sc01_ort_img_123_456.hdr")
        assert cube.shape == (1, 1, 224)
        assert cube.spectrum(0, 0).shape == (224,)

    def test_lab_scanner(self, data_dir):
        cube = open_cube(data_dir / "envi/corn-kernel-hyperspectral.hdr")
        assert (cube.shape, cube.interleave) == ((31, 43, 580), "bil")
        assert cube.wavelengths[0] == pytest.approx(366.551)

    def test_micrometres_and_no_extension(self, data_dir):
        for name in ("envi", "envi.hdr"):
            cube = open_cube(data_dir / "envi/berlin_um" / name)
            assert cube.shape == (7, 10, 177)
            assert cube.wavelengths[[0, -1]] == pytest.approx([460, 2409])

    def test_wavelengths_only_in_band_names(self, data_dir):
        cube = open_cube(data_dir / "envi/toy.hdr")
        assert list(cube.wavelengths) == [422.16, 464.59, 507.14, 549.73]
        assert cube.georeference.coordinate_system.startswith("{PROJCS")

    def test_what_is_refused(self, data_dir):
        for name, message in {
            "bad_interleave.hdr": "interleave = bup",
            "esri_style.hdr": "ESRI header, not an ENVI one",
            "header_without_data.hdr": "is missing",
        }.items():
            with pytest.raises(FileError, match=message):
                open_cube(data_dir / "envi" / name)


def test_a_header_that_is_too_large_is_named_once(tmp_path):
    path = tmp_path / "a.hdr"
    with path.open("wb") as file:  # sparse
        file.write(b"ENVI\n")
        file.truncate(MAX_HEADER_BYTES + 1)
    with pytest.raises(FormatError, match=r"^[^:]*a\.hdr is too large for a header \(\d+ bytes\)"):
        open_cube(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("band names = {" + "n,\n" * MAX_LINES + "}", "too long for a header: it has 1048"),
        ("".join(f"k{i} = {i}\n" for i in range(MAX_FIELDS + 1)), "it has over 65536 fields"),
        ("wavelength = " + "{" * 10**5 + "}" * 10**5, '"wavelength" has too many braces'),
    ],
)
def test_headers_that_would_take_long_to_read_are_refused(tmp_path, text, message):
    (tmp_path / "a.hdr").write_text(f"ENVI\nsamples = 1\nlines = 1\n{text}\n")
    with pytest.raises(FormatError, match=message):
        read_header(tmp_path / "a.hdr")


def test_a_long_header_is_read_again_once_it_has_changed(tmp_path):
    path = tmp_path / "a.hdr"
    for value in ("1", "2"):
        path.write_text(f"ENVI\nsamples = {value}\nsamples = {value}\n; {'x' * LONG_HEADER}\n")
        fields, _ = read_header(path)
        assert fields == {"samples": value}
        fields.clear()
        assert read_header(path)[0] == {"samples": value}


def test_a_field_that_is_there_many_times_is_said_once(tmp_path):
    (tmp_path / "a.hdr").write_text("ENVI\n" + "samples = 1\nsamples = 2\n" * 1000)
    assert len(read_header(tmp_path / "a.hdr")[1]) == 1
