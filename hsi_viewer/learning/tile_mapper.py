"""TileMapper: the map of a scene in tiles, each made of the scene, the model and its place alone.

Tiles need nothing of one another: several processes may compute them, in any order, and again.
"""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import SettingError
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, ProgressPort, SilentPort
from hsi_viewer.core.training import Refine, Standardise
from hsi_viewer.learning.by_tile import OVERLAP, ByTile
from hsi_viewer.learning.model import TrainedModel, prediction_of
from hsi_viewer.learning.one_thread import one_thread
from hsi_viewer.learning.scaling import Scaling
from hsi_viewer.learning.scene_mapper import SceneMapper
from hsi_viewer.learning.survey import Window, tiles

SIDE = 512  # pixels a side of a tile
LEAST_SIDE = 32
IN_ONE_PIECE = 2  # tiles' pixels of a scene that is mapped whole
# Classes times pixels of a tile with what lies around it: of as many numbers, two copies and what
# else a tile takes fit into 2 GiB.
MOST_NUMBERS = 250 * (SIDE + 2 * OVERLAP) ** 2


@dataclass(frozen=True)
class MapSettings:
    """What a user decides about a map.

    Attributes
    ----------
    refine, standardise : as of `TrainedModel.predict`.
    side : pixels a side of a tile, less where there are many classes (`side_for`); scenes of twice
        as many pixels as a tile are mapped whole.
    """

    refine: Refine = "auto"
    standardise: Standardise = "training"
    side: int = SIDE


@dataclass(frozen=True)
class SceneStatistics:
    """What every tile needs to know of the whole scene; found once.

    Attributes
    ----------
    fill_values : values of no data, beside the declared one.
    edge : usual squared distance of neighbours; None where that is not needed.
    scaling : of the bands; None where the scene is mapped whole.
    """

    fill_values: tuple[float, ...] = ()
    edge: float | None = None
    scaling: Scaling | None = None

    def record(self) -> dict[str, Any]:
        """The same as JSON, exactly."""
        scaling = self.scaling and {
            name: {"type": values.dtype.name, "values": values.tolist()}
            for name, values in self.scaling._asdict().items()
        }
        return {"fill_values": list(self.fill_values), "edge": self.edge, "scaling": scaling}

    @classmethod
    def of_record(cls, record: dict[str, Any]) -> SceneStatistics:
        """What `record` gave."""
        scaling = record["scaling"] and Scaling(
            **{n: np.array(v["values"], v["type"]) for n, v in record["scaling"].items()}
        )
        return cls(tuple(record["fill_values"]), record["edge"], scaling)


class TileMapper:
    """Maps windows of a scene.

    Parameters
    ----------
    model : of any classifier; those of plug-ins map every scene whole.
    cube : the scene, of real values.
    settings : of the map.
    statistics : of the scene; None finds them, which looks at samples of it.
    token : checked while they are found.

    Raises
    ------
    ModelError
        if the cube's bands cannot be matched with the model's.
    SettingError
        if the model has no such setting.
    """

    def __init__(
        self,
        model: Model,
        cube: HyperCube,
        settings: MapSettings,
        statistics: SceneStatistics | None = None,
        token: CancelToken | None = None,
    ) -> None:
        self._model, self._settings = model, settings
        token = token or CancelToken()
        if statistics is not None:
            cube = replace(cube, fill_values=statistics.fill_values)
        self.cube = cube
        if settings.standardise == "scene" and not isinstance(model, TrainedModel | SceneMapper):
            raise SettingError(
                f"The classifier {model.name!r} cannot standardise the bands by another scene; "
                "leave out --standardise."
            )
        self.windows: list[Window] = [(slice(0, cube.rows), slice(0, cube.columns))]
        self._by_tile: ByTile | None = None
        with one_thread():
            if isinstance(model, TrainedModel | SceneMapper):
                side = side_for(settings.side, len(model.class_ids))
                if cube.rows * cube.columns > IN_ONE_PIECE * side**2:
                    statistics = self._set_up(model, side, statistics, token)
        self.statistics = statistics or SceneStatistics(cube.fill_values or ())

    def _set_up(
        self,
        model: TrainedModel | SceneMapper,
        side: int,
        known: SceneStatistics | None,
        token: CancelToken,
    ) -> SceneStatistics:
        cube, settings = self.cube, self._settings
        self.windows = list(tiles(cube.rows, cube.columns, side))
        scaling: Scaling | Standardise = settings.standardise
        if known is not None and known.scaling is not None:
            scaling = known.scaling
        self._by_tile = model.by_tile(cube, settings.refine, scaling, token)
        if known is not None:
            return known
        scaling = self._by_tile.scene.features.scaling
        edge = self._by_tile.usual_edge(token)
        return SceneStatistics(cube.fill_values or (), edge, scaling)

    def tile(
        self, index: int, token: CancelToken | None = None, port: ProgressPort | None = None
    ) -> Prediction:
        """The map of one window, with its probabilities.

        Parameters
        ----------
        index : of `windows`.
        token : checked often.
        port : takes what is noted.
        """
        token, port = token or CancelToken(), port or SilentPort()
        with one_thread():
            if self._by_tile is None:
                return self._whole(token, port)
            found = self._by_tile.mapped(self.windows[index], self.statistics.edge, token)
        return prediction_of(
            found.probabilities,
            found.valid,
            self._model.class_ids,
            self._by_tile.source,
            outside=found.strange,
        )

    def _whole(self, token: CancelToken, port: ProgressPort) -> Prediction:
        model = self._model
        options: dict[str, Any] = {}
        if isinstance(model, TrainedModel | SceneMapper):
            model = copy(model)  # which keeps the scene, and is dropped with it
            options["standardise"] = self._settings.standardise
        found = model.predict(
            self.cube, refine=self._settings.refine, token=token, port=port, **options
        )
        self._model.seconds.update(model.seconds)
        return found


def side_for(side: int, classes: int) -> int:
    """The side of a tile in pixels, so that many classes take no more memory than few.

    Parameters
    ----------
    side : that is wanted.
    classes : of the model.
    """
    most = math.isqrt(MOST_NUMBERS // classes) - 2 * OVERLAP
    return min(side, max(LEAST_SIDE, most))
