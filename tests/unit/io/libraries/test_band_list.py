"""Wavelengths out of whatever file lists them."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.libraries.band_list import read_band_list
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube

NM = np.array([450.0, 550.5, 2200.0])
ASSUMED = ("The unit of the wavelengths is not given; micrometres are assumed.",)


@pytest.mark.parametrize(
    ("name", "text", "remarks"),
    [
        ("a.txt", "450\n550.5\n2200\n", None),
        ("a.txt", "wavelength (nm)\n450\n550.5\n2200", ()),
        ("a.txt", "0.45 um\n0.5505 um\n2.2 um\n", ()),
        ("a.txt", "# by hand\n0.45,\n0.5505,\n2.2,\n", ASSUMED),
        ("a.csv", "band,wavelength (nm),fwhm\n1,450,10\n2,550.5,10\n3,2200,12\n", ()),
        ("a.csv", "band,wavelength_um\n1,0.45\n2,0.5505\n3,2.2\n", ()),
        ("a.txt", "1 450\n2 550.5\n3 2200\n", None),
        (
            "a.csv",
            "Channel,Wavelength (nm),FWHM,Status\n1,450,5,bad\n2,550.5,5,ok\n3,2200,5,ok\n",
            (),
        ),
        ("a.csv", "Band;CenterWavelength(nm);FWHM\nB1;450,0;5,5\nB2;550,5;5,5\nB3;2200;6\n", ()),
        ("a.csv", "fwhm,wavelength\n5.5,450\n5.5,550.5\n5.5,2200\n", None),
        ("a.txt", "450 550.5 2200", None),
        ("a.txt", "wavenumber (cm-1)\n22222.222222\n18165.304269\n4545.454545\n", ()),
        ("a.txt", "450, 550.5, 2200\n", None),
        ("a.txt", "wavelength = {\n 450, 550.5,\n 2200}\n", None),
        ("a.spc", "  450.0 9.8 1.0 1.0 1\n  550.5 9.9 1.0 1.0 2\n 2200.0 11 1.0 1.0 3\n", None),
        ("a.hdr", "ENVI\nwavelength units = Micrometers\nwavelength = {0.45, 0.5505, 2.2}\n", ()),
        ("a.hdr", "ENVI\nbands = 3\nband names = {450 nm, 550.5 nm, 2200 nm}\n", None),
    ],
)
def test_lists_as_people_have_them(tmp_path, name, text, remarks):
    (tmp_path / name).write_text(text)
    nm, found = read_band_list(tmp_path / name)
    np.testing.assert_allclose(nm, NM, rtol=1e-7)
    if remarks is not None:
        assert found == remarks


@pytest.mark.parametrize("name", ["a.hdr", "a.img", "a.tif", "a.mat"])
def test_another_cube_lends_its_wavelengths(tmp_path, name):
    write_cube(HyperCube.from_array(np.zeros((4, 5, 3)), wavelengths=NM), tmp_path / name)
    np.testing.assert_array_equal(read_band_list(tmp_path / name)[0], NM)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "no number\n"),
        ("a.txt", "1 2\n3\n"),
        ("a.csv", "band,wavelength (nm)\n"),
        ("a.csv", "band,name\n1,red\n2,green\n"),
        ("a.csv", "band,wavelength\n1,0\n2,1\n3,2\n"),
        ("a.txt", "1\n2\n3\n"),
        ("a.csv", "band,wavelength (nm)\n1,450\n2,unknown\n"),
        ("a.csv", "band,wavelength (nm)\n1,450\n2\n"),
        ("a.txt", "wavelength\nred\ngreen\n"),
        ("a.hdr", "ENVI\nbands = 3\n"),
        ("a.txt", ""),
    ],
)
def test_what_lists_none_is_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(FormatError):
        read_band_list(tmp_path / name)
    with pytest.raises(FileError):
        read_band_list(tmp_path / "nothing.txt")


@pytest.mark.real_data
def test_real_headers_and_libraries(data_dir):
    header = data_dir / "envi" / "berlin_um" / "envi.hdr"
    np.testing.assert_allclose(read_band_list(header)[0], open_cube(header).wavelengths)
    listed = [read_band_list(p)[0].size for p in (data_dir / "spectral_library").rglob("*.hdr")]
    assert listed
    assert min(listed) > 100
