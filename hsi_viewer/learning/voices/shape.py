"""The voice of shapes: a linear discriminant of spectra that are divided by their brightness.

Slopes, shadows and curved surfaces change how bright a material is and hardly the shape of its
spectrum, which is why the field compares angles (Kruse et al., "The spectral image processing
system (SIPS)", Remote Sens. Environ. 44, 1993). Brightness is the mean over the bands here: like
the discriminant it is a product with the spectrum, so that large scenes need nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.learning.features import Features, FloatArray
from hsi_viewer.learning.voices.pixels import discriminant

Floats = NDArray[np.float64]

DARKEST = 0.1  # of the median brightness: darker spectra are divided by this
UNLIT = 0.01  # share of pixels without brightness above which values aren't those of light


@dataclass(frozen=True)
class Light:
    """The brightness of the spectra of a scene.

    Attributes
    ----------
    gain, zero : (bands,) standardised values * gain + zero are values from no light upwards, in
        units of the least brightness that spectra are divided by.
    mean, deviation : (bands,) of the shapes over the scene.
    is_even : whether spectra are divided by nothing, because values aren't those of light.
    """

    gain: Floats
    zero: Floats
    mean: Floats
    deviation: Floats
    is_even: bool

    @classmethod
    def of(cls, features: Features, spectra: FloatArray, dark: float = 0.0) -> Self:
        """Fit on standardised spectra (m, bands) that stand for the scene of the features.

        Parameters
        ----------
        dark : stored value of no light.
        """
        gain, zero = (np.asarray(v, np.float64) for v in (features.spread, features.centre))
        unit = float(max(gain.max(), np.abs(zero).max()))  # no sum is too large, nor too small
        gain, zero = gain / unit, zero / unit - dark / unit
        bright = (spectra @ gain + zero.sum()) / len(zero)
        level = DARKEST * float(np.median(bright)) if len(bright) else 0.0
        is_even = level <= 0 or float((bright <= 0).mean()) > UNLIT
        if is_even:
            level = float(np.abs(zero).mean()) or 1.0
        gain, zero = gain / level, zero / level
        plain = cls(gain, zero, np.zeros_like(gain), np.ones_like(gain), is_even)
        shapes = plain.shapes(spectra)
        deviation = shapes.std(axis=0)
        return cls(gain, zero, shapes.mean(axis=0), np.where(deviation > 0, deviation, 1), is_even)

    def shapes(self, spectra: FloatArray) -> Floats:
        """Spectra (n, bands) divided by their brightness, standardised."""
        values = spectra * self.gain + self.zero
        if not self.is_even:
            values /= np.maximum(values.mean(axis=1, keepdims=True), 1)
        result: Floats = (values - self.mean) / self.deviation
        return result


@dataclass(frozen=True)
class ShapeVoice:
    """Linear scores of the shape of a spectrum.

    Attributes
    ----------
    axes : (bands, classes + 1) that standardised spectra are multiplied by: for the sum of each
        class and, in the last column, for the brightness.
    offsets : (classes + 1,) of these products.
    bias : (classes,) of the scores.
    """

    axes: FloatArray
    offsets: FloatArray
    bias: FloatArray

    @classmethod
    def fitted(
        cls, light: Light, spectra: FloatArray, targets: NDArray[np.int64], classes: int
    ) -> Self:
        """Fit on standardised spectra (n, bands) and class indices (n,), all of which occur."""
        weights, bias = discriminant(light.shapes(spectra), targets, classes, by_band=True)
        weights = weights / light.deviation[:, None]
        evenly = np.full((len(weights), 1), 0.0 if light.is_even else 1 / len(weights))
        columns = np.concatenate([weights, evenly], axis=1)
        return cls(
            np.ascontiguousarray(light.gain[:, None] * columns, np.float32),
            (light.zero @ columns).astype(np.float32),
            (bias - light.mean @ weights).astype(np.float32),
        )

    def scores(self, spectra: FloatArray) -> FloatArray:
        """Scores (n, classes) of standardised spectra (n, bands)."""
        return self.scores_at(spectra @ self.axes)

    def scores_at(self, places: FloatArray) -> FloatArray:
        """Scores (n, classes) of products (n, classes + 1) with the axes."""
        found = places + self.offsets
        result: FloatArray = found[:, :-1] / np.maximum(found[:, -1:], 1) + self.bias
        return result
