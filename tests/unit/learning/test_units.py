"""A model maps products of one sensor that store their values in other units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.learning.classifiers import fit, load_model
from tests.unit.learning.made import made_scene


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A scene of whole numbers with a scale, its truth, and a model of it, saved and read."""
    cube, truth = made_scene(24, 20, 12)
    cube = replace(cube, scale=1e-4)
    ids = np.zeros_like(truth)
    ids[1::4, 1::4] = truth[1::4, 1::4]
    folder = tmp_path_factory.mktemp("model")
    fit(cube, ids, classifier="lda").save(folder)
    return cube, truth, load_model(folder)


def shown(cube: HyperCube, values, **changes) -> HyperCube:
    return replace(cube, source=ArraySource(values), **changes)


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (lambda v: (v * 1e-4).astype(np.float32), {"scale": 1.0}),  # reflectance
        (lambda v: (v * 1e-2).astype(np.float32), {"scale": 1e-2}),  # per cent
        (lambda v: v, {"scale": 1.0}),  # the same numbers, whose scale was lost
        (lambda v: (v + 1000).astype(np.float32), {"offset": -0.1}),
    ],
)
def test_values_in_other_units_are_mapped_alike(trained, make, changes):
    cube, truth, model = trained
    other = shown(cube, make(cube.read()), **changes)
    found = model.predict(other, refine=False).class_map
    assert (found == model.predict(cube, refine=False).class_map).mean() > 0.99
    assert (found == truth).mean() > 0.9


def test_no_data_stays_no_data_in_other_units(trained):
    cube, _, model = trained
    values = (cube.read() * 1e-4).astype(np.float32)
    values[3:5] = -1.0
    found = model.predict(shown(cube, values, scale=1.0, nodata=-1.0), refine=False).class_map
    assert not found[3:5].any()
    assert found[5:].all()
