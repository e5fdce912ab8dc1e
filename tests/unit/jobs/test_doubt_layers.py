"""Each layer of uncertainty: its values, its colours, and why it cannot be computed."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from hsi_viewer.core.assessment.conformal import ConformalSets
from hsi_viewer.core.assessment.uncertainty import entropy, margin
from hsi_viewer.core.cube.band_selection import initial_bands
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.composite import Composite
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.evidence import Evidence, HeldOut, RunEvidence
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, SilentPort, TaskCancelledError
from hsi_viewer.jobs import doubt_layers
from hsi_viewer.jobs.doubt_layers import KINDS, DoubtLayer, MapFacts, doubt_layer, outside_of
from hsi_viewer.jobs.report.doubt import uncertainty_of
from hsi_viewer.jobs.report.pictures import (
    colour_table,
    doubt_picture,
    label_picture,
    map_picture,
    thinned,
)
from hsi_viewer.rendering.scene_picture import render_scene
from tests.unit.jobs.report.made import made_run
from tests.unit.learning.made import Recorder

KIND = {kind.key: kind for kind in KINDS}
IDS = np.array([[2, 5, 0], [5, 2, 2]], np.uint16)
SHARES = np.array(
    [[[0.75, 0.25], [0.5, 0.5], [0, 0]], [[0.1, 0.9], [0.96, 0.04], [0.6, 0.4]]], np.float32
)
SURE = SHARES.max(axis=2)
MAP = Prediction(IDS, SURE, (2, 5), SHARES)
NOTHING = np.full((2, 3), np.nan, np.float32)
CUBE = HyperCube.from_array(np.ones((2, 3, 4), np.float32))


def facts(prediction: Prediction = MAP, evidence: RunEvidence | None = None) -> MapFacts:
    return MapFacts(CUBE, prediction, None, np.zeros((2, 3), np.uint16), evidence)


def layer(key: str, *given) -> DoubtLayer:
    return doubt_layer(KIND[key], facts(*given), CancelToken(), SilentPort())


@pytest.mark.parametrize(
    ("key", "values", "sure", "doubtful"),
    [
        ("confidence", SURE, 1.0, 0.0),
        ("margin", margin(SHARES), 1.0, 0.0),
        ("entropy", entropy(SHARES), 0.0, 1.0),
    ],
)
def test_a_layer_of_the_probabilities(key, values, sure, doubtful):
    found = layer(key)
    np.testing.assert_allclose(found.values, values)
    assert (found.sure, found.doubtful) == (sure, doubtful)
    assert found.prediction is MAP
    assert found.kind is KIND[key]
    assert found.about == KIND[key].about
    assert found.sets is None
    np.testing.assert_array_equal(found.shown, IDS > 0)
    assert not found.outside.any()


def test_values_are_computed_some_rows_at_a_time(monkeypatch):
    monkeypatch.setattr(doubt_layers, "ROWS", 2)
    tall = replace(
        MAP, class_map=np.tile(IDS, (3, 1))[:5], probabilities=np.tile(SHARES, (3, 1, 1))[:5]
    )
    np.testing.assert_allclose(layer("margin", tall).values, margin(tall.probabilities))
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        doubt_layer(KIND["margin"], facts(), token, SilentPort())


def test_exits_disagree_where_there_are_exits():
    apart = np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3)
    found = layer("exits", replace(MAP, disagreement=apart))
    np.testing.assert_array_equal(found.values, apart)
    assert (found.sure, found.doubtful) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("key", "prediction", "why"),
    [
        ("confidence", replace(MAP, confidence=NOTHING), "confidence of this map wasn't written"),
        ("exits", MAP, "network has no part in this map"),
        ("exits", replace(MAP, disagreement=np.zeros((2, 3), np.float32)), "network has no part"),
        ("margin", replace(MAP, probabilities=None), "probabilities of this map weren't kept"),
        ("entropy", replace(MAP, probabilities=None), "probabilities of this map weren't kept"),
        ("sets", replace(MAP, probabilities=None), "probabilities of this map weren't kept"),
        ("sets", MAP, "Class sets need labels that could be held out by place"),
        ("applicability", MAP, "The model of this map isn't at hand"),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_says_why(key, prediction, why):
    with pytest.raises(LabelError, match=why):
        layer(key, prediction)


def evidence(places: int, shares: list[float]) -> RunEvidence:
    """Labels of class 2 in a row, each a place that was held out, far from all others."""
    pixels = np.arange(places) * 20
    held = HeldOut(
        pixels,
        np.zeros(places, np.int64),
        np.arange(places),
        np.arange(places),
        np.array([[s, 1 - s] for s in np.resize(shares, places)], np.float32),
    )
    labels = np.zeros((1, 20 * places), np.uint16)
    labels[0, pixels] = 2
    return RunEvidence(Evidence((), "none", 0, held), labels, (2, 5), 0)


def test_sets_of_classes_that_hold_the_true_one_in_nine_of_ten_places():
    found = layer("sets", MAP, evidence(20, [0.45]))
    assert found.sets == ConformalSets(pytest.approx(0.45), 0.9, True)
    np.testing.assert_array_equal(found.values, [[1, 2, 0], [1, 1, 1]])
    assert (found.sure, found.doubtful) == (1.0, 2.0)
    assert found.about == KIND["sets"].about
    one = replace(MAP, probabilities=np.where(SHARES > 0.5, SHARES, 0))
    assert layer("sets", one, evidence(20, [0.45])).doubtful == 2.0
    three = replace(MAP, class_ids=(2, 5, 7), probabilities=np.full((2, 3, 3), 1 / 3, np.float32))
    wide = evidence(20, [0.3])
    assert layer("sets", three, wide).doubtful == 3.0
    with pytest.raises(LabelError, match="could be held out"):
        layer("sets", MAP, evidence(20, [0.0]))


def test_an_area_of_applicability_says_its_threshold_and_what_lies_outside():
    values = np.array([[0.5, 0.75, np.nan], [0.25, 1.0, 0.7501]])
    found = DoubtLayer(KIND["applicability"], MAP, values, 0.0, 1.5, 0.75)
    assert found.about == f"{KIND['applicability'].about} Threshold: 0.75."
    np.testing.assert_array_equal(found.outside, [[False, False, False], [False, True, True]])
    few = replace(found, threshold=float("nan"), sets=ConformalSets(0.4, 0.9, False))
    assert few.about.endswith("Label nine places or more.")


def test_the_area_of_applicability_of_a_model():
    run = made_run()
    known = MapFacts(run.cube, run.prediction, run.model, run.labels, None)
    found = doubt_layer(KIND["applicability"], known, CancelToken(), SilentPort())
    assert (found.sure, found.doubtful) == (0.0, 2 * found.threshold)
    assert found.threshold > 0
    np.testing.assert_array_equal(
        outside_of(known, CancelToken(), SilentPort()), found.values > np.float32(found.threshold)
    )


def test_the_layers_of_a_report_in_numbers():
    run = made_run()
    shown = run.prediction.class_map.copy()
    shown[:3] = 0
    run = made_run(prediction=replace(run.prediction, class_map=shown))
    port = Recorder()
    found, pictures = uncertainty_of(run, Evidence((), "none", 0), CancelToken(), port)
    assert port.items[0].message == "Computing layers of uncertainty"
    names = [layer.name for layer in found.layers]
    assert names == ["Confidence", "Margin", "Entropy", "Area of applicability"]
    assert [p.name for p in pictures] == names
    sure = run.prediction.confidence[3:]
    assert found.layers[0].mean == pytest.approx(sure.mean(dtype=np.float64))
    assert [(one.low, one.high) for one in found.layers[:3]] == [(0.0, 1.0)] * 3
    assert found.layers[0].about == KIND["confidence"].about
    assert [text.partition(":")[0] for text in found.missing] == [
        "Disagreement of the exits",
        "Class set size",
    ]
    assert found.conformal is None
    known = MapFacts(run.cube, run.prediction, run.model, run.labels, None)
    outside = outside_of(known, CancelToken(), SilentPort())[3:]
    assert found.applicable.outside == pytest.approx(outside.mean())
    none = replace(run.prediction, class_map=np.zeros_like(shown))
    empty, _ = uncertainty_of(
        made_run(prediction=none), Evidence((), "none", 0), CancelToken(), SilentPort()
    )
    assert np.isnan(empty.layers[0].mean)
    assert np.isnan(empty.applicable.outside)


def test_sets_of_a_report_in_numbers(monkeypatch):
    sets = ConformalSets(0.45, 0.9)
    monkeypatch.setattr(doubt_layers, "conformal_of", lambda _evidence: sets)
    run = made_run()
    shares = np.zeros((24, 24, 4), np.float32)
    shares[..., 0] = 1
    shares[:6, :, :2] = 0.5
    shares[6:12] = 0.25
    ids = np.where(np.arange(24)[:, None] < 18, 2, 0).astype(np.uint16) * np.ones(
        (1, 24), np.uint16
    )
    run = made_run(prediction=replace(run.prediction, class_map=ids, probabilities=shares))
    found, _ = uncertainty_of(run, Evidence((), "none", 0), CancelToken(), SilentPort())
    # of the 18 rows with a class, 6 have two, 6 none, and 6 one class in their set
    assert found.conformal.coverage == 0.9
    assert found.conformal.threshold == 0.45
    assert found.conformal.mean_size == pytest.approx(1.0)
    assert found.conformal.single == pytest.approx(1 / 3)


def test_of_a_model_from_elsewhere_what_takes_its_labels_is_missing():
    run = made_run(labels=np.zeros((24, 24), np.uint16))
    found, _ = uncertainty_of(run, Evidence((), "none", 0), CancelToken(), SilentPort())
    assert [layer.name for layer in found.layers] == ["Confidence", "Margin", "Entropy"]
    for name in ("Area of applicability", "Class set size"):
        assert f"{name}: it takes the training labels, which aren't known." in found.missing


def test_pictures_are_transparent_without_a_class_and_thinned_where_the_scene_is_large():
    table = colour_table()
    assert table.shape == (256, 4)
    assert table[:, :3].sum(axis=1)[0] < 10 < 700 < table[:, :3].sum(axis=1)[-1] + 60
    picture = doubt_picture(layer("margin"))
    assert (picture.name, picture.about) == ("Margin", KIND["margin"].about)
    assert (picture.bar.title, picture.bar.low, picture.bar.high) == ("Margin", 1.0, 0.0)
    assert picture.rgba[0, 2, 3] == 0
    np.testing.assert_array_equal(picture.rgba[0, 1], table[255])  # no margin is the brightest

    class Large:
        def __init__(self, shape) -> None:
            self.shape = shape

        def rgba(self, rows, columns):
            return rows, columns

    for shape, step in (((1200, 30), 1), ((30, 1201), 2), ((2400, 7), 2), ((2401, 7), 3)):
        assert thinned(Large(shape)) == (slice(0, shape[0], step), slice(0, shape[1], step))


def test_the_map_in_its_colours_and_the_labels_over_the_scene():
    run = made_run()
    drawn = map_picture(run)
    assert (drawn.name, drawn.about) == ("Class map", run.prediction.source)
    for c in run.classes:
        here = run.prediction.class_map == c.id
        assert (drawn.rgba[here][:, :3] == c.colour).all()
    labels = label_picture(run)
    assert labels.name == "Labels"
    assert labels.about.startswith("Training pixels in the colours of their classes, over the sc")
    for c in run.classes:
        assert (labels.rgba[run.labels == c.id][:, :3] == c.colour).all()
    grey = labels.rgba[run.labels == 0]
    assert (grey[:, 0] == grey[:, 1]).all()
    assert (grey[:, 1] == grey[:, 2]).all()
    scene = render_scene(run.cube, Composite(initial_bands(run.cube))).rgba[run.labels == 0]
    wanted = np.rint(scene[:, :3] @ [0.299, 0.587, 0.114])  # luma, as of ITU-R BT.601
    np.testing.assert_array_equal(grey[:, 0], wanted)
    alone = label_picture(made_run(labels=np.zeros((24, 24), np.uint16)))
    assert (alone.name, alone.about[:10]) == ("Scene", "The scene ")
    np.testing.assert_array_equal(alone.rgba[run.labels == 0], grey)
