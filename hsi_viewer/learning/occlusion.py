"""Asks a model about a pixel, whole and with groups of its bands occluded.

Bands are occluded after they were standardised and repaired, and in all pixels that the model sees
around this one; they take the mean of the class means, as if they told no class from another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.explanation import VoiceAnswer
from hsi_viewer.core.progress import CancelToken, SilentPort
from hsi_viewer.learning.band_matching import in_units, matched
from hsi_viewer.learning.calibration import reliable
from hsi_viewer.learning.classifiers.registry import classifiers
from hsi_viewer.learning.cross_validation import probabilities_at
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.instant_model import softmax
from hsi_viewer.learning.model import TrainedModel
from hsi_viewer.learning.model_state import scene_digest
from hsi_viewer.learning.pixel_model import PixelModel
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.scene_mapper import SceneMapper
from hsi_viewer.learning.voices.ensemble import Ensemble, exits_of, scores_by
from hsi_viewer.learning.voices.judging import voice_shares
from hsi_viewer.learning.windows import mirrored

AROUND = 15  # pixels that a model of which nothing is known may look
UNLIKELY = 1e-7
Numbers = NDArray[np.int64]


def fitting_scene(model: TrainedModel | SceneMapper, cube: HyperCube) -> SceneFeatures:
    """The scene with the bands and units of a model; features are computed when asked for.

    Raises
    ------
    ModelError
        if the cube's bands or wavelengths cannot be matched with the model's.
    """
    known = next((s for s in model.scenes if s.origin is cube), None)
    if known is not None:
        return known
    fitting = matched(
        examined(real_valued(cube)), model.wavelengths, model.bands, model.features.bands
    )
    fitting = in_units(fitting, (model.scale, model.offset), model.features)
    return SceneFeatures(fitting, model.features, origin=cube, keep=False)


def mean_of_classes(values: NDArray[np.floating], ids: NDArray[np.integer]) -> FloatArray:
    """Mean (bands,) of the class means of values (n, bands), so that no class counts more."""
    means = [values[ids == i].mean(axis=0, dtype=np.float64) for i in np.unique(ids)]
    found: FloatArray = np.mean(means, axis=0).astype(np.float32)
    return found


def occluded(values: FloatArray, neutral: FloatArray, groups: list[Numbers]) -> FloatArray:
    """Spectra (1 + groups, bands): the one given (bands,), then without each group of bands."""
    out = np.repeat(values[None], 1 + len(groups), axis=0)
    for i, places in enumerate(groups):
        out[1 + i, places] = neutral[places]
    return out


class EngineOcclusion:
    """Of the engine: its voices and the exits of its network.

    Parameters
    ----------
    model, cube : the model and the scene.
    pixels, ids : (n,) flat indices and class ids of training pixels; none where not known.

    Attributes
    ----------
    bands, wavelengths : that the model uses, of all that it knows.
    """

    def __init__(
        self, model: TrainedModel, cube: HyperCube, pixels: Numbers, ids: NDArray[np.uint16]
    ) -> None:
        self._model, self._scene = model, fitting_scene(model, cube)
        own = pixels.size > 0 or scene_digest(cube) == model.scene_digest
        self._pool = model.pool if own else model.pool_elsewhere
        self._ensemble = Ensemble(model.voices, self._pool, model.network, model.part)
        self.bands = self._scene.features.bands
        self.wavelengths = self._scene.cube.wavelengths
        self._neutral = np.zeros(self.bands.size, np.float32)
        if pixels.size:
            self._neutral = mean_of_classes(self._scene.spectra_at(pixels), ids)

    def answers(
        self, row: int, column: int, groups: list[Numbers], token: CancelToken | None = None
    ) -> tuple[FloatArray, list[VoiceAnswer]]:
        """Logits (1 + groups, classes), whole and without each group, and the voices' answers."""
        network = self._model.network.eval()
        side = network.radius
        part = range(row - side, row + side + 1), range(column - side, column + side + 1)
        seen = self._scene.standardised_around(*part)
        features, spectra = self._scene.features, seen.middle
        axes = features.components
        base = seen.values @ axes
        found = np.empty((1 + len(groups), features.channels, 2 * side + 1, 2 * side + 1))
        for i, places in enumerate([np.zeros(0, np.int64), *groups]):
            if token is not None:
                token.check()
            change = (seen.values[..., places] - self._neutral[places]) @ axes[places]
            components = np.moveaxis(base - change, 2, 0)
            found[i] = features.smooth(
                components, seen.valid, seen.strays, seen.rows, seen.columns, token
            )
        windows = found.astype(np.float32)
        pixels = np.ascontiguousarray(windows[:, :, side, side])
        exits = exits_of(network, windows[0])[:, 0]
        heard = None
        if self._ensemble.hears_network:
            heard = np.stack([exits_of(network, w).mean(axis=0)[0] for w in windows])
        without = occluded(spectra, self._neutral, groups)
        logits = self._ensemble.logits(pixels, heard, None, without)
        return logits, self._voices(pixels[:1], without[:1], exits)

    def probabilities(self, logits: FloatArray) -> FloatArray:
        """Probabilities (n, classes) of logits, as reliable as those of a map."""
        return reliable(softmax(logits), *self._pool.reliability("none"))

    def _voices(
        self, features: FloatArray, spectra: FloatArray, exits: FloatArray
    ) -> list[VoiceAnswer]:
        """What the voices say by themselves, on the scale that the pool gives them."""
        found = []
        shares = voice_shares(self._pool, self._ensemble.part)
        for share in shares:
            known = self._pool.shares
            name = next((n for n in known if n == share.name), None)
            if name is None or name not in self._model.voices:
                continue
            scores = scores_by(name, self._model.voices[name], features, spectra)
            scale = np.float32(known[name].scale / self._pool.temperature)
            found.append(VoiceAnswer(share.title, share.weight, softmax(scale * scores)[0]))
        weight = sum(share.weight for share in shares if share.name == "network") / len(exits)
        return found + [
            VoiceAnswer(f"Network, exit {i + 1}", weight, said) for i, said in enumerate(exits)
        ]


