"""Evidence: what models said of labels they had not seen, and the voices chosen from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray


class HeldOut(Struct, frozen=True, eq=False):
    """Answers of cross-validation: each label by a model that was fitted without its fold.

    Attributes
    ----------
    pixels : (n,) flat indices of the labels in the scene, row-major.
    targets : (n,) index of each label's class in the model's class ids.
    groups : (n,) the spatial group (stroke, connected labels or block) of each label; labels of
        one group are never in two folds. Intervals are taken over groups.
    folds : (n,) fold in which each label was held out.
    probabilities : (n, classes) float32, refined as the final map is, and calibrated for models
        that were fitted without a fold.
    """

    pixels: NDArray[np.int64]
    targets: NDArray[np.int64]
    groups: NDArray[np.int64]
    folds: NDArray[np.int64]
    probabilities: NDArray[np.float32]

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n,) whether the most likely class is the label's."""
        right: NDArray[np.bool_] = self.probabilities.argmax(axis=1) == self.targets
        return right


@dataclass(frozen=True)
class VoiceShare:
    """One voice of the engine and its part in the map.

    Attributes
    ----------
    name : stable key, such as "pixels", "surroundings" or "network".
    title : for people.
    weight : 0..1; the weights of all voices sum to 1, a voice with 0 is not computed.
    score : mean log-likelihood of the held-out labels under this voice; NaN where not measured.
    """

    name: str
    title: str
    weight: float
    score: float


class Evidence(Struct, frozen=True, eq=False):
    """What a model's choices rest on.

    Attributes
    ----------
    voices : every voice that was considered, the strongest first.
    walker : strength of the refinement, "none", "weak" or "full".
    reach : how far the model looks from a pixel, in pixels.
    separated : answers over folds that hold out spatial groups; None with too few groups.
    random : answers over folds drawn label by label; None with too few labels.
    """

    voices: tuple[VoiceShare, ...]
    walker: str
    reach: int
    separated: HeldOut | None = None
    random: HeldOut | None = None

    @property
    def sentence(self) -> str:
        """The voices and their weights, and how they were chosen."""
        weights = ", ".join(f"{v.title.lower()} {v.weight:.2f}" for v in self.heard)
        if self.separated is None:
            return f"{weights}; too few groups of labels to choose by"
        count = len(np.unique(self.separated.folds))
        return f"{weights}, by {count} spatial folds"

    @property
    def heard(self) -> tuple[VoiceShare, ...]:
        """The voices that decide anything."""
        return tuple(v for v in self.voices if round(v.weight, 2) > 0)

    @property
    def decided(self) -> str:
        """A sentence on who decides the map, in plain words; "" without voices."""
        names = [v.title.lower() for v in self.heard]
        if len(names) < 2:
            return "".join(f"Decided by {name} alone." for name in names)
        shares = [f"{n} ({100 * v.weight:.0f} %)" for n, v in zip(names, self.heard, strict=True)]
        return f"Decided by {', '.join(shares[:-1])} and {shares[-1]}."

    @property
    def weighed(self) -> str:
        """A sentence on how the shares were found."""
        if self.separated is None:
            return "Too few places are labelled to choose these shares by their accuracy."
        count = len(np.unique(self.separated.folds))
        return f"Shares by accuracy on your labels, cut into {count} parts that lie apart."


class RunEvidence(Struct, frozen=True, eq=False):
    """The evidence of one training run, with what is needed to measure its map by it.

    Attributes
    ----------
    evidence : answers for the labels of the run by models that had not seen them.
    labels : (rows, columns) class ids that were trained on, 0 for none.
    class_ids : of the model, in the order of its probabilities.
    reach : how far the map looks from a pixel, refinement included, in pixels.
    """

    evidence: Evidence
    labels: NDArray[np.uint16]
    class_ids: tuple[int, ...]
    reach: int
