"""Records never change once they are made: workers and the interface share them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from msgspec import Struct

LAYERS = ("core", "io", "learning", "analysis", "session", "rendering", "preferences", "jobs")
# What is filled or moved on by whoever made it, and by nobody else.
CHANGES = {
    "core.assessment.labelled_sample.LabelledSample",
    "io.labels.attribute_table.Table",
    "io.regions.envi_text.Listing",
    "io.regions.envi_text.Region",
    "jobs.batch.running._Attempt",
    "learning.grid_solver.Group",
    "learning.training_loop.Tally",
    "preferences.settings.Settings",
    "preferences.view_memory.CubeView",
    "session.document.results.Results",
}


def records(layer: str) -> Iterator[tuple[str, bool]]:
    """The records of a layer by their names, and whether they are frozen."""
    package = importlib.import_module(f"hsi_viewer.{layer}")
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if not isinstance(value, type) or value.__module__ != found.name:
                continue
            whole = f"{found.name}.{name}".removeprefix("hsi_viewer.")
            if issubclass(value, Struct):
                yield whole, value.__struct_config__.frozen
            elif "__dataclass_params__" in vars(value):
                yield whole, value.__dataclass_params__.frozen


@pytest.mark.parametrize("layer", LAYERS)
def test_records_are_frozen_but_those_that_are_filled(layer):
    found = dict(records(layer))
    changing = {name for name, frozen in found.items() if not frozen}
    assert changing == {name for name in CHANGES if name.startswith(f"{layer}.")}
    assert found
