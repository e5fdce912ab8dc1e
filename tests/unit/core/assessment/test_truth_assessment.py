"""A ground truth scores apart what lies beyond the reach, and falls back on the labels."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from hsi_viewer.core.assessment.accuracy import score_pixels
from hsi_viewer.core.assessment.assessment import Assessment
from hsi_viewer.core.assessment.truth_assessment import assess_truth

ROWS, COLUMNS = 20, 40


def scene():
    """Two classes in alternating blocks; trained in the first columns, wrong in the far ones."""
    truth = (np.indices((ROWS, COLUMNS)).sum(axis=0) // 5 % 2 + 1).astype(np.uint16)
    training = np.where(np.arange(COLUMNS) < 4, truth, 0).astype(np.uint16)
    class_map = np.where(np.arange(COLUMNS) < 30, truth, 3 - truth).astype(np.uint16)
    return truth, training, class_map, np.full(truth.shape, 0.75, np.float32)


def of_labels(reach: int) -> Assessment:
    return Assessment(None, None, None, None, reach, 2, ("Label more.",))


def test_pixels_beyond_the_reach_are_scored_apart():
    truth, training, class_map, confidence = scene()
    found = assess_truth(class_map, confidence, truth, training, of_labels(10))
    assert found.separated.total == ROWS * (COLUMNS - 14)
    assert found.separated.overall.value == pytest.approx(16 / 26)
    assert found.random.overall.value == pytest.approx(26 / 36)
    assert found.random.total == ROWS * (COLUMNS - 4)
    assert (found.separation.least, found.separation.reach) == (11, 10)
    assert found.separation.strict
    assert found.calibration_error == pytest.approx(0.75 - 16 / 26)
    assert found.warnings == (
        "200 of 720 test pixels lie within the 10 pixels that the model looks from training "
        "pixels, and count for the figure of all test pixels alone.",
    )


@pytest.mark.parametrize("reach", [0, 3, 8])
def test_neighbours_of_training_pixels_are_left_out_for_a_model_of_single_pixels_too(reach):
    """Else both figures would be of the same pixels, and the honest one as optimistic."""
    truth, training, class_map, confidence = scene()
    found = assess_truth(class_map, confidence, truth, training, of_labels(reach))
    assert found.separated.total == ROWS * (COLUMNS - 12)
    assert found.separated.overall.value == pytest.approx(18 / 28)
    assert found.random.overall.value == pytest.approx(26 / 36)
    assert found.separation.least == 9
    assert "points higher" in found.sentence
    near = "160 of 720 test pixels lie within 8 pixels of training pixels, which look like their"
    assert found.warnings[0].startswith(near) == (reach < 8)


def test_of_a_scene_that_was_not_trained_on_both_figures_agree_and_say_why():
    truth, training, class_map, confidence = scene()
    found = assess_truth(class_map, confidence, truth, training * 0, of_labels(0))
    assert found.separated.overall == found.random.overall
    assert "because no pixel of this scene was trained on" in found.sentence


def test_where_the_model_sees_everything_the_labels_speak():
    truth, training, class_map, confidence = scene()
    found = assess_truth(class_map, confidence, truth, training, of_labels(39))
    assert found.separated is None
    assert found.random.overall.value == pytest.approx(26 / 36)
    assert found.warnings[0].startswith("0 of 720 test pixels lie beyond the 39 pixels that the")
    assert found.warnings[1] == "Label more."


def test_beside_a_figure_of_test_pixels_stands_that_of_the_labels():
    truth, training, class_map, confidence = scene()
    own = score_pixels(np.ones(4, np.uint16), np.ones(4, np.uint16), np.arange(4), 4)
    of_own = replace(of_labels(8), separated=own)
    found = assess_truth(class_map, confidence, truth, training, of_own)
    assert found.separated_on == "test pixels"
    assert found.separated.total == ROWS * (COLUMNS - 12)
    assert found.separated.overall.value == pytest.approx(18 / 28)
    assert found.cross_validated is own


@pytest.mark.parametrize("reach", [0, 39])
def test_where_all_test_pixels_lie_beside_training_pixels_the_labels_speak(reach):
    truth, training, class_map, confidence = scene()
    beside = truth * (np.arange(COLUMNS) < 12)
    few = assess_truth(class_map, confidence, beside, training, of_labels(reach))
    assert few.separated is None
    assert few.cross_validated is None
    assert few.random.overall.value == 1
    where = {
        0: "more than 8 pixels from training pixels, which look like their neighbours",
        39: "beyond the 39 pixels that the model looks from training pixels",
    }
    assert few.warnings[0] == (
        f"0 of 160 test pixels lie {where[reach]}: too few to be scored apart."
    )
    assert few.warnings[1] == "Label more."
    own = replace(of_labels(reach), separated=few.random)
    found = assess_truth(class_map, confidence, beside, training, own)
    assert found.separated_on == "labels"
    assert "is from cross-validation of the labels" in found.warnings[0]


def test_a_few_pixels_at_the_edge_are_not_the_figure():
    """They are of the largest class, and a figure of them says nothing of the others."""
    truth = np.ones((ROWS, COLUMNS), np.uint16)
    truth[:, :12] = np.arange(12) // 3 % 4 + 1  # four classes, and the first of them elsewhere
    truth[0, 30:33] = 2, 3, 4
    training = np.where(np.arange(COLUMNS) < 12, truth, 0).astype(np.uint16)
    training[:, [5, 6, 7, 10]] = 0
    confidence = np.ones(truth.shape, np.float32)
    few = assess_truth(truth, confidence, truth, training, of_labels(0))
    assert few.separated is None
    truth[:12, 30] = 2  # enough of a second class
    found = assess_truth(truth, confidence, truth, training, of_labels(0))
    assert found.separated.overall.value == 1


def test_a_class_within_the_reach_is_named():
    truth, training, class_map, confidence = scene()
    truth[:, 5:8] = 3
    found = assess_truth(class_map, confidence, truth, training, of_labels(10), "class {}".format)
    assert found.warnings[0].endswith("within 10 pixels of training pixels: class 3.")
    assert 3 not in found.separated.class_ids


def test_the_truth_of_training_pixels_changes_nothing():
    truth, training, class_map, confidence = scene()
    other = np.where(training > 0, 3 - truth, truth)
    one, two = (
        assess_truth(class_map, confidence, t, training, of_labels(10)) for t in (truth, other)
    )
    assert one.separated.overall == two.separated.overall
    assert one.random.overall == two.random.overall


@pytest.mark.parametrize(
    ("honest", "beside", "on", "said", "optimistic"),
    [
        ((1, 0, 1, 0), (1, 1, 1, 0), "labels", "score 25.0 points higher", True),
        ((1, 1, 1, 0), (1, 1, 1, 0), "labels", "Both figures agree", False),
        ((1, 1, 1, 0), (1, 0, 1, 0), "labels", "score 25.0 points lower here", False),
        ((1, 1, 1, 0), (1, 0, 1, 0), "test pixels", "are of different pixels", False),
        ((1, 0, 1, 0), (1, 1, 1, 0), "test pixels", "are of different pixels", True),
    ],
)
def test_the_sentence_never_contradicts_the_figures(honest, beside, on, said, optimistic):
    pixels = np.arange(4)
    truth = np.ones(4, np.uint16)

    def report(right):
        return score_pixels(truth, np.where(right, 1, 2).astype(np.uint16), pixels, 4)

    found = Assessment(report(honest), report(beside), None, None, 0, 4, random_on=on)
    assert said in found.sentence
    assert found.optimistic == optimistic
    assert "optimistic" not in found.sentence
    assert found.second_title == "Beside training pixels"
    unseen = replace(found, separated_on="test pixels", random_on="test pixels")
    assert unseen.second_title == "All test pixels"


def test_figures_of_different_classes_are_not_compared():
    """A few pixels of the easiest class, which happen to lie apart, say nothing of nearness."""
    pixels = np.arange(6)
    truth = np.array([1, 1, 1, 2, 3, 3], np.uint16)
    mapped = np.array([1, 1, 1, 3, 2, 3], np.uint16)
    everything = score_pixels(truth, mapped, pixels, 6)
    apart = score_pixels(truth[:3], mapped[:3], pixels[:3], 6)
    found = Assessment(apart, everything, None, None, 8, 2)
    assert found.sentence == (
        "The first figure is of 1 of 3 classes alone, so the two cannot be compared. Quote the "
        "first only with the classes that it is of."
    )
    assert not found.optimistic
    # where the second is higher, it is of pixels beside training pixels in any case
    harder = score_pixels(truth[3:], mapped[3:], pixels[3:], 6)
    assert harder.overall.value < everything.overall.value
    found = Assessment(harder, everything, None, None, 8, 2)
    assert found.optimistic
    assert found.sentence == (
        "The first figure is of 2 of 3 classes alone, and test pixels beside training pixels look "
        "like them, which raises the second. Quote the first only with the classes that it is of."
    )
    easier = score_pixels(truth[:4], mapped[:4], pixels[:4], 6)
    found = Assessment(easier, everything, None, None, 8, 2)
    assert "of 2 of 3 classes alone, so the two cannot be compared" in found.sentence
    assert not found.optimistic
    assert Assessment(everything, apart, None, None, 8, 2).optimistic  # of all that the second has
