"""Trust on the page of accuracy: intervals that contain the truth, and what labels promised."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from benchmarks.markdown import Row, spread, table
from benchmarks.report_scenes import SCENES
from hsi_viewer.core.assessment.conformal import COVERAGE

FIGURES = {
    "overall": "overall",
    "average": "average",
    "kappa": "kappa",
    "producers": "producer's",
    "users": "user's",
    "f1": "F1",
}
LAYOUTS = {
    "fields": "some fields",
    "strokes": "strokes",
    "everywhere": "the whole scene",
}
COVERED = (93.0, 97.0)
CALIBRATED = {("random", "10"): 5.0, ("separated", "10"): 8.0}  # goals, points
NEAR = 2.0  # points from the coverage that class sets ask for: the goal
CLASSIFIERS = {"sdhsi": "**this engine**", "lda": "LDA"}


def intervals_section(rows: list[Row]) -> str:
    """How often intervals contain the truth, by landscape and kind of errors."""
    if not rows:
        return ""
    cells: dict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    for row in rows:
        cells[row["layout"], row["errors"]][row["figure"]] = row
    body = []
    for (layout, errors), figures in cells.items():
        pixels = figures["overall"]
        shown = [f"{float(figures[f]['coverage']):.1f}" for f in FIGURES]
        alone = f"{float(pixels['pixel_coverage']):.1f}"
        body.append([f"{LAYOUTS[layout]}: {errors}", *shown, alone])
    found = [float(row["coverage"]) for row in rows]
    below, above = sum(v < COVERED[0] for v in found), sum(v > COVERED[1] for v in found)
    low, high = COVERED
    sentence = (
        f"Of {len(found)} cells, {len(found) - below - above} lie between {low:.0f} and "
        f"{high:.0f} %, {below} below and {above} above, where the interval is wider than it "
        "need be."
    )
    head = ["test pixels: errors", *FIGURES.values(), "overall, pixels counted one by one"]
    return f"{sentence}\n\n{table(head, body)}"


def promise_section(rows: list[Row]) -> str:
    """What labels promised, and what was true where nothing was labelled."""
    told = [row for row in rows if row["separated"] != "nan"]
    if not told:
        return ""
    kept = [float(r["low"]) <= float(r["true"]) <= float(r["high"]) for r in told]
    below = sum(float(r["true"]) > float(r["high"]) for r in told)
    above = len(told) - sum(kept) - below
    sentences = [
        f"The interval contains the truth in {sum(kept)} of {len(told)} runs; it lies below the "
        f"truth in {below} and above it in {above}."
    ]
    for column, name in (("separated", "Separate places"), ("random", "Random folds")):
        gaps = [float(r[column]) - float(r["true"]) for r in told]
        sentences.append(
            f"{name} promise {np.mean(gaps):+.1f} points on average, and are "
            f"{np.mean(np.abs(gaps)):.1f} off."
        )
    head = [
        "scene and model",
        "true, %",
        "separate places promise, %",
        "random folds promise, %",
        "interval contains the truth",
        "class sets of 90 % cover, %",
        "classes in a set",
        "calibration error promised",
        "calibration error, true",
    ]
    body = []
    for scene, title in SCENES.items():
        for classifier, name in CLASSIFIERS.items():
            own = [
                (row, keeps)
                for row, keeps in zip(told, kept, strict=True)
                if (row["scene"], row["classifier"]) == (scene, classifier)
            ]
            if not own:
                continue
            cells = {c: spread([float(r[c]) for r, _ in own]) for c in own[0][0] if c in _SHOWN}
            body.append(
                [
                    f"{title}, {name}",
                    *(cells[c] for c in _SHOWN[:3]),
                    f"{sum(k for _, k in own)} of {len(own)}",
                    *(cells[c] for c in _SHOWN[3:]),
                ]
            )
    return f"{' '.join([*sentences, _sets_sentence(told)])}\n\n{table(head, body)}"


def _sets_sentence(told: list[Row]) -> str:
    """How far class sets are from what they ask for, beside what so few places allow."""
    covered = np.array([float(row["covered"]) for row in told])
    places = np.array([float(row["places"]) for row in told])
    near = int((np.abs(covered - 100 * COVERAGE) <= NEAR).sum())
    most = 100 * COVERAGE + 100 * float(np.mean(1 / (places + 1)))
    by_draw = 100 * float(np.mean(np.sqrt(COVERAGE * (1 - COVERAGE) / (places + 2))))
    return (
        f"Class sets cover {covered.mean():.1f} % on average; {near} of {len(told)} runs lie "
        f"within {NEAR:g} points of 90, and runs differ by {covered.std(ddof=1):.1f} points "
        f"(standard deviation). From {np.median(places):.0f} places (median) no more can be "
        f"expected: over many draws such sets cover between 90 and {most:.1f} %, and draws differ "
        f"by {by_draw:.1f} points (Vovk, *Conditional validity of inductive conformal "
        "predictors*, 2012: a beta distribution). Where the likeliest class is right more often "
        "than 90 %, sets of one class cover more than is asked."
    )


_SHOWN = ("true", "separated", "random", "covered", "set_size", "ece_promised", "ece_true")


def calibration_goals(rows: list[Row]) -> list[list[str]]:
    """Goal rows of the calibration error of refined maps on the development scenes."""
    found: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for row in rows:
        key = row["protocol"], row["n"]
        if row["method"] == "fast" and key in CALIBRATED:
            found[row["scene"], *key].append(100 * float(row["ece"]))
    return [
        [
            f"{title}, {protocol}-{n}: calibration error, points",
            f"<= {goal:g}",
            f"{spread(values)} ({len(values)})",
            "reached" if np.mean(values) <= goal else "missed",
        ]
        for (protocol, n), goal in CALIBRATED.items()
        for scene, title in SCENES.items()
        if (values := found[scene, protocol, n])
    ]
