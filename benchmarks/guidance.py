"""Accuracy against the number of labels, asked for by several rules: python -m benchmarks.guidance.

A simulated user answers from the ground truth, one pixel an answer, `BATCH` answers between two
maps of the engine's voices without the network. Starts: two random pixels of each class, or one
stroke of three pixels in one field of each class. Scored on a fixed half of the ground truth that
is never asked for, and on everything that is not labelled. Then planted wrong
labels: which share of them is in the first tenth of the list of suspicious labels.

    python -m benchmarks.guidance [--seeds 10] [--scenes NAME ...] [--rules NAME ...]

One row at a number of labels in results/guidance.csv and results/wrong_labels.csv; run again, it
goes on where it stopped, and it ends by printing the curves.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import time
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label as regions_of

from benchmarks.scenes import DEVELOPMENT, Ids, development_scene, draw
from benchmarks.table import Table
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.evidence import Evidence
from hsi_viewer.core.geometry.connected_labels import connected_labels
from hsi_viewer.learning.calibration import tempered
from hsi_viewer.learning.features import FloatArray, fit_features
from hsi_viewer.learning.guidance.check_labels import check_labels
from hsi_viewer.learning.guidance.ground import Ground, ground_of
from hsi_viewer.learning.guidance.proposals import Proposer, Rule
from hsi_viewer.learning.guidance.suggest import rules_for
from hsi_viewer.learning.random_walker import walk
from hsi_viewer.learning.recipe import Recipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.training_pixels import seeds_of
from hsi_viewer.learning.voices.ensemble import Ensemble, VoiceFitter
from hsi_viewer.learning.voices.judging import Judge, evidence_for, of_strength
from hsi_viewer.learning.voices.pool import VOTE

TRIED: dict[str, tuple[Rule, ...]] = {
    "margin": ("margin",),
    "segment": ("segment",),
    "cover": ("cover",),
    "gain": ("gain",),
    "fine": ("fine",),
    "segment-gain": ("segment", "gain"),
    "margin-gain": ("margin", "gain"),
    "fine-gain": ("fine", "gain"),
}
RULES = ("random", *TRIED, "guide")
STARTS = ("pixels", "stroke")
ANSWERS, BATCH = 128, 4
SCORED = 8  # answers between two rows
PLANTED = ("pixels", "strokes")
KEYS = ("scene", "start", "seed", "rule", "answers")
VALUES = ("labels", "fixed_half", "unlabelled", "seconds_map", "seconds_proposal")
WRONG_KEYS = ("scene", "planted", "n", "seed")


class Scene:
    """A development scene and what is computed of it once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cube, self.truth = development_scene(name)
        self.class_ids = tuple(int(i) for i in np.unique(self.truth) if i)
        self.ground: Ground = ground_of(self.cube)
        recipe = Recipe()
        seen = examined(self.cube)
        self.features = SceneFeatures(seen, fit_features(seen, recipe.features), origin=self.cube)

    def scored_half(self, seed: int) -> NDArray[np.bool_]:
        """A random half of the pixels, the same for all rules."""
        rng = np.random.default_rng(seed)
        half: NDArray[np.bool_] = rng.random(self.truth.shape) < 0.5
        return half

    def start(self, kind: str, seed: int, allowed: NDArray[np.bool_]) -> Ids:
        """The first labels."""
        rng = np.random.default_rng(77 + seed)
        if kind == "pixels":
            return draw(self.truth, allowed & (self.truth > 0), 2, rng)
        labels = np.zeros_like(self.truth)
        for k in self.class_ids:
            fields, _count = regions_of(self.truth == k, np.ones((3, 3)))
            sizes = np.bincount(fields.ravel())[1:]
            large = np.flatnonzero(sizes >= min(3, sizes.max())) + 1
            row, column = np.nonzero(fields == rng.choice(large))
            i = int(rng.integers(row.size))
            near = np.argsort(np.hypot(row - row[i], column - column[i]), kind="stable")[:3]
            labels[row[near], column[near]] = k
        return labels

    def mapped(self, labels: Ids) -> tuple[FloatArray, Evidence]:
        """Refined probabilities by the engine's voices, and their weights."""
        recipe = Recipe()
        pixels = np.flatnonzero(labels)
        seeds = seeds_of(labels, self.class_ids)
        targets = seeds.ravel()[pixels]
        fitter = VoiceFitter(
            self.features.features,
            len(self.class_ids),
            recipe.training.shrinkage,
            self.features.sample(),
            self.features.sampled_spectra(),
        )
        values = np.ascontiguousarray(self.features.patches(pixels, 0)[:, :, 0, 0])
        spectra = self.features.spectra_at(pixels)
        judge = Judge(self.features, fitter, pixels, targets, values, spectra, recipe.walker)
        voices = judge.fitted()
        pool = judge.pool().in_units(fitter.units(voices))
        said = Ensemble(voices, pool).mapped(self.features).probabilities
        evidence = evidence_for(pool, 0.0, self.features.features, None, None)
        if pool.walker != "none":
            guide, valid = self.features.guide(recipe.walker.guides)
            strength = of_strength(recipe.walker, pool.walker)
            said = walk(tempered(said, VOTE), guide, valid, seeds, strength)
        return said, evidence


