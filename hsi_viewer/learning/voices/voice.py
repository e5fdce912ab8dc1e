"""What a voice is, and the voices that there are.

A voice is a classifier with an opinion of its own about a scene. Single pixels say everything
where pixels are sharp; wide surroundings say more where fields are large and spectra are noisy.
Nothing here knows which is better on a scene: `weighing` asks the labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
VoiceName = Literal[
    "bands",
    "shrunk_bands",
    "shape",
    "pixels",
    "similar_pixels",
    "closest_pixels",
    "forest",
    "surroundings",
]


class Voice(Protocol):
    """A fitted voice."""

    def scores(self, features: FloatArray) -> FloatArray:
        """Scores (n, classes) of features (n, channels) of `features.Features`."""


@runtime_checkable
class OfProducts(Voice, Protocol):
    """A voice that needs no more of a pixel than products with some axes."""

    @property
    def axes(self) -> FloatArray:
        """What features or spectra are multiplied by, (c, d)."""

    def scores_at(self, places: FloatArray) -> FloatArray:
        """Scores (n, classes) of products (n, d) with the axes."""


@dataclass(frozen=True)
class VoiceKind:
    """One row of the table of voices.

    Attributes
    ----------
    name : stable key, in files and in `TrainingConfig.voices`.
    title : for people.
    prior : weight before any evidence, 0..1; together they sum to 1. Wide windows must earn
        their place: where they are wrong, they are wrong by much.
    windows : whether it looks further than its own pixel.
    spectra : whether it is asked about standardised spectra, and not about features.
    """

    name: VoiceName
    title: str
    prior: float
    windows: bool
    spectra: bool = False


KINDS = (
    VoiceKind("bands", "All bands", 0.08, windows=False, spectra=True),
    VoiceKind("shrunk_bands", "All bands, strong shrinkage", 0.08, windows=False, spectra=True),
    VoiceKind("shape", "Shape of the spectrum", 0.1, windows=False, spectra=True),
    VoiceKind("pixels", "Single pixels", 0.08, windows=False),
    VoiceKind("similar_pixels", "Similar pixels", 0.22, windows=False),
    VoiceKind("closest_pixels", "Closest pixels", 0.14, windows=False, spectra=True),
    VoiceKind("forest", "Random forest", 0.1, windows=False, spectra=True),
    VoiceKind("surroundings", "Surroundings", 0.2, windows=True),
)
NETWORK_PART = 0.05  # of their weight; more of it lost accuracy on separate fields
NETWORK_TITLE = "Network"  # it shares the weight of the surroundings, whose features it reads

# What a user may ask for -> the voices that may speak, and the network's part of the surroundings.
CHOICES: dict[str, tuple[tuple[VoiceName, ...] | None, float]] = {
    "auto": (None, NETWORK_PART),
    "pixels": (tuple(k.name for k in KINDS if not k.windows), NETWORK_PART),
    "surroundings": (("surroundings",), NETWORK_PART),
    "network": (("surroundings",), 1.0),
}
