"""The voices that were fitted on some labels, and the map that they make together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.learning.features import Features, FloatArray
from hsi_viewer.learning.instant_model import InstantModel, fit_instant, softmax
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.predictor import UNLIKELY, DenseOutput, precision
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.scene_windows import moved
from hsi_viewer.learning.survey import TILE, Window, tiles
from hsi_viewer.learning.voices.closest_pixels import closest_pixels, principal_axes
from hsi_viewer.learning.voices.forest import ForestVoice
from hsi_viewer.learning.voices.pixels import PixelVoice
from hsi_viewer.learning.voices.pool import Pool
from hsi_viewer.learning.voices.shape import Light, ShapeVoice
from hsi_viewer.learning.voices.similar_pixels import SimilarPixelVoice
from hsi_viewer.learning.voices.voice import KINDS, NETWORK_PART, OfProducts, Voice, VoiceName
from hsi_viewer.learning.voices.weighing import mean_margin

Voices = dict[VoiceName, Voice]
Fitted = tuple[Voices, dict[VoiceName, float]]  # and the units of their scores
Part = tuple[slice | range, slice | range]  # rows and columns, or every n-th of them
SPECTRAL = {kind.name: kind.spectra for kind in KINDS}
ROWS = 16  # of a tile, of which the voices speak at once
MOST_CLASSES = 250  # of which a tile of the usual side takes some 0.7 GiB
LEAST_SIDE = 16
UNITS = 1_000  # pixels of the sample that tell how large the scores of a voice are, about


@dataclass(frozen=True)
class VoiceFitter:
    """Fits every voice on the same labels.

    Attributes
    ----------
    features : of the scene.
    classes : to tell apart.
    shrinkage : of the covariance of the surroundings.
    sample : (m, channels) features of pixels that stand for the scene.
    spectra : (m, bands) standardised spectra of these; without, voices of bands are silent.
    dark : stored value of no light.
    """

    features: Features
    classes: int
    shrinkage: float
    sample: FloatArray
    spectra: FloatArray | None = None
    dark: float = 0.0

    @classmethod
    def of_scene(
        cls,
        scene: SceneFeatures,
        classes: int,
        shrinkage: float,
        token: CancelToken | None = None,
    ) -> Self:
        """Of the pixels that stand for a scene; every voice speaks."""
        cube, seen = scene.cube, (scene.sample(token), scene.sampled_spectra(token))
        return cls(scene.features, classes, shrinkage, *seen, -cube.offset / cube.scale)

    def fitted(
        self, pixels: FloatArray, targets: NDArray[np.int64], spectra: FloatArray | None = None
    ) -> Voices:
        """Voices of features (n, channels) and class indices (n,); every class has a pixel.

        Parameters
        ----------
        spectra : (n, bands), for the voices that are asked about them.
        """
        asked = self.features, pixels, targets, self.classes
        voices: Voices = {
            "pixels": PixelVoice.fitted(*asked),
            "similar_pixels": SimilarPixelVoice.fitted(*asked),
            "surroundings": fit_instant(pixels, targets, self.classes, self.shrinkage),
        }
        if spectra is not None and self.axes is not None and self.light is not None:
            asked_of = spectra, targets, self.classes
            voices["bands"] = PixelVoice.of_bands(*asked_of)
            voices["shrunk_bands"] = PixelVoice.of_bands(*asked_of, strongly=True)
            voices["shape"] = ShapeVoice.fitted(self.light, *asked_of)
            voices["closest_pixels"] = closest_pixels(self.axes, *asked_of)
            voices["forest"] = ForestVoice.fitted(*asked_of)
        return voices

    @cached_property
    def axes(self) -> FloatArray | None:
        """Axes of the closest pixels, the same for every fold; None without spectra."""
        return None if self.spectra is None else principal_axes(self.spectra)

    @cached_property
    def light(self) -> Light | None:
        """The brightness that shapes are free of; None without spectra."""
        return None if self.spectra is None else Light.of(self.features, self.spectra, self.dark)

    def units(self, voices: Voices) -> dict[VoiceName, float]:
        """Mean margin of the scores of each voice over the scene.

        Discriminants of fewer labels have larger scores; so scaled, those of a fold and those of
        all labels can be compared.
        """
        some = slice(None, None, max(1, len(self.sample) // UNITS))
        seen = self.sample[some], None if self.spectra is None else self.spectra[some]
        return {n: mean_margin(scores_by(n, voice, *seen)) for n, voice in voices.items()}

    def without(
        self,
        test: NDArray[np.bool_],
        pixels: FloatArray,
        targets: NDArray[np.int64],
        spectra: FloatArray | None = None,
    ) -> Fitted:
        """Voices of the labels that aren't held out, and their units; the rest as of `fitted`.

        Parameters
        ----------
        test : (n,) labels that are held out.
        """
        known = None if spectra is None else spectra[~test]
        voices = self.fitted(pixels[~test], targets[~test], known)
        return voices, self.units(voices)

    def held_out(
        self,
        pixels: FloatArray,
        targets: NDArray[np.int64],
        folds: NDArray[np.int64],
        spectra: FloatArray | None = None,
        without: Callable[[NDArray[np.bool_]], Fitted] | None = None,
    ) -> dict[VoiceName, FloatArray]:
        """Scores (n, classes) of each label by voices fitted without its fold; NaN of fold -1.

        They are in the `units` of these voices.

        Parameters
        ----------
        without : what `without` gives, if somebody knows it already.
        """
        said: dict[VoiceName, FloatArray] = {}
        for fold in np.unique(folds[folds >= 0]):
            test = folds == fold
            asked = None if spectra is None else spectra[test]
            voices, units = (
                self.without(test, pixels, targets, spectra) if without is None else without(test)
            )
            for name, voice in voices.items():
                shape = len(targets), self.classes
                scores = said.setdefault(name, np.full(shape, np.nan, np.float32))
                found = scores_by(name, voice, pixels[test], asked)
                scores[test] = found / np.float32(units[name])
        return said


def scores_by(
    name: VoiceName, voice: Voice, features: FloatArray, spectra: FloatArray | None
) -> FloatArray:
    """Scores (n, classes) of a voice, which is asked about features or about spectra."""
    if not SPECTRAL[name]:
        return voice.scores(features)
    if spectra is None:
        raise ValueError(f"the voice {name!r} is heard, and no spectra are given")
    return voice.scores(spectra)


@dataclass(frozen=True)
class Seen:
    """What is known of a tile.

    Attributes
    ----------
    features : (rows, columns, channels), those of the first window where `around` is given.
    valid : (rows, columns) where the cube has data.
    strays : (rows, columns) where the spectrum is like none of the scene of the features.
    exits : (rows, columns, classes) mean probabilities of the network's exits.
    known : (rows, columns, classes) scores of voices that were found with the features.
    disagreement : (rows, columns) of the exits.
    """

    features: FloatArray
    valid: NDArray[np.bool_]
    strays: NDArray[np.bool_]
    exits: FloatArray | None = None
    known: Mapping[VoiceName, FloatArray] = field(default_factory=dict)
    disagreement: FloatArray | None = None


@dataclass(frozen=True)
class Ensemble:
    """Voices and how they are joined.

    Attributes
    ----------
    voices : by name; at least those that the pool hears.
    pool : their weights.
    network : shares the weight of the surroundings, if it is given.
    part : of that weight, 0..1, which the network has.
    """

    voices: Voices
    pool: Pool
    network: SdhsiNet | None = None
    part: float = NETWORK_PART

    @property
    def looks_around(self) -> bool:
        """Whether a voice with windows is heard."""
        return any(kind.windows for kind in KINDS if kind.name in self.pool.heard)

    @property
    def hears_network(self) -> bool:
        """Whether the network is there and has a weight that is worth its time."""
        return self.network is not None and self.pool.network_share(self.part) > 0

    def logits(
        self,
        features: FloatArray,
        exits: FloatArray | None = None,
        known: Mapping[VoiceName, FloatArray] | None = None,
        spectra: FloatArray | None = None,
    ) -> FloatArray:
        """Joined logits (n, classes) of features (n, channels).

        Parameters
        ----------
        exits : (n, classes) mean probabilities of the network's exits, if it speaks.
        known : (n, classes) scores of voices that need not be asked; with those of the
            surroundings, the features may be those of the first window alone.
        spectra : (n, bands), if a voice is heard that is asked about them.
        """
        total: FloatArray = np.zeros((1, 1), np.float32)
        for name in self.pool.heard:
            factor = self.pool.factor(name)
            if name == "surroundings" and exits is not None:
                share = self.pool.shares[name].weight / self.pool.temperature
                said: FloatArray = np.log(np.maximum(exits, np.float32(UNLIKELY)))
                total = total + np.float32(self.part * share) * said
                factor *= 1 - self.part
            if factor > 0:
                scores = (known or {}).get(name)
                if scores is None:
                    scores = scores_by(name, self.voices[name], features, spectra)
                total = total + np.float32(factor) * scores
        return total

    def coarsely(
        self,
        scene: SceneFeatures,
        rows: range,
        columns: range,
        guides: int,
        token: CancelToken | None = None,
    ) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        """What the voices, without the network, say of every n-th row and column.

        Returns
        -------
        probabilities : (n, m, classes).
        guide : (n, m, guides) leading components in units of their noise, for a walker.
        valid : (n, m) where there is data.
        """
        seen = self._products(scene, (rows, columns), token)
        known = {name: _flat(scores) for name, scores in seen.known.items()}
        said = softmax(self.logits(_flat(seen.features), None, known))
        features = scene.features
        scale = features.scales[:guides] * features.strength[:guides]
        guide = seen.features[:, :, :guides] * scale
        return said.reshape(*seen.valid.shape, -1), guide, seen.valid

    def _classes(self, scene: SceneFeatures) -> int:
        # one that is heard: others may need features that a narrowed scene doesn't have
        name = next(name for name in (*self.pool.heard, *self.voices) if name in self.voices)
        asked = (np.zeros((1, n), np.float32) for n in scene.widths)
        return int(scores_by(name, self.voices[name], *asked).shape[1])

    def mapped(
        self,
        scene: SceneFeatures,
        token: CancelToken | None = None,
        port: ProgressPort | None = None,
        *,
        within: float = np.inf,
        part: Window | None = None,
    ) -> DenseOutput:
        """Probabilities of the whole scene, or of a part, tile by tile.

        Parameters
        ----------
        within : squared distance, as of `Features.distance`, beyond which a pixel is far.
        part : the rows and columns to map; all by default.
        """
        port = port or SilentPort()
        if not self.looks_around:
            scene = scene.narrowed()
        top, left = (0, 0) if part is None else (part[0].start, part[1].start)
        whole = slice(0, scene.cube.rows), slice(0, scene.cube.columns)
        rows, columns = (s.stop - s.start for s in part or whole)
        classes = self._classes(scene)
        probabilities = np.empty((rows, columns, classes), np.float32)
        disagreement = np.zeros((rows, columns), np.float32)
        valid = np.empty((rows, columns), bool)
        far = np.zeros((rows, columns), bool) if np.isfinite(within) else None
        side = TILE if part is None else tile_side(classes, scene.features.reach)
        windows = list(tiles(rows, columns, side))
        by_products = not self.hears_network and not scene.is_kept
        look = self._products if by_products else self._features
        for done, tile in enumerate(windows):
            if token is not None:
                token.check()
            seen = look(scene, (moved(tile[0], top), moved(tile[1], left)), token)
            valid[tile] = seen.valid
            if seen.disagreement is not None:
                disagreement[tile] = seen.disagreement
            for start in range(0, seen.valid.shape[0], ROWS):  # their copy stays in the cache
                down = slice(start, start + ROWS)
                flat = _flat(seen.features[down])
                if far is not None:
                    beyond = scene.features.distance(flat) > within
                    # features of strays are shortened, so that they do not look far
                    beyond = beyond.reshape(-1, seen.valid.shape[1]) | seen.strays[down]
                    far[tile][down] = beyond & seen.valid[down]
                exits = None if seen.exits is None else _flat(seen.exits[down])
                known = {name: _flat(scores[down]) for name, scores in seen.known.items()}
                joined = softmax(self.logits(flat, exits, known))
                probabilities[tile][down] = joined.reshape(-1, seen.valid.shape[1], classes)
            port.report(Progress("Predicting the map", (done + 1) / len(windows)))
        return DenseOutput(probabilities, disagreement, valid, far)

    def _features(self, scene: SceneFeatures, tile: Window, token: CancelToken | None) -> Seen:
        """All features of a tile, and what the network says of them if it is heard."""
        network = self.network if self.hears_network else None
        known = self._of_spectra(scene, tile)
        if network is None:
            values, valid, strays = scene.seen(*tile, 0, token)
            return Seen(np.moveaxis(values, 0, 2), valid, strays, known=known)
        margin = network.eval().radius
        values, valid, strays = scene.seen(*tile, margin, token)
        each = exits_of(network, values)
        exits = each.mean(axis=0)
        apart = 0.5 * np.abs(each - exits).sum(axis=2).mean(axis=0).reshape(valid.shape)
        inner = np.moveaxis(values, 0, 2)[margin:, margin:][: valid.shape[0], : valid.shape[1]]
        exits = exits.reshape(*valid.shape, -1)
        return Seen(inner, valid, strays, exits, known, apart)

    def _products(self, scene: SceneFeatures, tile: Part, token: CancelToken | None) -> Seen:
        """Features of the first window of a tile, and scores of the voices that are linear.

        Of a scene whose features are not kept, none of the others need be computed: the scores
        are averaged in their place. Those of spectra come from the values that the features are
        made of, which need not be read again.
        """
        heard = {name: self.voices[name] for name in self.pool.heard}
        around = heard.get("surroundings")
        linear = around if isinstance(around, InstantModel) else None
        nothing = [np.zeros((n, 0), np.float32) for n in scene.widths]
        weights = nothing[0] if linear is None else linear.weights
        spectral = {
            name: voice
            for name, voice in heard.items()
            if SPECTRAL[name] and isinstance(voice, OfProducts)
        }
        axes = [nothing[1], *(voice.axes for voice in spectral.values())]
        found = scene.linear(*tile, weights, np.concatenate(axes, axis=1), token)
        known: dict[VoiceName, FloatArray] = {}
        if linear is not None:
            known["surroundings"] = found.products + linear.bias
        ends = np.cumsum([a.shape[1] for a in axes])
        for (name, voice), start, end in zip(spectral.items(), ends, ends[1:], strict=False):
            said = voice.scores_at(_flat(found.spectral[:, :, start:end]))
            known[name] = said.reshape(*found.valid.shape, -1)
        return Seen(found.first, found.valid, found.strays, known=known)

    def _of_spectra(self, scene: SceneFeatures, tile: Window) -> dict[VoiceName, FloatArray]:
        """Scores (rows, columns, classes) of a tile by the voices that are asked about spectra."""
        asked = [name for name in self.pool.heard if SPECTRAL[name]]
        if not asked:
            return {}
        values, valid = scene.spectra(*tile)
        return {n: self.voices[n].scores(values).reshape(*valid.shape, -1) for n in asked}


def tile_side(classes: int, reach: int) -> int:
    """Pixels a side of what is mapped at once, so that many classes take no more memory.

    Parameters
    ----------
    reach : pixels that the features look around their own.
    """
    if classes <= MOST_CLASSES:
        return TILE
    around = 2 * reach
    return max(LEAST_SIDE, int((TILE + around) * np.sqrt(MOST_CLASSES / classes)) - around)


def exits_of(network: SdhsiNet, features: FloatArray) -> FloatArray:
    """Probabilities (exits, n, classes) of the pixels inside the margin of a window of features."""
    device = next(network.parameters()).device
    with torch.inference_mode(), precision(device):
        logits = network(torch.from_numpy(features).unsqueeze(0).to(device))
        exits = torch.stack([functional.softmax(z[0].float(), dim=0) for z in logits])
    said: FloatArray = exits.flatten(2).transpose(1, 2).cpu().numpy()
    return said


def _flat(part: FloatArray) -> FloatArray:
    return part.reshape(-1, part.shape[2])
