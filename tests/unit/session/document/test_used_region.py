"""What is used of a scene: one object until it changes, steps that are undone, and why it is too
little to train on."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.region import TOO_FEW_INSIDE, RegionOfInterest
from hsi_viewer.session.document.used_region import used_of
from tests.unit.session.made import new_document, stroke

INSIDE = np.zeros((6, 7), bool)
INSIDE[:2] = True
CHOSEN = np.array([True, False, True, False])


@pytest.fixture
def document():
    return new_document()


def test_pixels_and_bands_are_chosen_in_steps_that_are_undone(document):
    region, history, told = document.region, document.history, []
    region.changed.connect(lambda: told.append(True))
    assert not region.now
    assert region.of(document.cube) is document.cube
    region.set_inside(history, "Use the field", INSIDE)
    region.set_bands(history, "Use some bands", CHOSEN)
    assert [step.title for step in history.steps] == ["Use the field", "Use some bands"]
    np.testing.assert_array_equal(region.now.inside, INSIDE)
    np.testing.assert_array_equal(region.now.bands, CHOSEN)
    assert len(told) == 2
    region.set_inside(history, "Again", INSIDE)
    region.set_bands(history, "Again", CHOSEN)
    assert (history.count, len(told)) == (2, 2)  # nothing has changed
    region.clear(history)
    assert not region.now
    assert history.steps[-1].title == "Use the whole scene"
    region.clear(history)
    assert history.count == 3
    history.undo()
    np.testing.assert_array_equal(region.now.inside, INSIDE)
    region.set_inside(history, "All pixels", None)
    assert region.now.inside is None
    np.testing.assert_array_equal(region.now.bands, CHOSEN)
    region.set_bands(history, "All bands", None)
    assert not region.now


def test_what_is_used_is_one_object_until_it_changes(document):
    region, cube = document.region, document.cube
    region.set_inside(document.history, "Use the field", INSIDE)
    now, used = region.now, region.of(cube)
    assert region.now is now
    assert region.of(cube) is used
    other = RegionOfInterest(~INSIDE)
    of_other = region.of(cube, other)
    assert region.of(cube, other) is of_other
    assert region.of(cube) is used  # which the other one does not push out
    np.testing.assert_array_equal(of_other.inside, ~INSIDE)
    another = HyperCube.from_array(cube.read())
    assert region.of(another) is not used
    used = region.of(cube)
    region.set_bands(document.history, "Use some bands", CHOSEN)
    assert region.now is not now
    changed = region.of(cube)
    assert changed is not used
    np.testing.assert_array_equal(changed.good_bands, CHOSEN)
    assert region.of(cube, other) is of_other


def test_of_bands_of_which_none_is_good_none_is_used():
    cube = HyperCube.from_array(np.ones((2, 3, 4)), good_bands=~CHOSEN)
    used = used_of(cube, RegionOfInterest(None, CHOSEN))
    assert not used.good_bands.any()
    np.testing.assert_array_equal(used.chosen, CHOSEN)
    assert used_of(cube, RegionOfInterest(np.ones((2, 3), bool))).chosen is None


def test_two_classes_are_needed_inside(document):
    region = document.region
    assert region.training_disabled_reason() is None
    region.set_inside(document.history, "Use the field", INSIDE)
    assert region.training_disabled_reason() == TOO_FEW_INSIDE
    document.add_class("a")
    document.add_class("b")
    stroke(document, 1, [0])
    stroke(document, 2, [40])  # outside
    assert region.training_disabled_reason() == TOO_FEW_INSIDE
    stroke(document, 2, [1])
    assert region.training_disabled_reason() is None
    document.history.undo()
    assert region.training_disabled_reason() == TOO_FEW_INSIDE
    region.set_inside(document.history, "Use more", np.ones((6, 7), bool))
    assert region.training_disabled_reason() is None
