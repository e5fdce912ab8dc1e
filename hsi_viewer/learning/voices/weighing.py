"""Weights of the voices, from what they say of labels that they were not fitted on.

A logarithmic pool (Genest and Zidek, Statistical Science 1, 1986): the scores of each voice are
put on the scale at which they fit the held-out labels best, and added with weights that fall with
their loss there. Few labels hardly move the weights from where they start; many let the better
voice speak alone. A few that a voice got wrong do not silence it: its scale stays near the usual
one. The rule lost least of those compared in docs/adr/0005-learning-engine.md.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.learning.calibration import fit_steepness, log_softmax
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.voices.pool import Pool, Share, pool_of
from hsi_viewer.learning.voices.voice import KINDS, VoiceName

STEEPEST = 6.0  # fall of the weight with the mean loss
STEEPEST_ELSEWHERE = 3.0  # the same for other scenes, on which no label says who is right
LABELS = 8.0  # held-out labels for each step of that
SURE = 3.0  # mean margin, in logits, of a voice that nothing was held out for
SURER = 8.0  # at most, of one that was right each time


def usual_pool(only: tuple[VoiceName, ...] | None = None, around: float | None = None) -> Pool:
    """The pool of voices about which nothing is known, for scores of a mean margin of 1.

    Parameters
    ----------
    only : the voices that may speak; all by default.
    around : weight of the surroundings, 0..1; that of the table by default.
    """
    return pool_of({n: Share(weight, SURE) for n, weight in _prior(only, around).items()})


def weighed(
    scores: Mapping[VoiceName, FloatArray],
    targets: NDArray[np.int64],
    only: tuple[VoiceName, ...] | None = None,
    steepest: float = STEEPEST,
    around: float | None = None,
) -> Pool:
    """The pool of voices by their scores on held-out labels, in any units these are.

    Parameters
    ----------
    scores : (n, classes) of each voice.
    targets : (n,) class indices; of at least two classes.
    only : the voices that may speak; all by default.
    steepest : how fast weights fall with the loss, where there are many labels.
    around : most weight of the surroundings before the evidence; that of the table by default.
    """
    even = _even_weights(targets)
    steep = min(steepest, len(targets) / LABELS)
    scales, losses = {}, {}
    for name, said in scores.items():
        margin = mean_margin(said)
        scale = fit_steepness(said, targets, softened=False, weights=even, expected=SURE / margin)
        scales[name] = min(scale, SURER / margin)
        likelihood = log_softmax(scales[name] * said)[np.arange(len(targets)), targets]
        losses[name] = -float((even * likelihood).sum())
    prior, least = _prior(only), min(losses.values())
    if around is not None and around < prior["surroundings"]:
        prior = _prior(only, around)
    raw = {n: prior[n] * float(np.exp(-steep * (losses[n] - least))) for n in scores}
    total = sum(raw.values())
    if total <= 0:  # the chosen voices are far worse than the others
        raw, total = prior, 1.0
    return pool_of({n: Share(raw[n] / total, scales[n], -losses[n]) for n in scores})


def mean_margin(scores: FloatArray) -> float:
    """Mean distance between the two highest scores (n, classes); never 0."""
    if not len(scores):
        return 1.0
    best = np.partition(scores, -2, axis=1)
    return max(float((best[:, -1] - best[:, -2]).mean()), 1e-6)


def _prior(
    only: tuple[VoiceName, ...] | None, around: float | None = None
) -> dict[VoiceName, float]:
    prior = {k.name: k.prior if only is None or k.name in only else 0.0 for k in KINDS}
    total = sum(prior.values())
    weights = {n: p / total for n, p in prior.items()}
    if around is not None and 0 < weights["surroundings"] < 1:
        rest = (1 - around) / (1 - weights["surroundings"])
        weights = {n: around if n == "surroundings" else rest * w for n, w in weights.items()}
    return weights


def _even_weights(targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weights (n,) of sum 1 that give each class that occurs the same."""
    counts = np.bincount(targets)
    weights: NDArray[np.float64] = 1.0 / (counts[targets] * np.count_nonzero(counts))
    return weights
