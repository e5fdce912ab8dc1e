"""Self-distillation: what one network teaches itself, as a loss beside the cross-entropies.

Between exits ("earlier in depth"), each function takes the logits of the exits, shallow to deep,
(batch, classes) each, and the temperature. Over time ("earlier in training") `Memory` keeps what
was said of each pixel before, and `SoftTargets` what a refined map says of unlabelled pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

from hsi_viewer.core.training import DistillationMode

Logits = list[Tensor]
MEMORY_SHARE = 0.8  # weight of the past at the end of training (PS-KD's default)


def divergence(teacher: Tensor, student: Tensor, temperature: float) -> Tensor:
    """T^2 KL(sg softmax(teacher / T), softmax(student / T)), mean over the batch.

    Hinton et al., "Distilling the knowledge in a neural network" (arXiv 1503.02531).
    """
    target = functional.softmax(teacher.detach() / temperature, dim=1)
    guess = functional.log_softmax(student / temperature, dim=1)
    return functional.kl_div(guess, target, reduction="batchmean") * temperature**2


def _total(terms: list[Tensor], like: Tensor) -> Tensor:
    return torch.stack(terms).sum() if terms else like.new_zeros(())


def nothing(logits: Logits, temperature: float) -> Tensor:
    """Deep supervision only: the arm that any gain is measured against."""
    return logits[0].new_zeros(())


def deep_to_shallow(logits: Logits, temperature: float) -> Tensor:
    """The deepest exit teaches the others (Zhang et al., "Be your own teacher", ICCV 2019)."""
    return _total([divergence(logits[-1], z, temperature) for z in logits[:-1]], logits[0])


def shallow_to_deep(logits: Logits, temperature: float) -> Tensor:
    """Each exit teaches the next deeper one."""
    return _total([divergence(a, b, temperature) for a, b in pairwise(logits)], logits[0])


def mutual(logits: Logits, temperature: float) -> Tensor:
    """Every exit teaches every other at T = 1 (Sun et al., "Knowledge synergy", CVPR 2019)."""
    pairs = [(a, b) for i, a in enumerate(logits) for j, b in enumerate(logits) if i != j]
    return _total([divergence(a, b, 1.0) for a, b in pairs], logits[0])


def ensemble(logits: Logits, temperature: float) -> Tensor:
    """The mean of all exits teaches each of them."""
    mean = torch.stack(logits).mean(dim=0)
    return _total([divergence(mean, z, temperature) for z in logits], logits[0])


BETWEEN_EXITS: dict[DistillationMode, Callable[[Logits, float], Tensor]] = {
    "none": nothing,
    "deep_to_shallow": deep_to_shallow,
    "shallow_to_deep": shallow_to_deep,
    "mutual": mutual,
    "ensemble": ensemble,
    "previous_epochs": nothing,
    "refined_rounds": nothing,
}


class Memory:
    """What the network said of each training pixel before (PS-KD, Kim et al., ICCV 2021).

    Parameters
    ----------
    targets : (n,) class indices.
    classes : number of classes.
    """

    def __init__(self, targets: Tensor, classes: int) -> None:
        self.table = functional.one_hot(targets, classes).float()

    def blend(self, chosen: Tensor, hard: Tensor, progress: float) -> Tensor:
        """Targets (1 - a) y + a q_previous, a rising linearly to `MEMORY_SHARE`."""
        share = MEMORY_SHARE * progress
        return (1 - share) * hard + share * self.table[chosen].to(hard.device)

    def store(self, chosen: Tensor, logits: Logits) -> None:
        """Keep the mean of the exits as the past of these pixels."""
        mean = torch.stack([functional.softmax(z.detach(), dim=1) for z in logits]).mean(dim=0)
        self.table[chosen] = mean.float().cpu()


@dataclass(frozen=True)
class SoftTargets:
    """Unlabelled pixels with the classes that a refined map gives them.

    Attributes
    ----------
    patches : (n, features, side, side).
    probabilities : (n, classes).
    """

    patches: Tensor
    probabilities: Tensor


def soft_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy with targets that are probabilities, mean over the batch."""
    return -(target * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()
