"""The voice of a forest: decision trees on all bands (Breiman, Machine Learning 45, 2001).

A tree compares one band after the other with a threshold. It tells apart what neither planes nor
distances do: classes that one or two bands of many decide, or that spread unlike one another. The
trees are fitted by scikit-learn and kept as arrays, so that a model file runs no code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.learning.voices.trees import grown

FloatArray = NDArray[np.float32]
Nodes = NDArray[np.int32]

TREES = 50
LABELS = 200  # that a tree is grown on, at most
DOUBT = 0.02  # added to the share of the trees that say a class: none is ever ruled out
CHUNK = 512  # pixels that go down the trees at a time: what they meet stays in the cache


@dataclass(frozen=True)
class ForestVoice:
    """Scores by the trees' shares of the classes.

    Attributes
    ----------
    axes : (bands, d), a 1 in each column: picks the bands that the trees ask about.
    roots : (trees,) node at which each tree begins.
    asked : (nodes,) which of the d bands is compared; 0 at a leaf.
    thresholds : (nodes,) that it is compared with.
    below, above : (nodes,) node that follows where the value is at most the threshold, and where
        it is larger; a leaf follows itself, every other node comes before those that follow it.
    shares : (nodes, classes) share of each class among the labels of a node.
    """

    axes: FloatArray
    roots: Nodes
    asked: Nodes
    thresholds: FloatArray
    below: Nodes
    above: Nodes
    shares: FloatArray

    @classmethod
    def fitted(cls, spectra: FloatArray, targets: NDArray[np.int64], classes: int) -> Self:
        """Fit on standardised spectra (n, bands) and class indices (n,), all of which occur."""
        most = min(len(targets), LABELS)
        if classes > len(targets) // 2:  # scikit-learn takes so few of each class for an error
            spectra, targets = np.tile(spectra, (2, 1)), np.tile(targets, 2)
        trees = grown(TREES, spectra, targets, classes, most)
        counts = [tree.node_count for tree in trees]
        roots = np.cumsum([0, *counts[:-1]])
        begins, own = np.repeat(roots, counts), np.arange(sum(counts))
        left, right, bands, thresholds, values = (
            np.concatenate([getattr(tree, part) for tree in trees])
            for part in ("children_left", "children_right", "feature", "threshold", "value")
        )
        asks = left >= 0
        used, asked = np.unique(bands[asks], return_inverse=True)
        which = np.zeros(len(own), np.int32)
        which[asks] = asked
        return cls(
            np.ascontiguousarray(np.eye(spectra.shape[1], dtype=np.float32)[:, used]),
            roots.astype(np.int32),
            which,
            _rounded_down(thresholds),
            np.where(asks, begins + left, own).astype(np.int32),
            np.where(asks, begins + right, own).astype(np.int32),
            (values[:, 0] / values[:, 0].sum(axis=1, keepdims=True)).astype(np.float32),
        )

    @property
    def is_sound(self) -> bool:
        """Whether every way down the trees leads to a leaf of shares."""
        own, size = np.arange(len(self.asked)), self.axes.shape[1]
        is_leaf = (self.below == own) & (self.above == own)
        onwards = is_leaf | ((self.below > own) & (self.above > own))
        return bool(
            ((self.roots >= 0) & (self.roots < len(own))).all()
            and onwards.all()
            and ((self.below < len(own)) & (self.above < len(own))).all()
            and ((self.asked >= 0) & (self.asked < max(size, 1))).all()
            and (size > 0 or bool(is_leaf.all()))
            and ((self.shares >= 0) & (self.shares <= 1)).all()
        )

    def scores(self, spectra: FloatArray) -> FloatArray:
        """Scores (n, classes) of spectra (n, bands): logarithms of the trees' shares."""
        return self.scores_at(spectra @ self.axes)

    def scores_at(self, places: FloatArray) -> FloatArray:
        """Scores (n, classes) of products (n, d) with the axes."""
        count, classes = len(places), self.shares.shape[1]
        said = np.empty((count, classes), np.float32)
        for start in range(0, count, CHUNK):
            leaves = self._leaves(places[start : start + CHUNK])
            for k in range(classes):
                said[start : start + CHUNK, k] = self.shares[:, k][leaves].mean(axis=1)
        result: FloatArray = np.log((said + DOUBT) / (1 + classes * DOUBT))
        return result

    def _leaves(self, places: FloatArray) -> NDArray[np.int64]:
        """The leaf (n, trees) of each tree that each place (n, d) ends in."""
        at = np.broadcast_to(self.roots, (len(places), len(self.roots))).astype(np.int64)
        if not places.shape[1]:  # no tree asks anything: all labels are alike
            return at
        flat, begins = places.ravel(), np.arange(len(places))[:, None] * places.shape[1]
        while True:
            values = flat[begins + self.asked[at]]
            follows = np.where(values <= self.thresholds[at], self.below[at], self.above[at])
            if np.array_equal(follows, at):
                return at
            at = follows


def _rounded_down(thresholds: NDArray[np.float64]) -> FloatArray:
    """The largest numbers of 32 bits that aren't above: spectra are compared alike with both."""
    near = thresholds.astype(np.float32)
    down: FloatArray = np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)
    return down
