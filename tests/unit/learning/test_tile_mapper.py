"""The map in tiles: nearly the map of one piece, each tile the same whoever computes it."""

from __future__ import annotations

import json
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from hsi_viewer.core.cube import fill_values
from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.errors import SettingError
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning import by_tile, scene_features, tile_mapper
from hsi_viewer.learning.by_tile import SCALE_SIDE, ByTile
from hsi_viewer.learning.classifiers import hybridsn_sd, lda
from hsi_viewer.learning.hybridsn.network import HybridRecipe
from hsi_viewer.learning.one_thread import one_thread
from hsi_viewer.learning.recipe import WalkerRecipe
from hsi_viewer.learning.survey import tiles
from hsi_viewer.learning.tile_mapper import (
    LEAST_SIDE,
    SIDE,
    MapSettings,
    SceneStatistics,
    TileMapper,
    side_for,
)
from hsi_viewer.learning.trainer import fit
from hsi_viewer.learning.voices import ensemble
from tests.unit.learning.made import SMALL, made_scene

ROWS, COLUMNS = 40, 44
CPU = TrainingConfig(device="cpu")


@pytest.fixture(scope="module")
def scene():
    """A cube with a hole, its labels, and the same field of another day: darker, and shifted."""
    cube, truth = made_scene(ROWS, COLUMNS, 8)
    values = cube.read().copy()
    values[16:24, 14:26] = np.nan
    labels = np.where((np.arange(COLUMNS) % 9 == 4) & (np.arange(ROWS)[:, None] % 5 == 2), truth, 0)
    labels[16:24, 14:26] = 0
    later = np.roll(values, (7, 11), (0, 1)) * 0.8 + 40
    return HyperCube.from_array(values), labels.astype(np.uint16), HyperCube.from_array(later)


@pytest.fixture(scope="module", params=["sdhsi", "lda", "hybridsn-sd"])
def model(request, scene):
    cube, labels, _ = scene
    if request.param == "sdhsi":
        return fit(cube, labels, CPU, recipe=SMALL)
    if request.param == "lda":
        return lda.fit(cube, labels, CPU)
    small = HybridRecipe(components=13, side=9, epochs=1)
    return hybridsn_sd.fit(cube, labels, CPU, recipe=small)


def assembled(mapper: TileMapper) -> tuple[np.ndarray, np.ndarray]:
    class_map = np.zeros((ROWS, COLUMNS), np.uint16)
    confidence = np.zeros((ROWS, COLUMNS), np.float32)
    for index, window in enumerate(mapper.windows):
        found = mapper.tile(index)
        class_map[window], confidence[window] = found.class_map, found.confidence
    return class_map, confidence


@pytest.mark.parametrize("refine", ["none", "full"])
@pytest.mark.parametrize("standardise", ["training", "scene"])
def test_tiles_make_the_map_of_one_piece(scene, model, refine, standardise):
    other = scene[2]
    whole = TileMapper(model, other, MapSettings(refine, standardise))
    assert len(whole.windows) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = whole.tile(0)
    tiled = TileMapper(model, other, MapSettings(refine, standardise, side=28))
    assert len(tiled.windows) == 2 * 2
    class_map, confidence = assembled(tiled)
    assert (class_map == wanted.class_map).mean() > 0.995
    np.testing.assert_array_equal(class_map == 0, wanted.class_map == 0)
    np.testing.assert_allclose(confidence, wanted.confidence, atol=0.05)
    # another process, which has read the statistics from the plan, in another order
    record = json.loads(json.dumps(tiled.statistics.record()))
    settings = MapSettings(refine, standardise, side=28)
    again = TileMapper(model, other, settings, SceneStatistics.of_record(record))
    for index in (3, 1):
        found = again.tile(index).confidence
        np.testing.assert_array_equal(found, confidence[again.windows[index]])


def test_a_map_of_one_piece_is_what_the_model_predicts(scene, model):
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = model.predict(scene[0], refine="auto")
        found = TileMapper(model, scene[0], MapSettings()).tile(0)
    np.testing.assert_array_equal(found.confidence, wanted.confidence)
    np.testing.assert_array_equal(found.class_map, wanted.class_map)


def test_a_window_with_labels_is_mapped_as_the_scene_with_labels(scene, model):
    """By the voices for this scene, and refined from the labels."""
    cube, labels, _ = scene
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = model.predict(cube, labels=labels, refine="full")
    by_window = model.by_tile(cube, "full", "training", CancelToken(), labels)
    found = by_window.mapped((slice(0, ROWS), slice(0, COLUMNS)), None, CancelToken())
    assert by_window.source == wanted.source
    free = labels == 0
    said = found.probabilities[free], wanted.probabilities[free]
    np.testing.assert_allclose(*said, atol=1e-4)


@pytest.mark.parametrize(
    ("side", "classes", "wanted"),
    [(512, 2, 512), (512, 250, 512), (512, 400, 377), (1024, 20, 1024), (1024, 400, 377),
     (100, 400, 100), (512, 60_000, 32)],
)  # fmt: skip
def test_many_classes_make_the_tiles_smaller(side, classes, wanted):
    assert side_for(side, classes) == wanted
    with_margin = (wanted + 2 * by_tile.OVERLAP) ** 2 * classes
    assert wanted == LEAST_SIDE or with_margin <= tile_mapper.MOST_NUMBERS


