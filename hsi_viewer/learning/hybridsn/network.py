"""HybridSN with a student head after each convolution.

Convolutions after Roy et al., "HybridSN: Exploring 3-D-2-D CNN feature hierarchy for hyperspectral
image classification" (IEEE GRSL 17, 2020); heads and losses after a public recipe of June 2025 by
the first author of "SDHSI-Net: Learning Better Representations for Hyperspectral Images via
Self-Distillation" (arXiv 2601.07416). The layers of that paper itself are not public.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

KERNELS = ((7, 3, 3), (5, 3, 3), (3, 3, 3))  # along the components, rows and columns
FILTERS = (8, 16, 32)
FLAT_FILTERS = 64
DENSE = (256, 128)
HEAD_WIDTH, HEAD_LAYERS = 128, 4
DROPOUT, HEAD_DROPOUT = 0.4, 0.2
SHORTENED = sum(k[0] - 1 for k in KERNELS)  # components that the convolutions use up
LEAST_COMPONENTS = SHORTENED + 1
NARROWED = 2 * (len(KERNELS) + 1)  # rows and columns that they use up
LEAST_SIDE = NARROWED + 1


@dataclass(frozen=True)
class HybridRecipe:
    """Every number of the public recipe; some can be changed for research.

    Attributes
    ----------
    components : principal components; a scene of fewer bands has zeros in place of the others.
    side : rows and columns of a patch, odd.
    epochs, batch, rate, weight_decay : of AdamW, whose rate falls along a cosine.
    clip : longest gradient.
    students : weight of the cross-entropy of each student head.
    divergence : weight of T^2 KL(final output -> student), 0 for none.
    temperature : T.
    hint : weight of the squared distance between the normalised features of a student and of the
        final output. The recipe has 0.0005 and detaches both sides, so that nothing is learned
        from it: as 0 here. Above 0 the student does learn from it.
    """

    components: int = 30
    side: int = 25
    epochs: int = 100
    batch: int = 64
    rate: float = 1e-3
    weight_decay: float = 1e-5
    clip: float = 1.0
    students: float = 0.8
    divergence: float = 0.1
    temperature: float = 5.0
    hint: float = 0.0

    @property
    def radius(self) -> int:
        """Distance (pixels) that a patch reaches from its own pixel."""
        return self.side // 2


@dataclass(frozen=True)
class Outputs:
    """Logits of the heads for a batch and the features behind them, the final output last.

    Attributes
    ----------
    logits : (batch, classes) each.
    features : (batch, 128) each.
    """

    logits: list[Tensor]
    features: list[Tensor]


class Head(nn.Module):
    """A student: four hidden layers on the mean of each filter."""

    def __init__(self, filters: int, classes: int) -> None:
        super().__init__()
        sizes = (filters, *[HEAD_WIDTH] * HEAD_LAYERS)
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.out = nn.Linear(HEAD_WIDTH, classes)

    def forward(self, x: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Logits and features of (batch, filters, ...)."""
        y = x.flatten(2).mean(dim=2)
        for layer in self.hidden:
            y = dropped(functional.relu(layer(y)), HEAD_DROPOUT, generator)
        return self.out(y), y


class HybridNet(nn.Module):
    """Three convolutions in 3-D, one in 2-D, two dense layers, and a head after each convolution.

    Parameters
    ----------
    classes : classes to tell apart.
    recipe : components and side of a patch.
    """

    def __init__(self, classes: int, recipe: HybridRecipe) -> None:
        super().__init__()
        self.classes, self.radius = classes, recipe.radius
        self.inner = recipe.side - NARROWED
        inputs = (1, *FILTERS)
        self.solid = nn.ModuleList(
            nn.Conv3d(a, b, kernel) for a, b, kernel in zip(inputs, FILTERS, KERNELS, strict=False)
        )
        self.flat = nn.Conv2d(FILTERS[-1] * (recipe.components - SHORTENED), FLAT_FILTERS, 3)
        self.first = nn.Linear(FLAT_FILTERS * self.inner**2, DENSE[0])
        self.second = nn.Linear(*DENSE)
        self.out = nn.Linear(DENSE[1], classes)
        self.students = nn.ModuleList(Head(n, classes) for n in (*FILTERS, FLAT_FILTERS))

    @classmethod
    def initialised(cls, classes: int, recipe: HybridRecipe, seed: int) -> Self:
        """A network with random weights, as torch draws them."""
        # From a generator of our own: the global one belongs to whoever uses torch beside us.
        generator = torch.Generator().manual_seed(seed)
        with torch.device("meta"):
            network = cls(classes, recipe)
        network.to_empty(device="cpu")
        for module in network.modules():
            if isinstance(module, nn.Conv3d | nn.Conv2d | nn.Linear):
                bound = module.weight[0].numel() ** -0.5
                nn.init.uniform_(module.weight, -bound, bound, generator=generator)
                if module.bias is not None:
                    nn.init.uniform_(module.bias, -bound, bound, generator=generator)
        return network.arranged()

    def arranged(self) -> Self:
        """The network, laid out so that a step on a CPU takes a third less time."""
        for layer in self.solid:
            layer.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        return self

    def convolved(self, x: Tensor) -> list[Tensor]:
        """Output of each convolution for (batch, components, rows, columns)."""
        seen, y = [], x.unsqueeze(1)
        for layer in self.solid:
            y = functional.relu(layer(y))
            seen.append(y)
        return [*seen, functional.relu(self.flat(y.flatten(1, 2)))]

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> Outputs:
        """Outputs for patches (batch, components, side, side).

        Parameters
        ----------
        generator : of dropout; None for none.
        """
        seen = self.convolved(x)
        heads = [head(values, generator) for head, values in zip(self.students, seen, strict=True)]
        y = dropped(functional.relu(self.first(seen[-1].flatten(1))), DROPOUT, generator)
        y = dropped(functional.relu(self.second(y)), DROPOUT, generator)
        logits, features = (list(part) for part in zip(*heads, strict=True))
        return Outputs([*logits, self.out(y)], [*features, y])

    def dense(self, x: Tensor) -> Tensor:
        """Final logits of every pixel, as `forward` of its patch, at a fraction of the cost.

        Parameters
        ----------
        x : (components, rows + 2 radius, columns + 2 radius).

        Returns
        -------
        (rows, columns, classes).
        """
        seen = self.convolved(x.unsqueeze(0))[-1]
        window = (FLAT_FILTERS, self.inner, self.inner)
        kernel = self.first.weight.view(-1, *window)
        y = functional.relu(functional.conv2d(seen, kernel, self.first.bias))[0].permute(1, 2, 0)
        logits: Tensor = self.out(functional.relu(self.second(y)))
        return logits


def dropped(x: Tensor, share: float, generator: torch.Generator | None) -> Tensor:
    """Values of which a share is set to 0 and the others made larger; all, without a generator."""
    if generator is None:
        return x
    kept = torch.rand(x.shape, generator=generator) >= share
    return x * (kept.to(x.device) / (1 - share))