class SpectrumOcclusion:
    """Of a classifier of single spectra; parameters and attributes as of `EngineOcclusion`."""

    def __init__(
        self, model: PixelModel, cube: HyperCube, pixels: Numbers, ids: NDArray[np.uint16]
    ) -> None:
        self._model, self._scene = model, fitting_scene(model, cube)
        self.bands = self._scene.features.bands
        self.wavelengths = self._scene.cube.wavelengths
        self._neutral = np.zeros(self.bands.size, np.float32)
        if pixels.size:
            self._neutral = mean_of_classes(self._scene.spectra_at(pixels), ids)

    def answers(
        self, row: int, column: int, groups: list[Numbers], token: CancelToken | None = None
    ) -> tuple[FloatArray, list[VoiceAnswer]]:
        """As of `EngineOcclusion`; there is one voice."""
        pixel = np.array([row * self._scene.cube.columns + column])
        values = occluded(self._scene.spectra_at(pixel, token)[0], self._neutral, groups)
        logits = np.float32(self._model.steepness) * self._model.scorer.scores(values)
        return logits, [VoiceAnswer(self._model.title, 1.0, softmax(logits[:1])[0])]

    def probabilities(self, logits: FloatArray) -> FloatArray:
        """Probabilities (n, classes) of logits."""
        return softmax(logits)


class MapOcclusion:
    """Of any model, by maps of the pixel's surroundings; arguments as of `EngineOcclusion`."""

    def __init__(
        self, model: Model, cube: HyperCube, pixels: Numbers, ids: NDArray[np.uint16]
    ) -> None:
        self._model, self._cube = model, examined(real_valued(cube))
        self.bands = np.flatnonzero(cube.good_bands)
        self.wavelengths = cube.wavelengths
        if pixels.size:
            stored = stored_at(self._cube, pixels)
        else:
            rows, columns = (slice(None, None, max(1, n // 50)) for n in cube.shape[:2])
            stored = self._cube.read(rows, columns).reshape(-1, cube.bands)
        is_data = self._cube.is_data(stored)
        counts = np.maximum(is_data.sum(axis=0), 1)
        usual = np.where(is_data, stored, 0).sum(axis=0, dtype=np.float64) / counts
        stored = np.where(is_data, stored, usual).astype(np.float64)
        same = ids if pixels.size else np.zeros(len(stored), np.uint16)
        self._neutral = mean_of_classes(stored, same)

    def answers(
        self, row: int, column: int, groups: list[Numbers], token: CancelToken | None = None
    ) -> tuple[FloatArray, list[VoiceAnswer]]:
        """As of `EngineOcclusion`: the surroundings, whole and occluded, are mapped as one scene.

        Raises
        ------
        HsiError
            if the model cannot map them.
        """
        cube, side = self._cube, 2 * AROUND + 1
        r, c = (np.arange(at - AROUND, at + AROUND + 1) for at in (row, column))
        r, c = mirrored(r, cube.rows), mirrored(c, cube.columns)
        part = cube.read(
            slice(int(r.min()), int(r.max()) + 1), slice(int(c.min()), int(c.max()) + 1)
        )
        part = part[np.ix_(r - r.min(), c - c.min())]
        stack = np.repeat(part[None], 1 + len(groups), axis=0)
        for i, places in enumerate(groups):
            own = self.bands[places]
            neutral = self._neutral[own]
            if stack.dtype.kind in "iu":
                neutral = np.rint(neutral)
            stack[1 + i][..., own] = neutral.astype(stack.dtype)
        source = ArraySource(stack.reshape(-1, side, cube.bands))
        scene = replace(
            cube, source=source, georeference=None, path=None, joined_at=(), inside=None
        )
        model = self._model
        if isinstance(model, SceneMapper):  # which else forgets the scene that it has mapped
            model = replace(model, scenes=[])
        prediction = model.predict(
            scene, refine=False, token=token or CancelToken(), port=SilentPort()
        )
        at = (np.arange(1 + len(groups)) * side + AROUND) * side + AROUND
        said = probabilities_at(prediction, at, model.class_ids)
        title = next((k.title for k in classifiers() if k.name == model.name), model.name)
        return np.log(np.maximum(said, UNLIKELY)), [VoiceAnswer(title, 1.0, said[0])]

    def probabilities(self, logits: FloatArray) -> FloatArray:
        """Probabilities (n, classes) of logits."""
        return softmax(logits)


def stored_at(cube: HyperCube, pixels: Numbers) -> NDArray[Any]:
    """Stored values (n, bands) of pixels (n,), flat indices; lines are read one by one."""
    rows, columns = np.divmod(pixels, cube.columns)
    out = np.empty((pixels.size, cube.bands), cube.dtype)
    for row in np.unique(rows):
        some = rows == row
        first = int(columns[some].min())
        part = cube.read(slice(int(row), int(row) + 1), slice(first, int(columns[some].max()) + 1))
        out[some] = part[0, columns[some] - first]
    return out