def test_a_scene_that_one_piece_would_be_too_much_of_is_mapped_in_tiles(scene, model, monkeypatch):
    """The same tiles as if they had been asked for."""
    monkeypatch.setattr(tile_mapper, "LEAST_SIDE", 28)
    most = len(model.class_ids) * (28 + 2 * by_tile.OVERLAP) ** 2
    monkeypatch.setattr(tile_mapper, "MOST_NUMBERS", most)
    found = TileMapper(model, scene[2], MapSettings("full", side=SIDE))
    asked = TileMapper(model, scene[2], MapSettings("full", side=28))
    assert found.windows == asked.windows
    assert len(found.windows) == 4
    np.testing.assert_array_equal(found.tile(2).probabilities, asked.tile(2).probabilities)


def test_many_classes_are_mapped_in_smaller_parts(scene, monkeypatch):
    """To the same map but for the last digits; few classes as ever."""
    model = fit(scene[0], scene[1], CPU, recipe=SMALL)
    assert [ensemble.tile_side(n, 24) for n in (2, 250, 400, 60_000)] == [160, 160, 116, 16]
    mapper = TileMapper(model, scene[2], MapSettings("full", side=28))
    wanted = mapper.tile(0)
    monkeypatch.setattr(ensemble, "MOST_CLASSES", 0)
    asked = []
    monkeypatch.setattr(ensemble, "tiles", lambda *given: asked.append(given) or tiles(*given))
    found = mapper.tile(0)
    assert asked[0][2] == 16
    np.testing.assert_array_equal(found.class_map, wanted.class_map)
    np.testing.assert_allclose(found.probabilities, wanted.probabilities, atol=1e-5)


class Foreign:
    """A classifier of a plug-in, which knows nothing of tiles."""

    name = "foreign"


def test_a_classifier_of_a_plug_in_is_asked_for_no_more_than_it_can(scene):
    mapper = TileMapper(Foreign(), scene[0], MapSettings(side=16))
    assert mapper.windows == [(slice(0, ROWS), slice(0, COLUMNS))]
    with pytest.raises(SettingError, match="'foreign' cannot standardise"):
        TileMapper(Foreign(), scene[0], MapSettings(standardise="scene"))


@pytest.mark.parametrize(("tiles", "step"), [(1, 1), (16, 1), (17, 2), (33, 3)])
def test_the_usual_edge_is_of_some_tiles_of_the_whole_scene(tiles, step):
    asked = []

    def guide_at(rows, columns, count):
        asked.append(rows.start // SCALE_SIDE)
        guide = np.tile(np.arange(5.0, dtype=np.float32), (count, 4, 1))
        valid = np.ones((4, 5), bool)
        valid[0, 4] = False
        return guide, valid

    cube = HyperCube.from_array(np.zeros((tiles * SCALE_SIDE, 1, 1), np.uint8))
    scene, walker = SimpleNamespace(cube=cube, guide_at=guide_at), WalkerRecipe(guides=2)
    edge = ByTile(scene, None, walker, None, None, "").usual_edge(CancelToken())
    assert asked == list(range(0, tiles, step))
    # Of four rows of five pixels, one without data: 14 edges down of 0, and 15 rightward of 2.
    assert edge == pytest.approx(30 / 29)
    assert ByTile(scene, None, None, None, None, "").usual_edge(CancelToken()) is None


def test_a_large_window_is_read_in_parts_to_the_same_map(monkeypatch):
    """Bit for bit, with fill values that only looking at all of a large scene shows, too."""
    cube, truth = made_scene(120, 100, 24)
    labels = np.where(np.arange(100) % 9 == 0, truth, 0).astype(np.uint16)
    model = lda.fit(cube, labels, TrainingConfig(device="cpu", refine=False))
    values = cube.read()
    values[3:9, 70:90] = -7777.0
    values[60:64, 80:83] = np.nan
    values[70, 60:90:3, 5] = 1e6
    monkeypatch.setattr(fill_values, "WHOLE_PIXELS", 100)
    for order in (0, 1, 2), (2, 0, 1), (0, 2, 1):  # bip, bsq, bil
        there = np.ascontiguousarray(values.transpose(order)).transpose(np.argsort(order))
        scene = examined(HyperCube(OnDisk(there), name="large"))
        mapper = TileMapper(model, scene, MapSettings("full", side=64))
        for held in (0, 10**9):
            monkeypatch.setattr(by_tile, "HELD_BYTES", held)
            found = []
            for at_once in (10**9, 17 * 24 * 4 * 100):
                monkeypatch.setattr(scene_features, "READ_BYTES", at_once)
                found.append(mapper.tile(1))
            np.testing.assert_array_equal(found[0].class_map, found[1].class_map)
            np.testing.assert_array_equal(found[0].probabilities, found[1].probabilities)
            assert (found[0].class_map == 0).any()


class OnDisk(ArraySource):
    """An array that is not in memory, as far as anyone is told."""

    def __init__(self, values: np.ndarray) -> None:
        super().__init__(values)
        self.in_memory = False

    def read(self, rows: slice, columns: slice, bands: np.ndarray | None) -> np.ndarray:
        """In the order of the file, as readers give it."""
        window = self._array[rows, columns]
        window = window if bands is None else window[:, :, bands]
        return np.copy(window, order="K")
