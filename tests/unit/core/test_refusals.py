"""What cannot be done is refused with a sentence that says what to do, and nothing is half done."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core import readers
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.region import RegionOfInterest
from hsi_viewer.core.derived.formula import parse_formula
from hsi_viewer.core.derived.moments import Moments
from hsi_viewer.core.derived.transforms import minimum_noise_fraction
from hsi_viewer.core.entry_points import PlugIn
from hsi_viewer.core.errors import FormatError, FormulaError
from hsi_viewer.core.inputs import as_cube, as_mask
from hsi_viewer.core.labels.placement import PLACEMENT_TEXTS, PlacementNeededError
from hsi_viewer.core.labels.selection import Selection
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary

NM = np.array([400.0, 500.0, 600.0])
SPECTRA = np.ones((2, 3))


def test_labels_of_another_grid_offer_ways_to_lay_them_in_their_order():
    error = PlacementNeededError("The map is 3 x 4.", ("crop", "resample"))
    assert str(error) == (
        "The map is 3 x 4. Choose how to place it: align at the top-left corner, or stretch to fit."
    )
    assert error.options == ("crop", "resample")
    assert list(PLACEMENT_TEXTS) == ["georeference", "resample", "crop"]


@pytest.mark.parametrize(
    ("names", "nm", "spectra", "said"),
    [
        (("a", "b"), NM, SPECTRA[0], "soil: a library is spectra x bands"),
        ((), NM, SPECTRA[:0], "with at least one of each"),
        (("a",), NM, SPECTRA, "soil: 1 names for 2 spectra"),
        (("a", "b"), NM[:2], SPECTRA, "soil: 2 wavelengths for 3 bands"),
    ],
)
def test_a_library_whose_parts_do_not_fit_is_none(names, nm, spectra, said):
    with pytest.raises(FormatError, match=said):
        SpectralLibrary(names, nm, spectra, "soil")
    assert len(SpectralLibrary(("a", "b"), None, SPECTRA)) == 2


@pytest.mark.parametrize("text", ["(" * 199 + "b1" + ")" * 199, "-" * 398 + "b1"])
def test_a_formula_that_is_nested_too_deeply_is_refused_or_read(text):
    """How deep is too deep is Python's."""
    try:
        assert parse_formula(text).names == ("b1",)
    except FormulaError as error:
        assert "nested too deeply" in str(error)  # noqa: PT017 (either is right)


def test_components_by_the_noise_need_the_noise():
    moments = Moments(np.arange(2), 9, np.zeros(2), np.eye(2), None)
    with pytest.raises(ValueError, match="covariance of the noise"):
        minimum_noise_fraction(moments, 2)


def test_a_selection_is_of_the_size_of_its_scene():
    selection, received = Selection((3, 4)), []
    selection.changed.connect(lambda: received.append(len(selection)))
    with pytest.raises(ValueError, match=r"\(4, 3\), the scene \(3, 4\)"):
        selection.select(np.ones((4, 3), bool), "all")
    selection.clear()
    assert received == []
    selection.select(np.eye(3, 4, dtype=bool), "a line")
    assert (len(selection), selection.name) == (3, "a line")
    assert selection.pixels.tolist() == [0, 5, 10]
    selection.select(np.zeros((3, 4), bool), "nothing")
    assert (len(selection), selection.name, selection.mask) == (0, "", None)
    assert received == [3, 0]


def test_a_plug_in_that_breaks_a_rule_is_left_out_by_name():
    assert PlugIn("rows", "hsi_viewer.panels").refused("it has no title").problem == (
        "The plug-in rows was left out: it has no title."
    )
    assert PlugIn("rows", "of.others").kind == "of.others"


def test_a_region_of_bands_alone_is_all_of_the_scene():
    cube = HyperCube.from_array(np.ones((2, 3, 4)))
    assert RegionOfInterest(None, np.array([True, False, True, True])).share(cube) == 1
    inside = np.array([[True, False, False], [True, True, False]])
    used = as_cube(cube, inside)
    assert used.inside.tolist() == inside.tolist()
    assert RegionOfInterest(inside).share(cube) == 0.5


def test_paths_are_read_by_the_readers_that_were_named(monkeypatch):
    """Each by its own, with what it is given."""
    monkeypatch.setattr(readers, "_provided", [])
    readers.provide(
        lambda source: ("cube", source),
        lambda source, cube: ("labels", source, cube),
        lambda source, cube: ("mask", source, cube),
    )
    cube = HyperCube.from_array(np.ones((2, 3, 4)))
    assert readers.open_cube("a.npy") == ("cube", "a.npy")
    assert readers.import_labels("a.png", cube) == ("labels", "a.png", cube)
    kind, path, given = as_mask("a.tif", cube)
    assert (kind, path, given) == ("mask", "a.tif", cube)
