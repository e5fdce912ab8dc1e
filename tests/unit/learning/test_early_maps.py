"""Early maps of large scenes: as right as the final map, only coarser."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.thinned import ThinnedSource
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.core.training import Learned, TrainingConfig
from hsi_viewer.core.viewed import Viewed, ViewedPart
from hsi_viewer.learning import early_maps, scene_features
from hsi_viewer.learning.early_maps import (
    Grid,
    Painter,
    Sketch,
    coarse_seeds,
    fine_grid,
    rough_grid,
)
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.instant_model import InstantModel, fit_instant
from hsi_viewer.learning.predictor import choose_device
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.scene_windows import halves
from hsi_viewer.learning.survey import Survey, tiles
from hsi_viewer.learning.trainer import Run, fit
from hsi_viewer.learning.voices.ensemble import Ensemble, VoiceFitter
from hsi_viewer.learning.voices.judging import Judge
from hsi_viewer.learning.voices.pool import Share, pool_of
from tests.patience import PATIENCE
from tests.unit.learning.made import SMALL, Recorder, made_scene

CUBE, TRUTH = made_scene(50, 47)
TRAINING, _ = draw_per_class(TRUTH, 4)
IDS = (2, 5, 7, 9)
WHOLE = slice(0, 50), slice(0, 47)


@pytest.fixture
def large(monkeypatch) -> SceneFeatures:
    """The scene as if it were large, in tiles of 20 pixels that meet the steps nowhere."""
    monkeypatch.setattr(scene_features, "KEEP_BYTES", 0)
    for cut in (scene_features.tiles, scene_features.tiles_inside):
        monkeypatch.setattr(cut, "__defaults__", (20,))
    monkeypatch.setattr(early_maps, "PIXELS", 300)  # every third pixel
    monkeypatch.setattr(early_maps, "BLOCK", 20)
    return SceneFeatures(CUBE, fit_features(CUBE, SMALL.features))


def around(scene: SceneFeatures) -> Ensemble:
    """The discriminant of the surroundings alone, on four labels a class."""
    pixels = np.flatnonzero(TRAINING)
    targets = np.searchsorted(IDS, TRAINING.ravel()[pixels])
    values = scene.patches(pixels, 0)[:, :, 0, 0]
    voice = fit_instant(np.ascontiguousarray(values), targets, 4, 0.3)
    return Ensemble({"surroundings": voice}, pool_of({"surroundings": Share(1.0, 0.1)}))


def sketch(scene: SceneFeatures, viewed: Viewed | None = None, walker=None) -> Sketch:
    seeds = np.where(TRAINING > 0, np.searchsorted(IDS, TRAINING), -1)
    scene.surveyed(3)
    return Sketch(scene, around(scene), IDS, seeds, walker, viewed, CancelToken())


def test_what_is_said_of_every_third_pixel_is_what_the_final_map_says_there(large) -> None:
    asked = sketch(large)
    said, valid = asked.look(WHOLE, Grid(3))
    whole = asked.ensemble.mapped(large)
    assert np.abs(said - whole.probabilities[::3, ::3]).max() < 1e-4
    assert valid.all()
    part, _ = asked.look((slice(6, 31), slice(9, 40)), Grid(3))
    assert np.abs(part - whole.probabilities[6:31:3, 9:40:3]).max() < 1e-4


def test_a_look_at_few_pixels_is_on_a_thinned_grid_and_nearly_the_same(large) -> None:
    assert [fine_grid(n) for n in (1, 3, 7, 8, 9, 13)] == [
        *(Grid(1), Grid(3), Grid(7), Grid(8, 2), Grid(8, 2)),
        Grid(12, 3),
    ]
    read: list[int] = []
    real = ThinnedSource.read

    def counted(self, rows, columns, bands):
        found = real(self, rows, columns, bands)
        read.append(found.shape[0] * found.shape[1])
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ThinnedSource, "read", counted)
        said, _ = sketch(large).look(WHOLE, fine_grid(8))
    assert said.shape == (7, 6, 4)
    assert 0 < sum(read) < TRUTH.size  # windows overlap, and still not every pixel was read
    right = np.array(IDS)[said.argmax(axis=2)] == TRUTH[::8, ::8]
    assert right.mean() > 0.85


def test_products_are_averaged_to_what_all_features_give(large, monkeypatch) -> None:
    values = CUBE.read().copy()
    values[:10, :9] = np.nan
    values[30, 20:23] = 1e5  # strays
    cube = HyperCube.from_array(values)
    features = fit_features(cube, SMALL.features)
    slow = SceneFeatures(cube, features)
    ensemble = around(large)
    quick = ensemble.mapped(slow)
    monkeypatch.setattr(scene_features, "KEEP_BYTES", 10**9)
    kept = SceneFeatures(cube, features)
    assert kept.is_kept
    wanted = ensemble.mapped(kept)
    assert np.array_equal(quick.valid, wanted.valid)
    assert not quick.valid[:10, :9].any()
    assert SceneFeatures(cube, features).looked_at(np.array([30 * 47 + 21]))[1].all()
    assert np.abs(quick.probabilities - wanted.probabilities).max() < 1e-3


@pytest.mark.parametrize("heard", [("bands",), ("bands", "pixels"), ("bands", "surroundings")])
def test_scores_of_spectra_come_from_the_values_that_features_are_made_of(
    large, monkeypatch, heard
) -> None:
    values = CUBE.read().copy()
    values[:10, :9] = np.nan
    values[30, 20:23, 4] = 1e5  # repaired from the bands beside it
    cube = HyperCube.from_array(values)
    pixels = np.flatnonzero(TRAINING)
    targets = np.searchsorted(IDS, TRAINING.ravel()[pixels])
    slow = SceneFeatures(cube, fit_features(cube, SMALL.features))
    features = np.ascontiguousarray(slow.patches(pixels, 0)[:, :, 0, 0])
    sample = slow.sample(), slow.sampled_spectra()
    fitter = VoiceFitter(slow.features, 4, 0.3, *sample)
    voices = fitter.fitted(features, targets, slow.spectra_at(pixels))
    ensemble = Ensemble(voices, pool_of({name: Share(1 / len(heard), 0.1) for name in heard}))
    monkeypatch.setattr(scene_features, "KEEP_BYTES", 10**9)
    wanted = ensemble.mapped(SceneFeatures(cube, slow.features))
    monkeypatch.setattr(SceneFeatures, "spectra", None)  # they aren't read a second time
    quick = ensemble.mapped(slow)
    assert np.array_equal(quick.valid, wanted.valid)
    assert np.abs(quick.probabilities - wanted.probabilities).max() < 1e-4
    assert quick.probabilities.std(axis=(0, 1)).max() > 0.1


def test_windows_are_not_computed_one_by_one_where_scores_can_be_averaged(
    large, monkeypatch
) -> None:
    def unwanted(*_args, **_options):
        raise AssertionError("all features were computed")

    monkeypatch.setattr(SceneFeatures, "window", unwanted)
    voice = InstantModel(np.ones((large.features.channels, 4), np.float32), np.zeros(4, np.float32))
    ensemble = Ensemble({"surroundings": voice}, pool_of({"surroundings": Share(1.0, 0.1)}))
    assert np.allclose(ensemble.mapped(large).probabilities, 0.25)


def test_pixels_without_data_are_painted_as_nothing(large) -> None:
    values = CUBE.read().copy()
    values[:12, :9] = np.nan
    scene = SceneFeatures(HyperCube.from_array(values), large.features)
    port = Recorder()
    Painter(sketch(scene), port).first_look()
    (found,) = port.items
    assert not found.class_map[:10, :7].any()
    assert not found.confidence[:10, :7].any()
    assert (found.class_map[14:] > 0).all()
    assert (found.confidence[14:] > 0.25).all()


def test_a_large_scene_is_mapped_before_the_network_is_trained(large) -> None:
    port = Recorder()
    model = fit(CUBE, TRAINING, TrainingConfig(voices="surroundings"), recipe=SMALL, port=port)
    maps = [i for i in port.items if isinstance(i, Prediction)]
    assert [(m.source, m.final) for m in maps] == [
        ("instant model, every 3 pixels, refined", False)
    ]
    kinds = [type(i).__name__ for i in port.items]
    assert kinds.index("Prediction") < kinds.index("EpochReport")
    assert maps[0].class_map.shape == TRUTH.shape
    assert (maps[0].class_map == TRUTH).mean() > 0.85
    final = model.predict(CUBE, labels=TRAINING)
    assert (maps[0].class_map == final.class_map).mean() > 0.85
    scene = model.scene_of(CUBE)
    assert scene is not None
    guide, valid = SceneFeatures(CUBE, scene.features).guide(3)
    assert np.allclose(scene.survey.guide, guide, atol=1e-5)
    assert np.array_equal(scene.survey.valid, valid)


@pytest.mark.parametrize("kept", [True, False])
def test_the_first_map_is_not_slowed_by_the_evidence(monkeypatch, request, kept) -> None:
    if not kept:
        request.getfixturevalue("large")
    happened: list[str] = []
    gather = Judge.evidence

    def noted(self, *asked):
        happened.append("evidence")
        return gather(self, *asked)

    class Port:
        def report(self, item: object) -> None:
            if isinstance(item, Prediction):
                happened.append("map")

    monkeypatch.setattr(Judge, "evidence", noted)
    model = fit(CUBE, TRAINING, recipe=SMALL, port=Port())
    assert happened[0] == "map"
    assert happened.count("evidence") == 1
    assert model.evidence is not None


def test_of_a_large_scene_a_new_label_is_followed_before_all_is_looked_at_again(large) -> None:
    before = fit(CUBE, TRAINING, recipe=SMALL, port=Recorder())
    labels, port = TRAINING.copy(), Recorder()
    labels[25, 20:24] = TRUTH[25, 20:24]
    viewed = Viewed(ViewedPart(slice(0, 20), slice(0, 18), 1))
    fit(CUBE, labels, recipe=SMALL, warm_start=before, viewed=viewed, port=port)
    first = next(i for i in port.items if isinstance(i, Prediction))
    assert (first.class_map > 0).all()  # it takes the place of a map of all pixels
    assert not first.final


def test_a_large_scene_is_learned_before_all_of_it_is_looked_at(large, monkeypatch) -> None:
    happened: list[str] = []
    guide = SceneFeatures.guide

    def noted(self, *asked):
        happened.append("looked at")
        return guide(self, *asked)

    class Port:
        def report(self, item: object) -> None:
            if isinstance(item, Learned):
                happened.append("learned")

    monkeypatch.setattr(SceneFeatures, "guide", noted)
    model = fit(CUBE, TRAINING, recipe=SMALL, port=Port())
    assert happened.count("learned") == 1
    assert happened[-2:] == ["learned", "looked at"]
    assert not model.scene_of(CUBE).survey.unseen


class Waiting:
    """A port that keeps maps and lets a test wait for the first that is as it wants."""

    def __init__(self) -> None:
        self.maps: list[Prediction] = []
        self._came = threading.Condition()

    def report(self, item: object) -> None:
        with self._came:
            self.maps.append(item)
            self._came.notify_all()

    def wait_for(self, wanted) -> Prediction:
        with self._came:
            assert self._came.wait_for(lambda: any(wanted(m) for m in self.maps), PATIENCE)
            return next(m for m in self.maps if wanted(m))


def test_what_is_on_the_screen_is_painted_first_and_what_comes_into_view_next(
    large, monkeypatch
) -> None:
    surveyed, keep = threading.Event(), Survey.keep

    def kept(survey, *found) -> None:
        keep(survey, *found)
        if survey is large.survey and not survey.unseen:
            surveyed.set()

    monkeypatch.setattr(Survey, "keep", kept)
    viewed = Viewed(ViewedPart(slice(0, 20), slice(0, 18), 1))
    port, asked = Waiting(), sketch(large, viewed)
    exact = asked.ensemble.mapped(large)
    ids = np.array(IDS)[exact.probabilities.argmax(axis=2)]
    with Painter(asked, port):
        first = port.maps[0]
        assert first.class_map[:20, :18].all()
        assert not first.class_map[20:].any()  # nobody has looked there
        seen = port.wait_for(lambda m: "finely" in m.source)
        assert np.array_equal(seen.class_map[:20, :20], ids[:20, :20])
        assert (seen.class_map > 0).all()  # the rest is coarse by now
        assert not np.array_equal(seen.class_map[30:], ids[30:])
        viewed.tell(ViewedPart(slice(40, 50), slice(0, 47), 1))
        later = port.wait_for(lambda m: np.array_equal(m.class_map[40:], ids[40:]))
        assert not later.final
        assert surveyed.wait(PATIENCE)  # where nothing is to be painted, for the final map


def test_a_cancelled_training_stops_the_painter(large) -> None:
    asked = sketch(large, Viewed(ViewedPart(*WHOLE, 1)))
    painter = Painter(asked, Recorder())
    painter.first_look()
    asked.token.cancel()
    with pytest.raises(TaskCancelledError):
        painter.first_look()


def test_an_error_of_the_painter_ends_the_training(large, monkeypatch) -> None:
    def fails(*_args):
        raise OSError("the disk is gone")

    monkeypatch.setattr(SceneFeatures, "look_at", fails)
    with pytest.raises(OSError, match="the disk is gone"):
        fit(CUBE, TRAINING, recipe=SMALL, port=Recorder())


def test_soft_targets_of_a_large_scene_come_from_some_of_its_tiles(large, monkeypatch) -> None:
    monkeypatch.setattr("hsi_viewer.learning.trainer.SOFT_TILES", 3)
    run = Run(large, TRAINING, IDS, SMALL, TrainingConfig(), CancelToken(), Recorder())
    network = run.network(None).to(choose_device("cpu"))
    run.soft_targets(network)
    seen, said = run._taught(network)
    windows = list(tiles(50, 47))[::3]
    assert seen.size == sum((r.stop - r.start) * (c.stop - c.start) for r, c in windows)
    assert np.unique(seen).size == seen.size
    assert np.allclose(said.sum(axis=1), 1, atol=1e-4)


def test_every_which_pixel_depends_on_the_size() -> None:
    assert rough_grid(100, 100) == Grid(1)
    assert rough_grid(1500, 1500) == Grid(8, 4)
    grid = rough_grid(4000, 4000)
    assert grid == Grid(20, 10)
    assert 4000 * 4000 / grid.step**2 == pytest.approx(early_maps.PIXELS, rel=0.1)


def test_a_part_of_another_scene_is_cut_to_this_one() -> None:
    part = ViewedPart(slice(10, 80), slice(-3, 5), 2)
    assert part.within(50, 40) == ViewedPart(slice(10, 50), slice(0, 5), 2)
    assert part.within(10, 40) is None


def test_labels_move_to_the_nearest_coarse_pixel() -> None:
    seeds = np.full((10, 8), -1, np.int64)
    seeds[0, 0], seeds[4, 5], seeds[9, 7] = 0, 1, 2
    found = coarse_seeds(seeds, 3)
    assert found.shape == (4, 3)
    assert {(r, c): int(found[r, c]) for r, c in zip(*np.nonzero(found >= 0), strict=True)} == {
        (0, 0): 0,
        (1, 2): 1,
        (3, 2): 2,
    }


def test_windows_are_computed_around_labels_and_not_of_all_between(large, monkeypatch) -> None:
    asked = []
    real = large.window

    def window(rows, columns, margin=0, token=None):
        asked.append((rows.stop - rows.start) * (columns.stop - columns.start))
        return real(rows, columns, margin, token)

    monkeypatch.setattr(large, "window", window)
    pixels = np.array([0, 1, 47, 49 * 47 + 46])
    found = large.patches(pixels, 1)
    assert sorted(asked) == [1, 4]  # the lone one, and three together
    whole, _ = real(slice(0, 50), slice(0, 47), 1)
    rows, columns = np.divmod(pixels, 47)
    for patch, r, c in zip(found, rows, columns, strict=True):
        assert np.allclose(patch, whole[:, r : r + 3, c : c + 3], atol=1e-5)


def test_labels_on_no_data_are_found_without_looking_at_the_rest(large, monkeypatch) -> None:
    values = CUBE.read().copy()
    values[30, 12] = np.nan
    scene = SceneFeatures(HyperCube.from_array(values), large.features)
    read, real = [], scene._read

    def counted(rows, columns):
        read.append((rows.stop - rows.start) * (columns.stop - columns.start))
        return real(rows, columns)

    monkeypatch.setattr(scene, "_read", counted)
    pixels = np.array([3, 30 * 47 + 12, 30 * 47 + 13])
    valid, strays = scene.looked_at(pixels)
    assert valid.tolist() == [True, False, True]
    assert not strays.any()
    assert sum(read) == 3


def test_pixels_are_halved_along_their_longer_extent() -> None:
    some = np.arange(5)
    row, column = np.array([0, 1, 2, 3, 4]), np.array([0, 10, 20, 30, 100])
    assert [p.tolist() for p in halves(some, row, column)] == [[0, 1, 2, 3], [4]]
    assert len(halves(some[:1], row[:1], column[:1])) == 1
