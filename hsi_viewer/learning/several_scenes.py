"""One training set over several scenes: bands matched, values made comparable, scenes held out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.joined import joined, joined_labels, parts_of
from hsi_viewer.core.cube.region import sampled
from hsi_viewer.core.errors import HsiError, LabelError, ModelError
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.core.training import Standardise, TrainingConfig
from hsi_viewer.learning.band_matching import RescaledSource, matched
from hsi_viewer.learning.classifiers import fit
from hsi_viewer.learning.features import usable_bands
from hsi_viewer.learning.labels_with_data import labels_with_data
from hsi_viewer.learning.recipe import FeatureRecipe
from hsi_viewer.learning.scaling import fit_scaling

Ids = NDArray[np.uint16]

# Standardising each scene by itself has to gain this much on scenes that were held out.
LEAST_GAIN = 0.01
COMPARED_ROWS = 5
JUDGE = "lda"  # quick, and it looks at nothing but spectra


class SceneScore(NamedTuple):
    """How a model of the other scenes maps one scene.

    Attributes
    ----------
    name : of the scene.
    right, total : labelled pixels that are mapped right, and all with data of classes that the
        model knows.
    """

    name: str
    right: int
    total: int


@dataclass(frozen=True)
class TrainingScenes:
    """Scenes of the same bands, each with its labels.

    Attributes
    ----------
    cubes : physical values at the wavelengths of the first.
    labels : (rows, columns) class ids of each, 0 for none.
    first_of : index of the first scene of the same values, for each; a scene that is there twice
        is held out as one.
    standardise : "scene" if the values of each were brought to the means and spreads of all.
    """

    cubes: tuple[HyperCube, ...]
    labels: tuple[Ids, ...]
    first_of: tuple[int, ...]
    standardise: Standardise = "training"

    @classmethod
    def of(cls, cubes: Sequence[HyperCube], labels: Sequence[Ids]) -> TrainingScenes:
        """Scenes whose bands are matched with those of the first, or resampled.

        Raises
        ------
        ModelError
            if the bands of a scene cannot be matched.
        """
        values = [_some_values(cube) for cube in cubes]
        alike = [_matched(cube, cubes[0]) for cube in cubes]
        return cls(tuple(alike), tuple(labels), tuple(values.index(each) for each in values))

    def __len__(self) -> int:
        return len(self.cubes)

    @property
    def repeated(self) -> list[tuple[HyperCube, HyperCube]]:
        """Scenes that are there again, each with the first of the same values."""
        again = [(k, first) for k, first in enumerate(self.first_of) if k != first]
        return [(self.cubes[k], self.cubes[first]) for k, first in again]

    def without(self, held_out: int) -> TrainingScenes:
        """The scenes of other values."""
        kept = [k for k in range(len(self)) if self.first_of[k] != self.first_of[held_out]]
        return replace(
            self,
            cubes=tuple(self.cubes[k] for k in kept),
            labels=tuple(self.labels[k] for k in kept),
            first_of=tuple(kept.index(self.first_of[k]) for k in kept),
        )

    def whole(self) -> tuple[HyperCube, Ids]:
        """All scenes as one cube, and its labels."""
        cubes = list(self.cubes)
        if self.standardise == "scene":
            scalings = [_scaling(cube) for cube in cubes]
            common = _scaling(joined(cubes, "scenes"))
            cubes = [
                _rescaled(cube, own, common) for cube, own in zip(cubes, scalings, strict=True)
            ]
        return joined(cubes, f"{len(self)} scenes"), joined_labels(self.labels)

    def fitted(
        self,
        config: TrainingConfig,
        classifier: str,
        legend: Sequence[LabelClass],
        token: CancelToken | None = None,
        port: ProgressPort | None = None,
    ) -> Model:
        """A model of all scenes; errors as of `fit`."""
        cube, ids = self.whole()
        return fit(cube, ids, config, classifier=classifier, legend=legend, token=token, port=port)

    def learned(self, model: Model) -> list[Ids]:
        """Labels of each scene without those on pixels without data, as a model of all saw them."""
        ids = joined_labels(self.labels)
        for scene in getattr(model, "scenes", ())[:1]:
            ids = labels_with_data(model, scene.origin, ids)
        return parts_of(ids, self.labels)

    def held_out(
        self,
        config: TrainingConfig,
        classifier: str,
        legend: Sequence[LabelClass],
        token: CancelToken | None = None,
        port: ProgressPort | None = None,
    ) -> Iterator[SceneScore]:
        """How well each scene is mapped by a model of the others.

        A scene without which fewer than two classes are left says nothing and is left out.
        """
        port = port or SilentPort()
        for k, (cube, ids) in enumerate(zip(self.cubes, self.labels, strict=True)):
            port.report(Progress(f"Training without {cube.name}", k / len(self)))
            others = self.without(k)
            if len({int(i) for each in others.labels for i in np.unique(each[each > 0])}) < 2:
                continue
            model = others.fitted(config, classifier, legend, token, SilentPort())
            if self.standardise == "scene":
                cube = _rescaled(cube, _scaling(cube), _scaling(others.whole()[0]))
            found = model.predict(cube, token=token, port=SilentPort()).class_map
            asked = np.isin(ids, model.class_ids) & (found > 0)  # 0 is no data
            if asked.any():
                right = int(np.count_nonzero(found[asked] == ids[asked]))
                yield SceneScore(self.cubes[k].name, right, int(np.count_nonzero(asked)))


def _matched(cube: HyperCube, first: HyperCube) -> HyperCube:
    """A scene at the wavelengths of the first."""
    try:
        return matched(cube, first.wavelengths, first.bands, np.flatnonzero(first.good_bands))
    except ModelError as error:
        reason = str(error).partition(";")[0]
        raise ModelError(
            f"{reason}. All scenes are matched with {first.name}, the first: put the scene of the "
            "narrowest range first, or choose bands that all of them have."
        ) from error


def _some_values(cube: HyperCube) -> bytes:
    """What tells scenes apart: some rows of stored values, or the scene where they say nothing."""
    rows = np.unique(np.linspace(0, cube.rows - 1, COMPARED_ROWS).round().astype(int))
    values = np.stack([cube.read(slice(row, row + 1)) for row in rows.tolist()])
    if (values == values.flat[0]).all():
        return repr(id(cube)).encode()
    return sha256(repr(cube.shape).encode() + np.ascontiguousarray(values).tobytes()).digest()


def chosen_standardisation(
    scenes: TrainingScenes, token: CancelToken | None = None
) -> tuple[TrainingScenes, dict[Standardise, float]]:
    """The scenes with or without standardising each by itself, whichever maps held-out ones.

    Returns
    -------
    scenes : standardised by scene where that gains at least `LEAST_GAIN` of the labelled pixels.
    found : accuracy of each way, 0..1, on scenes held out; empty where none can be.
    """
    found: dict[Standardise, float] = {}
    ways = {way: replace(scenes, standardise=way) for way in ("training", "scene")}
    for tried in ways.values():
        try:
            scores = list(tried.held_out(TrainingConfig(refine=False), JUDGE, (), token))
        except HsiError:
            return scenes, {}
        if scores:
            found[tried.standardise] = sum(s.right for s in scores) / sum(s.total for s in scores)
    if found and found["scene"] >= found["training"] + LEAST_GAIN:
        return ways["scene"], found
    return scenes, found


def check_classes(labels: Sequence[Ids]) -> None:
    """Refuse labels of fewer than two classes in all.

    Raises
    ------
    LabelError
        if there are fewer.
    """
    present = {int(i) for each in labels for i in np.unique(each[each > 0])}
    if len(present) < 2:
        raise LabelError(
            f"The labels of all scenes are of {len(present)} class(es); label at least two."
        )


class _Scaling(NamedTuple):
    """Means and spreads (bands,), 0 and 1 for bands that are not used."""

    centre: NDArray[np.float64]
    spread: NDArray[np.float64]


def _scaling(cube: HyperCube) -> _Scaling:
    """Robust means and spreads of the bands of a scene."""
    sample = sampled(cube, FeatureRecipe().sample)
    bands = usable_bands(cube, sample)
    fitted, _ = fit_scaling(cube, sample[:, :, bands])
    centre, spread = np.zeros(cube.bands), np.ones(cube.bands)
    centre[bands], spread[bands] = fitted.centre, fitted.spread
    return _Scaling(centre * cube.scale + cube.offset, spread * cube.scale)


def _rescaled(cube: HyperCube, own: _Scaling, common: _Scaling) -> HyperCube:
    """A scene brought to the means and spreads of others, in physical values."""
    gain = common.spread / own.spread
    shift = cube.offset * gain + common.centre - own.centre * gain
    source = RescaledSource(cube, cube.scale * gain, shift)
    return replace(cube, source=source, nodata=None, fill_values=(), scale=1.0, offset=0.0)
