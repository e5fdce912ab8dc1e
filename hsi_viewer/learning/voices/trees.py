"""The trees of a forest, grown by scikit-learn without what it looks at again for each of them.

Its forest checks parameters, labels and weights once a tree, which takes ten times as long as to
grow a tree on few labels, and a live stroke grows hundreds of trees. So these are made of its
parts, with the same draws. Where another version has other parts, and for values that are not
finite, the forest itself is asked. Both give the same trees.

scikit-learn takes a second to load, and applying a model does without it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
LARGEST = np.iinfo(np.int32).max


def grown(
    trees: int, spectra: FloatArray, targets: NDArray[np.int64], classes: int, most: int
) -> list[Any]:
    """Trees (sklearn.tree._tree.Tree) of a random forest (Breiman, Machine Learning 45, 2001).

    Parameters
    ----------
    trees : how many.
    spectra, targets : (n, bands) and class indices (n,), of which all occur.
    most : labels that each tree is grown on, drawn with replacement.
    """
    if np.isfinite(spectra).all():
        with suppress(AttributeError, TypeError, ValueError):  # parts of another version
            return _of_parts(trees, spectra, targets, classes, most)
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(trees, max_samples=most, random_state=0)
    return [tree.tree_ for tree in forest.fit(spectra, targets).estimators_]


def _of_parts(
    trees: int, spectra: FloatArray, targets: NDArray[np.int64], classes: int, most: int
) -> list[Any]:
    """As the forest of scikit-learn grows them: by Gini's index, on the root of the bands each."""
    from sklearn import tree as parts

    count, bands = spectra.shape
    values = np.ascontiguousarray(spectra, np.float32)
    wanted = np.ascontiguousarray(targets[:, None], np.float64)
    sizes, asked = np.array([classes], np.intp), max(1, int(np.sqrt(bands)))
    seeds, chance = np.random.RandomState(0), np.random.RandomState(0)  # as scikit-learn draws
    found = []
    for _ in range(trees):
        seed = seeds.randint(LARGEST)
        chance.seed(seed)
        drawn = chance.randint(0, count, most)
        weights = np.bincount(drawn, minlength=count).astype(np.float64)
        chance.seed(seed)
        gini = parts._criterion.Gini(1, sizes)
        splitter = parts._splitter.BestSplitter(gini, asked, 1, 0.0, chance, None)
        builder = parts._tree.DepthFirstTreeBuilder(splitter, 2, 1, 0.0, LARGEST, 0.0)
        made = parts._tree.Tree(bands, sizes, 1)
        builder.build(made, values, wanted, weights, None)
        found.append(made)
    return found
