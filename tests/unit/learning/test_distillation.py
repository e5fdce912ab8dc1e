"""Self-distillation: who teaches whom, and calibration."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
from torch.nn import functional

from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.core.training import DistillationMode, TrainingConfig
from hsi_viewer.learning.calibration import (
    expected_calibration_error,
    tempered,
)
from hsi_viewer.learning.distillation import (
    BETWEEN_EXITS,
    Memory,
    balanced,
    compactness,
    divergence,
    soft_cross_entropy,
)
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.trainer import Run, fit
from tests.unit.learning.made import SMALL, UNREFINED, Recorder, made_scene


def three_exits() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(6, 4, generator=generator).requires_grad_() for _ in range(3)]


@pytest.mark.parametrize(
    ("mode", "students"),
    [
        ("none", ()),
        ("deep_to_shallow", (0, 1)),
        ("shallow_to_deep", (1, 2)),
        ("mutual", (0, 1, 2)),
        ("ensemble", (0, 1, 2)),
    ],
)
def test_only_students_learn(mode: DistillationMode, students: tuple[int, ...]) -> None:
    logits = three_exits()
    loss = BETWEEN_EXITS[mode](logits, 3.0)
    if not students:
        assert loss == 0
        return
    loss.backward()
    learns = [z.grad is not None and bool(z.grad.abs().max() > 1e-9) for z in logits]
    assert learns == [i in students for i in range(3)]


def test_exits_that_agree_have_nothing_to_teach() -> None:
    same = [torch.ones(2, 3) for _ in range(3)]
    assert all(abs(float(loss(same, 3.0))) < 1e-6 for loss in BETWEEN_EXITS.values())


def test_divergence_is_that_of_kullback_and_leibler() -> None:
    a, b = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]])
    p, q = (functional.softmax(z / 2.0, dim=1) for z in (a, b))
    wanted = 4.0 * float((p * (p / q).log()).sum())
    assert float(divergence(a, b, 2.0)) == pytest.approx(wanted, rel=1e-5)


def test_soft_cross_entropy_of_hard_targets_is_cross_entropy() -> None:
    z, y = (
        torch.randn(5, 3, generator=torch.Generator().manual_seed(1)),
        torch.tensor([0, 1, 2, 2, 1]),
    )
    hard = functional.one_hot(y, 3).float()
    assert torch.isclose(soft_cross_entropy(z, hard), functional.cross_entropy(z, y))


def test_memory_begins_with_the_labels_and_ends_with_the_past() -> None:
    memory = Memory(torch.tensor([0, 2]), 3)
    chosen, hard = torch.tensor([1]), torch.tensor([[0.0, 0.0, 1.0]])
    assert torch.equal(memory.blend(chosen, hard, 0.9), hard)
    memory.store(chosen, [torch.tensor([[9.0, -9.0, -9.0]])])
    blended = memory.blend(chosen, hard, 1.0)
    assert torch.allclose(blended, torch.tensor([[0.8, 0.0, 0.2]]), atol=1e-3)
    assert torch.equal(memory.blend(chosen, hard, 0.0), hard)


@pytest.mark.parametrize("mode", get_args(DistillationMode))
def test_every_mode_trains_and_repeats(mode: DistillationMode) -> None:
    cube, truth = made_scene()
    training, test = draw_per_class(truth, 4)
    recipe = replace(SMALL, distillation=replace(SMALL.distillation, mode=mode))
    models = [fit(cube, training, UNREFINED, recipe=recipe) for _ in range(2)]
    weights = [model.network.state_dict().values() for model in models]  # heard in the map or not
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))
    maps = [model.predict(cube, labels=training) for model in models]
    assert np.array_equal(maps[0].confidence, maps[1].confidence)
    scored = test > 0
    assert (maps[0].class_map[scored] == test[scored]).mean() > 0.95


def test_a_modes_losses_change_the_network() -> None:
    cube, truth = made_scene()
    training, _ = draw_per_class(truth, 4)
    confidences = []
    heard = TrainingConfig(voices="network", refine=False)
    for mode in get_args(DistillationMode):
        recipe = replace(SMALL, distillation=replace(SMALL.distillation, mode=mode))
        model = fit(cube, training, heard, recipe=recipe)
        confidences.append(model.predict(cube, refine=False).confidence)
    pairs = [(i, j) for i in range(len(confidences)) for j in range(i)]
    assert not any(np.array_equal(confidences[i], confidences[j]) for i, j in pairs)


def test_calibration_error_of_a_perfect_and_a_boastful_classifier() -> None:
    sure = np.full(100, 0.9, np.float32)
    assert expected_calibration_error(sure, np.arange(100) < 90) == pytest.approx(0, abs=1e-6)
    assert expected_calibration_error(sure, np.arange(100) < 40) == pytest.approx(0.5, abs=1e-6)


def test_gaps_that_cancel_overall_are_an_error_bin_by_bin() -> None:
    """As sure as right on the whole, but of every bin too sure or not sure enough."""
    confidence = np.repeat(np.array([0.55, 0.95], np.float32), 100)
    right = np.concatenate([np.arange(100) < 95, np.arange(100) < 55])
    assert confidence.mean() == pytest.approx(right.mean())
    assert expected_calibration_error(confidence, right) == pytest.approx(0.4, abs=1e-6)
    uneven = np.repeat(np.array([0.55, 0.95], np.float32), [50, 150])
    right = np.concatenate([np.arange(50) < 50, np.arange(150) < 75])
    # a quarter is 0.45 too modest, the rest 0.45 too bold: bins weigh by their pixels
    assert expected_calibration_error(uneven, right) == pytest.approx(0.45, abs=1e-6)
    one_bin = np.array([0.901, 0.925], np.float32)  # of which the gaps do cancel
    assert expected_calibration_error(one_bin, np.array([True, True])) == pytest.approx(0.087)
    assert expected_calibration_error(np.ones(4, np.float32), np.ones(4, bool)) == 0


def test_a_temperature_mends_overconfidence() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (4000, 3))
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    targets = np.array([rng.choice(3, p=p) for p in honest])
    boastful = tempered(honest.astype(np.float32), 1 / 2.5)
    mended = tempered(boastful, 2.5)
    np.testing.assert_allclose(mended, honest, rtol=1e-4)
    right = mended.argmax(axis=1) == targets
    assert expected_calibration_error(mended.max(axis=1), right) < 0.03
    assert expected_calibration_error(boastful.max(axis=1), right) > 0.1


def test_compact_classes_far_apart_cost_nothing() -> None:
    targets = torch.tensor([0, 0, 3, 3])
    apart = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 5.0]])
    assert float(compactness(apart, targets)) == pytest.approx(0, abs=1e-6)
    mixed = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    assert float(compactness(mixed, targets)) == pytest.approx(1 - 0.5**0.5 + 1, abs=1e-5)
    assert float(compactness(apart[:2], targets[:2])) == pytest.approx(0, abs=1e-6)


def test_following_compactness_draws_a_class_together_and_moves_classes_apart() -> None:
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(24, 5, generator=generator).requires_grad_()
    targets = torch.arange(24) % 3

    def cosines() -> tuple[float, float]:
        with torch.no_grad():
            u = functional.normalize(features, dim=1)
            alike = u @ u.T
            same = targets[:, None] == targets[None]
        return float(alike[same].mean()), float(alike[~same].mean())

    before = cosines()
    for _ in range(50):
        (slope,) = torch.autograd.grad(compactness(features, targets), features)
        with torch.no_grad():
            features -= slope
    after = cosines()
    assert after[0] > before[0] + 0.2
    assert after[1] < before[1]


def test_balanced_soft_targets_favour_no_class() -> None:
    skewed = torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6]])
    even = balanced(skewed)
    assert torch.allclose(even.sum(dim=1), torch.ones(4))
    assert abs(float(even.mean(dim=0)[0]) - 0.5) < abs(float(skewed.mean(dim=0)[0]) - 0.5)
    assert (even[:, 0].diff() < 0).all()


@pytest.mark.parametrize("option", [{"compactness": 0.5}, {"balanced": True, "nearby": 2}])
def test_the_options_run_through_training(option: dict[str, float]) -> None:
    cube, truth = made_scene()
    training, test = draw_per_class(truth, 8)
    how = replace(SMALL.distillation, mode="refined_rounds", **option)
    model = fit(cube, training, recipe=replace(SMALL, distillation=how))
    scored = test > 0
    assert (model.predict(cube).class_map[scored] == test[scored]).mean() > 0.8


def test_memory_with_momentum_is_an_exponential_average() -> None:
    memory = Memory(torch.tensor([0, 1]), 2, momentum=0.75)
    memory.store(torch.tensor([0]), [torch.zeros(1, 2)])
    assert memory.table[0].tolist() == pytest.approx([0.875, 0.125])
    assert memory.table[1].tolist() == [0, 1]


def test_soft_targets_can_be_kept_near_labels() -> None:
    cube, truth = made_scene()
    training = np.zeros_like(truth)
    training[5, 5], training[5, 30], training[30, 5], training[30, 30] = 2, 5, 7, 9
    found = {}
    for nearby in (None, 2):
        how = replace(SMALL.distillation, nearby=nearby, confident=0.0)
        recipe = replace(SMALL, distillation=how)
        scene = SceneFeatures(cube, fit_features(cube, recipe.features))
        run = Run(
            scene, training, (2, 5, 7, 9), recipe, TrainingConfig(), CancelToken(), Recorder()
        )
        found[nearby] = len(run.soft_targets(run.network(None)).patches)
    assert 0 < found[2] <= 4 * 24 < found[None]


def test_the_mutual_loss_is_the_sum_over_all_pairs_at_a_temperature_of_one() -> None:
    logits = [torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]]), torch.tensor([[0.5, 0.5]])]
    shares = [np.exp(z.numpy()[0]) / np.exp(z.numpy()[0]).sum() for z in logits]
    wanted = sum(
        float((p * np.log(p / q)).sum())
        for i, p in enumerate(shares)
        for j, q in enumerate(shares)
        if i != j
    )
    for temperature in (1.0, 5.0):
        loss = BETWEEN_EXITS["mutual"](logits, temperature)
        assert float(loss) == pytest.approx(wanted, rel=1e-5)
