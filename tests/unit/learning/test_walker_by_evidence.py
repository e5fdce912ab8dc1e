"""The walker that the weights ask for, and what held-out labels say about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.recipe import FeatureRecipe
from hsi_viewer.learning.trainer import fit
from hsi_viewer.learning.voices import judging
from hsi_viewer.learning.voices.burden_of_proof import holds, kept
from tests.unit.learning.made import SMALL

RECIPE = replace(SMALL, features=FeatureRecipe(components=10, sigmas=(0.0, 4.0)))


def scene_of(truth, noise: float) -> HyperCube:
    """Classes of one spectrum each, whose pixels differ in brightness."""
    rng = np.random.default_rng(1)
    spectra = 1 + np.cumsum(rng.normal(0, 0.05, (4, 20)), axis=1)
    values = spectra[truth - 1] * np.exp(rng.normal(0, 0.05, (*truth.shape, 1)))
    return HyperCube.from_array((values + rng.normal(0, noise, values.shape)).astype(np.float32))


def small_fields() -> np.ndarray:
    """Fields of six pixels, of four classes."""
    rng = np.random.default_rng(2)
    return np.kron(rng.integers(1, 5, (9, 9)), np.ones((6, 6), int)).astype(np.uint16)


def pepper() -> np.ndarray:
    return np.random.default_rng(3).integers(1, 5, (54, 54)).astype(np.uint16)


def right_of(found, training, truth) -> float:
    rest = training == 0
    return float((found.class_map == truth)[rest].mean())


def test_noisy_pixels_of_small_fields_are_refined_weakly() -> None:
    truth = small_fields()
    cube = scene_of(truth, 0.1)
    training, _ = draw_per_class(truth, 12)
    model = fit(cube, training, recipe=RECIPE)
    assert model.pool.shares["surroundings"].weight < 0.3
    assert (model.pool.walker, model.evidence.walker) == ("weak", "weak")
    assert model.evidence.separated is not None
    found = model.predict(cube, labels=training)
    plain = model.predict(cube, labels=training, refine="none")
    assert right_of(found, training, truth) > right_of(plain, training, truth) + 0.02
    # A stroke gathers no new evidence: the walker stays.
    training.flat[np.flatnonzero((training == 0) & (truth == 1))[0]] = 1
    again = fit(cube, training, recipe=RECIPE, warm_start=model)
    assert again.pool.walker == "weak"
    assert again.evidence.walker == "weak"


@pytest.mark.parametrize("config", [TrainingConfig(refine=False), TrainingConfig(voices="pixels")])
def test_a_user_who_wants_no_walker_or_single_pixels_gets_none(config) -> None:
    truth = small_fields()
    training, _ = draw_per_class(truth, 12)
    model = fit(scene_of(truth, 0.1), training, config, recipe=RECIPE)
    assert (model.pool.walker, model.evidence.walker) == ("none", "none")


def test_sharp_pixels_are_left_as_they_are() -> None:
    truth = pepper()
    cube = scene_of(truth, 0.05)
    training, _ = draw_per_class(truth, 12)
    model = fit(cube, training, recipe=RECIPE)
    assert (model.pool.walker, model.evidence.walker) == ("none", "none")
    assert right_of(model.predict(cube, labels=training), training, truth) > 0.8


def answers(gained: int, lost: int) -> tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """What is said of forty labels of class 0, of which the walker mends and breaks so many."""
    raw, refined = (np.tile(np.float32([0.9, 0.1]), (40, 1)) for _ in range(2))
    raw[:gained], refined[gained : gained + lost] = [0.1, 0.9], [0.1, 0.9]
    refined[-1] = np.nan  # one that was not asked
    return [(raw, refined)], np.zeros(40, np.int64)


@pytest.mark.parametrize(
    ("asked", "gained", "lost", "borne_out"),
    [
        ("none", 0, 0, False),
        ("none", 1, 0, False),
        ("none", 5, 2, True),
        ("weak", 0, 0, True),
        ("weak", 2, 2, True),
        ("weak", 2, 3, False),
        ("full", 0, 0, True),
        ("full", 2, 8, True),
        ("full", 2, 12, False),
        ("full", 0, 5, True),
    ],
)
def test_the_louder_the_surroundings_the_less_must_be_shown(asked, gained, lost, borne_out) -> None:
    assert holds(asked, *answers(gained, lost)) == borne_out


def test_after_a_stroke_the_walker_that_was_not_borne_out_stays_out() -> None:
    assert [kept(s, "none") for s in ("none", "weak", "full")] == ["none", "none", "none"]
    assert [kept(s, "weak") for s in ("none", "weak", "full")] == ["weak", "weak", "weak"]
    assert [kept(s, "full") for s in ("none", "weak", "full")] == ["weak", "weak", "full"]


def test_a_walker_that_held_out_labels_lose_by_is_weakened(monkeypatch) -> None:
    truth = np.kron(np.arange(1, 5).reshape(2, 2), np.ones((12, 12), int)).astype(np.uint16)
    training, _ = draw_per_class(truth, 8)
    cube = scene_of(truth, 0.3)
    seen: list[str] = []

    def lost(asked: str, *_: object) -> bool:
        seen.append(asked)
        return asked == "weak"

    monkeypatch.setattr(judging, "holds", lost)
    model = fit(cube, training, recipe=RECIPE)
    assert seen == ["full", "weak"]
    assert (model.pool.walker, model.evidence.walker) == ("weak", "weak")
    training[:2, :2] = 1
    again = fit(cube, training, recipe=RECIPE, warm_start=model)
    assert seen == ["full", "weak"]
    assert (again.pool.walker, again.evidence.walker) == ("weak", "weak")
