"""Accuracy against the number of labels, asked for by several rules: python -m benchmarks.guidance.

A simulated user answers from the ground truth, one pixel an answer, `BATCH` answers between two
maps of the engine's voices without the network. Starts: two random pixels of each class, or one
stroke of three pixels in one field of each class. Scored on a fixed half of the ground truth that
is never asked for, and on everything that is not labelled. Then planted wrong labels (see
wrong_labels.py), and classes without a label (see hidden_class.py).

    python -m benchmarks.guidance [--seeds 10] [--scenes NAME ...] [--rules NAME ...]

One row at a number of labels in results/guidance.csv; run again, it goes on where it stopped, and
it ends by printing the curves. After a change of the rules, remove the rows of "guide" first.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import time
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from benchmarks import hidden_class, wrong_labels
from benchmarks.guided_scene import Scene
from benchmarks.scenes import DEVELOPMENT, Ids
from benchmarks.table import Table
from hsi_viewer.core.evidence import Evidence
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.learning.guidance.proposals import Proposer, Rule, Suggestion, doubt_of_map
from hsi_viewer.learning.guidance.suggest import NOVEL_OF, places_to_label

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
KEYS = ("scene", "start", "seed", "rule", "answers")
VALUES = ("labels", "fixed_half", "unlabelled", "seconds_map", "seconds_proposal")


def ask(
    scene: Scene,
    prediction: Prediction,
    evidence: Evidence,
    labels: Ids,
    closed: NDArray[np.bool_],
    rule: str,
    rng: np.random.Generator,
    given: int,
) -> NDArray[np.int64]:
    """The next pixels that the user is asked for, flat, after so many answers."""
    if rule == "random":
        free = np.flatnonzero((labels == 0) & ~closed)
        return rng.choice(free, min(BATCH, free.size), replace=False)
    ground = scene.ground_at(~closed)
    if rule == "guide":
        found = in_turn(
            places_to_label(prediction, ground, labels > 0, None, evidence, NOVEL_OF), given
        )
    else:
        doubt, rules = doubt_of_map(prediction), TRIED[rule] * (BATCH // len(TRIED[rule]))
        found = Proposer(ground, doubt, prediction.class_ids, labels > 0).suggestions(rules)
    return np.array([s.row * labels.shape[1] + s.column for s in found], np.int64)


def in_turn(found: list[Suggestion], given: int) -> list[Suggestion]:
    """The places that the window shows next: one of `NOVEL_OF` is unlike all that is labelled."""
    novel = [s for s in found if s.novel] if given % NOVEL_OF == 0 else []
    return [*novel, *(s for s in found if not s.novel)][:BATCH]


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
        prediction, evidence = scene.mapped(labels)
        mapped = time.process_time() - began
        began = time.process_time()
        asked = ask(scene, prediction, evidence, labels, closed, rule, rng, given)
        proposed = time.process_time() - began
        if given % SCORED == 0 and not table.has(**key, answers=given):
            right = prediction.class_map == scene.truth
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
    parser.add_argument("--starts", nargs="*", default=STARTS, choices=STARTS)
    parser.add_argument("--rules", nargs="*", default=("random", "margin", "guide"), choices=RULES)
    parser.add_argument("--answers", type=int, default=ANSWERS)
    kinds = wrong_labels.PLANTED
    parser.add_argument("--planted", nargs="*", default=kinds, choices=kinds)
    rules = hidden_class.RULES
    parser.add_argument("--hidden", nargs="*", default=rules, choices=rules)
    options = parser.parse_args()
    table = Table("guidance", KEYS, VALUES)
    wrong = Table("wrong_labels", wrong_labels.KEYS, wrong_labels.VALUES)
    hidden = Table("hidden_class", hidden_class.KEYS, hidden_class.VALUES)
    scenes = {name: Scene(name) for name in options.scenes}
    for seed in range(options.seeds):
        for scene in scenes.values():
            for start in options.starts:
                for rule in options.rules:
                    simulate(scene, start, seed, rule, table, options.answers)
            for kind in options.planted:
                for n in wrong_labels.COUNTS:
                    wrong_labels.find_planted(scene, kind, n, seed, wrong)
            for rule in options.hidden:
                for class_id in scene.class_ids:
                    hidden_class.find_hidden(scene, class_id, seed, rule, hidden)
    print("\n".join(curves(table.rows())))


if __name__ == "__main__":
    main()
