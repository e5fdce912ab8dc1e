"""What labels promise of a map, and what the map keeps: python -m benchmarks.promise.

Labels lie in some regions of a development scene, single pixels or strokes of 3 by 3. Their own
cross-validation promises an accuracy, over separate places and over random folds; other regions, 8
pixels away at least, show what it is. So is the coverage of the conformal sets measured there, and
the accuracy inside and outside of the area of applicability.

One row at a finished run in results/promise.csv, in percent; run again, it goes on where it
stopped.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_dilation, distance_transform_cdt

from benchmarks.scenes import DEVELOPMENT, Ids, development_scene, separated_split
from benchmarks.table import Table
from hsi_viewer.core.assessment.conformal import fit_by_place
from hsi_viewer.core.assessment.label_assessment import GAP, assess_labels, labels_apart
from hsi_viewer.core.assessment.reliability import reliability
from hsi_viewer.core.progress import SilentPort
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.applicability import SeenScene, applicability_of, dissimilarity_map
from hsi_viewer.learning.classifiers import fit
from hsi_viewer.learning.cross_validation import evidence_of, probabilities_at, reach_of

SEEDS = range(5)
LABELS = {"pixels": 20, "strokes": 5}  # of each class
CLASSIFIERS = ("sdhsi", "lda")
KEYS = ("scene", "labels", "seed", "classifier")
VALUES = (
    *("labelled", "counted", "true", "separated", "low", "high", "random"),
    *("places", "ece_promised", "ece_true", "covered", "set_size"),
    *("inside", "true_inside", "true_outside"),
)


def labels_and_test(truth: Ids, kind: str, seed: int) -> tuple[Ids, Ids]:
    """Training ids, and ids of the scored pixels of classes that have a label."""
    training, test = separated_split(truth, LABELS[kind], seed, GAP)
    if kind == "strokes":
        grown = np.zeros_like(training)
        for k in np.unique(training[training > 0]):
            grown[binary_dilation(training == k, np.ones((3, 3))) & (truth == k)] = k
        training = grown
        test = np.where(distance_transform_cdt(training == 0, "chessboard") > GAP, test, 0)
    return training, np.where(np.isin(test, training[training > 0]), test, 0).astype(np.uint16)


def measure(scene: str, kind: str, seed: int, classifier: str) -> dict[str, float]:
    """One row."""
    cube, truth = development_scene(scene)
    training, test = labels_and_test(truth, kind, seed)
    config, port = TrainingConfig(), SilentPort()
    model = fit(cube, training, config, classifier=classifier, port=port)
    evidence = evidence_of(model, cube, training, config)
    ids, reach = model.class_ids, reach_of(model, refined=True)
    found = assess_labels(evidence, training, ids, reach=reach)
    pixels = np.flatnonzero(test)
    mapped = model.predict(cube, labels=training, port=port)
    answers = probabilities_at(mapped, pixels, ids)
    targets = np.searchsorted(ids, test.ravel()[pixels])
    right = answers.argmax(axis=1) == targets
    row = {name: float("nan") for name in VALUES} | {
        "labelled": float(np.count_nonzero(training)),
        "true": 100 * float(right.mean()),
        "ece_true": 100 * reliability(answers.max(axis=1), right).error,
    }
    if found.random is not None:
        row["random"] = 100 * found.random.overall.value
    if found.separated is not None and evidence.separated is not None:
        held, overall = evidence.separated, found.separated.overall
        row |= {"separated": overall.value, "low": overall.low, "high": overall.high}
        row |= {name: 100 * row[name] for name in ("separated", "low", "high")}
        apart = labels_apart(held, training, ids)
        known = [part[apart] for part in (held.probabilities, held.targets, held.groups)]
        inside = fit_by_place(*known).contains(answers)
        row["counted"], row["places"] = float(apart.sum()), float(np.unique(known[2]).size)
        row["ece_promised"] = 100 * found.calibration_error
        row["covered"] = 100 * float(inside[np.arange(targets.size), targets].mean())
        row["set_size"] = float(inside.sum(axis=1).mean())
    seen = SeenScene(model, cube)
    known = applicability_of(seen, training)
    applies = known.applies(dissimilarity_map(seen, known).ravel()[pixels])
    row["inside"] = 100 * float(applies.mean())
    for name, part in (("true_inside", applies), ("true_outside", ~applies)):
        row[name] = 100 * float(right[part].mean()) if part.any() else float("nan")
    return row


def main() -> None:
    """Measure what is not in the table yet, and say how often a promise was kept."""
    table = Table("promise", KEYS, VALUES)
    for seed in SEEDS:
        for scene in DEVELOPMENT:
            for kind in LABELS:
                for classifier in CLASSIFIERS:
                    key = {"scene": scene, "labels": kind, "seed": seed, "classifier": classifier}
                    if not table.has(**key):
                        row = measure(scene, kind, seed, classifier)
                        table.add(**key, **row)
                        print(*key.values(), {k: round(v, 1) for k, v in row.items()}, flush=True)
    rows = [r for r in table.rows() if r["separated"] != "nan"]
    kept = [float(r["low"]) <= float(r["true"]) <= float(r["high"]) for r in rows]
    print(f"The interval contains the truth in {sum(kept)} of {len(kept)} runs.")
    for name in ("separated", "random"):
        gaps = [float(r[name]) - float(r["true"]) for r in rows]
        print(f"{name} promises {np.mean(gaps):+.1f} points, {np.mean(np.abs(gaps)):.1f} off.")
    print(f"{'':28}covered  set size  calibration error")
    for scene in DEVELOPMENT:
        for classifier in CLASSIFIERS:
            own = [r for r in rows if (r["scene"], r["classifier"]) == (scene, classifier)]
            means = [np.mean([float(r[n]) for r in own]) for n in ("covered", "set_size")]
            error = np.mean([float(r["ece_true"]) for r in own])
            print(f"{scene:16}{classifier:12}{means[0]:7.1f}{means[1]:10.2f}{error:10.1f}")


if __name__ == "__main__":
    main()