def ask(
    scene: Scene,
    said: FloatArray,
    evidence: Evidence,
    labels: Ids,
    closed: NDArray[np.bool_],
    rule: str,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """The next pixels that the user is asked for, flat."""
    if rule == "random":
        free = np.flatnonzero((labels == 0) & ~closed)
        return rng.choice(free, min(BATCH, free.size), replace=False)
    if rule == "guide":
        rules = rules_for(evidence, BATCH)
    else:
        rules = TRIED[rule] * (BATCH // len(TRIED[rule]))
    # What is closed is taken out of the ground, not skipped: its segment may still be asked for.
    ground = Ground(scene.ground.components, scene.ground.valid & ~closed, scene.ground.segments)
    found = Proposer(ground, said, scene.class_ids, labels > 0).suggestions(rules)
    return np.array([s.row * labels.shape[1] + s.column for s in found], np.int64)


def simulate(scene: Scene, start: str, seed: int, rule: str, table: Table, answers: int) -> None:
    """One user, from the first labels to the last answer."""
    key = {"scene": scene.name, "start": start, "seed": seed, "rule": rule}
    steps = range(0, answers + 1, SCORED)
    if all(table.has(**key, answers=n) for n in steps):
        return
    half = scene.scored_half(seed)
    closed = half | (scene.truth == 0)
    labels = scene.start(start, seed, ~half)
    rng = np.random.default_rng(seed)
    given = 0
    while given <= answers:
        began = time.process_time()
        said, evidence = scene.mapped(labels)
        mapped = time.process_time() - began
        began = time.process_time()
        asked = ask(scene, said, evidence, labels, closed, rule, rng)
        proposed = time.process_time() - began
        if given % SCORED == 0 and not table.has(**key, answers=given):
            right = np.asarray(scene.class_ids)[said.argmax(axis=2)] == scene.truth
            free = (scene.truth > 0) & (labels == 0)
            table.add(
                **key,
                answers=given,
                labels=int((labels > 0).sum()),
                fixed_half=100 * float(right[free & half].mean()),
                unlabelled=100 * float(right[free].mean()),
                seconds_map=mapped,
                seconds_proposal=proposed,
            )
        labels.flat[asked] = scene.truth.flat[asked]
        given += BATCH


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
    wrong = int((given != right).sum())
    first = found[: max(1, round(len(found) / 10))]
    hits = sum(given[s.row, s.column] != right[s.row, s.column] for s in first)
    table.add(
        **key, labels=int((given > 0).sum()), wrong=wrong, found=100 * hits / wrong, seconds=seconds
    )


def curves(rows: list[dict[str, str]]) -> list[str]:
    """Mean accuracy on the fixed half and on what is unlabelled, by scene, start and rule."""
    sums: dict[tuple[str, ...], list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        key = (row["scene"], row["start"], row["rule"], row["answers"])
        sums[key].append((float(row["fixed_half"]), float(row["unlabelled"])))
    lines = []
    for scene, start, rule in dict.fromkeys(key[:3] for key in sums):
        points = [
            f"{key[3]}: {half:.1f}/{rest:.1f}"
            for key in sums
            if key[:3] == (scene, start, rule)
            for half, rest in [np.mean(sums[key], axis=0)]
        ]
        seeds = max(len(v) for k, v in sums.items() if k[:3] == (scene, start, rule))
        lines.append(f"{scene:14}{start:8}{rule:8} ({seeds} seeds) {'  '.join(points)}")
    return lines


def main() -> None:
    """Run what is missing, then print the curves."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--scenes", nargs="+", default=DEVELOPMENT, choices=DEVELOPMENT)
    parser.add_argument("--starts", nargs="+", default=STARTS, choices=STARTS)
    parser.add_argument("--rules", nargs="*", default=RULES, choices=RULES)
    parser.add_argument("--answers", type=int, default=ANSWERS)
    parser.add_argument("--planted", nargs="*", default=PLANTED, choices=PLANTED)
    options = parser.parse_args()
    table = Table("guidance", KEYS, VALUES)
    wrong = Table("wrong_labels", WRONG_KEYS, ("labels", "wrong", "found", "seconds"))
    scenes = {name: Scene(name) for name in options.scenes}
    for seed in range(options.seeds):
        for scene in scenes.values():
            for kind in options.planted:
                for n in (10, 20):
                    find_planted(scene, kind, n, seed, wrong)
            for start in options.starts:
                for rule in options.rules:
                    simulate(scene, start, seed, rule, table, options.answers)
    print("\n".join(curves(table.rows())))
    found: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for row in wrong.rows():
        found[row["scene"], row["planted"], row["n"]].append(float(row["found"]))
    for (name, kind, n), shares in found.items():
        share = f"{np.mean(shares):.0f} %"
        print(f"{name:14}wrong {kind}, {n} labels per class ({len(shares)} seeds): {share}")


if __name__ == "__main__":
    main()
