"""A few values that belong to nothing move the map of the other pixels by less than a point."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from hsi_viewer.core.cube import fill_values
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import TrainingError
from hsi_viewer.core.progress import SilentPort
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.model import load_model
from hsi_viewer.learning.random_walker import edge_weights
from hsi_viewer.learning.recipe import NetworkRecipe, Recipe, TrainingRecipe
from hsi_viewer.learning.robust import jumps, tidy
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.trainer import fit

ROWS, COLUMNS, BANDS = 48, 50, 40
QUICK = Recipe(network=NetworkRecipe(channels=16), training=TrainingRecipe(steps=4, batch=16))
Spoil = Callable[[NDArray, np.random.Generator], NDArray[np.bool_] | None]


def field_scene() -> tuple[NDArray[np.float32], NDArray, NDArray]:
    """Fields of 4 x 4 pixels of three classes, true classes, and 12 labels a class."""
    rng = np.random.default_rng(8)
    nm = np.linspace(420, 2450, BANDS)
    fields = rng.integers(1, 4, (ROWS // 4, COLUMNS // 4 + 1))
    truth = np.kron(fields, np.ones((4, 4), int))[:, :COLUMNS]
    spectra = np.stack(
        [0.1 + 0.3 * nm / 2450, 0.4 - 0.2 * nm / 2450, 0.25 + 0.1 * np.sin(nm / 300)]
    )
    cube = spectra[truth - 1] * (1 + 0.05 * rng.normal(size=(ROWS, COLUMNS, 1)))
    cube = (cube + 0.02 * rng.normal(size=cube.shape)).astype(np.float32)
    labels = np.zeros((ROWS, COLUMNS), np.uint16)
    for k in (1, 2, 3):
        positions = np.argwhere((truth == k) & (np.arange(ROWS)[:, None] >= 9))
        chosen = positions[rng.choice(len(positions), 12, replace=False)]
        labels[chosen[:, 0], chosen[:, 1]] = k
    return cube, truth, labels


CUBE, TRUTH, LABELS = field_scene()
CLEAN = 0.986  # a point less than the untouched scene reaches


def accuracy(values: NDArray, stale: NDArray[np.bool_] | None = None, **fields) -> float:
    """Part of the right pixels in rows 9 and below, without those that were stale."""
    cube = HyperCube.from_array(values, **fields)
    model = fit(cube, LABELS, TrainingConfig(device="cpu"), recipe=QUICK, port=SilentPort())
    found = model.predict(cube, labels=LABELS)
    scored = np.arange(ROWS)[:, None] >= (9 if stale is None else np.where(stale, ROWS, 9))
    return float((found.class_map == TRUTH)[np.broadcast_to(scored, TRUTH.shape)].mean())


def spikes(low: float, high: float) -> Spoil:
    def spoil(values: NDArray, rng: np.random.Generator) -> None:
        at = rng.random(values.shape) < 0.005
        values[at] = rng.uniform(low, high, int(at.sum()))

    return spoil


def one_in_a_hundred(made: Callable[[np.random.Generator, tuple[int, int]], NDArray]) -> Spoil:
    def spoil(values: NDArray, rng: np.random.Generator) -> NDArray[np.bool_]:
        at = rng.random(values.shape[:2]) < 0.01
        values[at] = made(rng, (int(at.sum()), BANDS))
        return at

    return spoil


def dead_column(values: NDArray, rng: np.random.Generator) -> NDArray[np.bool_]:
    values[:, 25] = 0
    at = np.zeros(values.shape[:2], bool)
    at[:, 25] = True
    return at


def stripe(values: NDArray, rng: np.random.Generator) -> None:
    values[:, 30, 5:9] += 0.5


def garbage_band(values: NDArray, rng: np.random.Generator) -> None:
    values[:, :, 20] = 1e3 * rng.standard_cauchy(values.shape[:2])


def patch(values: NDArray, rng: np.random.Generator) -> NDArray[np.bool_]:
    at = np.zeros(values.shape[:2], bool)
    at[20:25, 20:25] = True
    values[at] = rng.uniform(0, 1e4, (25, BANDS))
    return at


SPOILT: dict[str, Spoil] = {
    "nothing": lambda values, rng: None,
    "huge spikes": spikes(1e20, 2e20),
    "negative spikes": spikes(-9999, -9999),
    "spikes beside the data": spikes(1.2, 1.4),
    "spikes of any size": spikes(-2, 5),
    "noise in range": one_in_a_hundred(lambda rng, shape: rng.uniform(0.1, 0.5, shape)),
    "noise beyond": one_in_a_hundred(lambda rng, shape: rng.normal(0, 10, shape)),
    "bright": one_in_a_hundred(
        lambda rng, shape: rng.uniform(1, 9, (shape[0], 1)) * np.ones(BANDS)
    ),
    "a patch": patch,
    "a dead column": dead_column,
    "a stripe": stripe,
    "a band of garbage": garbage_band,
}


@pytest.mark.parametrize("kind", SPOILT)
def test_stray_values_do_not_move_the_map(kind: str) -> None:
    values = CUBE.copy()
    stale = SPOILT[kind](values, np.random.default_rng(1))
    assert accuracy(values, stale) >= CLEAN


FILLED: dict[str, tuple] = {
    "one pixel of -9999": (-9999, np.s_[40, 40]),
    "two pixels of 1e20": (1e20, np.s_[30, 10:12]),
    "an edge of -999": (-999, np.s_[:, 0]),
    "a strip of the lowest number": (np.finfo(np.float32).min, np.s_[:8]),
}


@pytest.mark.parametrize("kind", FILLED)
def test_undeclared_fill_values_are_left_out_of_training(kind: str) -> None:
    value, where = FILLED[kind]
    values, filled = CUBE.copy(), np.zeros(TRUTH.shape, bool)
    values[where], filled[where] = value, True
    labels = np.where(filled, 0, LABELS)
    cube = HyperCube.from_array(values)
    model = fit(cube, labels, TrainingConfig(device="cpu"), recipe=QUICK, port=SilentPort())
    found = model.predict(cube, labels=labels).class_map
    assert ((found == 0) == filled).all()
    scored = ~filled & (np.arange(ROWS)[:, None] >= 9)
    assert (found == TRUTH)[scored].mean() >= CLEAN


def scaled_by_band(values: NDArray, rng: np.random.Generator) -> NDArray:
    return np.broadcast_to(-9.999 * np.linspace(0.5, 2, BANDS), values[:5].shape)


def huge_by_band(values: NDArray, rng: np.random.Generator) -> NDArray:
    return np.broadcast_to(1e20 * np.linspace(0.5, 2, BANDS), values[:5].shape)


def smeared(values: NDArray, rng: np.random.Generator) -> NDArray:
    part = np.linspace(0, 0.9, 5)[:, None, None]
    return values[:5] * part - 9999 * (1 - part)


def of_one_detector(values: NDArray, rng: np.random.Generator) -> NDArray:
    return np.where(np.arange(BANDS) < 14, -9999, values[:5])


@pytest.mark.parametrize("make", [scaled_by_band, huge_by_band, smeared, of_one_detector])
def test_fill_values_that_a_program_has_changed_do_not_move_the_map(make) -> None:
    values = CUBE.copy()
    values[:5] = make(values, np.random.default_rng(1))
    stale = np.zeros(TRUTH.shape, bool)
    stale[:5] = True
    cube = fill_values.examined(HyperCube.from_array(values))
    assert accuracy(values, stale, fill_values=cube.fill_values) >= CLEAN


def test_a_rounded_no_data_value_is_left_out() -> None:
    values = CUBE.copy()
    values[:8] = np.finfo(np.float32).min
    assert accuracy(values, nodata=-3.402823e38, fill_values=()) >= CLEAN


EXTREME: dict[str, Callable[[NDArray], NDArray]] = {
    "1e308": lambda v: v * 1e308,
    "both ends": lambda v: (v - 0.3) * 2.0 * 1e308,
    "1e-310": lambda v: v * 1e-310,
    "half": lambda v: v.astype(np.float16),
    "uint64 beyond 2^53": lambda v: (v.clip(0) * 1e19).astype(np.uint64),
    "far from zero": lambda v: (2**53 + v * 1e6).astype(np.int64),
    "bands of all sizes": lambda v: v * np.logspace(-300, 300, BANDS),
}


@pytest.mark.parametrize("kind", EXTREME)
def test_extreme_values_train_and_are_kept_in_the_model(kind: str, tmp_path) -> None:
    values = EXTREME[kind](CUBE.astype(np.float64))
    cube = HyperCube.from_array(values)
    model = fit(cube, LABELS, TrainingConfig(device="cpu"), recipe=QUICK, port=SilentPort())
    found = model.predict(cube, labels=LABELS).class_map
    assert (found == TRUTH)[9:].mean() >= 0.97
    model.save(tmp_path)
    assert np.array_equal(load_model(tmp_path).predict(cube, labels=LABELS).class_map, found)


def test_infinite_values_are_left_out_without_a_warning() -> None:
    values, stale = CUBE.copy(), np.zeros(TRUTH.shape, bool)
    values[20:22, 10:15], stale[20:22, 10:15] = np.inf, True
    assert not LABELS[stale].any()
    assert accuracy(values, stale) >= CLEAN


@pytest.mark.parametrize(
    "values", [np.full((9, 9, 5), 3.0), np.where(np.arange(81) == 40, 1, np.nan)]
)
def test_a_constant_cube_and_one_of_a_single_pixel_are_refused(values: NDArray) -> None:
    cube = HyperCube.from_array(np.broadcast_to(values.reshape(9, 9, -1), (9, 9, 5)))
    labels = np.zeros((9, 9), np.uint16)
    labels[4, 4], labels[4, 5] = 1, 2
    with pytest.raises(TrainingError, match=r"no band is usable|too little data"):
        fit(cube, labels)


def test_fill_values_that_a_sample_missed_are_found_in_training(monkeypatch) -> None:
    monkeypatch.setattr(fill_values, "WHOLE_PIXELS", 100)
    monkeypatch.setattr(fill_values, "SAMPLE_SIDE", 12)  # every fourth pixel
    values = CUBE.copy()
    values[41, 41] = -9999
    cube = HyperCube.from_array(values)
    assert fill_values.examined(cube).suspected == ()
    model = fit(cube, LABELS, TrainingConfig(device="cpu"), recipe=QUICK, port=SilentPort())
    assert model.warning == "1 pixel holds -9999 in every band: no data?"
    assert [(s.value, s.pixels) for s in model.suspected] == [(-9999.0, 1)]
    assert np.argwhere(model.predict(cube).class_map == 0).tolist() == [[41, 41]]


# how ------------------------------------------------------------------------------------------


def wide(bands: int = 12) -> tuple[NDArray, NDArray, NDArray]:
    return np.full(bands, -10.0), np.full(bands, 10.0), np.full(bands, 3.0)


def test_a_single_stray_value_is_taken_from_the_bands_next_to_it() -> None:
    values = np.tile(np.arange(12) / 4, (3, 1))
    values[0, 5], values[1, 8] = 1e20, 8.0  # beyond the range, and beyond the neighbours
    strays = tidy(values, np.ones((3, 12), bool), *wide())
    assert not strays.any()
    np.testing.assert_allclose(values, np.tile(np.arange(12) / 4, (3, 1)))


def test_missing_values_come_from_the_bands_next_to_them_or_are_the_mean() -> None:
    values = np.tile(1 + np.arange(12) / 4, (2, 1))
    is_data = np.ones((2, 12), bool)
    is_data[0, 4:6], is_data[1, 3:9] = False, False
    wanted = values.copy()
    wanted[1, 3:9] = 0
    values[~is_data] = np.nan
    assert not tidy(values, is_data, *wide()).any()
    np.testing.assert_allclose(values, wanted)


def test_a_spectrum_of_stray_values_keeps_their_order() -> None:
    values = np.array([np.linspace(20, 1e6, 12), np.zeros(12)])
    assert tidy(values, np.ones((2, 12), bool), *wide()).tolist() == [True, False]
    assert (np.diff(values[0]) > 0).all()
    assert 10 < values[0].min() < values[0].max() < 30
    assert not values[1].any()


def test_a_stray_pixel_leaves_the_windows_of_its_neighbours_alone() -> None:
    features = fit_features(HyperCube.from_array(CUBE), Recipe().features)
    stale = CUBE.copy()
    stale[20, 20] = 9 * np.random.default_rng(0).random(BANDS)
    clean, dirty = (
        SceneFeatures(HyperCube.from_array(v, fill_values=()), features).window(
            slice(0, ROWS), slice(0, COLUMNS)
        )[0]
        for v in (CUBE, stale)
    )
    apart = np.abs(dirty - clean)
    apart[:, 20, 20] = 0
    assert apart.max() < 0.6 * np.abs(clean).max()  # one pixel less in the average, no more
    usual = np.sqrt((clean**2).sum(axis=0)).max()
    assert np.sqrt((dirty[:, 20, 20] ** 2).sum()) <= 1.5 * usual


def test_edges_of_stray_pixels_do_not_set_the_scale_of_all_edges() -> None:
    guide = np.random.default_rng(0).normal(0, 1, (3, 40, 40)).astype(np.float32)
    valid = np.ones((40, 40), bool)
    clean = edge_weights(guide, valid, 5.0)
    guide[:, 10, 10] = 1e4
    dirty = edge_weights(guide, valid, 5.0)
    for one, other in zip(clean, dirty, strict=True):
        kept = np.ones(one.shape, bool)
        kept[9:11, 9:11] = False
        np.testing.assert_allclose(one[kept], other[kept], rtol=0.05)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("bands", [1, 2, 3, 6])
def test_a_jump_is_the_distance_from_the_bands_next_to_it(order, bands) -> None:
    values = np.random.default_rng(2).normal(size=(5, bands))
    wanted = np.zeros((5, bands))
    for b in range(bands if bands > 2 else 0):
        near = [k for k in (b - 1, b + 1) if 0 <= k < bands]
        wanted[:, b] = np.abs(values[:, b] - values[:, near].mean(axis=1))
    np.testing.assert_allclose(jumps(np.array(values, order=order)), wanted, atol=1e-12)
