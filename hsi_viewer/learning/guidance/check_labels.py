"""check_labels: labels that models fitted without them contradict.

Labels are held out by whole places (labels of a class that touch), so that a wrong stroke cannot
speak for itself; twice, in other company, and twice more without the labels that looked wrong, so
that these cannot speak for one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.inputs import CubeLike, LabelsLike, as_cube, as_labels
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.folds import trainable
from hsi_viewer.learning.instant_model import softmax
from hsi_viewer.learning.recipe import Recipe
from hsi_viewer.learning.scene_mapper import labelled_scene
from hsi_viewer.learning.spatial_folds import spatial_folds
from hsi_viewer.learning.voices.ensemble import VoiceFitter, scores_by
from hsi_viewer.learning.voices.voice import VoiceName
from hsi_viewer.learning.voices.weighing import weighed

FOLDS, REPEATS = 5, 2
MOST_LABELS = 4_000  # that are judged, evenly over the classes
DOUBTED = 0.2  # share of a class's labels that the last repeats may learn without
BY_PLACE = 0.5  # part of a label's margin that is its place's
BY_CLASS = 0.25  # part of what is usual in a class that says nothing of a single label
FAINT = 0.05  # that two probabilities have in common: below it they say as little

Numbers = NDArray[np.int64]


class SuspiciousLabel(NamedTuple):
    """A label and what models that were fitted without it say of it.

    Attributes
    ----------
    row, column : its pixel.
    label : the class id that it has.
    looks_like : the likeliest of the other classes.
    margin : probability of `label` less that of `looks_like`, -1..1; below 0 the models
        contradict the label.
    """

    row: int
    column: int
    label: int
    looks_like: int
    margin: float


def check_labels(
    cube: CubeLike,
    labels: LabelsLike,
    *,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> list[SuspiciousLabel]:
    """Labels that may be wrong, most suspicious first; nothing is changed.

    Every label that could be held out is listed; those of a margin below 0 look like another
    class. They are in the order of their log-odds against the likeliest other class, less a quarter
    of what is usual in their class: in one that is hard to predict, a poor answer says less. Half
    of it is the mean of the labels that touch. A class of a single label cannot be judged. Of more
    than 4000 labels so many are judged, evenly over the classes.

    Parameters
    ----------
    cube : a cube, an array (rows, columns, bands), an xarray.DataArray, or a path.
    labels : (rows, columns) class ids, 0 for none, what `read_labels` gives, or a path.
    token : `token.cancel()`, from another thread, ends the check.
    port : takes `Progress`.

    Raises
    ------
    FileError, FormatError
        if a file cannot be read, or an array cannot be a cube.
    LabelError
        if labels do not fit the cube, or name fewer than two classes.
    TrainingError
        if the cube cannot be learned from.
    TaskCancelledError
        if the token was cancelled.
    """
    scene = as_cube(cube)
    return _checked(scene, as_labels(labels, scene), token or CancelToken(), port or SilentPort())


def _checked(
    cube: HyperCube, labels: ArrayLike, token: CancelToken, port: ProgressPort
) -> list[SuspiciousLabel]:
    recipe = Recipe()
    known = labelled_scene(cube, labels, recipe.features, MOST_LABELS, 0, token, port)
    scene, targets = known.scene, known.targets
    values = np.ascontiguousarray(scene.patches(known.pixels, 0, token)[:, :, 0, 0])
    spectra = scene.spectra_at(known.pixels, token)
    classes, shrinkage = len(known.class_ids), recipe.training.shrinkage
    fitter = VoiceFitter.of_scene(scene, classes, shrinkage, token)
    groups = spatial_folds(known.pixels, targets, cube.columns, FOLDS).groups
    checker = Checker(fitter, values, spectra, targets, groups, token, port)
    answers = checker.answers()
    judged = ~np.isnan(answers.sum(axis=1))
    given = np.take_along_axis(answers, targets[:, None], axis=1)[:, 0]
    np.put_along_axis(answers, targets[:, None], -1.0, axis=1)
    other, likeliest = answers.argmax(axis=1), answers.max(axis=1)
    margin = checker.with_place(given - likeliest, judged)
    odds = np.log((given + FAINT) / (likeliest + FAINT))
    fit = checker.with_place(checker.beyond_usual(odds, judged), judged)
    rows, columns = np.divmod(known.pixels, cube.columns)
    order = [i for i in np.argsort(fit, kind="stable").tolist() if judged[i]]
    return [
        SuspiciousLabel(
            int(rows[i]),
            int(columns[i]),
            known.class_ids[targets[i]],
            known.class_ids[other[i]],
            float(margin[i]),
        )
        for i in order
    ]


@dataclass(frozen=True)
class Checker:
    """Asks models about labels that they were not fitted on.

    Attributes
    ----------
    fitter : of the voices.
    values, spectra : (n, channels) features and (n, bands) standardised spectra of the labels.
    targets : (n,) class indices.
    groups : (n,) the place of each label.
    """

    fitter: VoiceFitter
    values: FloatArray
    spectra: FloatArray
    targets: Numbers
    groups: Numbers
    token: CancelToken
    port: ProgressPort

    def answers(self) -> FloatArray:
        """Mean probabilities (n, classes) of each label; NaN of one that is never held out."""
        said = self._said(range(REPEATS), np.ones(len(self.targets), bool))
        said += self._said(range(REPEATS, 2 * REPEATS), self._trusted(mean_of(said)))
        return mean_of(said)

    def _said(self, seeds: range, trusted: NDArray[np.bool_]) -> list[FloatArray]:
        """What models that learn from trusted labels say of each label, once for each division."""
        said = []
        for seed in seeds:
            share = seed / (2 * REPEATS)
            self.port.report(Progress("Asking models about labels that they did not see", share))
            said.append(self._held_out(self._folds(seed), trusted))
        return said

    def _held_out(self, folds: Numbers, trusted: NDArray[np.bool_]) -> FloatArray:
        """Probabilities by the voices, weighed by how right they are; NaN of fold -1."""
        classes = self.fitter.classes
        scores: dict[VoiceName, FloatArray] = {}
        for fold in np.unique(folds[folds >= 0]):
            self.token.check()
            test = folds == fold
            training = ~test & trusted
            missing = np.setdiff1d(self.targets[~test], self.targets[training])
            training |= ~test & np.isin(self.targets, missing)
            labels = self.values[training], self.targets[training], self.spectra[training]
            voices = self.fitter.fitted(*labels)
            units = self.fitter.units(voices)
            for name, voice in voices.items():
                shape = (len(self.targets), classes)
                kept = scores.setdefault(name, np.full(shape, np.nan, np.float32))
                said = scores_by(name, voice, self.values[test], self.spectra[test])
                kept[test] = said / np.float32(units[name])
        out = np.full((len(self.targets), classes), np.nan, np.float32)
        held = folds >= 0
        if held.any():
            pool = weighed({n: s[held] for n, s in scores.items()}, self.targets[held])
            joined = np.sum([pool.factor(n) * s[held] for n, s in scores.items()], axis=0)
            out[held] = softmax(joined.astype(np.float32))
        return out

    def _folds(self, seed: int) -> Numbers:
        """Fold (n,) of each label: whole places, drawn evenly over each class."""
        rng = np.random.default_rng(seed)
        folds = np.full(len(self.targets), -1)
        for k in np.unique(self.targets):
            members = np.flatnonzero(self.targets == k)
            places, index = np.unique(self.groups[members], return_inverse=True)
            drawn = (rng.permutation(places.size) + k) % FOLDS
            folds[members] = drawn[index.reshape(-1)]
        return trainable(folds, self.targets)

    def _trusted(self, answers: FloatArray) -> NDArray[np.bool_]:
        """All labels but those of a class that look most like another, by the first answers."""
        given = np.take_along_axis(answers, self.targets[:, None], axis=1)[:, 0]
        trusted = np.ones(len(self.targets), bool)
        for k in np.unique(self.targets):
            members = np.flatnonzero((self.targets == k) & (answers.argmax(axis=1) != self.targets))
            most = int(DOUBTED * np.count_nonzero(self.targets == k))
            members = members[np.isfinite(given[members])]
            trusted[members[np.argsort(given[members], kind="stable")[:most]]] = False
        return trusted

    def beyond_usual(self, odds: FloatArray, judged: NDArray[np.bool_]) -> FloatArray:
        """Log-odds (n,) less a part of the mean of their class."""
        sizes = np.bincount(self.targets, judged)
        total = np.bincount(self.targets, np.where(judged, odds, 0.0))
        usual: NDArray[np.float64] = (total / np.maximum(sizes, 1))[self.targets]
        return (odds - BY_CLASS * usual).astype(np.float32)

    def with_place(self, margin: FloatArray, judged: NDArray[np.bool_]) -> FloatArray:
        """Margins (n,) that are partly the mean of their place: a stroke is wrong as a whole."""
        sizes = np.bincount(self.groups, judged)
        total = np.bincount(self.groups, np.where(judged, margin, 0.0))
        place = (total / np.maximum(sizes, 1))[self.groups]
        mixed: FloatArray = ((1 - BY_PLACE) * margin + BY_PLACE * place).astype(np.float32)
        return mixed


def mean_of(said: list[FloatArray]) -> FloatArray:
    """Mean of answers (n, classes) that are known; NaN where none is."""
    count = np.isfinite(said).sum(axis=0)
    mean: FloatArray = np.where(count > 0, np.nansum(said, axis=0) / np.maximum(count, 1), np.nan)
    return mean
