"""A map with its confidence after cleaning."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.postprocess.clean import Cleaning, cleaned
from hsi_viewer.core.prediction import Prediction


def cleaned_prediction(
    prediction: Prediction, cleaning: Cleaning, ids: NDArray[np.uint16]
) -> Prediction:
    """The prediction whose map was cleaned, with the confidence of the classes as they are now.

    Where probabilities are kept, they give the confidence; classes that were merged share theirs.
    Else a pixel that got another class has the most that its old confidence leaves to others.

    Parameters
    ----------
    prediction : before.
    cleaning : what was done.
    ids : (rows, columns) the cleaned map.
    """
    source = f"{prediction.source}, cleaned" if prediction.source else "cleaned"
    if prediction.probabilities is None:
        merged = cleaned(prediction.class_map, Cleaning(merge=cleaning.merge))
        rest = (1 - prediction.confidence).astype(np.float32)
        confidence = np.where(ids == merged, prediction.confidence, rest)
        return replace(prediction, class_map=ids, confidence=confidence, source=source)
    class_ids, shares = _merged(prediction.class_ids, prediction.probabilities, cleaning.merge)
    column = np.zeros(1 << 16, np.intp)
    column[list(class_ids)] = np.arange(len(class_ids))
    confidence = np.take_along_axis(shares, column[ids][:, :, None], axis=2)[:, :, 0].copy()
    confidence[ids == 0] = 0
    return replace(
        prediction,
        class_map=ids,
        confidence=confidence,
        class_ids=class_ids,
        probabilities=shares,
        source=source,
    )


def _merged(
    class_ids: tuple[int, ...], probabilities: NDArray[np.float32], merge: Mapping[int, int]
) -> tuple[tuple[int, ...], NDArray[np.float32]]:
    """Ids and probabilities of the classes after some were merged."""
    if not merge:
        return class_ids, probabilities
    into = [merge.get(i, i) for i in class_ids]
    kept = tuple(dict.fromkeys(into))
    shares = np.zeros((*probabilities.shape[:2], len(kept)), np.float32)
    for column, class_id in enumerate(into):
        shares[:, :, kept.index(class_id)] += probabilities[:, :, column]
    return kept, shares


def cleaning_sentence(cleaning: Cleaning, names: Mapping[int, str]) -> str:
    """What was done to a map, in words.

    Parameters
    ----------
    cleaning : what was done.
    names : of the classes.
    """

    def listed(ids: tuple[int, ...]) -> str:
        return ", ".join(names.get(i, f"Class {i}") for i in ids)

    parts = [
        f"{listed((old,))} merged into {listed((new,))}" for old, new in cleaning.merge.items()
    ]
    parts += [f"{listed(cleaning.open)} opened"] if cleaning.open else []
    parts += [f"{listed(cleaning.close)} closed"] if cleaning.close else []
    side = cleaning.majority
    parts += [f"majority of {side} x {side} pixels"] if side > 1 else []
    if cleaning.square_metres is not None:
        parts.append(f"regions below {cleaning.square_metres:g} m² removed")
    elif cleaning.minimum > 1:
        parts.append(f"regions below {cleaning.minimum:g} pixels removed")
    by_area = cleaning.square_metres is not None
    asked = bool(cleaning.open or cleaning.close) or cleaning.minimum > 1 or by_area
    corners = cleaning.corners and asked
    return "; ".join(parts) + (" (8 neighbours)" if corners else "")
