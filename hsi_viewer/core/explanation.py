"""Explanation: why a model gives a pixel its class, in numbers."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray


class BandGroup(Struct, frozen=True):
    """Neighbouring bands, and what they say for the class.

    Attributes
    ----------
    bands : indices of the bands in the cube, ascending.
    title : their wavelengths, or their numbers from 1.
    effect : log-odds of the class less those without these bands; above 0 they speak for it.
    without : probability of the class without these bands, 0..1.
    """

    bands: tuple[int, ...]
    title: str
    effect: float
    without: float


class VoiceAnswer(Struct, frozen=True, eq=False):
    """What one voice of a model says of the pixel.

    Attributes
    ----------
    title : for people.
    weight : of this voice in the answer, 0..1; 0 where it isn't heard.
    probabilities : (classes,) in the order of the model's class ids.
    """

    title: str
    weight: float
    probabilities: NDArray[np.float32]


class NearPixel(Struct, frozen=True):
    """A training pixel.

    Attributes
    ----------
    row, column : where it is.
    class_id : of its label.
    distance : in what the model sees, in units of the mean distance of two training pixels.
    """

    row: int
    column: int
    class_id: int
    distance: float


class Explanation(Struct, frozen=True, eq=False):
    """Why a model gives a pixel its class, before the map is refined along the image.

    Attributes
    ----------
    row, column : the pixel.
    class_id : the class that is explained.
    class_ids : of the model, in the order of all probabilities.
    probabilities : (classes,) of the model's answer.
    groups : all bands in use, in groups of neighbours.
    voices : of the model, the strongest first; the exits of a network after it.
    nearest : the training pixels that are most alike, the nearest first; () without labels.
    dissimilarity, threshold : distance to the training pixels, and beyond which the pixel is
        outside of the area of applicability; NaN without labels.
    spectrum : (bands,) of the pixel, physical; NaN without data.
    class_means : (bands,) mean of the training pixels of each class, by its id; {} without labels.
    """

    row: int
    column: int
    class_id: int
    class_ids: tuple[int, ...]
    probabilities: NDArray[np.float32]
    groups: tuple[BandGroup, ...]
    voices: tuple[VoiceAnswer, ...]
    nearest: tuple[NearPixel, ...]
    dissimilarity: float
    threshold: float
    spectrum: NDArray[np.float64]
    class_means: dict[int, NDArray[np.float64]]

    @property
    def answer(self) -> int:
        """Id of the class that the model finds most likely, before the map is refined."""
        return self.class_ids[int(self.probabilities.argmax())]

    @property
    def applies(self) -> bool:
        """Whether the pixel lies in the area of applicability; True where that isn't known."""
        return not self.dissimilarity > self.threshold

    def __repr__(self) -> str:
        order = sorted(self.groups, key=lambda g: -abs(g.effect))
        strongest = ", ".join(f"{g.title} {g.effect:+.2f}" for g in order[:3])
        return (
            f"<Explanation of class {self.class_id} at row {self.row}, column {self.column}: "
            f"{strongest}>"
        )


def log_odds(logits: NDArray[np.floating], class_index: int) -> NDArray[np.float64]:
    """Log-odds (n,) of a class against all others, from logits (n, classes) of two at least."""
    own = logits[:, class_index].astype(np.float64)
    others = np.delete(logits.astype(np.float64), class_index, axis=1)
    top = others.max(axis=1, keepdims=True)
    rest = top[:, 0] + np.log(np.exp(others - top).sum(axis=1))
    found: NDArray[np.float64] = own - rest
    return found


def band_groups(
    bands: NDArray[np.int64], wavelengths: NDArray[np.float64] | None, most: int = 16
) -> list[tuple[NDArray[np.int64], str]]:
    """Groups of neighbouring bands of about the same size, as places in `bands`, with titles.

    Parameters
    ----------
    bands : (n,) indices of the bands in use, ascending.
    wavelengths : (all bands,) nm, or None.
    most : groups, at most.
    """
    found = []
    for places in np.array_split(np.arange(bands.size), min(most, bands.size)):
        own = bands[places]
        ends = int(own[0]) + 1, int(own[-1]) + 1
        title = "Band {}" if own.size == 1 else "Bands {}–{}"
        if wavelengths is not None and np.isfinite(wavelengths[own]).all():
            ends = round(float(wavelengths[own].min())), round(float(wavelengths[own].max()))
            title = "{} nm" if ends[0] == ends[1] else "{}–{} nm"
        found.append((places, title.format(*ends)))
    return found
