"""Judging the voices on a scene: weights, the walker's strength, and the evidence for both.

Folds that hold out labels by place choose the voices for the scene itself. Halves of the labelled
area, as far apart as one scene allows, choose them for other scenes, where nobody labels.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Protocol, Self

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from hsi_viewer.core.evidence import Evidence, HeldOut, VoiceShare
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.calibration import fit_reliability, reliable, tempered
from hsi_viewer.learning.features import Features, FloatArray
from hsi_viewer.learning.folds import random_folds
from hsi_viewer.learning.held_out_maps import refined_answers
from hsi_viewer.learning.instant_model import softmax
from hsi_viewer.learning.recipe import WalkerRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.spatial_folds import SpatialFolds, half_folds, spatial_folds
from hsi_viewer.learning.survey import Window
from hsi_viewer.learning.voices.burden_of_proof import TRIED, WEAKER, holds, kept
from hsi_viewer.learning.voices.ensemble import Ensemble, Fitted, VoiceFitter, Voices
from hsi_viewer.learning.voices.evenness import agreement_left, evenness, part_around, weight_around
from hsi_viewer.learning.voices.pool import VOTE, Pool, Strength
from hsi_viewer.learning.voices.voice import KINDS, NETWORK_TITLE, VoiceName
from hsi_viewer.learning.voices.weighing import (
    STEEPEST,
    STEEPEST_ELSEWHERE,
    usual_pool,
    weighed,
)

NEAR = tuple(kind.name for kind in KINDS if not kind.windows)
RANDOM_FOLDS = 3
USUAL = 0.999  # share of the training scene's pixels that count as within its range
WEAK_GAMMA = 0.02
FULLER = 0.2  # by which the logit of a model of all labels exceeds that of two thirds of them


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

    @property
    def usual_distance(self) -> float:
        """How far spectra of its scene usually are from the mean."""


@dataclass(frozen=True)
class Judge:
    """Knows a scene and its labels.

    Attributes
    ----------
    scene : features of the cube.
    fitter : of the voices.
    pixels : (n,) flat indices of the labels.
    targets : (n,) class indices; every class occurs.
    values, spectra : (n, channels) features and (n, bands) standardised spectra of the labels.
    walker : the recipe of the full walker.
    only : voices that may speak; None for all.
    strength : of the refinement that the evidence is of; None for that of the pool.
    """

    scene: SceneFeatures
    fitter: VoiceFitter
    pixels: NDArray[np.int64]
    targets: NDArray[np.int64]
    values: FloatArray
    spectra: FloatArray
    walker: WalkerRecipe
    only: tuple[VoiceName, ...] | None = None
    strength: Strength | None = None

    def pool(self) -> Pool:
        """The pool for the map of this scene, in units of the voices."""
        return self._by_folds(self.separated, STEEPEST, self._around) or self._unjudged()

    def pool_elsewhere(self) -> Pool:
        """That for scenes without labels: without the walker, which would have no seeds."""
        cube = self.scene.cube
        halves = half_folds(self.pixels, self.targets, cube.columns, joined_at=cube.joined_at)
        pool = (
            self._by_folds(halves, STEEPEST_ELSEWHERE)
            or self._by_folds(self.separated, STEEPEST_ELSEWHERE)  # classes of one half each
            or usual_pool(self.only or NEAR)
        )
        return replace(pool, walker="none")

    @property
    def usual_distance(self) -> float:
        """Squared distance from the mean that most pixels of the scene stay within."""
        distance = self.scene.features.distance(self.fitter.sample)
        return float(np.quantile(distance, USUAL)) if distance.size else float("inf")

    @property
    def separated(self) -> SpatialFolds:
        """Folds that hold out labels by place."""
        cube = self.scene.cube
        return spatial_folds(self.pixels, self.targets, cube.columns, joined_at=cube.joined_at)

    def evidence(
        self, pool: Pool, part: float, token: CancelToken | None = None
    ) -> tuple[Pool, Evidence]:
        """The pool with its walker and reliable confidence, and the evidence for it.

        Held-out labels decide whether the walker that the weights ask for is borne out.
        """
        folds, features = self.separated, self.scene.features
        seen = replace(pool, walker=self.strength or pool.walker)
        if folds.too_few is not None:
            return pool, evidence_for(seen, part, features, None, None)
        ways = folds.folds, random_folds(self.targets, 0, RANDOM_FOLDS)
        if self.strength is None and self.only is None:
            strength, said = self._borne_out(seen, ways, token)
            seen = pool = replace(pool, walker=strength)
        else:
            said = [self._answers(seen, f, token) for f in ways]
        unrefined = own = self._reliability([s.raw for s in said])
        if seen.walker != "none":
            own = self._reliability([s.refined for s in said])
        elif pool.walker != "none":  # the user wants no walker, so of its map nothing is known
            own = (0.0, 1.0)
        shown = [self._held_out(s, folds.groups, own if s.is_refined else unrefined) for s in said]
        offset, slope = own
        unrefined = unrefined[0] + FULLER, unrefined[1]
        pool = replace(pool, offset=offset + FULLER, slope=slope, unrefined=unrefined)
        return pool, evidence_for(seen, part, features, *shown)

    def _borne_out(
        self, pool: Pool, ways: tuple[NDArray[np.int64], ...], token: CancelToken | None
    ) -> tuple[Strength, list[Answers]]:
        """The strength of the walker that held-out labels bear out, and what they are told."""
        asked = pool.walker
        while True:
            tried = TRIED[asked][0]
            said = [self._answers(replace(pool, walker=tried), f, token) for f in ways]
            if holds(asked, [(s.raw, s.refined) for s in said], self.targets):
                return tried, said
            if WEAKER[tried] == "none":
                return "none", [s.unrefined for s in said]
            asked = WEAKER[tried]

    def _reliability(self, said: list[FloatArray]) -> tuple[float, float]:
        """Offset and slope by probabilities (n, classes) of held-out labels, NaN if not asked."""
        told = [np.isfinite(answers[:, 0]) for answers in said]
        sure = [answers[t].max(axis=1) for answers, t in zip(said, told, strict=True)]
        right = [
            answers[t].argmax(axis=1) == self.targets[t]
            for answers, t in zip(said, told, strict=True)
        ]
        return fit_reliability(np.concatenate(sure), np.concatenate(right))

    def _held_out(
        self, said: Answers, groups: NDArray[np.int64], reliability: tuple[float, float]
    ) -> HeldOut:
        held = said.folds >= 0
        answers = reliable((said.refined if said.is_refined else said.raw)[held], *reliability)
        return HeldOut(
            self.pixels[held], self.targets[held], groups[held], said.folds[held], answers
        )

    def _by_folds(
        self, folds: SpatialFolds, steepest: float, around: float | None = None
    ) -> Pool | None:
        if folds.too_few is not None:
            return None
        labels = self.values, self.targets, folds.folds, self.spectra
        said = self.fitter.held_out(*labels, self._without)
        held = folds.is_held
        scores = {n: s[held] for n, s in said.items()}
        return weighed(scores, self.targets[held], self.only, steepest, around)

    def _unjudged(self) -> Pool:
        """The pool of labels that can't be held out."""
        return usual_pool(self.only, self._around)

    @cached_property
    def _around(self) -> float | None:
        """Weight of the surroundings before any evidence, by what single pixels make of the scene.

        None if the user chose the voices.
        """
        if self.only is not None:
            return None
        cube, units = self.scene.cube, self.fitter.units(self.fitted)
        part = part_around(self.pixels, (cube.rows, cube.columns))
        seen = Ensemble(self.fitted, usual_pool(NEAR).in_units(units)).mapped(self.scene, part=part)
        said = seen.probabilities, seen.valid
        return weight_around(evenness(*said), agreement_left(*said))

    @cached_property
    def fitted(self) -> Voices:
        """The voices, of all labels."""
        return self.fitter.fitted(self.values, self.targets, self.spectra)

    def _without(self, test: NDArray[np.bool_]) -> Fitted:
        """Voices of the other labels and their units: each fold is asked about several times."""
        key = test.tobytes()
        if key not in self._by_test:
            labels = self.values, self.targets, self.spectra
            self._by_test[key] = self.fitter.without(test, *labels)
        return self._by_test[key]

    @cached_property
    def _by_test(self) -> dict[bytes, Fitted]:
        return {}

    def _answers(self, pool: Pool, folds: NDArray[np.int64], token: CancelToken | None) -> Answers:
        """What is said of each label by a pool that never saw its fold."""
        nothing = np.full((len(self.targets), self.fitter.classes), np.nan, np.float32)
        said = Answers(folds, nothing, nothing.copy())
        walker = of_strength(self.walker, pool.walker)
        for fold in np.unique(folds[folds >= 0]):
            test = folds == fold
            if token is not None:
                token.check()
            voices, units = self._without(test)
            ensemble = Ensemble(voices, pool.in_units(units))
            said.raw[test] = softmax(
                ensemble.logits(self.values[test], None, None, self.spectra[test])
            )
            if pool.walker != "none":
                scene, labels = self.scene, (self.pixels, self.targets, test)
                found = refined_answers(
                    scene, partial(votes, ensemble, scene, token), *labels, [walker], token
                )
                said.refined[test] = found[0, test]
        return said


