"""The nearest public recipe in docs/accuracy.md."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from benchmarks.markdown import Row, spread, table
from benchmarks.report_scenes import SCENES

ARMS = {
    "fast": "this engine, fast",
    "published": "`hybridsn-sd`",
    "no_kl": "`hybridsn-sd` without KL",
    "hint": "`hybridsn-sd`, feature term repaired",
    "hint_no_kl": "the same without KL",
}
HEAD = (
    "scene, list",
    "classifier",
    "OA, %",
    "OA refined, %",
    "AA, %",
    "kappa x 100",
    "ECE, points",
    "touching, %",
    "training pixels",
    "weights",
    "seconds to train",
    "seconds to map",
    "seeds",
)


def hybrid_section(rows: list[Row]) -> str:
    """Every list that was run, classifiers under each other."""
    groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        name = row["protocol"] + (f"-{row['n']}" if row["n"] != "0" else "")
        groups[row["scene"], name, row["arm"]].append(row)
    lists = list(dict.fromkeys(key[:2] for key in groups))
    body = [
        _line(f"{SCENES[scene]}, {name}", words, groups[scene, name, arm])
        for scene, name in lists
        for arm, words in ARMS.items()
        if (scene, name, arm) in groups
    ]
    return table(HEAD, body) if body else "Not measured yet."


def _line(name: str, words: str, rows: list[Row]) -> list[str]:
    def values(column: str, factor: float = 1) -> list[float]:
        return [factor * float(row[column]) for row in rows]

    return [
        name,
        words,
        *(spread(values(c, f)) for c, f in (("oa", 1), ("oa_refined", 1), ("aa", 1))),
        spread(values("kappa", 100)),
        spread(values("ece", 100)),
        f"{np.mean(values('touching', 100)):.0f}",
        f"{np.mean(values('train_pixels')):.0f}",
        f"{np.mean(values('weights')):,.0f}",
        f"{np.mean(values('seconds_train')):.0f}",
        f"{np.mean(values('seconds_map')):.1f}",
        str(len(rows)),
    ]
