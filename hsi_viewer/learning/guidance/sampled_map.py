"""What a model doubts where a ground looks: of a large scene, no more than that is mapped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.inputs import known_ids
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, ProgressPort, counted
from hsi_viewer.learning.guidance.ground import Ground, place_of
from hsi_viewer.learning.guidance.proposals import Doubt, doubt_of, doubt_of_map
from hsi_viewer.learning.model import TrainedModel, real_in
from hsi_viewer.learning.scene_mapper import SceneMapper

MAPPING = "Mapping some tiles of the scene"


@dataclass(frozen=True, eq=False)
class SampledMap:
    """A map where a ground looks.

    Attributes
    ----------
    mapped : (rows, columns) of the ground, where the map has a class.
    doubt : of the ground.
    class_ids : in the order of its indices.
    """

    mapped: NDArray[np.bool_]
    doubt: Doubt
    class_ids: tuple[int, ...]


def sampled_map(prediction: Prediction, ground: Ground) -> SampledMap:
    """What of a map of the whole scene is on the ground."""
    said = prediction.probabilities
    seen = replace(
        prediction,
        class_map=ground.seen(prediction.class_map),
        confidence=ground.seen(prediction.confidence),
        probabilities=None if said is None else ground.seen(said),
    )
    return SampledMap(seen.class_map > 0, doubt_of_map(seen), prediction.class_ids)


def map_of_ground(
    model: Model,
    cube: HyperCube,
    known: NDArray[np.uint16],
    ground: Ground,
    token: CancelToken,
    port: ProgressPort,
) -> SampledMap:
    """What a model says of the ground of a scene; of a large one only its tiles are mapped.

    Classifiers of plug-ins map every scene whole.

    Parameters
    ----------
    known : (rows, columns) class ids known on the scene, 0 for none.
    """
    if not ground.windows or not isinstance(model, TrainedModel | SceneMapper):
        whole = model.predict(cube, labels=known, token=token, port=port)
        return sampled_map(whole, ground)
    inside = known_ids(known, cube)
    by_tile = model.by_tile(examined(real_in(cube, port)), True, "training", token, inside)
    edge = by_tile.usual_edge(token)
    shape = ground.valid.shape
    mapped, doubts = np.zeros(shape, bool), np.zeros(shape, np.float32)
    first, second = np.zeros((2, *shape), np.int16)
    for k, window in enumerate(counted(ground.windows, MAPPING, port)):
        token.check()
        said = by_tile.mapped(window, edge, token)
        found, place = doubt_of(said.probabilities), place_of(k, said.valid.shape)
        mapped[place], doubts[place] = said.valid, found.doubt
        first[place], second[place] = found.first, found.second
    return SampledMap(mapped, Doubt(first, second, doubts), model.class_ids)
