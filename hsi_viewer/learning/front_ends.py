"""Front ends: from the features of pixels to the width of the network.

Both take (batch, features, rows, columns) and give (batch, width, ...), cut by `radius` on each
side; the features are those of `features.Features`: scales x components.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from hsi_viewer.learning.recipe import FrontEnd


class Linear2d(nn.Module):
    """One linear map of each pixel's features."""

    radius = 0

    def __init__(self, inputs: int, scales: int, width: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(inputs, width, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the features of each pixel."""
        return functional.relu(self.norm(self.mix(x)))


class Spectral3d(nn.Module):
    """Valid 3-D convolutions along components, rows and columns, then a linear map.

    The scales are the channels of the first convolution; components are its depth. After the
    3-D to 2-D order of Roy et al., "HybridSN" (IEEE GRSL 17, 2020).
    """

    radius = 1
    STEPS = ((7, 3, 4), (5, 1, 3))  # depth of the kernel, its rows and columns, stride in depth

    def __init__(self, inputs: int, scales: int, width: int) -> None:
        super().__init__()
        depth, channels = inputs // scales, scales
        self.scales = scales
        self.convolutions, self.norms = nn.ModuleList(), nn.ModuleList()
        for out, (kernel, side, stride) in zip((8, 16), self.STEPS, strict=True):
            kernel = min(kernel, depth)
            self.convolutions.append(
                nn.Conv3d(channels, out, (kernel, side, side), (stride, 1, 1), bias=False)
            )
            self.norms.append(nn.BatchNorm3d(out))
            depth, channels = (depth - kernel) // stride + 1, out
        self.mix = nn.Conv2d(depth * channels, width, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve along components and space, then mix."""
        batch, features, rows, columns = x.shape
        y = x.reshape(batch, self.scales, features // self.scales, rows, columns)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            y = functional.relu(norm(convolution(y)))
        return functional.relu(self.norm(self.mix(torch.flatten(y, 1, 2))))


FRONT_ENDS: dict[FrontEnd, type[Linear2d] | type[Spectral3d]] = {
    "2d": Linear2d,
    "3d": Spectral3d,
}
