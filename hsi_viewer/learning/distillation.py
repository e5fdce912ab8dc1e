"""Self-distillation: what the exits of one network teach one another.

Each function takes the logits of the exits, shallow to deep, (batch, classes) each, and gives the
loss that is added to the cross-entropies of the exits.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

from hsi_viewer.core.training import DistillationMode

TEMPERATURE = 3.0
WEIGHT = 0.3

Logits = list[Tensor]


def divergence(teacher: Tensor, student: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """T^2 KL(sg softmax(teacher / T), softmax(student / T)), mean over the batch.

    Hinton et al., "Distilling the knowledge in a neural network" (arXiv 1503.02531).
    """
    target = functional.softmax(teacher.detach() / temperature, dim=1)
    guess = functional.log_softmax(student / temperature, dim=1)
    return functional.kl_div(guess, target, reduction="batchmean") * temperature**2


def no_distillation(logits: Logits) -> Tensor:
    """Deep supervision only: the arm that any gain is measured against."""
    return torch.zeros((), device=logits[0].device)


def deep_to_shallow(logits: Logits) -> Tensor:
    """The deepest exit teaches the others (Zhang et al., "Be your own teacher", ICCV 2019)."""
    return WEIGHT * sum((divergence(logits[-1], z) for z in logits[:-1]), start=torch.zeros(()))


def shallow_to_deep(logits: Logits) -> Tensor:
    """Each exit teaches the next deeper one."""
    pairs = pairwise(logits)
    return WEIGHT * sum((divergence(a, b) for a, b in pairs), start=torch.zeros(()))


def mutual(logits: Logits) -> Tensor:
    """Every exit teaches every other (Sun et al., "Deeply-supervised knowledge synergy", 2019)."""
    pairs = [(a, b) for i, a in enumerate(logits) for j, b in enumerate(logits) if i != j]
    return sum((divergence(a, b, 1.0) for a, b in pairs), start=torch.zeros(())) / len(logits)


def ensemble(logits: Logits) -> Tensor:
    """The mean of all exits teaches each of them."""
    mean = torch.stack(logits).mean(dim=0)
    return WEIGHT * sum((divergence(mean, z) for z in logits), start=torch.zeros(()))


BETWEEN_EXITS: dict[DistillationMode, Callable[[Logits], Tensor]] = {
    "none": no_distillation,
    "deep_to_shallow": deep_to_shallow,
    "shallow_to_deep": shallow_to_deep,
    "mutual": mutual,
    "ensemble": ensemble,
    "previous_epochs": no_distillation,
    "refined_rounds": no_distillation,
}
