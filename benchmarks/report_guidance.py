"""Guidance on the page of accuracy: curves, labels that suffice, hidden classes, wrong labels."""

from __future__ import annotations

from collections import defaultdict

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.hidden_class import MOST
from benchmarks.markdown import Row, difference, saved, spread, table
from benchmarks.report_scenes import SCENES

STARTS = {"pixels": "two pixels of each class", "stroke": "one stroke of each class"}
RULES = {"random": "random choice", "margin": "least certain pixel", "guide": "guide"}
SHOWN = (0, 16, 32, 64, 96, 128)  # answers
ALLOWED = -0.5  # points that guidance may be below random choice
FOUND = (8, 16, 32)

Curves = dict[tuple[str, str, str], dict[int, dict[str, float]]]


def curves_of(rows: list[Row], column: str = "fixed_half") -> Curves:
    """Accuracy by scene, start and rule, then by answers, then by seed."""
    found: Curves = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        key = row["scene"], row["start"], row["rule"]
        found[key][int(row["answers"])][row["seed"]] = float(row[column])
    return found


def gains_of(curves: Curves, scene: str, start: str) -> dict[int, list[float]]:
    """Guide minus random choice by answers, on the seeds that both have."""
    guide, chance = curves[scene, start, "guide"], curves[scene, start, "random"]
    return {
        n: [guide[n][s] - chance[n][s] for s in sorted(guide[n]) if s in chance[n]]
        for n in sorted(guide)
        if n in chance
    }


def guidance_section(rows: list[Row]) -> str:
    """A table of accuracy at some numbers of answers, and what it comes to."""
    curves, body = curves_of(rows), []
    for scene, name in SCENES.items():
        for start, words in STARTS.items():
            for rule, title in RULES.items():
                points = curves.get((scene, start, rule), {})
                if points:
                    seeds = len(points[min(points)])
                    cells = [spread([*points[n].values()]) if n in points else "" for n in SHOWN]
                    body.append([f"{name}, {words}", title, *cells, str(seeds)])
    if not body:
        return "Not measured yet."
    head = ["scene, first labels", "asked by", *(f"{n} answers" for n in SHOWN), "seeds"]
    return f"{table(head, body)}\n{_worst(curves)}\n\n{_halved(curves)}"


def _worst(curves: Curves) -> str:
    """Where guidance is furthest below random choice."""
    found = [
        (float(np.mean(gains)), scene, start, n, gains)
        for scene in SCENES
        for start in STARTS
        for n, gains in gains_of(curves, scene, start).items()
        if gains and n
    ]
    if not found:
        return ""
    _mean, scene, start, n, gains = min(found, key=lambda one: one[0])
    below = sum(one[0] < ALLOWED for one in found)
    return (
        f"Guide minus random choice, paired by seed, over {len(found)} numbers of answers, scenes "
        f"and starts: worst {difference(gains)} points ({SCENES[scene]}, {STARTS[start]}, {n} "
        f"answers); {below} are below {ALLOWED}, which is the goal everywhere."
    )


def _halved(curves: Curves) -> str:
    """How few answers of the guide reach what random choice reaches with twice as many."""
    missed, count = [], 0
    for scene in SCENES:
        for start in STARTS:
            guide, chance = curves[scene, start, "guide"], curves[scene, start, "random"]
            for n in chance:
                half = n // 2
                if n and half in guide:
                    count += 1
                    both = [s for s in chance[n] if s in guide[half]]
                    if both and np.mean([guide[half][s] - chance[n][s] for s in both]) < 0:
                        missed.append(f"{SCENES[scene]} ({start}, {n})")
    if not count:
        return ""
    where = f": all but {', '.join(missed)}" if missed else ""
    return (
        f"With half as many answers the guide reaches what random choice reaches in "
        f"{count - len(missed)} of {count} cases{where}."
    )


def guidance_plot(rows: list[Row]) -> str:
    """Accuracy against answers, a panel a scene and start."""
    curves = curves_of(rows)
    if not curves:
        return ""
    shown = {scene: name for scene, name in SCENES.items() if scene in {key[0] for key in curves}}
    size = (3.5 * len(shown) + 1, 6)
    figure, axes = plt.subplots(2, len(shown), figsize=size, layout="constrained", squeeze=False)
    for down, (start, words) in enumerate(STARTS.items()):
        for axis, (scene, name) in zip(axes[down], shown.items(), strict=True):
            for colour, (rule, title) in enumerate(RULES.items()):
                points = curves.get((scene, start, rule), {})
                if points:
                    n = sorted(points)
                    values = [np.array([*points[k].values()]) for k in n]
                    mean = np.array([v.mean() for v in values])
                    axis.plot(n, mean, color=f"C{colour}", label=title)
                    low, high = ([f(v) for v in values] for f in (np.min, np.max))
                    axis.fill_between(n, low, high, color=f"C{colour}", alpha=0.12, linewidth=0)
            axis.set_title(f"{name}, {words}", fontsize=8)
            axis.set_xlabel("answers", fontsize=8)
            axis.tick_params(labelsize=7)
            axis.grid(alpha=0.3)
    axes[0][0].set_ylabel("% of a half never asked for", fontsize=8)
    next(axis for axis in axes.flat if axis.lines).legend(fontsize=7)
    return saved(figure, "benchmark-guidance.png", "Accuracy against answers")


def large_section(rows: list[Row]) -> str:
    """The guide on a scene of 24 GB, figure by figure, as they were measured."""
    body = [
        [row["size"], row["figure"], f"{_figure(row)} {row['unit']}", row["load"]] for row in rows
    ]
    return table(["scene", "figure", "", "load average"], body) if body else "Not measured yet."


def _figure(row: Row) -> str:
    value = float(row["value"])
    return f"{value:.3f}" if row["unit"] == "s" and value < 10 else f"{value:,.0f}"


def hidden_section(rows: list[Row]) -> str:
    """After how many answers a hidden class was asked about."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows:
        found[row["scene"], row["rule"]].append(int(row["answers"]))
    body = [
        [
            name,
            RULES[rule],
            *(f"{100 * np.mean(np.array(answers) <= n):.0f} %" for n in FOUND),
            _median(answers),
            str(len(answers)),
        ]
        for scene, name in SCENES.items()
        for rule in ("random", "guide")
        if (answers := found.get((scene, rule)))
    ]
    head = ["scene", "asked by", *(f"within {n} answers" for n in FOUND), "median", "cases"]
    return table(head, body) if body else "Not measured yet."


def _median(answers: list[int]) -> str:
    middle = float(np.median(answers))
    return f"more than {MOST}" if middle > MOST else f"{middle:g}"


def wrong_section(rows: list[Row]) -> str:
    """Shares of planted wrong labels in the first tenth of the list, with the bound."""
    found: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        found[row["scene"], row["planted"], row["n"]].append(row)
    body = [
        [
            SCENES[scene],
            f"{planted}, {n} labels per class",
            spread([float(r["found"]) for r in some], 0),
            spread([float(r["bound"]) for r in some], 0),
            str(len(some)),
        ]
        for (scene, planted, n), some in sorted(found.items())
        if scene in SCENES
    ]
    head = ["scene", "a tenth wrong", "found, %", "by voices that know the truth, %", "seeds"]
    return table(head, body) if body else "Not measured yet."
