"""ENVI headers as programs write them: odd text, other kinds of files, and ESRI's headers."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.info import cube_info, diagnosis
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube

SIZE = "samples = 3\nlines = 2\nbands = 4\nheader offset = 0\ndata type = 12\nbyte order = 0\n"
HEAD = f"ENVI\n{SIZE}interleave = bil\n"
VALUES = np.arange(300, 324, dtype="<u2").reshape(2, 3, 4)


def pair(folder, header, stem="cube"):
    """Write a header and a bil file."""
    path = folder / f"{stem}.hdr"
    path.write_bytes(header if isinstance(header, bytes) else header.encode())
    (folder / f"{stem}.img").write_bytes(VALUES.transpose(0, 2, 1).tobytes())
    return path


@pytest.mark.parametrize(
    "header",
    [
        f"{HEAD}wavelength = {{400\n500\n600\n700}}\n",
        f"\n\n{HEAD}wavelength = {{400, 500, 600, 700}}\n",
        f"{HEAD}wavelength = {{\n400\n,500\n,600\n,700\n,}}\n",
        f"{HEAD}wavelength = {{400, 500, 600, 700}} ; nm\n",
        f"{HEAD}description = {{a {{ b}}\nwavelength = {{400, 500, 600, 700}}\n",
        f"{HEAD}description = {{a }} b}}\nwavelength = {{400, 500, 600, 700}}\n",
        f"{HEAD}fwhm = {{9, 9, 9, 9}} wavelength = {{400, 500, 600, 700}}\n",
        f"{HEAD}wavelength = {{400, 500, 600, 700}}\n".replace("\n", "\r"),
        f"{HEAD}wavelength = {{400, 500, 600, 700}}\n".replace(" = ", "\t=\t").upper(),
        f"ENVI description = {{ a }}\n{SIZE}interleave = {{BIL}}\nwavelength={{400,500,600,700}}",
        f"ENVI\n{SIZE}interleave = bil  # line\nwavelength={{400,500,600,700}}".replace(
            "2", "2 # x"
        ),
        f'ENVI\n{SIZE}interleave = "bil"\nwavelength={{400,500,600,700}}',
        f"{HEAD}wavelength = {{400, 500, 600, 700}}\n".encode("utf-16"),
        f"ENVI\n{SIZE}interleave = bil\nwavelength = {{400, 500, 600, 700}}\n".replace(
            "data type", "data_type"
        ).replace("byte order", "byte_order"),
        f"{HEAD}wavelengths = {{0.4, 0.5, 0.6, 0.7}}\nwavelength_units = um\n",
        f"{HEAD}wavelength = {{np.float64(400.0), np.float64(500.0), 600, 700}}\n",
        f"{HEAD}wavelength = {{'400.0', '500.0', '600.0', '700.0'}}\n",
        f"{HEAD}wavelength = {{4.0D+02, 5.0D+02, 6d2, 700}}\n",
        f"{HEAD}wavelength = [400. 500.\n 600. 700.]\nsensor type = x\n",
        f"{HEAD}wavelength = {{[400, 500, 600, 700]}}\n",
        f"{HEAD}wavelength = {{400; 500; 600; 700}}\n",
        f"{HEAD}wavelength = {{400,0; 500,0; 600,0; 700,0;}}\n",
        f"ENVI\n{SIZE}interleave = bil\nwavelength={{400,500,600,700}}\n".replace(
            "offset = 0", "offset ="
        ).replace("order = 0", "order ="),
        f"{HEAD}wavelength = {{400, 500, 600, 700}}\n".replace("type = 12", "type = 12 (uint16)"),
    ],
)
def test_what_programs_write_is_read(tmp_path, header):
    cube = open_cube(pair(tmp_path, header))
    assert cube.interleave == "bil"
    assert list(cube.wavelengths) == [400, 500, 600, 700]
    np.testing.assert_array_equal(cube.read(), VALUES)


def test_default_bands_that_are_counted_from_0(tmp_path):
    cube = open_cube(pair(tmp_path, f"{HEAD}default bands = {{ 2, 1, 0 }}\n"))
    assert (cube.default_bands, cube.warnings) == ((2, 1, 0), ())


def test_words_in_square_brackets_stay_as_they_are(tmp_path):
    cube = open_cube(pair(tmp_path, f"{HEAD}sensor type = [HEADWALL] III\nnote = [a\nb = c]\n"))
    assert cube.metadata == {"sensor type": "[HEADWALL] III", "note": "[a", "b": "c]"}
    for words in ("[A 1, 2]", "[B2 and 3]", "[ a ]"):
        cube = open_cube(pair(tmp_path, f"{HEAD}note = {words}\n"))
        assert cube.metadata == {"note": words}


def test_braces_that_do_not_match_are_forgiven_once(tmp_path):
    text = f"{HEAD}description = {{a {{ b}}\n"
    assert '"description" is read up to' in open_cube(pair(tmp_path, text)).warnings[0]
    with pytest.raises(FormatError, match="the braces of its fields do not match"):
        open_cube(pair(tmp_path, f"{text}sensor type = {{c {{ d}}\n"))


def test_a_field_behind_another_on_one_line(tmp_path):
    line = (
        "map info = {Polar Stereographic, 1, 1, -3850000, 5850000, 25000, 25000} "
        "projection info = {31, 6378273, 6356889.449, 70, -45, 0, 0, Polar Stereographic}\n"
    )
    georeference = open_cube(pair(tmp_path, HEAD + line)).georeference
    assert georeference.transform == (25000, 0, -3850000, 0, -25000, 5850000)
    assert georeference.projection_info.startswith("{31")
    assert "Polar_Stereographic" in georeference.crs_wkt


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ("wavelength = {1, 2, 3, 4}\nwavelength units = Index", "are band numbers"),
        ("wavelength = {1, 2, 3, 4}", "are band numbers"),
        ("wavelength = {4, 5, 6, 700}\nwavelength units = m", "their unit may be wrong"),
        ("wavelength = {0.4, .5, .6, .7}\nwavelength units = nm", "micrometres are assumed"),
        ("wavelength = {400, 500, 600, 700}\nwavelength units = um", "nanometres are assumed"),
        ("data gain values = {0.1, 0.2, 0.3, 0.4}", '"data gain values" in the header are not'),
        ("data offset values = {0, 0, 0, 5}", '"data offset values" in the header are not'),
        ("map info = {UTM, 1, 1, 5e5}", '"map info" in the header could not be interpreted'),
        ("geo points = {1, 1, 50, 10}", "by control points or rational polynomials (RPC)"),
        ("rpc info = {1, 2, 3}", "by control points or rational polynomials (RPC)"),
        ("data gain values = {a, b, c, d}\ndata offset values = {5, 5, 5, 5}", "offset values"),
        ("data gain values = {1, 1, 1, 1}\ndata offset values = {1, 1, 1, 2}", "offset values"),
        ("data gain values = {1, 1, 1, 1}\ndata offset values = {nan, nan, nan, nan}", "offset"),
        ("wavelength = {4e8, 5e8, 6e8, 7e8}\nwavelength units = nm", "outside the range"),
        ("wavelength = {500, 400, 600, 700}\nwavelength units = nm", "not in ascending order"),
        ("wavelength = {400, 400, 600, 700}\nwavelength units = nm", "the same wavelength"),
    ],
)
def test_what_is_doubtful_is_reported(tmp_path, fields, sentence):
    cube = open_cube(pair(tmp_path, f"{HEAD}{fields}\n"))
    (warning,) = cube.warnings
    assert sentence in warning
    assert (cube.scale, cube.offset) == (1, 0)


@pytest.mark.parametrize(
    ("text", "nodata", "found"),
    [
        ("1152921504606846977", 2**60 + 1, [True, False]),
        ("-9223372036854775807", -(2**63) + 1, [False, False]),
        ("1.152921504606847e18", 2**60, [True, True]),  # rounded before
        ("5.5", 5.5, [False, False]),
        ("1152921504606846977 ; long", 2**60 + 1, [True, False]),
        ("'1152921504606846976'", 2**60, [False, True]),
        ("\u22129999", -9999, [False, False]),
    ],
)
def test_a_long_whole_number_is_no_data_to_its_last_digit(tmp_path, text, nodata, found):
    path = pair(tmp_path, f"{HEAD}data ignore value = {text}\n".replace("= 12", "= 14"))
    values = np.full((2, 4, 3), 7, np.int64)
    values[0, 0, :2] = 2**60 + 1, 2**60
    (tmp_path / "cube.img").write_bytes(values.tobytes())
    cube = open_cube(path)
    assert cube.nodata == nodata
    np.testing.assert_array_equal(np.isnan([cube.spectrum(0, k)[0] for k in (0, 1)]), found)
    copy = write_cube(cube, tmp_path / "copy.hdr")[0]
    assert open_cube(copy).nodata == nodata


@pytest.mark.parametrize(
    ("text", "nodata"),
    [
        ("1.#QNAN", np.nan),
        ("-1.#IND00", np.nan),
        ("-1.#INF", -np.inf),
        ("-9.999D+03", -9999),
        ("-9999 -9999 -9999 -9999", -9999),
        ("{-9999, -9999, -9999, -9999}", -9999),
    ],
)
def test_no_data_as_other_languages_write_it(tmp_path, text, nodata):
    cube = open_cube(pair(tmp_path, f"{HEAD}data ignore value = {text}\n"))
    np.testing.assert_equal(cube.nodata, nodata)


def test_a_header_of_windows_keeps_its_dashes(tmp_path):
    path = pair(tmp_path, HEAD)
    names = "band names = {a \u2013 b, c, d, \u201ce\u201d}\n"
    path.write_bytes((HEAD + names).encode("cp1252"))
    assert open_cube(path).band_names == ("a \u2013 b", "c", "d", "\u201ce\u201d")


def test_widths_are_in_the_unit_that_the_wavelengths_turn_out_to_have(tmp_path):
    fields = "wavelength = {400, 500, 600, 700}\nfwhm = {5, 5, 5, 6}\nwavelength units = um\n"
    cube = open_cube(pair(tmp_path, HEAD + fields))
    np.testing.assert_array_equal(cube.wavelengths, [400, 500, 600, 700])
    np.testing.assert_array_equal(cube.fwhm, [5, 5, 5, 6])


@pytest.mark.parametrize(
    ("unit", "numbers"),
    [
        ("Wavenumber (cm-1)", "10000, 5000, 4000, 2000"),
        ("cm^(-1)", "10000, 5000, 4000, 2000"),
        ("Micrometers (um)", "1, 2, 2.5, 5"),
        ("nm (air)", "1000, 2000, 2500, 5000"),
        ("[nm]", "1000, 2000, 2500, 5000"),
        ("eV", "1.239841984, 0.619920992, 0.4959367936, 0.2479683968"),
    ],
)
def test_units_with_their_sign_or_a_remark(tmp_path, unit, numbers):
    fields = f"wavelength = {{{numbers}}}\nwavelength units = {unit}\n"
    cube = open_cube(pair(tmp_path, HEAD + fields))
    np.testing.assert_allclose(cube.wavelengths, [1000, 2000, 2500, 5000])
    assert cube.warnings == ()


def test_a_shift_in_wavenumbers_is_no_wavenumber(tmp_path):
    fields = "wavelength = {400, 500, 600, 700}\nwavelength units = Raman shift (cm-1)\n"
    (warning,) = open_cube(pair(tmp_path, HEAD + fields)).warnings
    assert '"Raman shift (cm-1)", is not known' in warning


def test_one_number_for_each_band_is_that_number(tmp_path):
    fields = (
        "data ignore value = {65535, 65535, 65535, 65535}\nbbl = {True, False, True, True}\n"
        "reflectance scale factor = {10000, 10000, 10000, 10000}\n"
    )
    cube = open_cube(pair(tmp_path, HEAD + fields))
    assert (cube.nodata, cube.scale, cube.warnings) == (65535, 1e-4, ())
    assert list(cube.good_bands) == [True, False, True, True]


@pytest.mark.parametrize("none", ["None", "NA", "{}"])
def test_fields_that_say_nothing_are_no_news(tmp_path, none):
    lists = "fwhm = {\n}\nbbl = {}\nband names = {}\ndefault bands = []\nmap info = { }\n"
    fields = f"data ignore value = {none}\nreflectance scale factor =\n{lists}"
    cube = open_cube(pair(tmp_path, HEAD + fields))
    assert (cube.nodata, cube.fwhm, cube.band_names, cube.warnings) == (None, None, None, ())
    assert cube.georeference is None


@pytest.mark.parametrize("offsets", ["", "data offset values = {0, 0, 0, 0}\n"])
def test_a_gain_that_all_bands_share_is_the_scale(tmp_path, offsets):
    map_line = "map info = {UTM, 1, 1, 5e5, 4e6, 30, 30, 13, North, WGS-84}\n"
    gains = "data gain values = {4e-4, 4e-4, 4e-4, 4e-4}\n"
    header = pair(tmp_path, f"{HEAD}{map_line}{gains}{offsets}")
    with rasterio.open(header.with_suffix(".img"), driver="ENVI") as file:
        assert set(file.scales) == {4e-4}
    cube = open_cube(header)
    assert (cube.scale, cube.offset, cube.warnings) == (4e-4, 0, ())
    write_cube(cube, tmp_path / "copy.hdr")
    copy = open_cube(tmp_path / "copy.hdr")
    assert (copy.scale, copy.offset, copy.warnings) == (pytest.approx(4e-4, rel=1e-15), 0, ())
    assert "gain" not in (tmp_path / "copy.hdr").read_text()


@pytest.mark.parametrize("end", [",", ""])
def test_names_that_hold_commas_or_stand_without_them(tmp_path, end):
    names = [f"Road{' surface' if not end else ', dry'}", "a", "b", "c"]
    listed = f"{end}\n".join(names)
    cube = open_cube(pair(tmp_path, f"{HEAD}band_names = {{\n{listed}}}\n"))
    assert cube.band_names == tuple(names)
    text = HEAD.replace("bands = 4", "bands = 1") + f"classes = 4\nclass names = {{\n{listed}}}\n"
    assert open_cube(pair(tmp_path, text)).class_names == {1: "a", 2: "b", 3: "c"}


def test_gains_that_change_nothing_are_no_news(tmp_path):
    fields = "data gain values = {1, 1.0, 1, 1}\ndata offset values = {0.0, 0, 0, 0}\n"
    assert open_cube(pair(tmp_path, HEAD + fields)).warnings == ()


def test_widths_in_wavenumbers_become_widths_in_nm(tmp_path):
    fields = "wavelength = {1000, 2000, 4000, 5000}\nfwhm = {4, 4, 4, 4}\n"
    cube = open_cube(pair(tmp_path, f"{HEAD}{fields}wavelength units = Wavenumber\n"))
    np.testing.assert_allclose(cube.fwhm, [40, 10, 2.5, 1.6])


@pytest.mark.parametrize("kind", ["ENVI Meta File", "ENVI Virtual Mosaic", "HDF Scientific Data"])
def test_headers_of_other_files_are_refused_by_kind(tmp_path, kind):
    text = f"ENVI\nsamples = 3\nlines = 2\nbands = 4\nfile type = {kind}\n"
    with pytest.raises(FormatError, match=f'"file type = {kind.lower()}" is not a raw image'):
        open_cube(pair(tmp_path, text))


@pytest.mark.parametrize("name", ["cube.hdr", "cube.tif.hdr"])
def test_the_header_of_a_tiff_opens_the_tiff(tmp_path, name):
    values = np.arange(24, dtype=np.uint16).reshape(4, 2, 3)
    with rasterio.open(
        tmp_path / "cube.tif", "w", "GTiff", 3, 2, 4, dtype="uint16", transform=(2, 0, 5, 0, -2, 9)
    ) as file:
        file.write(values)
    header = tmp_path / name
    fields = "file type = TIFF\nwavelength = {400, 500, 600, 700}\nwavelength units = nm\n"
    header.write_text(f"{HEAD}{fields}bbl = {{1, 0, 1, 1}}\n")
    cube = open_cube(header)
    np.testing.assert_array_equal(cube.read(), values.transpose(1, 2, 0))
    assert list(cube.wavelengths) == [400, 500, 600, 700]
    assert list(cube.good_bands) == [True, False, True, True]
    assert cube.georeference.transform == (2, 0, 5, 0, -2, 9)
    assert diagnosis(header) is None
    (tmp_path / "cube.tif").unlink()
    with pytest.raises(FileError, match="the TIFF file of this header is missing"):
        open_cube(header)


@pytest.mark.parametrize("name", ["cube.hdr", "cube.img"])
def test_of_a_header_that_calls_raw_values_a_tiff_the_file_of_values_is_named(tmp_path, name):
    pair(tmp_path, f"{HEAD}file type = TIFF\n")
    with pytest.raises(FormatError, match=r"cube\.img is damaged or not a readable raster"):
        open_cube(tmp_path / name)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n", "is a Radiance image"),
        ((348).to_bytes(4, "little") + bytes(344), "is an Analyze or NIfTI header"),
        ((348).to_bytes(4, "big") + bytes(344), "is an Analyze or NIfTI header"),
        (bytes(range(200)), "is not text"),
        (b"hello world\nENVI", 'its first line is "hello world" instead of "ENVI"'),
    ],
)
def test_other_kinds_of_hdr_are_refused_by_name(tmp_path, raw, message):
    with pytest.raises(FormatError, match=message):
        open_cube(pair(tmp_path, raw))


ESRI = "BYTEORDER {}\nLAYOUT {}\nNROWS 2\nNCOLS\t3\nNBANDS 4\nNBITS 16\n"
CORNER = "ULXMAP 400015\nULYMAP 5000015\nXDIM 30\nYDIM 30\nNODATA 300\n"


def esri(folder, suffix, text, data):
    (folder / f"scene{suffix}").write_bytes(data)
    (folder / "scene.hdr").write_text(text)
    return folder / f"scene{suffix}"


@pytest.mark.parametrize("order", ["I", "M"])
@pytest.mark.parametrize(
    ("layout", "axes"), [("BSQ", (2, 0, 1)), ("BIL", (0, 2, 1)), ("BIP", (0, 1, 2))]
)
@pytest.mark.parametrize("skip", [0, 10])
def test_esri_headers_read_as_gdal_reads_them(tmp_path, order, layout, axes, skip):
    data = VALUES.transpose(axes).astype("<u2" if order == "I" else ">u2").tobytes()
    text = ESRI.format(order, layout) + CORNER + f"SKIPBYTES {skip}\n"
    path = esri(tmp_path, f".{layout.lower()}", text, bytes(skip) + data)
    path.with_suffix(".prj").write_text(rasterio.crs.CRS.from_epsg(32633).to_wkt())
    path.with_suffix(".stx").write_text("1 2")
    with rasterio.open(path, driver="EHdr") as file:
        expected = file.read().transpose(1, 2, 0)
        transform = tuple(file.transform)[:6]
    for source in (path, path.with_suffix(".hdr")):
        facts = cube_info(source)
        assert facts["format"] == "ESRI"
        assert facts["interleave"] == layout.lower()
        assert facts["crs"] == "EPSG:32633"
        assert facts["nodata"] == 300
        assert tuple(facts["transform"]) == transform == (30, 0, 400000, 0, -30, 5000030)
        np.testing.assert_array_equal(open_cube(source).read(), expected)
    np.testing.assert_array_equal(expected, VALUES)


def test_an_esri_grid_of_floats(tmp_path):
    text = "ncols 3\nnrows 2\nxllcorner 100\nyllcorner 200\ncellsize 10\nbyteorder LSBFIRST\n"
    path = esri(tmp_path, ".flt", text, VALUES[:, :, 0].astype("<f4").tobytes())
    cube = open_cube(path.with_suffix(".hdr"))
    assert cube.dtype == np.float32
    assert cube.georeference.transform == (10, 0, 100, 0, -10, 220)
    np.testing.assert_array_equal(cube.read()[:, :, 0], VALUES[:, :, 0])


def test_esri_headers_of_camera_programs(tmp_path):
    text = ESRI.format("I", "BIL") + "BANDROWBYTES 4\nWAVELENGTHS\n400\n500\n600\n700\n"
    path = esri(tmp_path, ".bil", f"{text}WAVELENGTHS_END", VALUES.transpose(0, 2, 1).tobytes())
    cube = open_cube(path)
    assert list(cube.wavelengths) == [400, 500, 600, 700]
    assert "BANDROWBYTES 4 in the header is too small" in cube.warnings[0]
    path.with_suffix(".hdr").write_text(f"{text}800\nWAVELENGTHS_END")
    assert "one wavelength per band" in open_cube(path).warnings[1]
    path.with_suffix(".hdr").write_text(f"{text}red\nWAVELENGTHS_END")
    assert open_cube(path).wavelengths is None


@pytest.mark.parametrize(
    ("lines", "sentences"),
    [
        ("", []),
        ("BANDROWBYTES 6\nTOTALROWBYTES 24\nBANDGAPBYTES 0\n", []),
        ("TOTALROWBYTES 23\n", ["TOTALROWBYTES 23 in the header is too small"]),
        (
            "WAVELENGTHS\n400\n500\n600\n700\nWAVELENGTHS_END\n",
            ["The unit of the wavelengths is not given; nanometres are assumed."],
        ),
        (
            "WAVELENGTHS\n0.4\n0.5\n0.6\n0.7\nWAVELENGTHS_END\n",
            ["The unit of the wavelengths is not given; micrometres are assumed."],
        ),
    ],
)
def test_what_is_assumed_of_an_esri_header_is_said(tmp_path, lines, sentences):
    text = ESRI.format("I", "BIL") + lines
    cube = open_cube(esri(tmp_path, ".bil", text, VALUES.transpose(0, 2, 1).tobytes()))
    assert len(cube.warnings) == len(sentences)
    assert all(s in w for s, w in zip(sentences, cube.warnings, strict=True))
    if "WAVELENGTHS" in lines:
        assert list(cube.wavelengths) == [400, 500, 600, 700]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("NROWS 3\n", "is too short: its header gives 3 rows"),
        ("NROWS 0\n", "ESRI header|cannot be"),
        ("TOTALROWBYTES 32\n", r"bytes between them \(totalrowbytes\) are not supported"),
        ("NBITS 4\n", "values of 4 bits are not supported"),
        ("SKIPBYTES many\n", '"SKIPBYTES many" is not a whole number'),
        ("LAYOUT BUP\n", '"LAYOUT bup" is not BIL|does not match its ESRI header'),
    ],
)
def test_esri_headers_that_are_refused(tmp_path, change, message):
    text = ESRI.format("I", "BIL") + change
    path = esri(tmp_path, ".bil", text, VALUES.transpose(0, 2, 1).tobytes())
    with pytest.raises(FormatError, match=message):
        open_cube(path)


def test_an_esri_header_without_data(tmp_path):
    (tmp_path / "scene.hdr").write_text(ESRI.format("I", "BIL"))
    (tmp_path / "scene.prj").write_text("")
    with pytest.raises(FileError, match="an ESRI header, not an ENVI one, and its data file"):
        open_cube(tmp_path / "scene.hdr")


def test_widths_have_the_unit_that_the_wavelengths_turn_out_to_have(tmp_path):
    (tmp_path / "a.img").write_bytes(np.zeros((2, 3, 4), "u1").tobytes())
    (tmp_path / "a.hdr").write_text(
        "ENVI\nsamples = 3\nlines = 2\nbands = 4\nheader offset = 0\ndata type = 1\n"
        "interleave = bip\nbyte order = 0\nwavelength = {0.45, 0.55, 0.65, 2.2}\n"
        "fwhm = {0.01, 0.01, 0.012, 0.02}\n"
    )
    cube = open_cube(tmp_path / "a.hdr")
    np.testing.assert_allclose(cube.wavelengths, [450, 550, 650, 2200])
    np.testing.assert_allclose(cube.fwhm, [10, 10, 12, 20])


@pytest.mark.parametrize("offset", ["", "data offset values = {-2}\n"])
def test_an_image_of_one_band_has_its_gain_too(tmp_path, offset):
    head = HEAD.replace("bands = 4", "bands = 1")
    assert head != HEAD
    cube = open_cube(pair(tmp_path, f"{head}data gain values = {{0.5}}\n{offset}"))
    assert (cube.scale, cube.offset) == (0.5, -2.0 if offset else 0.0)
