"""The table of classifiers: our own, then those of installed packages.

Nothing slow is imported here: the window and the command line list the titles. To add a classifier,
write a file of its name beside this one, with `fit` and `load`, and add its row to `BUILT_IN`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from numpy.typing import ArrayLike

from hsi_viewer.core.classifier import Classifier, Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.region import labels_inside, require_classes_inside
from hsi_viewer.core.entry_points import PlugIn, plug_ins
from hsi_viewer.core.errors import FormatError, HsiError, SettingError, TrainingError
from hsi_viewer.core.labels.class_ids import checked_ids
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.progress import (
    CancelToken,
    Note,
    NotingPort,
    ProgressPort,
    TaskCancelledError,
)
from hsi_viewer.core.text import shortened
from hsi_viewer.core.training import TrainingConfig

GROUP = "hsi_viewer.classifiers"
DEFAULT = "sdhsi"
OF_MODELS = ("predict", "save", "class_ids", "legend", "seconds", "warning")


def _row(name: str, title: str, **options: Any) -> Classifier:
    """A row whose file is imported when something is first trained or loaded with it."""
    module = f"{__package__}.{name.replace('-', '_')}"
    return Classifier(name, title, _deferred(module, "fit"), _deferred(module, "load"), **options)


def _deferred(module: str, function: str) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        return getattr(import_module(module), function)(*arguments, **options)

    return call


BUILT_IN = (
    _row(
        "sdhsi",
        "SDHSI-Net",
        settings=("preset", "distillation", "seed", "device", "refine", "voices"),
        warm_start=True,
        early_maps=True,
    ),
    _row("lda", "Linear discriminant"),
    _row("svm", "Support vector machine"),
    _row(
        "hybridsn-sd",
        "Self-distilled HybridSN",
        settings=("seed", "device", "refine"),
    ),
)


def classifiers() -> tuple[Classifier, ...]:
    """All classifiers: ours, then those of installed packages by their names."""
    return _table()[0]


def installed() -> tuple[PlugIn, ...]:
    """The plug-ins that bring classifiers, each with what is wrong with it."""
    return _table()[1]


def problems() -> tuple[str, ...]:
    """A sentence for each installed classifier that cannot be used."""
    return tuple(plug_in.problem for plug_in in installed() if plug_in.problem)


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[Classifier, ...], tuple[PlugIn, ...]]:
    rows = {row.name: row for row in BUILT_IN}
    found = tuple(_taken_up(plug_in, rows) for plug_in in plug_ins(GROUP))
    return tuple(rows.values()), found


def _taken_up(plug_in: PlugIn, rows: dict[str, Classifier]) -> PlugIn:
    """The plug-in, refused if it isn't a classifier or its name is taken."""
    row = plug_in.value
    if plug_in.problem:
        return plug_in
    if not isinstance(row, Classifier):
        return plug_in.refused("it isn't a Classifier")
    if row.name in rows:
        return plug_in.refused(f'there is another classifier of the name "{row.name}"')
    rows[row.name] = replace(row, fit=_kept_apart(row, row.fit), load=_kept_apart(row, row.load))
    return plug_in


def _kept_apart(row: Classifier, make: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, whose errors name the plug-in; what it returns has to be a model."""

    def safe(*arguments: Any, **options: Any) -> Any:
        try:
            model = make(*arguments, **options)
            missing = [name for name in OF_MODELS if not hasattr(model, name)]
        except (HsiError, TaskCancelledError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise TrainingError(
                f'The plug-in classifier "{row.name}" failed: {type(error).__name__}: {error}. '
                "Update or uninstall the plug-in."
            ) from error
        if missing:
            raise TrainingError(
                f'The plug-in classifier "{row.name}" gave {type(model).__name__}, not a model: it '
                f"has no {', '.join(missing)}. Update or uninstall the plug-in."
            )
        return model

    return safe


def classifier(name: str) -> Classifier:
    """The classifier of a name.

    Raises
    ------
    SettingError
        if there is none; the message gives the nearest.
    """
    found = {row.name: row for row in classifiers()}
    if not isinstance(name, str) or name not in found:
        near = nearest(name, found) if isinstance(name, str) else ""
        raise SettingError(
            f"There is no classifier {shortened(repr(name), 60)}{near}; choose one of "
            f"{' '.join((', '.join(found) + '.', *problems()))}"
        )
    return found[name]


def nearest(name: str, names: Iterable[str]) -> str:
    """A question after the name that was meant, or ""."""
    close = get_close_matches(name.lower(), names, 1, 0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def fit(
    cube: HyperCube,
    labels: ArrayLike,
    config: TrainingConfig = TrainingConfig(),  # noqa: B008 -- frozen
    *,
    classifier: str = DEFAULT,
    legend: Iterable[LabelClass] = (),
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
    **options: Any,
) -> Model:
    """Train a classifier on labelled pixels of a cube.

    Parameters
    ----------
    cube : the scene; of complex values the magnitude is used.
    labels : (rows, columns) class ids, by the rules of `core.labels.class_ids`.
    config : settings, as far as the classifier has them.
    classifier : name of a row of `classifiers`.
    legend : names and colours of the classes; others become "Class n".
    token : checked often.
    port : takes `Progress` and, as a Python warning if there is no port, a `Note` of what was left
        out.
    options : what this classifier takes besides.

    Raises
    ------
    SettingError
        if there is no classifier of that name, or `config` isn't a TrainingConfig.
    LabelError
        if labels do not fit the cube or name fewer than two classes.
    TrainingError
        if the cube cannot be learned from.
    TaskCancelledError
        if the token was cancelled.
    """
    row = _named(classifier)
    if not isinstance(config, TrainingConfig):
        raise SettingError(
            "The settings must be a TrainingConfig, such as TrainingConfig(preset='best'), not "
            f"{type(config).__name__}."
        )
    _check_warm_start(row, options)
    if cube.inside is not None:
        labels, outside = labels_inside(checked_ids(labels, (cube.rows, cube.columns)), cube)
        if outside:
            (port or NotingPort()).report(Note(outside))
            require_classes_inside(labels)
    return row.fit(cube, labels, config, legend=legend, token=token, port=port, **options)


def _check_warm_start(row: Classifier, options: dict[str, Any]) -> None:
    before = options.get("warm_start")
    if "warm_start" in options and not row.warm_start:
        raise SettingError(f"{row.title} cannot continue from a model; leave out warm_start.")
    name = getattr(before, "name", type(before).__name__)
    if before is not None and name != row.name:
        raise SettingError(f"warm_start must be a model of {row.name}, not of {name}.")


_named = classifier  # `fit` has an argument of that name


def load_model(target: str | Path) -> Model:
    """Read a model of any classifier from its folder or from either of its files.

    Raises
    ------
    FileError
        if a file is missing or cannot be read.
    FormatError
        if it isn't a model, is damaged, or its classifier isn't installed.
    """
    from hsi_viewer.learning.model_description import classifier_of

    name = classifier_of(target)
    found = next((row for row in classifiers() if row.name == name), None)
    if found is None:
        raise FormatError(
            f"{target}: the model was made by the classifier {name!r}, which isn't installed. "
            "Install the plug-in that brings it, or train again."
        )
    return found.load(target)