def votes(
    ensemble: Ensemble, scene: SceneFeatures, token: CancelToken | None, part: Window
) -> FloatArray:
    """What the walker averages in a part of a scene."""
    return tempered(ensemble.mapped(scene, token, part=part).probabilities, VOTE)


@dataclass(frozen=True)
class Answers:
    """What models that never saw a label say of it.

    Attributes
    ----------
    folds : (n,) in which a label was held out; -1 if in none.
    raw, refined : (n, classes) probabilities, before the walker and after it; NaN if not asked.
    """

    folds: NDArray[np.int64]
    raw: FloatArray
    refined: FloatArray

    @property
    def unrefined(self) -> Answers:
        """The same without those after the walker."""
        return replace(self, refined=np.full_like(self.refined, np.nan))

    @property
    def is_refined(self) -> bool:
        """Whether the walker was asked for every label that was held out."""
        return bool(np.isfinite(self.refined[self.folds >= 0]).all())


def of_strength(walker: WalkerRecipe, strength: Strength) -> WalkerRecipe:
    """The recipe of a walker of some strength; that of the full one is its own."""
    return replace(walker, gamma=WEAK_GAMMA) if strength == "weak" else walker


def evidence_for(
    pool: Pool,
    part: float,
    features: Features,
    separated: HeldOut | None,
    random: HeldOut | None,
) -> Evidence:
    """The evidence for a pool; its reach is that of the widest window that is heard."""
    reach = features.reach if "surroundings" in pool.heard else 0
    return Evidence(voice_shares(pool, part), pool.walker, reach, separated, random)


