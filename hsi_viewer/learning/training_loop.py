"""The training loop: steps of an optimiser over patches, told what to teach itself."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from hsi_viewer.core.errors import TrainingError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.core.training import EpochReport
from hsi_viewer.learning.distillation import (
    BETWEEN_EXITS,
    Memory,
    SoftTargets,
    compactness,
    soft_cross_entropy,
)
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.optimiser import AdamW
from hsi_viewer.learning.predictor import precision
from hsi_viewer.learning.recipe import Recipe
from hsi_viewer.learning.training_pixels import TrainingPixels, turned

STEPS_PER_EPOCH = 10


@dataclass
class Tally:
    """Loss and right answers of the running epoch."""

    losses: list[float]
    right: list[list[float]]
    seen: int = 0

    def report(self, epoch: int, epochs: int) -> EpochReport:
        """The epoch that ends here; the tally starts again."""
        accuracy = tuple(float(a) for a in np.sum(self.right, axis=0) / self.seen)
        item = EpochReport(epoch, epochs, float(np.mean(self.losses)), accuracy)
        self.losses, self.right, self.seen = [], [], 0
        return item


class Learner:
    """Trains one network on one set of pixels.

    Parameters
    ----------
    network : on its device.
    data : labelled pixels.
    recipe : the engine's.
    seed : of batches and noise.
    warm : start from trained weights: few steps at a low, falling rate.
    soft_targets : asked for half-way by "refined_rounds".
    at_step : called after each step with the number of steps done.
    """

    def __init__(
        self,
        network: SdhsiNet,
        data: TrainingPixels,
        recipe: Recipe,
        seed: int,
        token: CancelToken,
        port: ProgressPort,
        *,
        warm: bool = False,
        soft_targets: Callable[[], SoftTargets] | None = None,
        at_step: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.network, self.data, self.recipe = network, data, recipe
        self.token, self.port = token, port
        self.soft_targets, self.at_step = soft_targets, at_step
        self.device = next(network.parameters()).device
        self.generator = torch.Generator().manual_seed(seed)
        self.memory = Memory(data.targets, network.classes, recipe.distillation.momentum)
        self.soft: SoftTargets | None = None
        training = recipe.training
        self.steps = training.warm_steps if warm else training.steps
        self.optimiser = AdamW(
            network.parameters(),
            training.warm_rate if warm else training.rate,
            self.steps,
            weight_decay=training.weight_decay,
            warm=warm,
        )
        self.odds = data.odds

    def run(self) -> str | None:
        """Train to the end; a sentence if the loss became no number and training ended early.

        Raises
        ------
        TrainingError
            if there is no good state to go back to.
        TaskCancelledError
            if the token was cancelled.
        """
        tally, good = Tally([], []), None
        for step in range(self.steps):
            self.token.check()
            self.network.train()
            if self._round_two(step):
                self.soft = self.soft_targets() if self.soft_targets else None
                self.network.train()
            loss = self._step(step, tally)
            if not np.isfinite(loss):
                return self._go_back(good, step)
            if (step + 1) % STEPS_PER_EPOCH == 0 or step + 1 == self.steps:
                good = copy.deepcopy(self.network.state_dict())
                epochs = -(-self.steps // STEPS_PER_EPOCH)
                self.port.report(tally.report(step // STEPS_PER_EPOCH + 1, epochs))
                self.port.report(Progress("Training the network", (step + 1) / self.steps))
            self.at_step(step + 1)
        self.network.eval()
        return None

    def _round_two(self, step: int) -> bool:
        mode = self.recipe.distillation.mode
        return mode == "refined_rounds" and step == self.steps // 2

    def _go_back(self, good: dict[str, Tensor] | None, step: int) -> str:
        message = (
            f"The loss became NaN at step {step + 1} of {self.steps}. Look for extreme values in "
            "the cube, or mark the bands that contain them as bad."
        )
        if good is None:
            raise TrainingError(message)
        self.network.load_state_dict(good)
        self.network.eval()
        message += " The last good model before that is kept."
        self.port.report(Progress(message))
        return message

    def _step(self, step: int, tally: Tally) -> float:
        """One step of the optimiser; the loss."""
        recipe = self.recipe.training
        chosen = torch.multinomial(
            self.odds, recipe.batch, replacement=True, generator=self.generator
        )
        x = turned(self.data.patches[chosen], self.generator, recipe.noise)
        y = self.data.targets[chosen].to(self.device)
        extra = self._unlabelled()
        if extra is not None:
            x = torch.cat([x, extra[0]])
        x = x.to(self.device).contiguous(memory_format=torch.channels_last)
        with precision(self.device):
            embedded = self.network.embed(x)
            logits = [z[:, :, 0, 0].float() for z in self.network.classify(embedded)]
            labelled = [z[: len(y)] for z in logits]
            loss = self._loss(labelled, chosen, y, step)
        if share := self.recipe.distillation.compactness:
            for seen in embedded:
                loss = loss + share * compactness(seen[: len(y), :, 0, 0].float(), y)
        if extra is not None:
            weight, target = self.recipe.distillation.weight, extra[1].to(self.device)
            for z in logits:
                loss = loss + weight * soft_cross_entropy(z[len(y) :], target)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.memory.store(chosen, labelled)
        tally.losses.append(float(loss.detach()))
        tally.right.append([float((z.argmax(dim=1) == y).sum()) for z in labelled])
        tally.seen += len(y)
        return tally.losses[-1]

    def _loss(self, logits: list[Tensor], chosen: Tensor, y: Tensor, step: int) -> Tensor:
        """Cross-entropies of the exits and what the exits teach each other."""
        recipe, smoothing = self.recipe.distillation, self.recipe.training.smoothing
        target = functional.one_hot(y, self.network.classes).float()
        if recipe.mode == "previous_epochs":
            target = self.memory.blend(chosen, target, step / self.steps)
        target = (1 - smoothing) * target + smoothing / self.network.classes
        loss = torch.stack([soft_cross_entropy(z, target) for z in logits]).sum()
        weight = recipe.weight * min(1.0, (step + 1) / max(recipe.warm_up * self.steps, 1.0))
        return loss + weight * BETWEEN_EXITS[recipe.mode](logits, recipe.temperature)

    def _unlabelled(self) -> tuple[Tensor, Tensor] | None:
        """Unlabelled patches and their soft targets, once there are any."""
        if self.soft is None or len(self.soft.patches) == 0:
            return None
        count = self.recipe.distillation.unlabelled
        drawn = torch.randint(0, len(self.soft.patches), (count,), generator=self.generator)
        x = turned(self.soft.patches[drawn], self.generator, self.recipe.training.noise)
        return x, self.soft.probabilities[drawn]
