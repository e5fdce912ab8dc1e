"""The losses of self-distillation against sums made by hand, and how a step weighs them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.distillation import BETWEEN_EXITS, Memory, SoftTargets, balanced
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.training_loop import Learner, Tally
from hsi_viewer.learning.training_pixels import TrainingPixels
from tests.unit.learning.made import THREE_EPOCHS, Recorder

RNG = np.random.default_rng(0)
EXITS = [RNG.normal(size=(5, 4)) for _ in range(3)]  # logits of three exits, shallow to deep


def soft(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    powers = np.exp(logits / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


def taught(teacher: np.ndarray, student: np.ndarray, t: float) -> float:
    """T^2 times the divergence of Kullback and Leibler, mean over the batch."""
    p, q = soft(teacher, t), soft(student, t)
    return float(t**2 * (p * np.log(p / q)).sum() / len(p))


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        ("deep_to_shallow", lambda a, b, c: taught(c, a, 3.0) + taught(c, b, 3.0)),
        ("shallow_to_deep", lambda a, b, c: taught(a, b, 3.0) + taught(b, c, 3.0)),
        (
            "ensemble",
            lambda a, b, c: sum(taught((a + b + c) / 3, student, 3.0) for student in (a, b, c)),
        ),
    ],
)
def test_who_teaches_whom_and_how_much(mode, wanted) -> None:
    loss = BETWEEN_EXITS[mode]([torch.from_numpy(z) for z in EXITS], 3.0)
    assert float(loss) == pytest.approx(wanted(*EXITS), rel=1e-6)


def test_balanced_targets_are_divided_by_their_mean() -> None:
    p = soft(RNG.normal(size=(6, 3)))
    wanted = p / p.mean(axis=0)
    wanted /= wanted.sum(axis=1, keepdims=True)
    assert np.allclose(balanced(torch.from_numpy(p)).numpy(), wanted)
    nobody = torch.tensor([[1.0, 0.0], [1.0, 0.0]])  # a class that no pixel may have stays so
    assert torch.equal(balanced(nobody), nobody)


def test_memory_keeps_the_mean_of_the_exits_and_blends_it_by_the_progress() -> None:
    memory = Memory(torch.tensor([1, 0, 2]), 4)
    chosen = torch.tensor([2, 0])
    memory.store(chosen, [torch.from_numpy(z[:2]) for z in EXITS])
    shares = np.mean([soft(z[:2]) for z in EXITS], axis=0)
    assert np.allclose(memory.table[chosen].numpy(), shares, atol=1e-6)
    assert memory.table[1].tolist() == [1, 0, 0, 0]
    hard = torch.tensor([[0.0, 0, 1, 0], [0, 1, 0, 0]])
    blended = memory.blend(chosen, hard, 0.5).numpy()
    assert np.allclose(blended, 0.6 * hard.numpy() + 0.4 * shares, atol=1e-6)


def data_of(classes: int, each: int, channels: int = 4) -> TrainingPixels:
    """Patches of a network of radius 3."""
    generator = torch.Generator().manual_seed(0)
    targets = torch.arange(classes).repeat_interleave(each)
    patches = torch.randn(len(targets), channels, 7, 7, generator=generator)
    patches[:, 0] += 4 * targets[:, None, None]
    return TrainingPixels(patches, targets)


def learner_of(data: TrainingPixels, port=None, recipe=THREE_EPOCHS, **options) -> Learner:
    classes = int(data.targets.max()) + 1
    network = SdhsiNet(data.patches.shape[1], 2, classes, recipe.network)
    return Learner(network, data, recipe, 3, CancelToken(), port or Recorder(), **options)


def hand_loss(logits: list[np.ndarray], targets: np.ndarray) -> float:
    return sum(-(targets * np.log(soft(z))).sum(axis=1).mean() for z in logits)


@pytest.mark.parametrize(("step", "share"), [(0, 1 / 6), (2, 0.5), (5, 1.0), (20, 1.0)])
def test_a_loss_is_smoothed_cross_entropy_and_a_weight_that_rises(step, share) -> None:
    # of 30 steps the weight rises in the first six
    how = replace(THREE_EPOCHS.distillation, mode="ensemble", weight=0.4, warm_up=0.2)
    learner = learner_of(data_of(4, 5), recipe=replace(THREE_EPOCHS, distillation=how))
    y = torch.tensor([3, 0, 1, 1, 2])
    smooth = 0.95 * np.eye(4)[y.numpy()] + 0.05 / 4
    wanted = hand_loss(EXITS, smooth)
    wanted += 0.4 * share * sum(taught(sum(EXITS) / 3, z, 3.0) for z in EXITS)
    found = learner._loss([torch.from_numpy(z) for z in EXITS], torch.arange(5), y, step)
    assert float(found) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("share", [0.25, 2.0])
def test_what_each_exit_sees_is_made_compact_by_its_share_of_the_loss(share, monkeypatch) -> None:
    seen: list[tuple[int, ...]] = []

    def ten(features, targets):
        seen.append((len(features), len(targets)))
        return torch.tensor(10.0)

    def first_loss(compactness: float) -> float:
        how = replace(THREE_EPOCHS.distillation, compactness=compactness)
        torch.manual_seed(0)
        learner = learner_of(data_of(3, 8), recipe=replace(THREE_EPOCHS, distillation=how))
        return learner._step(0, Tally([], []))

    monkeypatch.setattr("hsi_viewer.learning.training_loop.compactness", ten)
    plain = first_loss(0.0)
    assert not seen
    exits = THREE_EPOCHS.network.stages
    assert first_loss(share) == pytest.approx(plain + share * 10 * exits, rel=1e-5)
    assert seen == [(16, 16)] * exits


def test_what_was_said_before_counts_more_as_training_goes_on() -> None:
    how = replace(THREE_EPOCHS.distillation, mode="previous_epochs")
    learner = learner_of(data_of(4, 5), recipe=replace(THREE_EPOCHS, distillation=how))
    chosen, y = torch.arange(5), torch.tensor([3, 0, 1, 1, 2])
    learner.memory.table[chosen] = 0.25
    logits = [torch.from_numpy(z) for z in EXITS]
    for step, past in ((0, 0.0), (15, 0.4)):
        target = (1 - past) * np.eye(4)[y.numpy()] + past / 4
        target = 0.95 * target + 0.05 / 4
        found = float(learner._loss(logits, chosen, y, step))
        assert found == pytest.approx(hand_loss(EXITS, target), rel=1e-5)


def test_unlabelled_pixels_join_in_the_middle(monkeypatch) -> None:
    how = replace(THREE_EPOCHS.distillation, mode="refined_rounds", weight=0.4, unlabelled=6)
    patches = torch.randn(9, 4, 7, 7, generator=torch.Generator().manual_seed(4))
    soft_targets = SoftTargets(patches, torch.full((9, 3), 1 / 3))
    asked: list[int] = []
    sizes: list[int] = []
    learner = learner_of(
        data_of(3, 8),
        recipe=replace(THREE_EPOCHS, distillation=how),
        soft_targets=lambda: asked.append(len(sizes)) or soft_targets,
    )
    real = learner.network.embed

    def embed(x, depth=None):
        sizes.append(len(x))
        return real(x, depth)

    monkeypatch.setattr(learner.network, "embed", embed)
    learner.run()
    assert asked == [15]
    assert sizes == [16] * 15 + [22] * 15


def test_every_unlabelled_pixel_may_be_drawn_and_a_single_one_is_enough() -> None:
    learner = learner_of(data_of(3, 8))
    assert learner._unlabelled() is None
    for count in (1, 3):
        probabilities = torch.eye(3)[:count]
        learner.soft = SoftTargets(torch.zeros(count, 4, 7, 7), probabilities)
        patches, drawn = learner._unlabelled()
        assert len(patches) == len(drawn) == learner.recipe.distillation.unlabelled
        assert torch.equal(torch.unique(drawn, dim=0), torch.unique(probabilities, dim=0))


def test_unlabelled_pixels_weigh_as_the_recipe_tells(monkeypatch) -> None:
    how = replace(THREE_EPOCHS.distillation, mode="refined_rounds", weight=0.4)
    for patches, extra in ((torch.zeros(9, 4, 7, 7), 0.4), (torch.zeros(0, 4, 7, 7), 0.0)):
        learner = learner_of(data_of(3, 8), recipe=replace(THREE_EPOCHS, distillation=how))
        learner.soft = SoftTargets(patches, torch.full((len(patches), 3), 1 / 3))
        monkeypatch.setattr(
            learner.network, "classify", lambda seen: [0 * e[:, :3] for e in seen]
        )  # every class as likely: a cross-entropy of log 3, whatever the target
        loss = learner._step(20, Tally([], []))
        assert loss == pytest.approx(3 * (1 + extra) * np.log(3), rel=1e-5)


@pytest.mark.parametrize(("warm", "steps"), [(False, 30), (True, 12)])
def test_a_run_reports_every_epoch_and_is_reported_of_every_step(warm: bool, steps: int) -> None:
    port, steps_seen = Recorder(), []
    learner = learner_of(data_of(3, 8), port, warm=warm, at_step=steps_seen.append)
    rates = []
    real = learner._step

    def noted(step, tally):
        rates.append(learner.optimiser.schedule()[0])
        return real(step, tally)

    learner._step = noted
    assert learner.run() is None
    assert not learner.network.training
    assert steps_seen == list(range(1, steps + 1))
    epochs = port.items[::2]
    count = -(-steps // 10)
    assert [(e.epoch, e.epochs) for e in epochs] == [(n + 1, count) for n in range(count)]
    shares = [p.fraction for p in port.items[1::2]]
    assert shares == [min(10 * (n + 1), steps) / steps for n in range(count)]
    top = int(np.argmax(rates))
    peak = THREE_EPOCHS.training.warm_rate if warm else THREE_EPOCHS.training.rate
    assert max(rates) == pytest.approx(peak, rel=0.05)
    assert (top == 0) == warm  # a warm start only cools down
    assert rates[-1] < peak / 5


def test_an_epoch_tells_its_mean_loss_and_the_share_of_right_answers_of_each_exit() -> None:
    tally = Tally([2.0, 4.0], [[3.0, 5.0, 8.0], [5.0, 7.0, 8.0]], seen=16)
    report = tally.report(4, 9)
    assert (report.epoch, report.epochs, report.loss) == (4, 9, 3.0)
    assert report.exit_accuracy == (0.5, 0.75, 1.0)
    assert (tally.losses, tally.right, tally.seen) == ([], [], 0)


def test_a_step_counts_its_right_answers(monkeypatch) -> None:
    learner = learner_of(data_of(3, 8))
    always = torch.tensor([0.0, 9.0, 0.0])[None, :, None, None]
    monkeypatch.setattr(
        learner.network, "classify", lambda seen: [0 * e[:, :3] + always for e in seen]
    )
    tally = Tally([], [])
    drawn = []
    real = learner.memory.store
    monkeypatch.setattr(learner.memory, "store", lambda c, z: drawn.append(c) or real(c, z))
    for step in range(3):
        assert learner._step(step, tally) == tally.losses[-1]
    ones = int((learner.data.targets[torch.cat(drawn)] == 1).sum())
    assert tally.seen == 48
    assert np.sum(tally.right, axis=0).tolist() == [ones] * 3


def test_a_run_that_diverges_goes_back_to_the_last_epoch(monkeypatch) -> None:
    learner = learner_of(data_of(3, 8))
    states = {}

    def at_step(done: int) -> None:
        states[done] = {k: v.clone() for k, v in learner.network.state_dict().items()}

    learner.at_step = at_step
    real = learner._step
    monkeypatch.setattr(
        learner, "_step", lambda step, tally: np.inf if step == 27 else real(step, tally)
    )
    warning = learner.run()
    assert warning is not None
    assert "at step 28 of 30" in warning
    assert not learner.network.training
    assert set(states) == set(range(1, 28))
    kept = learner.network.state_dict()
    assert all(torch.equal(kept[k], v) for k, v in states[20].items())
    assert any(not torch.equal(kept[k], v) for k, v in states[27].items())
