"""Spectral libraries, in and out. ECOSTRESS and USGS texts are written after published examples."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.errors import ExportError, FileError, FormatError
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary
from hsi_viewer.io.libraries.spectral_library import read_library, write_library

NM = np.array([400.0, 500.5, 2500.0])
VALUES = np.array([[0.1, 0.2, np.nan], [0.3, 1 / 3, 0.5]])
LIBRARY = SpectralLibrary(("Gras, trocken", "Straße"), NM, VALUES, "mine")


@pytest.mark.parametrize("suffix", [".sli", ".hdr", ".csv"])
def test_round_trip(tmp_path, suffix):
    write_library(tmp_path / f"a{suffix}", LIBRARY)
    back = read_library(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(back.wavelengths, NM)
    np.testing.assert_array_equal(back.spectra, VALUES)
    assert back.names[1] == "Straße"


@pytest.mark.parametrize("suffix", [".sli", ".csv"])
def test_round_trip_without_wavelengths(tmp_path, suffix):
    write_library(tmp_path / f"a{suffix}", SpectralLibrary(("a", "b"), None, VALUES, "mine"))
    back = read_library(tmp_path / f"a{suffix}")
    assert back.wavelengths is None
    np.testing.assert_array_equal(back.spectra, VALUES)


def test_sli_as_spectral_reads_it(tmp_path):
    import spectral

    write_library(tmp_path / "a.sli", LIBRARY)
    library = spectral.envi.open(str(tmp_path / "a.hdr"))
    np.testing.assert_array_equal(library.spectra, VALUES)
    assert library.names == ["Gras; trocken", "Straße"]
    assert library.bands.centers == list(NM)


def test_text_round_trip(tmp_path):
    one = SpectralLibrary(("soil",), NM, VALUES[1:])
    write_library(tmp_path / "a.txt", one)
    back = read_library(tmp_path / "a.txt")
    np.testing.assert_array_equal(back.spectra, VALUES[1:])
    assert back.names == ("soil",)
    with pytest.raises(ExportError, match="a single spectrum"):
        write_library(tmp_path / "b.txt", LIBRARY)
    with pytest.raises(ExportError, match=r"choose \.sli"):
        write_library(tmp_path / "b.doc", LIBRARY)


def test_big_endian_with_deleted_values_and_scale(tmp_path):
    stored = np.array([[1000, -1.23e34, 3000]], ">f8")
    (tmp_path / "a.sli").write_bytes(stored.tobytes())
    (tmp_path / "a.hdr").write_text(
        "ENVI\nsamples = 3\nlines = 1\nbands = 1\nfile type = ENVI Spectral Library\n"
        "data type = 5\nbyte order = 1\nreflectance scale factor = 10000\n"
        "wavelength units = Micrometers\nwavelength = {0.4, 0.5, 0.6}\n"
    )
    library = read_library(tmp_path / "a.sli")
    np.testing.assert_allclose(library.spectra, [[0.1, np.nan, 0.3]])
    np.testing.assert_allclose(library.wavelengths, [400, 500, 600])
    assert library.names == ("Spectrum 1",)


ECOSTRESS = """Name: Basalt H5
Type: Rock
Class: Igneous
Wavelength Range: All
Number of X Values: 3
X Units: Wavelength (micrometers)
Y Units: Reflectance (percent)
First X Value: 14.0
Additional Information: basalt.h5.ancillary.txt

  14.0110\t  5.80
   2.0000\t 12.10
   0.4000\t  9.36
