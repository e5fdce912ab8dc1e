from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hsi_viewer.analysis.library_matching import (
    fitted,
    load_library,
    match,
    match_request,
    unlike_values,
)
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.spectra.resampling import band_widths, resampled_gaussian
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary

FINE = np.arange(400.0, 1001.0)
NM = np.linspace(420.0, 980.0, 29)
SPECTRA = np.stack([0.4 + 0.2 * np.sin(FINE / 60), FINE / 1000])


def cube(**fields) -> HyperCube:
    return HyperCube.from_array(
        np.ones((2, 3, 29)), **{"wavelengths": NM, "name": "scene"} | fields
    )


def test_a_library_takes_the_widths_of_the_header_else_the_distance_of_the_bands():
    library = SpectralLibrary(("a", "b"), FINE, SPECTRA, "lib")
    assumed = resampled_gaussian(FINE, SPECTRA, NM, band_widths(NM))
    np.testing.assert_array_equal(fitted(library, cube()).on_sensor.spectra, assumed)
    wide = np.full(29, 60.0)
    wide[3] = np.nan  # one that the header does not tell
    widths = np.where(np.isnan(wide), band_widths(NM), wide)
    found = fitted(library, cube(fwhm=wide)).on_sensor.spectra
    np.testing.assert_array_equal(found, resampled_gaussian(FINE, SPECTRA, NM, widths))
    assert not np.allclose(found, assumed)


def test_without_wavelengths_the_bands_must_be_the_same():
    same = SpectralLibrary(("a",), None, np.ones((1, 29)), "lib")
    assert fitted(same, cube()).on_sensor is same
    with pytest.raises(FormatError, match="12 channels for the 29 bands of scene"):
        fitted(SpectralLibrary(("a",), None, np.ones((1, 12)), "lib"), cube())
    with pytest.raises(FormatError, match="scene has no wavelengths"):
        fitted(SpectralLibrary(("a", "b"), FINE, SPECTRA, "lib"), cube(wavelengths=None))


def test_a_library_of_another_range_is_refused_with_both_ranges():
    far = SpectralLibrary(("a",), FINE + 8000, SPECTRA[:1], "thermal")
    with pytest.raises(FormatError, match="thermal covers 8400 to 9000 nm, none of the bands"):
        fitted(far, cube())


def test_bad_bands_do_not_count_in_a_match():
    good = np.ones(29, bool)
    good[5] = False
    loaded = fitted(SpectralLibrary(("a", "b"), FINE, SPECTRA, "lib"), cube(good_bands=good))
    spectrum = 7 * loaded.on_sensor.spectra[1]
    spectrum[5] = 1e6
    ((first, second),) = match(match_request(spectrum, "picked", loaded.cube, (loaded,))).found
    assert second.angle < 1e-6 < first.angle
    assert second.correlation == pytest.approx(1)


@pytest.mark.real_data
def test_the_shared_libraries_fit_the_sample_scene(data_dir):
    from hsi_viewer.io.opening import open_cube

    scene = open_cube("sample:indian-pines")
    berlin = load_library(data_dir / "spectral_library" / "library_berlin.sli", scene)
    assert berlin.on_sensor.spectra.shape == (75, 200)
    overlap = (scene.wavelengths >= berlin.library.wavelengths.min()) & (
        scene.wavelengths <= berlin.library.wavelengths.max()
    )
    assert np.isfinite(berlin.on_sensor.spectra[:, overlap]).mean() > 0.95
    assert np.isnan(berlin.on_sensor.spectra[:, ~overlap]).all()


@pytest.mark.parametrize(
    ("values", "scale", "fields", "words"),
    [
        (0.4, 1.0, {}, ""),  # reflectance
        (4000, 1.0, {}, "look like radiance or digital numbers (about 4,000)"),
        (4000, 1e-4, {}, ""),  # reflectance by its scale
        (0.4, 1.0, {"data units": "Radiance (W/m2/sr/um)"}, "is radiance"),
        (4000, 1.0, {"data units": "reflectance * 10000"}, ""),
    ],
)
def test_radiance_against_a_library_of_reflectance_is_doubted(values, scale, fields, words):
    nm = np.linspace(400, 900, 6)
    cube = HyperCube.from_array(np.full((20, 30, 6), values), wavelengths=nm)
    cube = replace(cube, scale=scale, metadata=fields)
    spectra = np.full((2, 6), 0.3)
    doubt = unlike_values(SpectralLibrary(("a", "b"), nm, spectra), cube)
    assert words in doubt
    assert bool(doubt) == bool(words)
    assert unlike_values(SpectralLibrary(("a", "b"), nm, 9000 * spectra), cube) == ""


def test_without_wavelengths_bands_are_matched_by_their_numbers():
    bare = cube(wavelengths=None)
    request = match_request(np.arange(29.0), "picked", bare, ())
    np.testing.assert_array_equal(request.wavelengths, np.arange(1, 30))
    np.testing.assert_array_equal(
        match_request(np.arange(29.0), "picked", cube(), ()).wavelengths, NM
    )


def test_a_library_is_of_reflectance_up_to_the_brightest_that_there_is():
    nm = np.linspace(400, 900, 6)
    counts = HyperCube.from_array(np.full((20, 30, 6), 4000), wavelengths=nm)
    for brightest, doubted in ((2.0, True), (2.1, False)):
        library = SpectralLibrary(("a",), nm, np.full((1, 6), brightest))
        assert bool(unlike_values(library, counts)) is doubted
    reflectance = HyperCube.from_array(np.full((20, 30, 6), 2.0), wavelengths=nm)
    library = SpectralLibrary(("a",), nm, np.full((1, 6), 0.3))
    assert unlike_values(library, reflectance) == ""
    unknown = HyperCube.from_array(np.full((3, 3, 6), np.nan), wavelengths=nm)
    assert unlike_values(library, unknown) == ""
