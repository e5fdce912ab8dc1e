"""The voices that were fitted on some labels, and the map that they make together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.learning.features import Features, FloatArray
from hsi_viewer.learning.instant_model import fit_instant, softmax
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.predictor import UNLIKELY, DenseOutput, precision
from hsi_viewer.learning.scene_features import SceneFeatures, Window, moved, tiles
from hsi_viewer.learning.voices.pixels import PixelVoice
from hsi_viewer.learning.voices.pool import Pool
from hsi_viewer.learning.voices.similar_pixels import SimilarPixelVoice
from hsi_viewer.learning.voices.voice import KINDS, NETWORK_PART, Voice, VoiceName
from hsi_viewer.learning.voices.weighing import mean_margin

Voices = dict[VoiceName, Voice]
ROWS = 16  # of a tile, of which the voices speak at once


@dataclass(frozen=True)
class VoiceFitter:
    """Fits every voice on the same labels.

    Attributes
    ----------
    features : of the scene.
    classes : to tell apart.
    shrinkage : of the covariance of the surroundings.
    sample : (m, channels) features of pixels that stand for the scene.
    """

    features: Features
    classes: int
    shrinkage: float
    sample: FloatArray

    def fitted(self, pixels: FloatArray, targets: NDArray[np.int64]) -> Voices:
        """Voices of features (n, channels) and class indices (n,); every class has a pixel."""
        asked = self.features, pixels, targets, self.classes
        return {
            "pixels": PixelVoice.fitted(*asked),
            "similar_pixels": SimilarPixelVoice.fitted(*asked),
            "surroundings": fit_instant(pixels, targets, self.classes, self.shrinkage),
        }

    def units(self, voices: Voices) -> dict[VoiceName, float]:
        """Mean margin of the scores of each voice over the scene.

        Discriminants of fewer labels have larger scores; so scaled, those of a fold and those of
        all labels can be compared.
        """
        return {name: mean_margin(voice.scores(self.sample)) for name, voice in voices.items()}

    def held_out(
        self, pixels: FloatArray, targets: NDArray[np.int64], folds: NDArray[np.int64]
    ) -> dict[VoiceName, FloatArray]:
        """Scores (n, classes) of each label by voices fitted without its fold; NaN of fold -1.

        They are in the `units` of these voices.
        """
        said = {
            kind.name: np.full((len(targets), self.classes), np.nan, np.float32) for kind in KINDS
        }
        for fold in np.unique(folds[folds >= 0]):
            test = folds == fold
            voices = self.fitted(pixels[~test], targets[~test])
            units = self.units(voices)
            for name, voice in voices.items():
                said[name][test] = voice.scores(pixels[test]) / np.float32(units[name])
        return said


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

    def logits(self, features: FloatArray, exits: FloatArray | None = None) -> FloatArray:
        """Joined logits (n, classes) of features (n, channels).

        Parameters
        ----------
        exits : (n, classes) mean probabilities of the network's exits, if it speaks.
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
                total = total + np.float32(factor) * self.voices[name].scores(features)
        return total

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
        port, network = port or SilentPort(), self.network if self.looks_around else None
        if not self.looks_around:
            scene = scene.narrowed()
        margin = 0
        down, across = part or (slice(0, scene.cube.rows), slice(0, scene.cube.columns))
        rows, columns = down.stop - down.start, across.stop - across.start
        if network is not None:
            network.eval()
            margin = network.radius
        # one that is heard: others may need features that a narrowed scene doesn't have
        names = (*self.pool.heard, *self.voices)
        speaker = next(self.voices[name] for name in names if name in self.voices)
        classes = len(speaker.scores(_nothing(scene))[0])
        probabilities = np.empty((rows, columns, classes), np.float32)
        disagreement = np.zeros((rows, columns), np.float32)
        valid = np.empty((rows, columns), bool)
        far = np.zeros((rows, columns), bool) if np.isfinite(within) else None
        windows = list(tiles(rows, columns))
        for done, (r, c) in enumerate(windows):
            if token is not None:
                token.check()
            here = moved(r, down.start), moved(c, across.start)
            values, valid[r, c] = scene.window(*here, margin, token)
            shape, exits = valid[r, c].shape, None
            if network is not None:
                each = exits_of(network, values)
                exits = each.mean(axis=0)
                disagreement[r, c] = 0.5 * np.abs(each - exits).sum(axis=2).mean(axis=0).reshape(
                    shape
                )
                exits = exits.reshape(*shape, classes)
            for top in range(0, shape[0], ROWS):  # so few that their copy stays in the cache
                some = slice(top, min(top + ROWS, shape[0]))
                seen = values[:, margin + some.start : margin + some.stop, margin:][
                    :, :, : shape[1]
                ]
                flat = np.moveaxis(seen, 0, 2).reshape(-1, len(seen))
                if far is not None:
                    beyond = scene.features.distance(flat) > within
                    far[r, c][some] = beyond.reshape(-1, shape[1]) & valid[r, c][some]
                said = None if exits is None else exits[some].reshape(-1, classes)
                joined = softmax(self.logits(flat, said))
                probabilities[r, c][some] = joined.reshape(-1, shape[1], classes)
            port.report(Progress("Predicting the map", (done + 1) / len(windows)))
        return DenseOutput(probabilities, disagreement, valid, far)


def exits_of(network: SdhsiNet, features: FloatArray) -> FloatArray:
    """Probabilities (exits, n, classes) of the pixels inside the margin of a window of features."""
    device = next(network.parameters()).device
    with torch.inference_mode(), precision(device):
        logits = network(torch.from_numpy(features).unsqueeze(0).to(device))
        exits = torch.stack([functional.softmax(z[0].float(), dim=0) for z in logits])
    said: FloatArray = exits.flatten(2).transpose(1, 2).cpu().numpy()
    return said


def without_network(ensemble: Ensemble) -> Ensemble:
    """The same, with the discriminant of the surroundings speaking for both."""
    return replace(ensemble, network=None)


def _nothing(scene: SceneFeatures) -> FloatArray:
    return np.zeros((1, scene.features.channels), np.float32)
