"""Judging the voices on a scene: weights, the walker's strength, and the evidence for both.

Folds that hold out labels by place choose the voices for the scene itself. Halves of the labelled
area, as far apart as one scene allows, choose them for other scenes, where nobody labels.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.evidence import Evidence, HeldOut, VoiceShare
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.calibration import fit_temperature, tempered
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.folds import folds_of
from hsi_viewer.learning.instant_model import softmax
from hsi_viewer.learning.random_walker import walk
from hsi_viewer.learning.recipe import WalkerRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.spatial_folds import SpatialFolds, half_folds, spatial_folds
from hsi_viewer.learning.voices.ensemble import Ensemble, VoiceFitter, Voices
from hsi_viewer.learning.voices.pool import Pool, Strength
from hsi_viewer.learning.voices.voice import KINDS, NETWORK_TITLE, VoiceName
from hsi_viewer.learning.voices.weighing import usual_pool, weighed

RANDOM_FOLDS = 3
REFINED = 100_000  # pixels of a scene that is refined once a fold; of larger ones, answers are raw
WEAK_GAMMA = 0.02


class JudgedModel(Protocol):
    """What is taken over of a model."""

    @property
    def pool(self) -> Pool:
        """Of its own scene."""

    @property
    def pool_elsewhere(self) -> Pool:
        """For other scenes."""

    @property
    def evidence(self) -> Evidence | None:
        """What its weights rest on."""


@dataclass(frozen=True)
class Judge:
    """Knows a scene and its labels.

    Attributes
    ----------
    scene : features of the cube.
    fitter : of the voices.
    pixels : (n,) flat indices of the labels.
    targets : (n,) class indices; every class occurs.
    values : (n, channels) features of the labels.
    walker : the recipe of the full walker.
    only : voices that may speak; None for all.
    """

    scene: SceneFeatures
    fitter: VoiceFitter
    pixels: NDArray[np.int64]
    targets: NDArray[np.int64]
    values: FloatArray
    walker: WalkerRecipe
    only: tuple[VoiceName, ...] | None = None

    def pool(self) -> Pool:
        """The pool for the map of this scene."""
        return self._by_folds(self.separated) or self._usual(self.only)

    def pool_elsewhere(self) -> Pool:
        """The pool for scenes without labels: without the walker, which would have no seeds."""
        folds = half_folds(self.pixels, self.targets, self.scene.cube.columns)
        pool = self._by_folds(folds)
        if pool is None:
            near = tuple(k.name for k in KINDS if not k.windows)
            pool = self._usual(self.only or near)
        return replace(pool, walker="none")

    @property
    def separated(self) -> SpatialFolds:
        """Folds that hold out labels by place."""
        return spatial_folds(self.pixels, self.targets, self.scene.cube.columns)

    def evidence(
        self, pool: Pool, part: float, token: CancelToken | None = None
    ) -> tuple[Pool, Evidence]:
        """The pool with the temperature of its refined answers, and the evidence."""
        folds = self.separated
        separated = None
        if folds.too_few is None:
            answers = self._answers(pool, folds.folds, token)
            held = folds.is_held
            if pool.walker != "none":
                fitted = fit_temperature(answers[held], self.targets[held])
                pool = replace(pool, refined_temperature=fitted)
                answers = tempered(answers, fitted)
            separated = self._held_out(answers, folds.folds, folds.groups)
        drawn = folds_of(self.targets, 0)
        drawn = np.where(drawn >= 0, drawn % RANDOM_FOLDS, -1)
        random = None
        if separated is not None:
            answers = tempered(self._answers(pool, drawn, token), pool.refined_temperature)
            random = self._held_out(answers, drawn, folds.groups)
        return pool, evidence_for(pool, part, self.scene.features.reach, separated, random)

    def _held_out(
        self, answers: FloatArray, folds: NDArray[np.int64], groups: NDArray[np.int64]
    ) -> HeldOut:
        held = folds >= 0
        return HeldOut(
            self.pixels[held], self.targets[held], groups[held], folds[held], answers[held]
        )

    def _by_folds(self, folds: SpatialFolds) -> Pool | None:
        if folds.too_few is not None:
            return None
        said = self.fitter.held_out(self.values, self.targets, folds.folds)
        held = folds.is_held
        return weighed({n: s[held] for n, s in said.items()}, self.targets[held], self.only)

    def fitted(self) -> Voices:
        """The voices, of all labels."""
        return self.fitter.fitted(self.values, self.targets)

    def _usual(self, only: tuple[VoiceName, ...] | None) -> Pool:
        return usual_pool({n: v.scores(self.values) for n, v in self.fitted().items()}, only)

    def _answers(
        self, pool: Pool, folds: NDArray[np.int64], token: CancelToken | None
    ) -> FloatArray:
        """Probabilities (n, classes) of each label by a pool that never saw its fold."""
        out = np.zeros((len(self.targets), self.fitter.classes), np.float32)
        cube = self.scene.cube
        refined = pool.walker != "none" and cube.rows * cube.columns <= REFINED
        for fold in np.unique(folds[folds >= 0]):
            test = folds == fold
            if token is not None:
                token.check()
            voices = self.fitter.fitted(self.values[~test], self.targets[~test])
            ensemble = Ensemble(voices, pool)
            if not refined:
                out[test] = softmax(ensemble.logits(self.values[test]))
                continue
            guide, valid = self.scene.guide(self.walker.guides, token)
            seeds = np.full(cube.rows * cube.columns, -1, np.int64)
            seeds[self.pixels[~test]] = self.targets[~test]
            found = walk(
                ensemble.mapped(self.scene, token).probabilities,
                guide,
                valid,
                seeds.reshape(cube.rows, cube.columns),
                of_strength(self.walker, pool.walker),
                token,
            )
            out[test] = found.reshape(len(seeds), -1)[self.pixels[test]]
        return out


def of_strength(walker: WalkerRecipe, strength: Strength) -> WalkerRecipe:
    """The recipe of a walker of some strength; that of the full one is its own."""
    return replace(walker, gamma=WEAK_GAMMA) if strength == "weak" else walker


def evidence_for(
    pool: Pool, part: float, reach: int, separated: HeldOut | None, random: HeldOut | None
) -> Evidence:
    """The evidence for a pool; reach is that of the widest window, in pixels."""
    reach = reach if pool.factor("surroundings") > 0 else 0
    return Evidence(voice_shares(pool, part), pool.walker, reach, separated, random)


def voice_shares(pool: Pool, part: float) -> tuple[VoiceShare, ...]:
    """The voices and the network as people see them, the strongest first."""
    shares = []
    for kind in KINDS:
        if (share := pool.shares.get(kind.name)) is None:
            continue
        score = float("nan") if share.score is None else share.score
        weight = share.weight * (1 - part if kind.name == "surroundings" else 1)
        shares.append(VoiceShare(kind.name, kind.title, weight, score))
        if kind.name == "surroundings":
            around = share.weight * part
            shares.append(VoiceShare("network", NETWORK_TITLE, around, float("nan")))
    return tuple(sorted(shares, key=lambda s: -s.weight))


class Judged:
    """The voices of a training run; the evidence is gathered beside the training.

    Parameters
    ----------
    ensemble : fitted on all labels, with the weights for this scene.
    elsewhere : the weights for other scenes.
    finish : gives the pool with its last temperature, and the evidence.
    """

    def __init__(
        self,
        ensemble: Ensemble,
        elsewhere: Pool,
        finish: Callable[[], tuple[Pool, Evidence | None]],
    ) -> None:
        self.ensemble, self.elsewhere = ensemble, elsewhere
        self._thread = ThreadPoolExecutor(1)
        self._found = self._thread.submit(finish)

    @classmethod
    def at_leisure(cls, judge: Judge, part: float, token: CancelToken) -> Self:
        """With all the evidence there is."""
        pool = judge.pool()
        ensemble = Ensemble(judge.fitted(), pool, part=part)
        return cls(ensemble, judge.pool_elsewhere(), lambda: judge.evidence(pool, part, token))

    @classmethod
    def in_passing(cls, judge: Judge, part: float, model: JudgedModel) -> Self:
        """After a stroke: weighed again, but with the answers and temperature of a model."""
        pool = replace(judge.pool(), refined_temperature=model.pool.refined_temperature)
        evidence = model.evidence
        if evidence is not None:
            evidence = replace(evidence, voices=voice_shares(pool, part), walker=pool.walker)
        ensemble = Ensemble(judge.fitted(), pool, part=part)
        return cls(ensemble, model.pool_elsewhere, lambda: (pool, evidence))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    def evidence(self) -> tuple[Pool, Evidence | None]:
        """The pool and the evidence, once they are complete."""
        return self._found.result()
