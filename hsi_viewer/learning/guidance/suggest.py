"""suggest: where labels help the map of a model most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import SettingError
from hsi_viewer.core.evidence import Evidence
from hsi_viewer.core.inputs import CubeLike, LabelsLike, as_cube, as_labels
from hsi_viewer.core.labels.class_ids import checked_ids
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, ProgressPort, SilentPort
from hsi_viewer.core.training import whole_number
from hsi_viewer.learning.guidance.ground import Ground, ground_of
from hsi_viewer.learning.guidance.proposals import (
    Proposer,
    Rule,
    Suggestion,
)
from hsi_viewer.learning.guidance.sampled_map import SampledMap, map_of_ground, sampled_map

AROUND = ("surroundings", "network")  # voices that look around a pixel
MOST_DRAWN = 0.5  # share of the places that are drawn at random
NOVEL_OF = 8  # of so many places, one resembles none of the classes, where there is such a place


def rules_for(evidence: Evidence | None, count: int, labelled: int = 0) -> tuple[Rule, ...]:
    """The rule for each of some places: single pixels where these say most of a scene.

    Where the cross-validated voices of single pixels outweigh those that look around, the scene is
    sharp, and single pixels are compared; otherwise, and where nothing is known, segments are. If
    classes overlap in a sharp scene, doubt doesn't show where a label helps: the more the voices
    doubt labels that were held out, the more places are drawn at random, up to half of them.

    Parameters
    ----------
    evidence : of the model that made the map.
    count : of places.
    labelled : pixels so far; the turns of the rules follow from it.
    """
    segments: Rule = "gain"
    if evidence is None or not evidence.voices:
        return (segments,) * count
    if sum(v.weight for v in evidence.voices if v.name in AROUND) >= 0.5:
        return (segments,) * count
    pixels: Rule = "fine"
    drawn: Rule = "drawn"
    turns = np.random.default_rng(labelled).random(count) < min(overlap_of(evidence), MOST_DRAWN)
    return tuple(drawn if turn else pixels for turn in turns.tolist())


def overlap_of(evidence: Evidence) -> float:
    """How much the best voice doubts labels that were held out, 0..1; 0 where none were."""
    scores = [v.score for v in evidence.voices if v.weight > 0 and np.isfinite(v.score)]
    return 1.0 - float(np.exp(min(max(scores), 0.0))) if scores else 0.0


def suggest(
    model: Model,
    cube: CubeLike,
    labels: LabelsLike,
    count: int = 8,
    skip: ArrayLike | Iterable[Suggestion] | None = None,
    *,
    ground: Ground | None = None,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> list[Suggestion]:
    """Places where a label helps the map most, the best first.

    They are where the map is in doubt, unlike what is labelled and unlike each other, and each
    stands for many pixels. No place is labelled, skipped, or without data.

    Parameters
    ----------
    model : of any classifier, trained on this cube or another.
    cube : a cube, an array (rows, columns, bands), an xarray.DataArray, or a path.
    labels : (rows, columns) class ids known on the cube, 0 for none; what `read_labels` gives; or
        a path.
    count : of places; there are fewer where the scene has no more.
    skip : places that are not asked for, and the segments around them: a (rows, columns) mask,
        pairs of row and column, or suggestions.
    ground : of this cube, from `learning.guidance.ground.ground_of`, to compute it once.
    token : `token.cancel()`, from another thread, ends the search.
    port : takes `Progress` and `Note`.

    Raises
    ------
    FileError, FormatError
        if a file cannot be read, or an array cannot be a cube.
    LabelError
        if labels do not fit the cube.
    ModelError
        if the model does not fit the cube.
    SettingError
        if `count` is below 1 or has a fraction, or `skip` names no pixels of the cube.
    TaskCancelledError
        if the token was cancelled.
    """
    count = whole_number(count, "The number of suggestions")
    if count < 1:
        raise SettingError(f"The number of suggestions must be at least 1, not {count}.")
    scene = as_cube(cube)
    shape = (scene.rows, scene.columns)
    known = checked_ids(as_labels(labels, scene), shape)
    skipped = skipped_mask(skip, scene)
    token, port = token or CancelToken(), port or SilentPort()
    ground = ground or ground_of(scene, token, port)
    seen = map_of_ground(model, scene, known, ground, token, port)
    evidence: Evidence | None = getattr(model, "evidence", None)
    return places_of(seen, ground, known > 0, skipped, evidence, count)


def places_to_label(
    prediction: Prediction,
    ground: Ground,
    labelled: NDArray[np.bool_],
    skipped: NDArray[np.bool_] | None = None,
    evidence: Evidence | None = None,
    count: int = 8,
    background: NDArray[np.bool_] | None = None,
) -> list[Suggestion]:
    """Places where a label helps a map most, the best first.

    Parameters
    ----------
    prediction : the map.
    ground : of its scene.
    labelled, skipped, background : (rows, columns) pixels that are not asked for; see `Proposer`.
    evidence : of the model that made the map, where it is known.
    count : of places.
    """
    seen = sampled_map(prediction, ground)
    return places_of(seen, ground, labelled, skipped, evidence, count, background)


def places_of(
    seen: SampledMap,
    ground: Ground,
    labelled: NDArray[np.bool_],
    skipped: NDArray[np.bool_] | None = None,
    evidence: Evidence | None = None,
    count: int = 8,
    background: NDArray[np.bool_] | None = None,
) -> list[Suggestion]:
    """The same of what is mapped of the ground; see `places_to_label`."""
    mapped = ground.valid & seen.mapped
    answered = labelled if background is None else labelled | background
    rules = rules_for(evidence, count, int(np.count_nonzero(answered)))
    proposer = Proposer(
        replace(ground, valid=mapped),
        seen.doubt,
        seen.class_ids,
        labelled,
        skipped,
        background,
    )
    strange: Rule = "novel"
    novel = (strange,) * (count // NOVEL_OF)
    found = proposer.suggestions((*rules[: count - len(novel)], *novel))
    if len(found) < count and novel:  # nothing was unlike all that is labelled
        return proposer.suggestions(rules)
    return found


def skipped_mask(
    skip: ArrayLike | Iterable[Suggestion] | None, cube: HyperCube
) -> NDArray[np.bool_]:
    """The pixels of `skip`, (rows, columns); see `suggest`.

    Raises
    ------
    SettingError
        if these are not pixels of the cube.
    """
    shape = (cube.rows, cube.columns)
    mask = np.zeros(shape, bool)
    if skip is None:
        return mask
    places: Any = skip
    if not isinstance(skip, np.ndarray):
        places = list(skip)  # type: ignore[arg-type]
        places = [(p.row, p.column) if isinstance(p, Suggestion) else p for p in places]
    try:
        array = np.asarray(places)
    except ValueError as error:
        raise SettingError(f"{_WRONG_SKIP}.") from error
    if array.size == 0:
        return mask
    if array.dtype == bool and array.shape == shape:
        return array.copy()
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        raise SettingError(f"{_WRONG_SKIP}, not an array of {array.shape} {array.dtype}.")
    outside = (array < 0).any(axis=1) | (array >= shape).any(axis=1)
    if outside.any():
        row, column = array[outside][0].tolist()
        raise SettingError(
            f"The skipped pixel {row}, {column} is outside the cube of {shape[0]} x {shape[1]} "
            "pixels; count rows and columns from 0."
        )
    mask[tuple(array.T)] = True
    return mask


_WRONG_SKIP = "Skipped places are a mask of the cube's size or pairs of row and column"
