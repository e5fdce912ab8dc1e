"""The development scenes in docs/accuracy.md: every method, and the engine's regret."""

from __future__ import annotations

from collections import defaultdict

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.markdown import Row, difference, saved, spread, table

SCENES = {
    "indian_pines": "Indian Pines",
    "jasper_ridge": "Jasper Ridge",
    "samson": "Samson",
    "enmap_potsdam": "EnMAP Potsdam",
}
METHODS = {
    "fast": "**this engine, fast**",
    "voice-pixels": "its voices of single pixels alone",
    "voice-surroundings": "its surroundings alone, network included",
    "voice-network": "its network alone",
    "lda": "LDA, bands",
    "svm": "SVM, bands",
    "forest": "random forest, bands",
    "svm-windows": "SVM, components under windows",
}
PLAIN = ("lda", "svm", "forest", "svm-windows")
ENGINE = "fast"
MEASURES = (
    ("oa", "overall accuracy, %", 1),
    ("aa", "average accuracy, %", 1),
    ("kappa", "kappa, x 100", 100),
    ("ece", "expected calibration error, points", 100),
)
Lists = dict[tuple[str, str], dict[str, dict[str, float]]]


def protocol_of(row: Row) -> str:
    """The protocol as it is printed; sides of halves are told apart by `list_of`."""
    kind = row["protocol"].split(" ")[0]
    return {"half": "other half", "apply": "applied to the other half"}.get(
        kind, f"{kind}-{row['n']}"
    )


def found(rows: list[Row], column: str) -> Lists:
    """Values by (scene, protocol), method and list (seed and side)."""
    values: Lists = defaultdict(lambda: defaultdict(dict))
    factor = {"kappa": 100, "ece": 100}.get(column, 1)
    for row in rows:
        value = float(row[column])
        if np.isfinite(value):
            name = f"{row['protocol']} {row['seed']}"
            values[row["scene"], protocol_of(row)][row["method"]][name] = factor * value
    return values


ORDER = (
    *(f"random-{n}" for n in (1, 2, 3, 5, 10, 20)),
    "separated-10",
    "other half",
    "applied to the other half",
)


def scenes_section(rows: list[Row]) -> str:
    """A table of each measure and scene: methods by protocols."""
    parts = []
    for column, title, _ in MEASURES:
        values = found(rows, column)
        for scene, name in SCENES.items():
            protocols = [p for p in ORDER if (scene, p) in values]
            body = [
                [words, *(_cell(values[scene, p].get(method, {})) for p in protocols)]
                for method, words in METHODS.items()
                if any(values[scene, p].get(method) for p in protocols)
            ]
            if body:
                parts.append(f"#### {name}: {title}\n\n{table(['method', *protocols], body)}")
    return "\n".join(parts)


def _cell(values: dict[str, float]) -> str:
    return f"{spread(list(values.values()))} ({len(values)})" if values else ""


def regrets(rows: list[Row]) -> dict[tuple[str, str], tuple[str, list[float]]]:
    """The best plain method of each scene and protocol, and the engine minus it on each list.

    The best has the highest mean over the lists that the engine was measured on, so that each
    difference is paired; methods that lack one of these lists are not compared.
    """
    out = {}
    for key, methods in found(rows, "oa").items():
        mine = methods.get(ENGINE, {})
        plain = {m: methods[m] for m in PLAIN if mine and mine.keys() <= methods.get(m, {}).keys()}
        if plain:
            means = {m: np.mean([v[s] for s in mine]) for m, v in plain.items()}
            best = max(means, key=lambda m: means[m])
            out[key] = best, [mine[s] - plain[best][s] for s in sorted(mine)]
    return out


def regret_section(rows: list[Row]) -> str:
    """The engine minus the best plain method."""
    values = regrets(rows)
    if not values:
        return "Not measured yet."
    body = [
        [SCENES[scene], p, METHODS[values[scene, p][0]], difference(values[scene, p][1])]
        for scene in SCENES
        for p in ORDER
        if (scene, p) in values
    ]
    means = [float(np.mean(v)) for _, v in values.values()]
    worst = min(values, key=lambda k: float(np.mean(values[k][1])))
    short = sum(m < -0.5 for m in means)
    sentence = (
        f"Over {len(means)} pairs of scene and protocol the mean regret is {np.mean(means):+.1f} "
        f"points (goal: at least +2), the worst {min(means):+.1f} ({SCENES[worst[0]]}, {worst[1]}; "
        f"goal: at least -0.5 everywhere); {short} of them miss their goal."
    )
    head = ["scene", "protocol", "best plain method", "engine minus it, points of OA"]
    return f"{sentence}\n\n{table(head, body)}"


def regret_plot(rows: list[Row]) -> str:
    """The same as points, a colour a scene."""
    values = regrets(rows)
    if not values:
        return ""
    figure, axis = plt.subplots(figsize=(9, 4), layout="constrained")
    protocols = [p for p in ORDER if any(key[1] == p for key in values)]
    for k, (scene, name) in enumerate(SCENES.items()):
        chosen = [(i, values[scene, p][1]) for i, p in enumerate(protocols) if (scene, p) in values]
        if chosen:
            places = [i + 0.12 * (k - 1.5) for i, _ in chosen]
            axis.plot(places, [np.mean(v) for _, v in chosen], "o", color=f"C{k}", label=name)
            for x, (_, v) in zip(places, chosen, strict=True):
                axis.plot([x] * len(v), v, ".", color=f"C{k}", markersize=3, alpha=0.5)
    axis.axhline(0, color="grey", linewidth=1)
    axis.axhline(-0.5, color="grey", linewidth=1, linestyle=":")
    axis.set_xticks(range(len(protocols)), protocols, rotation=20)
    axis.set_ylabel("points of OA over the best plain method")
    axis.legend(fontsize=8)
    return saved(figure, "benchmark-regret.png", "Engine minus the best plain method")
