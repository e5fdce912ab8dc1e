"""Patch and dense inference of one network agree."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.network import SdhsiNet, Stage
from hsi_viewer.learning.predictor import by_tile, choose_device, precision
from hsi_viewer.learning.recipe import FeatureRecipe, NetworkRecipe
from hsi_viewer.learning.scene_features import SceneFeatures

FEATURES = FeatureRecipe(components=8, sigmas=(1.0, 3.0))


def a_cube(rows: int, columns: int, bands: int = 12) -> HyperCube:
    rng = np.random.default_rng(rows * 1000 + columns)
    return HyperCube.from_array(rng.normal(size=(rows, columns, bands)).astype(np.float32))


def random_network(scene: SceneFeatures, recipe: NetworkRecipe) -> SdhsiNet:
    """Random weights, and normalisation that is not the identity."""
    network = SdhsiNet(scene.features.channels, 2, 5, recipe, seed=3)
    generator = torch.Generator().manual_seed(4)
    for name, values in network.named_buffers():
        if values.is_floating_point():
            low = 0.5 if name.endswith("var") else -0.5
            values.copy_(torch.rand(values.shape, generator=generator) + low)
    return network.eval()


@pytest.mark.parametrize("front_end", ["2d", "3d"])
@pytest.mark.parametrize("convolutions", [1, 2])
@pytest.mark.parametrize("size", [(21, 17), (5, 3), (1, 30), (2, 1), (131, 129)])
def test_a_patch_and_the_scene_give_the_same_answer(size, convolutions, front_end) -> None:
    cube = a_cube(*size)
    scene = SceneFeatures(cube, fit_features(cube, FEATURES))
    recipe = NetworkRecipe(front_end=front_end, channels=16, convolutions=convolutions)
    network = random_network(scene, recipe)
    dense = np.empty((3, *size, 5), np.float32)
    for tile in by_tile(network, scene):
        dense[:, *tile.window] = tile.exits
    rows, columns = size
    corners = {0, columns - 1, (rows - 1) * columns, rows * columns - 1}
    pixels = np.array(sorted(corners | set(range(0, rows * columns, 7))))
    patches = torch.from_numpy(scene.patches(pixels, network.radius))
    with torch.inference_mode():
        one_by_one = torch.stack([z[:, :, 0, 0].softmax(dim=1) for z in network(patches)])
    found = dense.reshape(3, -1, 5)[:, pixels]
    assert np.abs(found - one_by_one.numpy()).max() < 1e-5


def test_every_stage_has_an_exit_and_a_shallow_one_costs_less_depth() -> None:
    network = SdhsiNet(6, 2, 4, NetworkRecipe(channels=8, stages=4))
    x = torch.zeros(1, 6, 2 * network.radius + 3, 2 * network.radius + 1)
    assert [tuple(z.shape) for z in network(x)] == [(1, 4, 3, 1)] * 4
    assert len(network(x, depth=2)) == 2


def test_weights_depend_on_the_seed_alone() -> None:
    torch.manual_seed(1)
    first = SdhsiNet(6, 2, 4, NetworkRecipe(channels=8), seed=5).state_dict()
    torch.manual_seed(2)
    second = SdhsiNet(6, 2, 4, NetworkRecipe(channels=8), seed=5).state_dict()
    other = SdhsiNet(6, 2, 4, NetworkRecipe(channels=8), seed=6).state_dict()
    assert all(torch.equal(first[k], second[k]) for k in first)
    assert not torch.equal(first["front.mix.weight"], other["front.mix.weight"])


def test_adopted_weights_follow_the_class_and_not_its_place() -> None:
    old = SdhsiNet(6, 2, 2, NetworkRecipe(channels=8), seed=1)
    new = SdhsiNet(6, 2, 3, NetworkRecipe(channels=8), seed=2)
    new.adopt(old, (3, 5, 9), (5, 9))
    weight, before = new.heads[0].weight, old.heads[0].weight
    assert torch.equal(weight[1:], before)
    assert not weight[0].any()
    assert torch.equal(new.front.mix.weight, old.front.mix.weight)


def test_mixed_precision_stays_near_full_precision() -> None:
    network = SdhsiNet(6, 2, 4, NetworkRecipe(channels=8)).eval()
    x = torch.randn(2, 6, 9, 9, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        full = network(x)[-1].softmax(dim=1)
        with precision(torch.device("cpu"), mixed=True):
            mixed = network(x)[-1]
    assert mixed.dtype == torch.bfloat16
    assert (mixed.float().softmax(dim=1) - full).abs().max() < 0.05


def test_auto_is_a_device_that_is_there() -> None:
    assert choose_device("auto").type in {"cpu", "cuda", "mps"}


@pytest.mark.parametrize("convolutions", [1, 2, 3])
def test_a_stage_is_what_its_convolutions_add_to_the_middle_of_its_input(convolutions) -> None:
    torch.manual_seed(0)
    stage = Stage(4, convolutions).eval()
    x = torch.randn(2, 4, 9, 8)
    y = x
    for i in range(convolutions):
        y = stage.norms[i](stage.convolutions[i](y))
        y = y if i == convolutions - 1 else y.clamp(min=0)  # rectified between two convolutions
    k = convolutions
    wanted = (y + x[:, :, k:-k, k:-k]).clamp(min=0)
    torch.testing.assert_close(stage(x), wanted)
