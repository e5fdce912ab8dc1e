"""Self-distillation: what one network teaches itself, as a loss beside the cross-entropies.

Between exits ("earlier in depth"), each function takes the logits of the exits, shallow to deep,
(batch, classes) each, and the temperature. Over time ("earlier in training") `Memory` keeps what
was said of each pixel before, and `SoftTargets` what a refined map says of unlabelled pixels.
`compactness` acts on what the exits see instead of on what they say.
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


def compactness(features: Tensor, targets: Tensor) -> Tensor:
    """Cosine distance of pixels to the mean of their class plus cosine between class means.

    Small where classes are compact and far apart. After the centre loss (Wen et al., ECCV 2016),
    with the means of the batch and directions in place of positions, so that it needs no scale.

    Parameters
    ----------
    features : (n, channels) what an exit sees.
    targets : (n,) class indices.
    """
    directions = functional.normalize(features, dim=1)
    present, index = torch.unique(targets, return_inverse=True)
    members = functional.one_hot(index, len(present)).to(directions.dtype)
    means = functional.normalize(members.T @ directions, dim=1)
    within = 1 - (directions * means[index]).sum(dim=1).mean()
    if len(present) < 2:
        return within
    alike = (means @ means.T).triu(diagonal=1).sum()
    return within + alike / (len(present) * (len(present) - 1) / 2)


def balanced(probabilities: Tensor) -> Tensor:
    """Soft targets (n, classes) weighed so that no class is favoured over all of them.

    Distribution alignment to equal shares (Berthelot et al., "ReMixMatch", ICLR 2020).
    """
    weighed = probabilities / probabilities.mean(dim=0).clamp(min=1e-6)
    return weighed / weighed.sum(dim=1, keepdim=True)


class Memory:
    """Earlier predictions for each training pixel (PS-KD, Kim et al., ICCV 2021).

    Parameters
    ----------
    targets : (n,) class indices.
    classes : number of classes.
    momentum : share of what was kept that stays; 0 keeps only what was said last.
    """

    def __init__(self, targets: Tensor, classes: int, momentum: float = 0.0) -> None:
        self.momentum = momentum
        self.table = functional.one_hot(targets, classes).float()

    def blend(self, chosen: Tensor, hard: Tensor, progress: float) -> Tensor:
        """Targets (1 - a) y + a q_previous, a rising linearly to `MEMORY_SHARE`."""
        share = MEMORY_SHARE * progress
        return (1 - share) * hard + share * self.table[chosen].to(hard.device)

    def store(self, chosen: Tensor, logits: Logits) -> None:
        """Mix the mean of the exits into the past of these pixels."""
        mean = torch.stack([functional.softmax(z.detach(), dim=1) for z in logits]).mean(dim=0)
        past = self.momentum * self.table[chosen]
        self.table[chosen] = past + (1 - self.momentum) * mean.float().cpu()


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
