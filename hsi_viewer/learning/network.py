"""SDHSI-Net: stages of valid convolutions, each with an exit that classifies.

After the idea of "SDHSI-Net: Learning Better Representations for Hyperspectral Images via
Self-Distillation" (Singh et al., arXiv 2601.07416); its layers are not published, these are ours.

Convolutions are valid (no padding), so that the centre of a patch and the same pixel of a whole
scene with mirrored margins get the same answer.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from hsi_viewer.learning.front_ends import FRONT_ENDS
from hsi_viewer.learning.recipe import NetworkRecipe


def crop(x: Tensor, margin: int) -> Tensor:
    """Cut margin pixels off each side of (..., rows, columns)."""
    return x if margin == 0 else x[..., margin:-margin, margin:-margin]


def radius_of(recipe: NetworkRecipe) -> int:
    """Pixels that the network looks away from its own."""
    return recipe.convolutions * recipe.stages + FRONT_ENDS[recipe.front_end].radius


class Stage(nn.Module):
    """Residual stage of valid 3 x 3 convolutions; the shortcut is cropped to fit."""

    def __init__(self, channels: int, convolutions: int) -> None:
        super().__init__()
        self.radius = convolutions
        self.convolutions = nn.ModuleList(
            nn.Conv2d(channels, channels, 3, bias=False) for _ in range(convolutions)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels) for _ in range(convolutions))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, rows, columns) to the same, smaller by the radius on each side."""
        y = x
        for i, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            y = norm(convolution(y if i == 0 else functional.relu(y)))
        return functional.relu(y + crop(x, self.radius))


class SdhsiNet(nn.Module):
    """A front end over the features of pixels, then stages with an exit each.

    Parameters
    ----------
    inputs : features of a pixel.
    scales : Gaussian windows among them.
    classes : classes to tell apart.
    recipe : width, stages, convolutions a stage.
    seed : of the weights.
    """

    def __init__(
        self, inputs: int, scales: int, classes: int, recipe: NetworkRecipe, seed: int = 0
    ) -> None:
        super().__init__()
        width = recipe.channels
        self.classes = classes
        self.front = FRONT_ENDS[recipe.front_end](inputs, scales, width)
        self.stages = nn.ModuleList(Stage(width, recipe.convolutions) for _ in range(recipe.stages))
        self.heads = nn.ModuleList(nn.Conv2d(width, classes, 1) for _ in range(recipe.stages))
        self.step = recipe.convolutions
        self.radius = radius_of(recipe)
        self._initialise(seed)

    def _initialise(self, seed: int) -> None:
        # From a generator of our own: the global one belongs to whoever uses torch beside us.
        generator = torch.Generator().manual_seed(seed)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Conv3d):
                # Of a network that is asked for its shapes alone, nothing is drawn: without memory,
                # torch loads its compiler for that, in two seconds.
                if not module.weight.is_meta:
                    nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            if isinstance(module, nn.Conv2d):
                # Channels last halves the time of the forward pass on a CPU.
                module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def adopt(
        self, other: SdhsiNet, class_ids: tuple[int, ...], other_ids: tuple[int, ...]
    ) -> None:
        """Copy the weights of a network of the same shape; the heads class by class."""
        mine = self.state_dict()
        theirs = {k: v.detach().cpu().clone() for k, v in other.state_dict().items()}
        for name, values in mine.items():
            if not name.startswith("heads."):
                values.copy_(theirs[name])
                continue
            values.zero_()
            for row, class_id in enumerate(class_ids):
                if class_id in other_ids:
                    values[row] = theirs[name][other_ids.index(class_id)]

    @property
    def exits(self) -> int:
        """Number of exits."""
        return len(self.heads)

    def embed(self, x: Tensor, depth: int | None = None) -> list[Tensor]:
        """Input of each exit, shallow to deep, all of one size.

        Parameters
        ----------
        x : (batch, inputs, rows + 2 radius, columns + 2 radius).
        depth : stages to run, all by default.

        Returns
        -------
        list of (batch, channels, rows, columns).
        """
        y = self.front(x)
        margin, seen = self.step * self.exits, []
        for stage in list(self.stages)[: depth or self.exits]:
            y = stage(y)
            margin -= self.step
            seen.append(crop(y, margin))
        return seen

    def classify(self, embedded: list[Tensor]) -> list[Tensor]:
        """Logits of each exit, (batch, classes, rows, columns)."""
        return [head(e) for head, e in zip(self.heads, embedded, strict=False)]

    def forward(self, x: Tensor, depth: int | None = None) -> list[Tensor]:
        """Logits of each exit, shallow to deep; see `embed`."""
        return self.classify(self.embed(x, depth))