"""


def test_ecostress(tmp_path):
    (tmp_path / "rock.txt").write_text(ECOSTRESS)
    library = read_library(tmp_path / "rock.txt")
    assert library.names == ("Basalt H5",)
    np.testing.assert_allclose(library.wavelengths, [400, 2000, 14011])
    np.testing.assert_allclose(library.spectra, [[0.0936, 0.121, 0.058]])


def test_usgs_splib07(tmp_path):
    (tmp_path / "s07_ASD_Quartz.txt").write_text(
        " splib07a Record=11111: Quartz GDS74 Sand Ottawa ASDFRb AREF\n"
        " 5.0e-01\n -1.23e+34\n 7.0e-01\n"
    )
    without = read_library(tmp_path / "s07_ASD_Quartz.txt")
    assert without.wavelengths is None
    assert "wavelengths" in without.warnings[0]
    (tmp_path / "splib07a_Wavelengths_ASD_3_ch.txt").write_text(
        " splib07a Record=1: Wavelengths ASD\n 0.35\n 0.36\n 0.37\n"
    )
    library = read_library(tmp_path / "s07_ASD_Quartz.txt")
    assert library.names == ("Quartz GDS74 Sand Ottawa ASDFRb AREF",)
    np.testing.assert_allclose(library.wavelengths, [350, 360, 370])
    np.testing.assert_array_equal(library.spectra, [[0.5, np.nan, 0.7]])


@pytest.mark.parametrize("text", ["title\n0.35\n0.36\n", "title\nno\nnumbers\nhere\n", ""])
def test_usgs_wavelengths_that_are_not_of_a_spectrum_are_passed_over(tmp_path, text):
    folder = tmp_path / "spectra"
    folder.mkdir()
    path = folder / "s07_ASD_Quartz.txt"
    path.write_text(" splib07a Record=1: Quartz AREF\n 5.0e-01\n 6.0e-01\n 7.0e-01\n")
    (folder / "a_Wavelengths.txt").write_text(text)
    assert read_library(path).wavelengths is None
    for beside in (folder, tmp_path):
        good = beside / "b_wavelengths.txt"
        good.write_text("title\n0.35\n0.36\n0.37\n")
        np.testing.assert_allclose(read_library(path).wavelengths, [350, 360, 370])
        good.unlink()


def test_usgs_splib06(tmp_path):
    (tmp_path / "q.txt").write_text(
        "USGS Digital Spectral Library splib06a\nClark and others 2007\n Quartz GDS31\n"
        " wavelength reflectance deviation\n 0.205100 -1.23e34 0.0\n 0.213100 0.40 0.001\n"
    )
    library = read_library(tmp_path / "q.txt")
    np.testing.assert_allclose(library.wavelengths, [205.1, 213.1])
    np.testing.assert_array_equal(library.spectra, [[np.nan, 0.4]])


TWO = [[0.1, 0.3], [0.2, 0.4]]


@pytest.mark.parametrize(
    ("text", "names", "nm", "spectra"),
    [
        ("Wellenlänge (nm);a;b\n400,5;0,1;0,2\n500;0,3;0,4\n", ("a", "b"), [400.5, 500], TWO),
        ("400,5 0,1 0,2\n500,0 0,3 0,4\n", ("Spectrum 1", "Spectrum 2"), [400.5, 500], TWO),
        (" 400 0.1 0.2\n 500 0.3 0.4\n", ("Spectrum 1", "Spectrum 2"), [400, 500], TWO),
        ("Wavelength [µm],a\n0.4,.1\n0.5,.3\n", ("a",), [400, 500], TWO[:1]),
        ("wl_um\ta\n0.4\t.1\n0.5\t.3\n", ("a",), [400, 500], TWO[:1]),
        ("# by X\nnm,a,\n400,.1,\n500,.3,\n", ("a",), [400, 500], TWO[:1]),
        ("wavelength,a\n400,NA\n500,.3\n", ("a",), [400, 500], [[np.nan, 0.3]]),
        ("wavelength,1,2\n400,.1,.2\n500,.3,.4\n", ("1", "2"), [400, 500], TWO),
        ("id,X400,X500\n7,.1,.3\n9,.2,.4\n", ("7", "9"), [400, 500], TWO),
        (",400,500\n7,.1,.3\n9,.2,.4\n", ("7", "9"), [400, 500], TWO),
        ("no,name,400nm,500nm\n1,a,.1,.3\n2,b,.2,.4\n", ("a", "b"), [400, 500], TWO),
        ("nm,plot200,plot201\n400,.1,.2\n500,.3,.4\n", ("plot200", "plot201"), [400, 500], TWO),
        (
            "ENVI ASCII Plot File [now]\nColumn 1: Wavelength\nColumn 2: red clay~~2##9,9,9\n"
            "Column 3: b~~3\n 0.4 0.1 0.2\n 0.5 0.3 0.4\n",
            ("red clay", "b"),
            [400, 500],
            TWO,
        ),
        (",Wavelength (um),a,b\n0,.4,.1,.2\n1,.5,.3,.4\n", ("a", "b"), [400, 500], TWO),
        ("Band,Wavelength,a,b\n1,400,.1,.2\n2,500,.3,.4\n", ("a", "b"), [400, 500], TWO),
        ("# wl fwhm\n0 0.4 0.1\n1 0.5 0.3\n", ("Spectrum 1",), [400, 500], TWO[:1]),
        ("Wavelength,a,b\num,%,%\n.4,.1,.2\n.5,.3,.4\n", ("a", "b"), [400, 500], TWO),
        ("wavelength_a,a,b\n400,.1,.2\n500,.3,.4\n", ("a", "b"), [400, 500], TWO),
        ("wavelength,101,102\n400,.1,.2\n500,.3,.4\n", ("101", "102"), [400, 500], TWO),
        ("cm-1,a\n25000,.1\n20000,.3\n", ("a",), [400, 500], TWO[:1]),
        ("a,400,500,label\nx,.1,.3,1\ny,.2,.4,2\n", ("x", "y"), [400, 500], TWO),
        ("400,500,label\n.1,.3,x\n.2,.4,y\n", ("x", "y"), [400, 500], TWO),
        ('"X400","X500"\n"1",.1,.3\n"2",.2,.4\n', ("1", "2"), [400, 500], TWO),
        ("Wave;a;b\n[nm];[counts];[counts]\n400;.1;.2\n500;.3;.4\n", ("a", "b"), [400, 500], TWO),
        (
            "/*** Spectra Vista SIG Data ***/\nname= a.sig\ndata=\n400  1  2  10\n500  3  4  11\n",
            ("Reference", "Target", "Reflectance (%)"),
            [400, 500],
            [[1, 3], [2, 4], [10, 11]],
        ),
        ("; by X\n400 .1 .2\n500 .3 .4\n", ("Spectrum 1", "Spectrum 2"), [400, 500], TWO),
        (
            "User: X\n>>>Begin Spectral Data<<<\n400\t.1\n500\t.3\n>>>End<<<\n",
            ("Spectrum 1",),
            [400, 500],
            TWO[:1],
        ),
        (
            "Instrument: PSR\nRange: 350,2500\nData:\nWvl\tRad. (Ref.)\tRefl. %\n"
            "400.0\t0.1\t0.2\n500.0\t0.3\t0.4\n",
            ("Rad. (Ref.)", "Refl. %"),
            [400, 500],
            TWO,
        ),
    ],
)
def test_tables_as_programs_write_them(tmp_path, text, names, nm, spectra):
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "a.csv").write_text(text, encoding=encoding)
        library = read_library(tmp_path / "a.csv")
        assert library.names == names
        np.testing.assert_allclose(library.wavelengths, nm)
        np.testing.assert_allclose(library.spectra, spectra)


@pytest.mark.parametrize(
    "text",
    ["400,1\n500,2,3\n600,4\n", "a,b\nc,d\n", "name,400,500\n", ",1\n400,2\n500,\n,3\n"],
)
def test_tables_that_make_no_sense(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(FormatError, match="not a table of spectra"):
        read_library(tmp_path / "a.csv")


def test_lines_that_are_counted_are_no_wavelengths(tmp_path):
    (tmp_path / "a.csv").write_text("id,b1,b2\n1,.1,.2\n2,.3,.4\n")
    library = read_library(tmp_path / "a.csv")
    assert library.wavelengths is None
    assert library.warnings == (
        "The wavelengths in the table are band numbers; they are not used.",
    )


def test_regions_of_envi_are_no_library(tmp_path):
    (tmp_path / "a.txt").write_text(
        "ENVI Output of ROIs (5.0) [x]\n; Number of ROIs: 1\n;   ID X Y B1\n 1 1 1 5\n 2 2 1 5\n"
    )
    with pytest.raises(
        FormatError, match="contains ENVI regions, not spectra; import it as labels"
    ):
        read_library(tmp_path / "a.txt")


def test_usgs_spectra_are_named_by_their_title(tmp_path):
    head = "USGS Digital Spectral Library splib06a\n\nline 15 title\nline 16 history\n"
    (tmp_path / "a.asc").write_text(
        f"{head}{'-' * 30}\nAcmite NMNH133746   W1R1Ba AREF\ncopy of splib05a r 64\n"
        "  0.205100  -1.23e34  0.0\n  0.213100  0.5  0.0\n"
    )
    assert read_library(tmp_path / "a.asc").names == ("Acmite NMNH133746 W1R1Ba AREF",)


def test_usgs_spectra_that_reach_into_the_far_infrared(tmp_path):
    (tmp_path / "s07_Wavelengths_NIC4.txt").write_text(
        " splib07a Record=1: Wavelengths NIC4 1.12-216 microns\n 1.12\n 2.2\n 216.0\n"
    )
    (tmp_path / "s07_NIC4_a.txt").write_text(" splib07a Record=2: A NIC4aa RREF\n .1\n .2\n .3\n")
    library = read_library(tmp_path / "s07_NIC4_a.txt")
    np.testing.assert_allclose(library.wavelengths, [1120, 2200, 216_000])


def test_a_library_that_is_not_called_one(tmp_path):
    header = tmp_path / "a.hdr"
    write_library(header, LIBRARY)
    text = header.read_text().replace("Spectral Library", "Standard")
    header.write_text(text.replace("spectra names", "spectra_names"))
    assert read_library(header).names == ("Gras; trocken", "Straße")
    header.write_text(text.replace("spectra names", "names"))
    with pytest.raises(FormatError, match="is an image, not a spectral library"):
        read_library(header)


def test_usgs_spectra_of_any_collection(tmp_path):
    (tmp_path / "lib_Wavelengths_um.txt").write_text(" lib Record=1: Wavelengths\n 0.4\n 0.5\n")
    (tmp_path / "lib_a.txt").write_text(" lib Record=13: Soil a  ASDFRa\n 1e-1\n 3e-001\n")
    library = read_library(tmp_path / "lib_a.txt")
    assert (library.names, list(library.wavelengths)) == (("Soil a ASDFRa",), [400, 500])
    np.testing.assert_array_equal(library.spectra, TWO[:1])


def test_convolved_usgs_spectra(tmp_path):
    (tmp_path / "a.txt").write_text(
        " s07AV95a Record=9: Acmite   NMNH1  BECKa\n -1.23e+034\n 0.5\n"
    )
    library = read_library(tmp_path / "a.txt")
    assert library.names == ("Acmite NMNH1 BECKa",)
    np.testing.assert_array_equal(library.spectra, [[np.nan, 0.5]])


def test_csv_either_way_and_other_separators(tmp_path):
    (tmp_path / "a.csv").write_text("wavelength (um);soil;grass\n0.4;0.1;0.2\n0.5;;0.3\n")
    library = read_library(tmp_path / "a.csv")
    np.testing.assert_allclose(library.wavelengths, [400, 500])
    np.testing.assert_array_equal(library.spectra, [[0.1, np.nan], [0.2, 0.3]])
    (tmp_path / "b.csv").write_text("name,400,500\nsoil,0.1,0.2\ngrass,0.3,0.4\n")
    turned = read_library(tmp_path / "b.csv")
    assert turned.names == ("soil", "grass")
    np.testing.assert_array_equal(turned.spectra, [[0.1, 0.2], [0.3, 0.4]])


@pytest.mark.parametrize("text", ["", "a,b\n1\n", "hello world", "x,y\nfoo,bar\n", "\0\0\0"])
def test_what_is_no_library(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(FormatError):
        read_library(tmp_path / "a.csv")
    with pytest.raises(FileError, match="does not exist"):
        read_library(tmp_path / "none.sli")


def test_resampling_is_linear_and_ends_where_the_library_ends():
    other = LIBRARY.resampled(np.array([300.0, 450.25, 500.5, 2600.0]))
    np.testing.assert_allclose(other.spectra[1], [np.nan, (0.3 + 1 / 3) / 2, 1 / 3, np.nan])


@pytest.mark.real_data
def test_real_libraries(data_dir):
    berlin = read_library(data_dir / "spectral_library/library_berlin.sli")
    assert berlin.spectra.shape == (75, 177)
    assert berlin.names[12] == "brown tile"
    assert berlin.wavelengths[0] == pytest.approx(460)
    with pytest.raises(FormatError, match="not a table of spectra"):
        read_library(data_dir / "spectral_library/library_berlin.csv")
    usgs = read_library(data_dir / "spectral_library/s06av95a_envi.hdr")
    assert usgs.spectra.shape == (1365, 224)
    assert np.nanmin(usgs.spectra) > -1
    assert usgs.names[0] == "Acmite NMNH133746 Pyroxene s06av95a=a"


@pytest.mark.parametrize(
    "names", [("1", "2", "4"), ("100", "101", "102"), ("Class 101", "Class 102", "Class 103")]
)
@pytest.mark.parametrize("bands", [1, 2, 6])
def test_names_that_are_numbers_stay_names(tmp_path, names, bands):
    library = SpectralLibrary(names, None, np.random.default_rng(3).random((3, bands)))
    write_library(tmp_path / "a.csv", library)
    back = read_library(tmp_path / "a.csv")
    assert (back.names, back.wavelengths, back.warnings[1:]) == (names, None, ())
    np.testing.assert_array_equal(back.spectra, library.spectra)


@pytest.mark.parametrize("suffix", [".sli", ".csv", ".txt"])
def test_wavelengths_that_are_not_known_stay_unknown(tmp_path, suffix):
    nm = np.array([np.nan, 500.0, 600.0, np.nan, 700.0])
    spectrum = np.array([[1.0, 2.0, np.nan, 4.0, 5.0]])
    write_library(tmp_path / f"a{suffix}", SpectralLibrary(("a",), nm, spectrum))
    back = read_library(tmp_path / f"a{suffix}")
    kept = [1, 4] if suffix == ".txt" else [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(back.wavelengths, nm[kept])
    np.testing.assert_array_equal(back.spectra, spectrum[:, kept])
    if suffix == ".txt":
        assert "Number of X Values: 2\n" in (tmp_path / "a.txt").read_text()
        nothing = SpectralLibrary(("a",), nm, np.full((1, 5), np.nan))
        with pytest.raises(ExportError, match="no value at any known wavelength"):
            write_library(tmp_path / "b.txt", nothing)


@pytest.mark.parametrize("suffix", [".sli", ".csv"])
def test_names_in_several_lines_become_one_line(tmp_path, suffix):
    names = ("li\nne", "a\u2028b", "nul\0", "; x", "{y}", *(f"s{k}" for k in range(20)))
    library = SpectralLibrary(names, np.array([500.0, 600.0]), np.zeros((25, 2)))
    write_library(tmp_path / f"a{suffix}", library)
    back = read_library(tmp_path / f"a{suffix}")
    assert back.names[:3] == ("li ne", "a b", "nul")
    assert back.names[3:5] == (("; x", "{y}") if suffix == ".csv" else ("x", "(y)"))
    assert back.names[5:] == names[5:]


def test_what_no_light_has_as_a_wavelength_and_infinite_values_are_left_out(tmp_path):
    text = "wavelength (nm),corn\n-400,1\n500,1e400\n600,3\n700,4\n"
    (tmp_path / "a.csv").write_text(text)
    library = read_library(tmp_path / "a.csv")
    np.testing.assert_array_equal(library.wavelengths, [np.nan, 500, 600, 700])
    np.testing.assert_array_equal(library.spectra, [[1, np.nan, 3, 4]])
    assert library.warnings == (
        "No possible wavelength is given for 1 of 4 bands (-400).",
        "Infinite values are left out: 1.",
    )


@pytest.mark.parametrize(
    ("lines", "names", "warnings"),
    [
        (["data ignore value = -1"], ("Spectrum 1", "Spectrum 2"), ()),
        (["data ignore value = -1", "spectra names = {grass}"], ("Spectrum 1", "Spectrum 2"),
         ("The header has 1 name for 2 spectra.",)),
        (["data ignore value = -1", "spectra names = {a, b}"], ("a", "b"), ()),
    ],
)  # fmt: skip
def test_names_and_ignored_values_of_a_library(tmp_path, lines, names, warnings):
    (tmp_path / "a.sli").write_bytes(np.array([[1, -1, 3], [4, 5, -1]], "<f4").tobytes())
    head = ["ENVI", "samples = 3", "lines = 2", "bands = 1", "data type = 4", "byte order = 0",
            "interleave = bsq", "file type = ENVI Spectral Library"]  # fmt: skip
    (tmp_path / "a.hdr").write_text("\n".join([*head, *lines]) + "\n")
    found = read_library(tmp_path / "a.sli")
    assert found.names == names
    np.testing.assert_array_equal(found.spectra, [[1, np.nan, 3], [4, 5, np.nan]])
    assert tuple(w for w in found.warnings if "name" in w) == warnings
