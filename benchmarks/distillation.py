"""Self-distillation against equal training without it.

Run: python -m benchmarks.distillation [SEED ...]

Every arm takes the same steps over the same batches with the same forward passes. The rounds
("refined", "balanced": soft targets that favour no class, "nearby": only pixels near a label) also
look at unlabelled patches, so they have a control that looks at them too, with weight 0.
"average_of_epochs" is "previous_epochs" with an exponential average; "compactness" is "none" with a
loss that draws classes together and moves them apart. The recipe is that of "fast" with fewer steps
and smaller batches, because there are thousands of runs.

The arguments are seeds of the network (0 1 2); give each to a process of its own to use more cores,
for a run of such small batches is fastest on one (measured: 2.7 s against 3.2 s on two). One row at
a finished run goes to results/distillation.csv; right labels come before wrong ones, and one
network seed over all splits and lists before the next, so that what is there is balanced at any
time.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import sys
import time
from dataclasses import replace
from itertools import product
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.scenes import Ids, indian_pines, label_list
from benchmarks.table import Table
from hsi_viewer.core.progress import CancelToken, SilentPort
from hsi_viewer.core.training import DistillationMode, TrainingConfig
from hsi_viewer.learning.calibration import expected_calibration_error
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.predictor import by_tile
from hsi_viewer.learning.recipe import DistillationRecipe, Recipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.trainer import Run
from hsi_viewer.learning.training_loop import Learner
from hsi_viewer.learning.training_pixels import TrainingPixels

LISTS = (("random", 10), ("field", 10), ("random", 20), ("field", 20))
SPLITS = range(10)
NETWORK_SEEDS = (0, 1, 2)
STEPS, BATCH = 120, 32
WRONG = 0.1
CONTROL = "unlabelled_control"
COMPACTNESS, NEARBY, MOMENTUM = 0.3, 12, 0.8
MODES: tuple[DistillationMode, ...] = get_args(DistillationMode)
ARMS: dict[str, dict[str, object]] = {
    **{mode: {"mode": mode} for mode in MODES},
    CONTROL: {"mode": "refined_rounds", "weight": 0.0},
    "balanced_rounds": {"mode": "refined_rounds", "balanced": True},
    "nearby_rounds": {"mode": "refined_rounds", "nearby": NEARBY},
    "average_of_epochs": {"mode": "previous_epochs", "momentum": MOMENTUM},
    "compactness": {"compactness": COMPACTNESS},
}
KEYS = ("protocol", "n", "split", "wrong_labels", "network_seed", "arm")
VALUES = ("oa_1", "oa_2", "oa_3", "oa_mean", "ece", "within", "between", "seconds")


def recipe_of(arm: str) -> Recipe:
    """The engine's recipe with an arm's self-distillation."""
    base = Recipe()
    how = DistillationRecipe(**ARMS[arm])  # type: ignore[arg-type]
    training = replace(base.training, steps=STEPS, batch=BATCH)
    return replace(base, distillation=how, training=training)


def with_wrong(training: Ids, share: float, seed: int) -> Ids:
    """Labels of which a share is exchanged for another class, the same for every arm."""
    rng = np.random.default_rng(seed)
    where = np.flatnonzero(training)
    ids = np.unique(training[training > 0])
    wrong = training.copy()
    for pixel in rng.choice(where, round(share * where.size), replace=False):
        wrong.flat[pixel] = rng.choice(ids[ids != training.flat[pixel]])
    return wrong


def spread(features: NDArray[np.float32], truth: NDArray[np.uint16]) -> tuple[float, float]:
    """Compactness and separation of what the deepest exit sees of the scored pixels.

    Returns
    -------
    within : mean distance of a pixel to the mean of its class.
    between : mean distance between the means of two classes.
        Both in units of the root mean square of the features.
    """
    scaled = features / np.sqrt((features**2).mean())
    ids = np.unique(truth)
    means = np.stack([scaled[truth == i].mean(axis=0) for i in ids])
    gaps = np.linalg.norm(scaled - means[np.searchsorted(ids, truth)], axis=1)
    apart = np.linalg.norm(means[:, None] - means[None], axis=2)
    return float(np.mean([gaps[truth == i].mean() for i in ids])), float(
        apart[np.triu_indices(len(ids), 1)].mean()
    )


def embedded(network: SdhsiNet, scene: SceneFeatures) -> NDArray[np.float32]:
    """What the deepest exit sees of every pixel, (pixels, channels)."""
    rows, columns = slice(0, scene.cube.rows), slice(0, scene.cube.columns)
    values, _ = scene.window(rows, columns, network.radius)
    with torch.inference_mode():
        deepest = network.embed(torch.from_numpy(values).unsqueeze(0))[-1][0]
    return deepest.flatten(1).T.numpy()


def measure(
    scene: SceneFeatures, training: Ids, test: Ids, recipe: Recipe, seed: int
) -> dict[str, object]:
    """Train one network and measure it on the scored pixels."""
    start = time.perf_counter()
    class_ids = tuple(int(i) for i in np.unique(training) if i)
    config = TrainingConfig(seed=seed, device="cpu", refine=False)
    run = Run(scene, training, class_ids, recipe, config, CancelToken(), SilentPort())
    network = run.network(None)
    patches = torch.from_numpy(scene.patches(run.pixels, network.radius))
    targets = torch.from_numpy(run.targets)
    data = TrainingPixels(patches, targets)
    Learner(
        network,
        data,
        recipe,
        seed,
        run.token,
        run.port,
        soft_targets=lambda: run.soft_targets(network),
    ).run()
    scored = test > 0
    truth = test[scored]
    shape = (network.exits, *test.shape, network.classes)
    probabilities = np.empty(shape, np.float32)
    for tile in by_tile(network, scene):
        probabilities[:, *tile.window] = tile.exits
    probabilities = probabilities[:, scored]
    mean = probabilities.mean(axis=0)
    right = [np.asarray(class_ids)[p.argmax(axis=1)] == truth for p in (*probabilities, mean)]
    within, between = spread(embedded(network, scene)[scored.ravel()], truth)
    accuracy = {f"oa_{i + 1}": 100 * float(r.mean()) for i, r in enumerate(right[:-1])}
    return {
        **accuracy,
        "oa_mean": 100 * float(right[-1].mean()),
        "ece": expected_calibration_error(mean.max(axis=1), right[-1]),
        "within": within,
        "between": between,
        "seconds": time.perf_counter() - start,
    }


def main(seeds: list[int]) -> None:
    """Run what is missing: all arms of one list before the next, so that pairs are complete."""
    torch.set_num_threads(1)
    table = Table("distillation", KEYS, VALUES)
    cube, truth = indian_pines()
    scene = SceneFeatures(cube, fit_features(cube, Recipe().features))
    for wrong_labels, seed, split in product((0, 1), seeds, SPLITS):
        for protocol, n in LISTS:
            training, test = label_list(protocol, n, split, truth)
            if wrong_labels:
                training = with_wrong(training, WRONG, split)
            for arm in ARMS:
                key = {
                    "protocol": protocol,
                    "n": n,
                    "split": split,
                    "wrong_labels": wrong_labels,
                    "network_seed": seed,
                    "arm": arm,
                }
                if not table.has(**key):
                    table.add(**key, **measure(scene, training, test, recipe_of(arm), seed))
        print("wrong", wrong_labels, "seed", seed, "split", split, "done", flush=True)


if __name__ == "__main__":
    main([int(a) for a in sys.argv[1:]] or list(NETWORK_SEEDS))
