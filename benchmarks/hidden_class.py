"""A class without labels: after how many answers a place of it is proposed.

Every class is hidden in turn, the others have three random labels. The user answers all places
with a known class, four answers between two maps, until the hidden class is asked about.
"""

from __future__ import annotations

import numpy as np

from benchmarks.guided_scene import Scene
from benchmarks.scenes import draw
from benchmarks.table import Table
from hsi_viewer.learning.guidance.suggest import NOVEL_OF

KEYS = ("scene", "hidden", "seed", "rule")
VALUES = ("answers",)
RULES = ("random", "guide")
FIRST, MOST = 3, 64  # labels per known class, and answers


def find_hidden(scene: Scene, hidden: int, seed: int, rule: str, table: Table) -> None:
    """One user with one class hidden; `MOST` + 1 answers where it is not found."""
    from benchmarks.guidance import BATCH, ask

    key = {"scene": scene.name, "hidden": hidden, "seed": seed, "rule": rule}
    if table.has(**key):
        return
    rng = np.random.default_rng(700 + seed)
    known = (scene.truth > 0) & (scene.truth != hidden)
    labels = draw(scene.truth, known, FIRST, rng)
    closed = scene.truth == 0
    given = 0
    while given < MOST:
        if rule == "random":
            free = np.flatnonzero((labels == 0) & ~closed)
            asked = rng.choice(free, min(NOVEL_OF, free.size), replace=False)
        else:
            asked = ask(scene, *scene.mapped(labels), labels, closed, rule, rng, given)[:BATCH]
        truth = scene.truth.flat[asked]
        if (truth == hidden).any():
            given += int(np.argmax(truth == hidden)) + 1
            break
        if not asked.size:
            given = MOST
        labels.flat[asked] = truth
        given += asked.size
    else:
        given = MOST + 1
    table.add(**key, answers=given)
