"""The light 2-D front end against the 3-D one: python -m benchmarks.front_ends.

Equal steps, batches and seeds; the network's own output on the label lists with ten labels a class.
One row at a finished run in results/front_ends.csv.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from dataclasses import replace
from typing import get_args

from benchmarks.distillation import VALUES, measure
from benchmarks.scenes import indian_pines, label_list
from benchmarks.table import Table
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.recipe import FrontEnd, Recipe
from hsi_viewer.learning.scene_features import SceneFeatures

KEYS = ("protocol", "n", "split", "front_end")
SPLITS = range(3)


def main() -> None:
    """Run what is missing."""
    table = Table("front_ends", KEYS, VALUES)
    cube, truth = indian_pines()
    base = Recipe()
    scene = SceneFeatures(cube, fit_features(cube, base.features))
    for split in SPLITS:
        for protocol in ("random", "field"):
            training, test = label_list(protocol, 10, split, truth)
            for front_end in get_args(FrontEnd):
                key = {"protocol": protocol, "n": 10, "split": split, "front_end": front_end}
                if not table.has(**key):
                    recipe = replace(base, network=replace(base.network, front_end=front_end))
                    table.add(**key, **measure(scene, training, test, recipe, split))


if __name__ == "__main__":
    main()
