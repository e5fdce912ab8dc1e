"""Planted wrong labels: which share of them is in the first tenth of the suspicious ones.

Classes that overlap set a bound. It is measured with the same list, ordered by the voices of the
engine that were fitted on up to `MOST_KNOWN` other pixels of the ground truth: more than any user
would label.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from benchmarks.guided_scene import Scene
from benchmarks.scenes import Ids, draw
from benchmarks.table import Table
from hsi_viewer.core.geometry.connected_labels import connected_labels
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.folds import random_folds
from hsi_viewer.learning.guidance.check_labels import check_labels
from hsi_viewer.learning.instant_model import softmax
from hsi_viewer.learning.voices.ensemble import Ensemble
from hsi_viewer.learning.voices.weighing import weighed

PLANTED = ("pixels", "strokes")
KEYS = ("scene", "planted", "n", "seed")
VALUES = ("labels", "wrong", "found", "bound", "seconds")
COUNTS = (10, 20)  # labels per class
MOST_KNOWN = 3_000
FOLDS = 3


def plant(scene: Scene, kind: str, n: int, seed: int) -> tuple[Ids, Ids]:
    """Labels of which a tenth is wrong, and what they should be: single pixels, or strokes.

    Parameters
    ----------
    n : labels per class; as strokes, about so many in strokes of three.
    """
    rng = np.random.default_rng(9_000 + seed)
    if kind == "pixels":
        right = draw(scene.truth, scene.truth > 0, n, rng)
        groups = np.arange(np.count_nonzero(right))
    else:
        right = np.zeros_like(scene.truth)
        for _ in range(max(1, n // 3)):
            more = scene.start("stroke", int(rng.integers(1 << 30)), scene.truth > 0)
            right = np.where(more > 0, more, right).astype(right.dtype)
        pixels = np.flatnonzero(right)
        groups = connected_labels(pixels, right.flat[pixels].astype(np.int64), right.shape[1])
    pixels = np.flatnonzero(right)
    given = right.copy()
    names = np.unique(groups)
    for group in rng.choice(names, max(1, round(names.size / 10)), replace=False):
        mine = pixels[groups == group]
        others = [k for k in scene.class_ids if k != right.flat[mine[0]]]
        given.flat[mine] = rng.choice(others)
    return given, right


def find_planted(scene: Scene, kind: str, n: int, seed: int, table: Table) -> None:
    """One list of labels, a tenth of them wrong."""
    key = {"scene": scene.name, "planted": kind, "n": n, "seed": seed}
    if table.has(**key):
        return
    given, right = plant(scene, kind, n, seed)
    began = time.process_time()
    found = check_labels(scene.cube, given)
    seconds = time.process_time() - began
    order = np.array([s.row * given.shape[1] + s.column for s in found], np.int64)
    wrong = np.flatnonzero(given != right)
    table.add(
        **key,
        labels=int((given > 0).sum()),
        wrong=wrong.size,
        found=share_found(order, wrong),
        bound=share_found(by_the_truth(scene, given, seed), wrong),
        seconds=seconds,
    )


def share_found(order: NDArray[np.int64], wrong: NDArray[np.int64]) -> float:
    """Percent of the wrong labels that are in the first tenth of a list of labels."""
    first = order[: max(1, round(order.size / 10))]
    return 100 * float(np.isin(wrong, first).mean())


def by_the_truth(scene: Scene, given: Ids, seed: int) -> NDArray[np.int64]:
    """The labels, flat, most suspicious first, by voices that know other pixels of the truth."""
    rng = np.random.default_rng(seed)
    known = np.flatnonzero((scene.truth > 0) & (given == 0))
    known = rng.permutation(known)[:MOST_KNOWN]
    judged = np.flatnonzero(given)
    class_ids = np.unique(scene.truth.flat[known])
    targets = np.searchsorted(class_ids, scene.truth.flat[known]).astype(np.int64)
    fitter = scene.fitter(class_ids.size)
    values, spectra = _seen(scene, known)
    folds = random_folds(targets, seed, FOLDS)
    said = fitter.held_out(values, targets, folds, spectra)
    held = folds >= 0
    pool = weighed({name: s[held] for name, s in said.items()}, targets[held])
    voices = fitter.fitted(values, targets, spectra)
    asked, bands = _seen(scene, judged)
    joined = Ensemble(voices, pool.in_units(fitter.units(voices))).logits(asked, None, None, bands)
    p = softmax(joined)
    label = np.searchsorted(class_ids, given.flat[judged]).clip(max=class_ids.size - 1)
    mine = np.take_along_axis(p, label[:, None], axis=1)[:, 0]
    np.put_along_axis(p, label[:, None], -1.0, axis=1)
    return judged[np.argsort(mine - p.max(axis=1), kind="stable")]


def _seen(scene: Scene, pixels: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    values = np.ascontiguousarray(scene.features.patches(pixels, 0)[:, :, 0, 0])
    return values, scene.features.spectra_at(pixels)
