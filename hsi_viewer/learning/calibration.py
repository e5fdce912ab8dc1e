"""Calibration: confidence that means what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.learning.features import FloatArray

OFFSET_RIDGE, SLOPE_RIDGE = 0.05, 0.5  # how firmly a confidence is believed without evidence
EXPECTED_RIDGE = 0.1  # the same of an expected factor's logarithm
LEAST_SLOPE = 0.1
SURE = 1e-4  # confidences nearer than this to 0 and 1 are the same


def expected_calibration_error(
    confidence: NDArray[np.float32], right: NDArray[np.bool_], bins: int = 15
) -> float:
    """Mean gap between confidence and accuracy over equal bins of confidence, 0..1.

    Guo et al., "On calibration of modern neural networks" (ICML 2017).

    Parameters
    ----------
    confidence : (n,) probability of the mapped class.
    right : (n,) whether the mapped class is true.
    """
    if confidence.size == 0:
        return float("nan")
    bin_of = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    counts = np.bincount(bin_of, minlength=bins)
    gaps = np.bincount(bin_of, confidence - right, minlength=bins)
    return float(np.abs(gaps).sum() / counts.sum())


def tempered(probabilities: FloatArray, temperature: float | FloatArray) -> FloatArray:
    """Probabilities (..., classes) of logits divided by a temperature, one for all or (..., 1)."""
    if isinstance(temperature, float) and temperature == 1.0:
        return probabilities
    # Divided by the largest first, so that no power of all of them vanishes.
    relative = probabilities / np.maximum(probabilities.max(axis=-1, keepdims=True), 1e-12)
    np.maximum(relative, 1e-12, out=relative)
    exponent = 1.0 / temperature
    if np.result_type(relative, exponent) == relative.dtype:
        relative **= exponent  # in its place: of many classes it is large
    else:
        relative = relative**exponent
    relative /= relative.sum(axis=-1, keepdims=True)
    result: FloatArray = relative.astype(np.float32, copy=False)
    return result


def fit_steepness(
    scores: NDArray[np.floating[Any]],
    targets: NDArray[np.int64],
    *,
    softened: bool = True,
    weights: NDArray[np.float64] | None = None,
    expected: float | None = None,
) -> float:
    """Factor of scores whose softmax fits held-back labels best.

    As Platt, "Probabilistic outputs for support vector machines" (1999), for several classes: his
    softened targets keep the factor finite where every label is met.

    Parameters
    ----------
    scores : (n, classes), of labels that the scores were not fitted on.
    targets : (n,) class indices.
    softened : whether his targets are taken; without, the caller must bound the factor.
    weights : (n,) of the labels, of sum 1; the same by default.
    expected : the factor before any label; few labels move it little. None for nothing expected.
    """
    from scipy.optimize import minimize_scalar  # slow to import

    classes = scores.shape[1]
    right = (len(targets) + 1) / (len(targets) + 2) if softened else 1.0
    wanted = np.full(scores.shape, (1 - right) / (classes - 1))
    wanted[np.arange(len(targets)), targets] = right
    wanted *= (np.full(len(targets), 1 / len(targets)) if weights is None else weights)[:, None]

    def loss(log_factor: float) -> float:
        apart = 0.0 if expected is None else log_factor - np.log(expected)
        unlikely = -float((wanted * log_softmax(np.exp(log_factor) * scores)).sum())
        return unlikely + EXPECTED_RIDGE * apart**2 / len(targets)

    found = minimize_scalar(loss, bounds=(np.log(1e-6), np.log(1e3)), method="bounded")
    return float(np.exp(found.x))


def log_softmax(logits: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Logarithm of the probabilities (n, classes) of logits."""
    z = logits - logits.max(axis=-1, keepdims=True).astype(np.float64)
    result: NDArray[np.float64] = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return result


def fit_reliability(
    confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_]
) -> tuple[float, float]:
    """Offset and slope that turn the logit of a confidence into that of being right.

    Few answers hardly move them from 0 and 1, so that a model that was right each time isn't
    doubted for want of labels.

    Parameters
    ----------
    confidence : (n,) probability of the most likely class, of labels that were held out.
    right : (n,) whether it was the label's.
    """
    from scipy.optimize import minimize  # slow to import

    logits = _logit(confidence)

    def loss(x: NDArray[np.float64]) -> float:
        z = x[0] + x[1] * logits
        unlikely = (np.logaddexp(0, z) - right * z).sum()
        return float(unlikely + OFFSET_RIDGE * x[0] ** 2 + SLOPE_RIDGE * (x[1] - 1) ** 2)

    found = minimize(loss, [0.0, 1.0], bounds=[(-3, 5), (LEAST_SLOPE, 3)], method="L-BFGS-B").x
    return float(found[0]), float(found[1])


def reliable(probabilities: FloatArray, offset: float, slope: float) -> FloatArray:
    """Probabilities (..., classes) whose largest is that of being right; it stays the largest.

    Parameters
    ----------
    offset, slope : of `fit_reliability`.
    """
    if (offset, slope) == (0.0, 1.0):
        return probabilities
    at = probabilities.argmax(axis=-1)[..., None]
    best = np.take_along_axis(probabilities, at, axis=-1)
    result = probabilities.copy()
    np.put_along_axis(result, at, -1.0, axis=-1)
    second = result.max(axis=-1, keepdims=True)
    rest = np.maximum(1 - best, 1e-6)
    wanted = 1 / (1 + np.exp(-(offset + slope * _logit(best))))
    wanted = np.maximum(wanted, second / (second + rest) + 1e-6)
    result *= (1 - wanted) / rest
    np.put_along_axis(result, at, wanted.astype(result.dtype), axis=-1)
    result /= result.sum(axis=-1, keepdims=True)
    return result


def _logit(p: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    clipped = np.clip(p.astype(np.float64), SURE, 1 - SURE)
    logit: NDArray[np.float64] = np.log(clipped / (1 - clipped))
    return logit
