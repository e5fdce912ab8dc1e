"""What is not asked for isn't done: one rule for the defaults of all functions and records."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from msgspec import Struct

LAYERS = ("core", "io", "learning", "analysis", "session", "rendering", "preferences", "jobs")
# Options that are on unless they are switched off, as (end of the module, name).
ON = {
    ("core.assessment.conformal", "places"),
    ("core.classifier", "refine"),
    ("core.display.layers", "visible"),
    ("core.labels.class_ids", "copy"),
    ("core.labels.classes", "visible"),
    ("core.prediction", "final"),
    ("core.spectra.curves", "visible"),
    ("core.training", "refine"),
    ("core.validation", "strict"),
    ("io.products.enmap_desis", "chosen"),
    ("learning.calibration", "softened"),
    ("learning.model", "final"),
    ("learning.model", "refine"),
    ("learning.recipe", "noise_adjusted"),
    ("learning.scene_features", "keep"),
    ("learning.scene_mapper", "refine"),
    ("preferences.settings", "wand_connected"),
    ("session.storage.class_json", "visible"),
    ("session.storage.journal", "sync"),
    ("session.storage.journal_damage", "exact"),
    ("session.storage.journal_records", "arrays"),
    ("session.storage.recoverable_sessions", "arrays"),
    ("jobs.batch.mosaic", "copy"),
}
# Numbers that leave everything as it is, and the seed, by which every run repeats.
NEUTRAL = {
    "margin": 0,
    "nbytes": 0,
    "offset": 0,
    "opacity": 1,
    "scale": 1,
    "seed": 0,
    "slope": 1,
    "smooth": 0,
    "window": 0,
    "workers": 1,
}


def defaults(layer: str) -> Iterator[tuple[str, str, object]]:
    """The module, name and value of every default of a layer."""
    package = importlib.import_module(f"hsi_viewer.{layer}")
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        for value in vars(module).values():
            if getattr(value, "__module__", "") != found.name:
                continue
            name = found.name.removeprefix("hsi_viewer.")
            if inspect.isfunction(value):
                yield from of_function(name, value)
            elif isinstance(value, type):
                yield from of_class(name, value)


def of_function(module: str, function) -> Iterator[tuple[str, str, object]]:
    function = inspect.unwrap(function)
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.default is not parameter.empty:
            yield module, name, parameter.default


def of_class(module: str, kind: type) -> Iterator[tuple[str, str, object]]:
    if issubclass(kind, Struct):
        names, values = kind.__struct_fields__, kind.__struct_defaults__
        for name, value in zip(names[len(names) - len(values) :], values, strict=True):
            yield module, name, value
    for value in vars(kind).values():
        function = getattr(value, "__func__", value)
        if inspect.isfunction(function):  # a dataclass has its fields in __init__
            yield from of_function(module, function)


@pytest.mark.parametrize("layer", LAYERS)
def test_options_are_off_but_those_that_are_named_here(layer):
    options = [(m, name, value) for m, name, value in defaults(layer) if isinstance(value, bool)]
    on = {(module, name) for module, name, value in options if value}
    assert on == {known for known in ON if known[0].startswith(f"{layer}.")}
    assert options or layer == "rendering"


@pytest.mark.parametrize("layer", LAYERS)
def test_what_is_not_given_changes_nothing(layer):
    named = [each for each in defaults(layer) if each[1] in NEUTRAL]
    numbers = [each for each in named if isinstance(each[2], (int, float))]
    assert [each for each in numbers if each[2] != NEUTRAL[each[1]]] == []
