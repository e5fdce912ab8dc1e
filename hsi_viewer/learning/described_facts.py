"""Facts in the description of any model, read and checked without torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hsi_viewer.core.cube.cube import is_scale
from hsi_viewer.core.labels.classes import MAX_CLASS_ID, LabelClass
from hsi_viewer.core.training import TrainingConfig

FORMAT = "hsi-viewer model"
# 1 had no strength of components, 2 other closest pixels, 3 neither shapes nor a forest.
SCHEMA, OLDEST = 4, 3


@dataclass(frozen=True, kw_only=True)
class DescribedFacts:
    """`TrainingFacts` as the JSON of any model contains them."""

    classifier: str
    class_ids: tuple[int, ...]
    legend: tuple[LabelClass, ...]
    config: TrainingConfig
    bands: int
    wavelengths: tuple[float, ...] | None
    warning: str | None
    seconds: dict[str, float]
    versions: dict[str, str]
    label_digest: str
    weights_digest: str
    scale: float = 1.0
    offset: float = 0.0


def facts_checked(description: DescribedFacts) -> dict[str, object]:
    """Whether the facts of a model are possible, by name."""
    ids, listed = description.class_ids, [c.id for c in description.legend]
    return {
        "class_ids": ids and _ascend(ids) and 1 <= ids[0] <= ids[-1] <= MAX_CLASS_ID,
        "legend": len(set(listed)) == len(listed)
        and all(0 <= v <= 255 for c in description.legend for v in c.colour),
        "wavelengths": description.wavelengths is None
        or len(description.wavelengths) == description.bands,
        "seed": 0 <= description.config.seed < 2**32,
        "scale": is_scale(description.scale) and np.isfinite(description.offset),
    }


def _ascend(ids: tuple[int, ...]) -> bool:
    return sorted(set(ids)) == list(ids)
