"""Several scenes as one training set: told apart, made comparable, and held out whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.joined import GAP
from hsi_viewer.core.errors import LabelError, ModelError
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.several_scenes import (
    TrainingScenes,
    check_classes,
    chosen_standardisation,
)

BANDS = 6
CONFIG = TrainingConfig(refine=False)


def scene(seed: int, gain: float = 1.0, offset: float = 0.0, classes=(1, 2)) -> tuple:
    """A scene of 12 x 10 pixels, each half of a class, and its labels."""
    rng = np.random.default_rng(seed)
    truth = np.where(np.arange(10) < 5, *classes) * np.ones((12, 1), int)
    means = np.stack([np.sin(np.arange(BANDS) / (1 + k)) for k in range(5)])
    values = (means[truth] + rng.normal(0, 0.1, (12, 10, BANDS)) + 3) * gain + offset
    cube = HyperCube.from_array(values.astype(np.float32), name=f"scene {seed}")
    return cube, truth.astype(np.uint16)


def scenes(*given: tuple, **fields) -> TrainingScenes:
    return replace(TrainingScenes.of(*zip(*given, strict=True)), **fields)


def test_a_scene_that_is_there_twice_is_one():
    first, other = scene(0), scene(1)
    again = replace(first[0], name="copy"), first[1]
    found = scenes(first, other, again)
    assert (len(found), found.first_of) == (3, (0, 1, 0))
    assert [(a.name, b.name) for a, b in found.repeated] == [("copy", "scene 0")]
    rest = found.without(2)
    assert ([c.name for c in rest.cubes], rest.first_of) == (["scene 1"], (0,))
    rest = found.without(1)
    assert ([c.name for c in rest.cubes], rest.first_of) == (["scene 0", "copy"], (0, 0))
    assert len(rest.labels) == 2


def test_scenes_of_one_value_are_not_told_by_it():
    flat = [(HyperCube.from_array(np.full((4, 4, 2), 7.0)), np.zeros((4, 4))) for _ in range(2)]
    assert scenes(*flat).first_of == (0, 1)
    assert scenes(flat[0], flat[0]).first_of == (0, 0)


def test_a_scene_that_does_not_fit_the_first_is_refused_with_its_name():
    narrow = HyperCube.from_array(np.ones((4, 4, 3)), name="narrow")
    with pytest.raises(ModelError, match=r"matched with scene 0, the first: put the scene of"):
        scenes(scene(0), (narrow, np.ones((4, 4), np.uint16)))


def test_the_whole_is_each_scene_as_it_is():
    first, other = scene(0), scene(1, gain=2)
    cube, ids = scenes(first, other).whole()
    assert (cube.name, cube.joined_at) == ("2 scenes", (0, 12 + GAP))
    np.testing.assert_array_equal(ids[:12], first[1])
    np.testing.assert_array_equal(ids[-12:], other[1])
    np.testing.assert_allclose(cube.read()[-12:], other[0].read())


def test_standardised_by_scene_all_have_the_means_and_spreads_of_the_whole():
    first, other = scene(0), scene(1, gain=4, offset=20)
    stored = HyperCube.from_array((other[0].read() - 5) * 10, scale=0.1, offset=5.0)
    for second in (other[0], stored):
        cube, _ = scenes(first, (second, other[1]), standardise="scene").whole()
        parts = cube.read()[:12], cube.read()[-12:]
        means = [part.mean(axis=(0, 1)) for part in parts]
        spreads = [part.std(axis=(0, 1)) for part in parts]
        np.testing.assert_allclose(means[0], means[1], rtol=0.05)
        np.testing.assert_allclose(spreads[0], spreads[1], rtol=0.15)
        assert (means[0] > first[0].read().mean(axis=(0, 1))).all()


def test_each_scene_is_mapped_by_a_model_of_the_others():
    strange = scene(2, classes=(1, 4))  # nobody else knows its second class
    found = list(scenes(scene(0), scene(1), strange).held_out(CONFIG, "lda", ()))
    assert [(s.name, s.total) for s in found] == [
        ("scene 0", 120),
        ("scene 1", 120),
        ("scene 2", 60),
    ]
    assert all(s.right > 0.9 * s.total for s in found)


def test_a_scene_without_which_one_class_is_left_says_nothing():
    one = scene(1)[0], np.ones((12, 10), np.uint16)
    assert [s.name for s in scenes(scene(0), one).held_out(CONFIG, "lda", ())] == ["scene 1"]


def test_scenes_in_units_of_their_own_are_standardised_each_by_itself():
    mixed = scenes(scene(0), scene(1, gain=5, offset=-3), scene(2, gain=0.2, offset=40))
    chosen, found = chosen_standardisation(mixed)
    assert chosen.standardise == "scene"
    assert found["scene"] > 0.95 > found["training"] + 0.1
    alike, found = chosen_standardisation(scenes(scene(0), scene(1)))
    assert alike.standardise == "training"
    assert set(found) == {"training", "scene"}


def test_without_a_scene_to_hold_out_nothing_is_standardised():
    alone = scenes(scene(0))
    assert chosen_standardisation(alone) == (alone, {})


@pytest.mark.parametrize("classes", [(), (1,)])
def test_fewer_than_two_classes_in_all_are_refused(classes):
    labels = [np.full((2, 2), i, np.uint16) for i in (0, *classes)]
    with pytest.raises(LabelError, match=rf"are of {len(classes)} class"):
        check_classes(labels)
    check_classes([*labels, np.array([[7, 9]], np.uint16)])
