"""Suggestions: never labelled, skipped or without data, and where the map is in doubt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

import hsi_viewer
from hsi_viewer.core.errors import LabelError, SettingError
from hsi_viewer.core.evidence import Evidence, VoiceShare
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.learning import by_tile
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.guidance import ground as grounds
from hsi_viewer.learning.guidance.ground import Ground, ground_of, segments_of
from hsi_viewer.learning.guidance.proposals import Proposer, alike, doubt_of, doubt_of_map
from hsi_viewer.learning.guidance.suggest import overlap_of, places_to_label, rules_for
from hsi_viewer.learning.recipe import FeatureRecipe
from tests.unit.learning.made import made_scene

CUBE, TRUTH = made_scene()
GROUND = ground_of(CUBE)
SHAPE = TRUTH.shape


class Said:
    """A model that says what it is told."""

    def __init__(self, probabilities, kept=True):
        self.probabilities, self.kept, self.class_ids = probabilities, kept, (2, 5, 7, 9)

    def predict(self, cube, *, labels=None, refine=True, token=None, port=None):
        best = self.probabilities.argmax(axis=2)
        return Prediction(
            np.asarray(self.class_ids, np.uint16)[best],
            self.probabilities.max(axis=2),
            self.class_ids,
            self.probabilities if self.kept else None,
        )


def said(seed=0):
    p = np.random.default_rng(seed).dirichlet(np.ones(4), SHAPE).astype(np.float32)
    return Said(p)


def labels_at(*places):
    labels = np.zeros(SHAPE, np.uint16)
    for row, column in places:
        labels[row, column] = TRUTH[row, column]
    return labels


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_no_place_is_labelled_skipped_or_without_data(data):
    seed = data.draw(st.integers(0, 1 << 16))
    rng = np.random.default_rng(seed)
    share = data.draw(st.sampled_from([0.0, 0.02, 0.5, 0.98, 1.0]))
    labels = np.where(rng.random(SHAPE) < share, TRUTH, 0).astype(np.uint16)
    skip = rng.random(SHAPE) < data.draw(st.sampled_from([0.0, 0.01, 0.3]))
    valid = rng.random(SHAPE) < data.draw(st.sampled_from([0.0, 0.1, 1.0]))
    ground = Ground(GROUND.components, valid, np.where(valid, GROUND.segments, -1))
    count = data.draw(st.integers(1, 12))
    found = hsi_viewer.suggest(said(seed), CUBE, labels, count, skip, ground=ground)
    assert len(found) <= count
    for one in found:
        at = np.array([[one.row, one.column]])
        places = np.concatenate([at, one.segment])
        rows, columns = places.T
        assert not labels[rows, columns].any()
        assert not skip[rows, columns].any()
        assert valid[rows, columns].all()
        assert (one.segment == at).all(axis=1).any()
        assert len(set(one.classes)) == 2
        assert set(one.classes) <= {2, 5, 7, 9}
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert len({(one.row, one.column) for one in found}) == len(found)


def test_what_was_skipped_is_not_asked_again_with_its_segment():
    model, labels, asked = said(), labels_at((1, 1), (1, 30)), []
    for _ in range(4):
        found = hsi_viewer.suggest(model, CUBE, labels, 3, asked, ground=GROUND)
        numbers = {int(GROUND.segments[one.row, one.column]) for one in found}
        assert numbers.isdisjoint(int(GROUND.segments[one.row, one.column]) for one in asked)
        asked += found
    pairs = [(one.row, one.column) for one in asked]
    again = hsi_viewer.suggest(model, CUBE, labels, 3, pairs, ground=GROUND)
    assert not {(one.row, one.column) for one in again} & set(pairs)


def answers_without_a_class(seed, *, taught):
    """How many of 16 in a scene of changing materials, of which the left half has no class."""
    rng = np.random.default_rng(seed)
    empty = np.indices((60, 60))[1] < 30
    smooth = gaussian_filter(rng.normal(0, 1, (3, 60, 60)), (0, 6, 6))
    components = (6 * smooth / smooth.std() + rng.normal(0, 1, smooth.shape)).astype(np.float32)
    everywhere = np.ones((60, 60), bool)
    ground = Ground(components, everywhere, segments_of(components, everywhere))
    even = Prediction(
        np.full((60, 60), 2, np.uint16),
        np.full((60, 60), 0.25, np.float32),
        (2, 5, 7, 9),
        np.full((60, 60, 4), 0.25, np.float32),
    )
    labels, none = np.zeros((60, 60), bool), np.zeros((60, 60), bool)
    labels[5::15, 45] = True
    for _ in range(16):
        known = labels if taught else labels | none
        (one,) = places_to_label(even, ground, known, none, None, 1, none if taught else None)
        answer = none if empty[one.row, one.column] else labels
        answer[one.segment[:, 0], one.segment[:, 1]] = True
    return len(np.unique(ground.segments[none]))


def test_answers_without_a_class_lead_to_places_of_a_class():
    counts = [
        sum(answers_without_a_class(seed, taught=taught) for seed in range(3))
        for taught in (True, False)
    ]
    assert counts[0] < 0.8 * counts[1], counts


def test_nothing_changes_before_the_first_answer_without_a_class():
    prediction, labels = said().predict(CUBE), labels_at((1, 1), (1, 30), (35, 30)) > 0
    nowhere = np.zeros(SHAPE, bool)
    pairs = [
        [(s.row, s.column) for s in places_to_label(prediction, GROUND, labels, None, None, 8, b)]
        for b in (None, nowhere)
    ]
    assert pairs[0] == pairs[1]


def test_a_field_in_doubt_is_asked_about_first():
    p = np.full((*SHAPE, 4), 0.01, np.float32)
    p[np.arange(SHAPE[0])[:, None], np.arange(SHAPE[1]), np.searchsorted((2, 5, 7, 9), TRUTH)] = (
        0.97
    )
    p[TRUTH == 7] = (0.02, 0.48, 0.49, 0.01)
    labels = labels_at((1, 1), (1, 30), (35, 30))
    first = hsi_viewer.suggest(Said(p), CUBE, labels, 1, ground=GROUND)[0]
    assert TRUTH[first.row, first.column] == 7
    assert first.classes == (7, 5)


def test_one_label_settles_all_that_is_like_it():
    even = Said(np.full((*SHAPE, 4), 0.25, np.float32))
    flat = np.stack([TRUTH, (7 * TRUTH) % 11]).astype(np.float32)
    ground = Ground(flat, GROUND.valid, segments_of(flat, GROUND.valid))
    found = hsi_viewer.suggest(even, CUBE, labels_at((1, 1)), 3, ground=ground)
    assert {int(TRUTH[one.row, one.column]) for one in found} == {5, 7, 9}


def test_a_doubtful_place_whose_like_is_labelled_is_asked_about_before_sure_ones():
    """All segments look alike, so that no label is nearer to one than those that are known."""
    alike_all = Ground(np.zeros_like(GROUND.components), GROUND.valid, GROUND.segments)
    numbers = np.unique(GROUND.segments[GROUND.valid])
    doubtful = GROUND.segments == numbers[-1]
    p = np.where(doubtful[:, :, None], 0.25, np.array([1.0, 0, 0, 0])).astype(np.float32)
    labels = np.zeros(SHAPE, bool)
    labels[GROUND.segments == numbers[0]] = True
    for rule in ("gain", "fine"):
        proposer = Proposer(alike_all, p, (2, 5, 7, 9), labels)
        (first,) = proposer.suggestions((rule,))
        assert doubtful[first.row, first.column]


def evidence_of(around, score):
    voices = (
        VoiceShare("pixels", "Single pixels", 1 - around, score),
        VoiceShare("surroundings", "Surroundings", around / 2, score - 0.1),
        VoiceShare("network", "Network", around / 2, float("nan")),
    )
    return Evidence(voices, "none", 27)


@pytest.mark.parametrize(
    ("around", "rule"), [(0.8, "gain"), (0.5, "gain"), (0.3, "fine"), (0.0, "fine")]
)
def test_single_pixels_are_compared_where_they_say_most(around, rule):
    for labelled in range(20):
        assert rules_for(evidence_of(around, 0.0), 3, labelled) == (rule,) * 3
        assert "drawn" not in rules_for(evidence_of(around, float("nan")), 3, labelled)


def test_where_single_pixels_leave_doubt_about_held_out_labels_up_to_half_are_drawn():
    shares = []
    for score in (-0.01, -0.2, -0.7, -3.0):
        rules = [r for n in range(200) for r in rules_for(evidence_of(0.2, score), 4, n)]
        assert set(rules) <= {"fine", "drawn"}
        shares.append(rules.count("drawn") / len(rules))
    np.testing.assert_allclose(shares, [0.01, 0.18, 0.5, 0.5], atol=0.05)
    assert set(rules_for(evidence_of(0.6, -3.0), 4)) == {"gain"}


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1 << 16))
def test_drawn_places_take_turns_with_the_others_and_keep_the_order_of_the_scores(seed):
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random(SHAPE) < rng.choice([0.01, 0.9]), TRUTH, 0).astype(np.uint16)
    model = said(seed)
    strip = np.arange(SHAPE[0])[:, None] < 8  # few pixels to compare
    ground = Ground(GROUND.components, GROUND.valid & strip, GROUND.segments)
    proposer = Proposer(ground, model.probabilities, model.class_ids, labels > 0)
    rules = ("fine", "drawn", "drawn", "fine", "drawn")
    found = proposer.suggestions(rules)
    again = proposer.suggestions(rules)
    assert [(s.row, s.column) for s in found] == [(s.row, s.column) for s in again]
    assert all(not labels[s.row, s.column] for s in found)
    scores = [s.score for s in found]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == scores[1] == scores[2]


def test_segments_are_compared_where_nothing_is_known():
    assert rules_for(None, 2) == rules_for(Evidence((), "full", 27), 2) == ("gain", "gain")


def test_every_segment_can_be_asked_for_and_then_there_are_no_more():
    count = int(GROUND.segments.max()) + 1
    found = hsi_viewer.suggest(said(), CUBE, labels_at(), count + 50, ground=GROUND)
    assert count - 3 <= len(found) <= count  # places that touch are kept apart


def test_a_model_that_kept_no_probabilities_is_asked_for_its_confidence():
    model = said()
    model.kept = False
    assert hsi_viewer.suggest(model, CUBE, labels_at((1, 1)), 2, ground=GROUND)


def test_the_engine_is_guided_from_arrays_and_files(tmp_path):
    labels = labels_at((1, 1), (2, 9), (1, 30), (9, 25), (30, 2), (25, 9), (35, 30), (25, 20))
    model = hsi_viewer.fit(CUBE, labels, classifier="lda")
    np.save(tmp_path / "cube.npy", CUBE.read())
    np.save(tmp_path / "labels.npy", labels)
    found = hsi_viewer.suggest(model, str(tmp_path / "cube.npy"), tmp_path / "labels.npy", 2)
    same = hsi_viewer.suggest(model, CUBE.read(), labels.tolist(), count=2)
    assert [(s.row, s.column) for s in found] == [(s.row, s.column) for s in same]
    assert len(found) == 2


@pytest.mark.parametrize(
    ("skip", "text"),
    [
        ([(40, 0)], "40, 0 is outside"),
        ([(0, -1)], "outside"),
        ([1, 2, 3], "pairs of row and column"),
        (np.zeros((3, 3), bool), "mask of the cube's size"),
        ([(1, 2), (3,)], "pairs of row and column"),
        ([(1.5, 2.0)], "pairs of row and column"),
    ],
)
def test_what_cannot_be_skipped_is_named(skip, text):
    with pytest.raises(SettingError, match=text):
        hsi_viewer.suggest(said(), CUBE, labels_at(), 1, skip, ground=GROUND)


def test_wrong_counts_and_labels_are_refused():
    with pytest.raises(SettingError, match="at least 1"):
        hsi_viewer.suggest(said(), CUBE, labels_at(), 0)
    with pytest.raises(LabelError):
        hsi_viewer.suggest(said(), CUBE, np.zeros((3, 3)))


def test_the_search_can_be_cancelled():
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        hsi_viewer.suggest(said(), CUBE, labels_at(), token=token)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1 << 16), classes=st.integers(2, 6))
def test_doubt_is_one_less_the_margin_of_the_two_likeliest(seed, classes):
    p = np.random.default_rng(seed).dirichlet(np.ones(classes), (3, 4)).astype(np.float32)
    found, order = doubt_of(p), np.argsort(p, axis=2)
    np.testing.assert_array_equal(found.first, order[:, :, -1])
    np.testing.assert_array_equal(found.second, order[:, :, -2])
    two = np.sort(p, axis=2)[:, :, -2:]
    np.testing.assert_allclose(found.doubt, 1 - (two[:, :, 1] - two[:, :, 0]), atol=1e-6)


def test_segments_follow_the_fields_and_leave_out_what_has_no_data():
    valid = np.ones(SHAPE, bool)
    valid[:7, :9] = False
    numbers = segments_of(GROUND.components, valid)
    np.testing.assert_array_equal(numbers == -1, ~valid)
    used = np.unique(numbers[valid])
    np.testing.assert_array_equal(used, np.arange(used.size))
    pure = [np.bincount(TRUTH[numbers == n]).max() / (numbers == n).sum() for n in used]
    assert np.mean(pure) > 0.97
    assert segments_of(GROUND.components, np.zeros(SHAPE, bool)).max() == -1


@pytest.fixture
def tiled_ground(monkeypatch):
    """Four tiles of 8 x 8 of the scene, of which the last row and column of tiles is cut."""
    monkeypatch.setattr(grounds, "TILE", 8)
    monkeypatch.setattr(grounds, "MOST_TILES", 4)
    return ground_of(CUBE)


@pytest.mark.parametrize("factor", [1e-4, 0.1, 1e3])
def test_segments_do_not_depend_on_the_unit_of_the_components(factor):
    wanted = segments_of(GROUND.components, GROUND.valid)
    found = segments_of(GROUND.components * np.float32(factor), GROUND.valid)
    assert (found == wanted).mean() > 0.99
    flat = segments_of(np.zeros_like(GROUND.components), GROUND.valid)  # without any contrast
    assert flat.max() > 1


def test_of_a_large_scene_only_some_tiles_are_looked_at(tiled_ground):
    assert len(tiled_ground.windows) <= 4
    assert tiled_ground.components.shape[1:] == (8 * len(tiled_ground.windows), 8)
    inside = np.argwhere(tiled_ground.valid)
    rows, columns = tiled_ground.in_scene(inside).T
    assert GROUND.valid[rows, columns].all()
    found = tiled_ground.components[:, *inside.T]
    np.testing.assert_allclose(found, GROUND.components[:, rows, columns], atol=1e-3)
    np.testing.assert_array_equal(tiled_ground.seen(TRUTH)[*inside.T], TRUTH[rows, columns])


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 1 << 16))
def test_places_of_a_large_scene_are_named_by_their_pixels_in_it(tiled_ground, seed):
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random(SHAPE) < 0.3, TRUTH, 0).astype(np.uint16)
    skip = rng.random(SHAPE) < 0.05
    skip[32:] = False  # the last tile stays open
    model = said(seed)
    found = hsi_viewer.suggest(model, CUBE, labels, 6, skip, ground=tiled_ground)
    assert found
    for one in found:
        rows, columns = np.concatenate([[[one.row, one.column]], one.segment]).T
        assert not labels[rows, columns].any()
        assert not skip[rows, columns].any()
        here = (slice(r.start, r.stop) for r, _ in tiled_ground.windows)
        assert any(r.start <= one.row < r.stop for r in here)
        best = np.asarray(model.class_ids)[model.probabilities[one.row, one.column].argsort()]
        assert one.classes == (best[-1], best[-2])


@pytest.mark.parametrize("classes", [2, 5])
def test_a_map_without_probabilities_is_in_doubt_where_its_confidence_is_low(classes):
    rng = np.random.default_rng(1)
    ids = tuple(int(i) for i in rng.permutation(np.arange(1, classes + 1)))
    mapped = rng.integers(1, classes + 1, (5, 6)).astype(np.uint16)
    sure = rng.uniform(1 / classes, 1, (5, 6)).astype(np.float32)
    p = np.repeat(((1 - sure) / (classes - 1))[:, :, None], classes, axis=2)
    place = np.vectorize(ids.index)(mapped)
    np.put_along_axis(p, place[:, :, None], sure[:, :, None], axis=2)
    found = doubt_of_map(Prediction(mapped, sure, ids))
    np.testing.assert_array_equal(found.first, place)
    assert (found.second != found.first).all()
    np.testing.assert_allclose(found.doubt, doubt_of(p).doubt, atol=1e-6)


def hidden_field(seed):
    """A sure map of three classes, with labels of each; a fourth field is mapped as one of them."""
    rng = np.random.default_rng(seed)
    hidden = int(rng.choice([2, 5, 7, 9]))
    known = [k for k in (2, 5, 7, 9) if k != hidden]
    mapped = np.where(hidden == TRUTH, known[0], TRUTH)
    p = np.full((*SHAPE, 4), 0.01, np.float32)
    np.put_along_axis(p, np.searchsorted((2, 5, 7, 9), mapped)[:, :, None], 0.97, axis=2)
    labels = np.zeros(SHAPE, np.uint16)
    for k in known:
        labels.flat[rng.choice(np.flatnonzero(k == TRUTH), 4, replace=False)] = k
    return hidden, Said(p), labels


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 1 << 16))
def test_a_class_without_labels_is_found_though_the_map_has_no_doubt(seed):
    hidden, model, labels = hidden_field(seed)
    found = hsi_viewer.suggest(model, CUBE, labels, 8, ground=GROUND)
    assert len(found) == 8
    (novel,) = (one for one in found if one.novel)
    assert TRUTH[novel.row, novel.column] == hidden


def test_nothing_is_novel_where_all_classes_have_labels():
    labels = np.where(np.random.default_rng(2).random(SHAPE) < 0.2, TRUTH, 0).astype(np.uint16)
    found = hsi_viewer.suggest(said(), CUBE, labels, 8, ground=GROUND)
    assert len(found) == 8
    assert not any(one.novel for one in found)


@pytest.mark.parametrize(
    ("shape", "classes"), [((2, 40, 3), 2), ((60, 1, 5), 2), ((20, 20, 1), 2), ((40, 40, 12), 40)]
)
def test_scenes_of_odd_shapes_and_of_many_classes_have_places(shape, classes):
    rng = np.random.default_rng(0)
    rows, columns, bands = shape
    truth = np.arange(rows * columns).reshape(rows, columns) * classes // (rows * columns) + 1
    spectra = rng.uniform(100, 900, (classes, bands))
    cube = spectra[truth - 1] + rng.normal(0, 5, shape)
    empty = np.zeros((rows, columns), bool)
    empty[0, :3] = True
    cube[empty] = np.nan
    labels = np.zeros((rows, columns), np.uint16)
    for k in range(1, classes + 1):
        labels.flat[rng.choice(np.flatnonzero((truth == k) & ~empty), 2, replace=False)] = k
    model = Said(rng.dirichlet(np.ones(classes), (rows, columns)).astype(np.float32))
    model.class_ids = tuple(range(1, classes + 1))
    found = hsi_viewer.suggest(model, cube.astype(np.float32), labels, 8)
    assert found
    for one in found:
        assert not labels[one.row, one.column]
        assert not empty[one.row, one.column]


@pytest.mark.parametrize(("count", "novel"), [(7, 0), (8, 1), (15, 1)])
def test_one_place_of_eight_is_unlike_all_that_is_labelled(count, novel):
    _, model, labels = hidden_field(0)
    found = hsi_viewer.suggest(model, CUBE, labels, count, ground=GROUND)
    assert sum(one.novel for one in found) == novel


@pytest.mark.parametrize(
    ("scores", "overlap"),
    [
        ([(0.5, -1.0), (0.5, -0.2)], 1 - np.exp(-0.2)),  # of the best voice
        ([(1.0, -1.0), (0.0, -0.2)], 1 - np.exp(-1.0)),  # of those that speak
        ([(0.5, float("nan")), (0.5, -3.0)], 1 - np.exp(-3.0)),
        ([(1.0, float("nan"))], 0.0),
        ([(1.0, 0.1)], 0.0),
    ],
)
def test_classes_overlap_as_much_as_the_best_voice_doubts_held_out_labels(scores, overlap):
    voices = tuple(VoiceShare("pixels", "Single pixels", w, score) for w, score in scores)
    assert overlap_of(Evidence(voices, "none", 27)) == pytest.approx(overlap)


def test_the_preparation_of_a_large_scene_can_be_cancelled_between_its_tiles(monkeypatch):
    features = fit_features(CUBE, FeatureRecipe(5, sigmas=(0.0,)))
    monkeypatch.setattr(grounds, "TILE", 16)
    monkeypatch.setattr(grounds, "MOST_TILES", 2)
    monkeypatch.setattr(grounds, "fit_features", lambda *_: features)
    monkeypatch.delattr(grounds, "segments_of")  # what comes after the tiles
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        ground_of(CUBE, token)


@pytest.mark.parametrize("rule", ["margin", "segment"])
def test_places_by_doubt_alone_are_each_unlike_the_ones_before(rule):
    model, labels = said(3), labels_at((2, 3))
    proposer = Proposer(GROUND, model.probabilities, model.class_ids, labels > 0)
    found = proposer.suggestions((rule,) * 6)
    scores = [s.score for s in found]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 1 > scores[-1] > 0
    assert len({(s.row, s.column) for s in found}) == 6
    if rule == "margin":
        doubt = np.where(proposer.open, doubt_of(model.probabilities).doubt, -1.0)
        assert doubt[found[0].row, found[0].column] == doubt.max()
    else:
        numbers = [GROUND.segments[s.row, s.column] for s in found]
        assert len(set(numbers)) == 6


def test_spectra_are_alike_by_their_distance_in_widths():
    one, other = np.float32([[0, 0], [3, 0]]), np.float32([[3, 4], [0, 0], [0, 4]])
    squares = np.array([[25, 0, 16], [16, 9, 25]])
    np.testing.assert_allclose(alike(one, other, 5.0), np.exp(-squares / 50), rtol=1e-6)
    np.testing.assert_allclose(alike(one, other, 2.0), np.exp(-squares / 8), rtol=1e-6)


class Counting:
    """Counts the pixels that are read of a cube."""

    def __init__(self, cube):
        self.source, self.shape, self.dtype, self.pixels = cube.source, cube.shape, cube.dtype, 0

    def read(self, rows, columns, bands):
        values = self.source.read(rows, columns, bands)
        self.pixels += values.shape[0] * values.shape[1]
        return values


def test_of_a_large_scene_no_more_is_mapped_than_is_looked_at(monkeypatch):
    for module, name, few in (
        (grounds, "TILE", 8), (grounds, "MOST_TILES", 4),
        (by_tile, "OVERLAP", 2), (by_tile, "MARGIN", 0),
        (by_tile, "SCALE_SIDE", 4), (by_tile, "SCALE_TILES", 2),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, few)
    cube, truth = made_scene(80, 72)
    labels = np.where(np.random.default_rng(0).random(truth.shape) < 0.01, truth, 0)
    model, ground = hsi_viewer.fit(cube, labels, classifier="lda"), ground_of(cube)
    counting = Counting(cube)
    scene = replace(cube, source=counting, fill_values=())
    found = hsi_viewer.suggest(model, scene, labels, 4, ground=ground)
    assert len(found) == 4
    assert counting.pixels < 3 * len(ground.windows) * (8 + 2 * 2) ** 2 < 80 * 72
    whole = places_to_label(model.predict(cube, labels=labels), ground, labels > 0, None, None, 4)
    assert [(s.row, s.column) for s in found] == [(s.row, s.column) for s in whole]
