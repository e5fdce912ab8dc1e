"""The nearest public recipe beside this engine: python -m benchmarks.hybridsn.

A HybridSN trained by its public recipe (`learning.hybridsn`), with its parts on and off, on the
label lists of the other methods and on the kind of split that it is published with. `own`: 30 % of
each class anywhere for training, 10 % for choosing (here: unused), 60 % scored; nine in ten scored
pixels touch a training pixel. `apart`: as many training pixels of each class, as far as there are,
all from one half of the scene, and scored pixels in the other half, at least 12 pixels (as far as
the network looks) from any training pixel.

The published term on features has no gradient, because both its sides are detached; `hint` repairs
that. A run takes four processor seconds a training pixel, so that there are few lists; one row at a
finished run goes to results/hybridsn.csv, the cheapest and most telling first, and a run that was
stopped starts again.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import sys
import time
from collections.abc import Iterator
from itertools import product

import numpy as np
import torch
from scipy.ndimage import binary_dilation

from benchmarks.scenes import Ids, development_scene, halves, label_list, random_split
from benchmarks.table import Table
from hsi_viewer.core.assessment.accuracy import score
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.calibration import expected_calibration_error
from hsi_viewer.learning.classifiers import fit
from hsi_viewer.learning.hybridsn.network import HybridRecipe

KEYS = ("scene", "protocol", "n", "seed", "arm")
VALUES = (
    "oa",
    "oa_refined",
    "aa",
    "kappa",
    "ece",
    "train_pixels",
    "test_pixels",
    "touching",
    "weights",
    "seconds_train",
    "seconds_map",
)
HINT = 0.0005
SEEDS = range(3)
ARMS = {
    "published": HybridRecipe(),
    "no_kl": HybridRecipe(divergence=0.0),
    "hint": HybridRecipe(hint=HINT),
    "hint_no_kl": HybridRecipe(divergence=0.0, hint=HINT),
}
ENGINE = "fast"
REACH = HybridRecipe().radius


def own_split(truth: Ids, seed: int) -> tuple[Ids, Ids]:
    """Training ids and ids of the scored pixels: 30 and 60 % of each class, anywhere."""
    rng = np.random.default_rng(seed)
    training, test = np.zeros_like(truth), np.zeros_like(truth)
    for k in np.unique(truth[truth > 0]):
        where = rng.permutation(np.flatnonzero(truth == k))
        first, second = round(0.3 * where.size), round(0.4 * where.size)
        training.flat[where[:first]] = k
        test.flat[where[second:]] = k
    return training, test


def split_apart(truth: Ids, seed: int, *, across: bool) -> tuple[Ids, Ids]:
    """As many training ids, all from one half; scored pixels of the same classes in the other."""
    rng = np.random.default_rng(seed)
    one, other = halves(truth, across=across)
    one, other = (one, other) if rng.integers(2) else (other, one)
    training = np.zeros_like(truth)
    for k in np.unique(truth[truth > 0]):
        where = rng.permutation(np.flatnonzero(one & (truth == k)))
        training.flat[where[: round(0.3 * np.count_nonzero(truth == k))]] = k
    near = binary_dilation(training > 0, np.ones((3, 3)), iterations=REACH)
    test = np.where(other & ~near & np.isin(truth, training[training > 0]), truth, 0)
    return training, test.astype(truth.dtype)


def touching(training: Ids, test: Ids) -> float:
    """Share of scored pixels that have a training pixel among their eight neighbours."""
    near = binary_dilation(training > 0, np.ones((3, 3)))
    return float(near[test > 0].mean())


def measure(cube: HyperCube, training: Ids, test: Ids, arm: str, seed: int) -> dict[str, object]:
    """Train one model and score its map."""
    config = TrainingConfig(seed=seed, device="cpu", refine=False)
    start = time.perf_counter()
    if arm == ENGINE:
        model = fit(cube, training, config)
    else:
        model = fit(cube, training, config, classifier="hybridsn-sd", recipe=ARMS[arm])
    trained = time.perf_counter() - start
    raw = model.predict(cube, refine=False)
    painted = model.seconds["predict"]
    refined = model.predict(cube, labels=training)
    scored = test > 0
    report = score(raw.class_map, test)
    right = raw.class_map[scored] == test[scored]
    network = model.network  # type: ignore[attr-defined]
    return {
        "oa": 100 * report.overall.value,
        "oa_refined": 100 * float((refined.class_map[scored] == test[scored]).mean()),
        "aa": 100 * report.average,
        "kappa": report.kappa,
        "ece": expected_calibration_error(raw.confidence[scored], right),
        "train_pixels": int((training > 0).sum()),
        "test_pixels": int(scored.sum()),
        "touching": touching(training, test),
        "weights": sum(p.numel() for p in network.parameters()),
        "seconds_train": trained,
        "seconds_map": painted,
    }


Part = tuple[str, tuple[str, ...], int, tuple[str, ...]]
BOTH = (ENGINE, "published", "no_kl")
HINTS = ("hint", "hint_no_kl")
SMALL = (("samson", ("random",), 10, BOTH), ("jasper_ridge", ("random",), 10, BOTH))
PARTS: tuple[tuple[Part, ...], ...] = (  # scene, protocols, labels a class, arms
    (*SMALL, ("samson", ("random",), 10, HINTS)),
    (("indian_pines", ("random",), 10, BOTH),),
    (("enmap_potsdam", ("random", "own", "apart"), 10, BOTH[:2]),),
    (("indian_pines", ("field",), 10, BOTH),),
    (("indian_pines", ("random", "field"), 10, HINTS),),
    *((("indian_pines", ("random", "field"), n, BOTH),) for n in (5, 20, 50)),
    (("indian_pines", ("own", "apart"), 0, (*BOTH, *HINTS)),),
)


def cases() -> Iterator[tuple[str, str, int, int, str]]:
    """Scene, protocol, labels, seed and arm of each run, the cheapest and most telling first."""
    for group in PARTS:
        for seed, (scene, protocols, n, arms) in product(SEEDS, group):
            for protocol, arm in product(protocols, arms):
                yield scene, protocol, 0 if protocol in ("own", "apart") else n, seed, arm


def lists(scene: str, protocol: str, n: int, seed: int, truth: Ids) -> tuple[Ids, Ids]:
    """Training ids and ids of the scored pixels of a case."""
    if protocol == "own":
        return own_split(truth, seed)
    if protocol == "apart":  # along the axis that leaves most classes on both sides
        return split_apart(truth, seed, across=scene == "enmap_potsdam")
    if scene != "indian_pines":
        return random_split(truth, n, seed)
    return label_list(protocol, n, seed, truth)


def main(wanted: list[str]) -> None:
    """Run what is missing, of the named protocols or all."""
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    table = Table("hybridsn", KEYS, VALUES)
    for scene, protocol, n, seed, arm in cases():
        key = {"scene": scene, "protocol": protocol, "n": n, "seed": seed, "arm": arm}
        if (wanted and protocol not in wanted) or table.has(**key):
            continue
        cube, truth = development_scene(scene)
        row = measure(cube, *lists(scene, protocol, n, seed, truth), arm, seed)
        table.add(**key, **row)
        print(*key.values(), f"{row['oa']:.2f}", f"{row['seconds_train']:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