def voice_shares(pool: Pool, part: float) -> tuple[VoiceShare, ...]:
    """The voices and the network as people see them, the strongest first."""
    shares = []
    for kind in KINDS:
        if (share := pool.shares.get(kind.name)) is None:
            continue
        score = float("nan") if share.score is None else share.score
        network = pool.network_share(part) if kind.name == "surroundings" else 0.0
        shares.append(VoiceShare(kind.name, kind.title, share.weight - network, score))
        if kind.name == "surroundings":
            shares.append(VoiceShare("network", NETWORK_TITLE, network, float("nan")))
    return tuple(sorted(shares, key=lambda s: -s.weight))


@dataclass(frozen=True)
class Verdict:
    """What judging ends with.

    Attributes
    ----------
    pool, pool_elsewhere, evidence, usual_distance : see `model_state.ModelState`.
    """

    pool: Pool
    pool_elsewhere: Pool
    evidence: Evidence | None
    usual_distance: float


class Judged:
    """The voices of a training run, and the evidence, which another thread gathers.

    Parameters
    ----------
    ensemble : fitted on all labels, with the weights for this scene.
    finish : gathers what is left.
    """

    def __init__(self, ensemble: Ensemble, finish: Callable[[], Verdict]) -> None:
        self.ensemble = ensemble
        self._thread, self._finish = ThreadPoolExecutor(1), finish
        self._verdict: Future[Verdict] | None = None

    @classmethod
    def at_leisure(cls, judge: Judge, part: float, token: CancelToken) -> Self:
        """With all the evidence there is."""
        pool, voices = judge.pool(), judge.fitted
        units = judge.fitter.units(voices)

        def finish() -> Verdict:
            reliable_pool, evidence = judge.evidence(pool, part, token)
            elsewhere = judge.pool_elsewhere().in_units(units)
            return Verdict(reliable_pool.in_units(units), elsewhere, evidence, judge.usual_distance)

        return cls(Ensemble(voices, pool.in_units(units), part=part), finish)

    @classmethod
    def in_passing(cls, judge: Judge, part: float, model: JudgedModel) -> Self:
        """After a stroke: weighed again, but with the answers and reliability of a model."""
        voices = judge.fitted
        pool = judge.pool().in_units(judge.fitter.units(voices))
        known, evidence = model.pool, model.evidence
        if judge.only is None and evidence is not None and evidence.separated is not None:
            pool = replace(pool, walker=kept(pool.walker, known.walker))
        pool = replace(pool, offset=known.offset, slope=known.slope, unrefined=known.unrefined)
        if evidence is not None:
            walker = judge.strength or pool.walker
            evidence = structs.replace(evidence, voices=voice_shares(pool, part), walker=walker)
        verdict = Verdict(pool, model.pool_elsewhere, evidence, model.usual_distance)
        return cls(Ensemble(voices, pool, part=part), lambda: verdict)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    def gather(self) -> Future[Verdict]:
        """Begin to gather what is left, unless that has begun."""
        if self._verdict is None:
            self._verdict = self._thread.submit(self._finish)
        return self._verdict

    def verdict(self) -> Verdict:
        """The rest, once it is complete."""
        return self.gather().result()
