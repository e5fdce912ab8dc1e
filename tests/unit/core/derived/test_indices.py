"""Indices by hand, and why a cube gives none of them."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.derived.derived_images import FormulaSource
from hsi_viewer.core.derived.formula import parse_formula
from hsi_viewer.core.derived.indices import INDICES, disabled_reason, index_named

SHARES = {470: 0.1, 650: 0.2, 860: 0.5, 790: 0.45, 720: 0.3, 531: 0.12, 570: 0.15}
SHARES |= {560: 0.14, 1240: 0.4, 2200: 0.25, 1650: 0.35}
WAVELENGTHS = sorted(SHARES)
VALUES = np.array([[[SHARES[nm] for nm in WAVELENGTHS]]])


def share(a: int, b: int) -> float:
    return (SHARES[a] - SHARES[b]) / (SHARES[a] + SHARES[b])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NDVI", share(860, 650)),
        ("EVI", 2.5 * 0.3 / (0.5 + 6 * 0.2 - 7.5 * 0.1 + 1)),
        ("SAVI", 1.5 * 0.3 / 1.2),
        ("NDRE", share(790, 720)),
        ("PRI", share(531, 570)),
        ("NDWI", share(560, 860)),
        ("NDMI", share(860, 1240)),
        ("NBR", share(860, 2200)),
        ("NDSI", share(560, 1650)),
        ("Clay ratio", 0.35 / 0.25),
        ("Iron oxide ratio", 0.2 / 0.1),
        ("Ferrous ratio", 0.35 / 0.5),
    ],
)
def test_an_index_by_hand(name, value):
    cube = HyperCube.from_array(VALUES, [float(nm) for nm in WAVELENGTHS])
    index = index_named(name)
    found = HyperCube(FormulaSource(cube, parse_formula(index.formula))).read()
    assert found.item() == pytest.approx(value, rel=1e-5)
    assert disabled_reason(index, cube) is None
    assert len(INDICES) == 12


def test_a_cube_without_the_bands_of_an_index_does_not_give_it():
    cube = HyperCube.from_array(VALUES[:, :, :3], [470.0, 531.0, 560.0])
    reason = disabled_reason(index_named("NDVI"), cube)
    assert reason is not None
    assert reason.startswith("NDVI cannot be computed.")


@pytest.mark.parametrize(
    ("dtype", "scale", "given"), [(int, 1.0, False), (int, 0.1, True), (float, 1.0, True)]
)
def test_indices_with_constants_need_reflectance(dtype, scale, given):
    nm = [float(n) for n in WAVELENGTHS]
    cube = HyperCube.from_array((VALUES * 100).astype(dtype), nm, scale=scale)
    assert (disabled_reason(index_named("EVI"), cube) is None) is given
    assert disabled_reason(index_named("NDVI"), cube) is None
