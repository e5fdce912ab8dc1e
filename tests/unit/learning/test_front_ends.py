"""Front ends of the network: what they make of the features, and how far they look."""

from __future__ import annotations

import pytest
import torch

from hsi_viewer.learning.front_ends import FRONT_ENDS, Linear2d, Spectral3d


def test_a_linear_front_end_mixes_the_features_of_each_pixel():
    front = Linear2d(3, 1, 2).eval()
    with torch.no_grad():
        front.mix.weight[:] = torch.tensor([[1.0, 0, 0], [0, -1, 2]])[:, :, None, None]
        x = torch.randn(4, 3, 5, 6)
        found = front(x)
        wanted = torch.stack([x[:, 0], 2 * x[:, 2] - x[:, 1]], 1).relu()
    torch.testing.assert_close(found, wanted / (1 + front.norm.eps) ** 0.5)
    assert front.radius == 0
    assert front.mix.bias is None


@pytest.mark.parametrize(
    ("components", "depths"), [(40, (12, 8)), (10, (2, 1)), (7, (1, 1)), (3, (1, 1))]
)
def test_a_spectral_front_end_looks_one_pixel_far_and_along_the_components(components, depths):
    scales, width = 2, 6
    front = Spectral3d(scales * components, scales, width).eval()
    found = front(torch.randn(3, scales * components, 7, 9))
    assert found.shape == (3, width, 5, 7)
    assert (found >= 0).all()
    first, second = front.convolutions
    assert (first.in_channels, first.out_channels, second.out_channels) == (scales, 8, 16)
    assert first.kernel_size == (min(7, components), 3, 3)
    assert second.kernel_size[1:] == (1, 1)
    assert (first.stride, second.stride) == ((4, 1, 1), (3, 1, 1))
    depth = (components - first.kernel_size[0]) // 4 + 1
    assert depth <= depths[0]
    assert second.kernel_size[0] == min(5, depth)
    deep = (depth - second.kernel_size[0]) // 3 + 1
    assert front.mix.in_channels == 16 * deep
    assert front.radius == 1


def test_scales_are_the_channels_of_the_first_convolution():
    """The features of a pixel are scale after scale, each with all of its components."""
    front = Spectral3d(2 * 3, 2, 1).eval()
    with torch.no_grad():
        front.convolutions[0].weight.zero_()
        front.convolutions[0].weight[:, 1, 0, 1, 1] = 1.0  # first component of the second scale
        for scale, component, seen in ((0, 0, False), (1, 0, True), (1, 1, False)):
            x = torch.zeros(1, 6, 3, 3)
            x[0, 3 * scale + component] = 1.0
            inner = front.convolutions[0](x.reshape(1, 2, 3, 3, 3))
            assert bool(inner.any()) == seen


def test_they_are_chosen_by_their_dimensions():
    assert {"2d": Linear2d, "3d": Spectral3d} == FRONT_ENDS
