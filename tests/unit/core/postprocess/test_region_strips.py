"""Regions that are found strip by strip are those of the whole map, of any height of the strips."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hsi_viewer.core.postprocess.map_regions import map_regions
from hsi_viewer.core.postprocess.region_strips import joined_strips, strips_by_borders
from hsi_viewer.io.regions.map_polygons import StripPolygons
from tests.unit.core.postprocess.test_clean import MAPS


@settings(max_examples=30, deadline=None)
@given(MAPS, st.integers(0, 40))
def test_strips_cover_a_map_and_hold_no_more_borders_than_allowed(ids, most):
    strips = list(strips_by_borders(ids, most))
    assert [row for s in strips for row in range(s.start, s.stop)] == list(range(len(ids)))
    below = np.vstack([ids, ids[-1:]])
    for s in strips:
        part, under = ids[s], below[s.start + 1 : s.stop + 1]
        borders = (part[:, 1:] != part[:, :-1]).sum() + (part != under).sum()
        assert borders <= most or s.stop - s.start == 1


@settings(max_examples=30, deadline=None)
@given(MAPS, st.integers(0, 20))
def test_sums_and_polygons_of_strips_are_those_of_the_map(ids, most):
    def weighed(rows, regions):
        weights = np.arange(ids.size, dtype=float).reshape(ids.shape)[rows]
        return np.stack([regions.pixels(), regions.sums(weights)], axis=1)[1:].astype(float)

    def found(borders):
        polygons, every = StripPolygons(), []
        for strip in joined_strips(ids, weighed, borders):
            shapes = shapely.to_wkt(shapely.normalize(polygons.complete(strip)))
            classes, sums = strip.classes[strip.complete], strip.sums[strip.complete]
            every += zip(classes.tolist(), *sums.T.tolist(), shapes.tolist(), strict=True)
        return every

    whole = found(1 << 19)
    regions = map_regions(ids)
    assert [row[0] for row in whole] == regions.classes[1:].tolist()
    assert [row[1] for row in whole] == regions.pixels()[1:].tolist()
    assert sorted(found(most)) == sorted(whole)
    areas = shapely.area(shapely.from_wkt([row[3] for row in whole]))
    np.testing.assert_array_equal(areas, regions.pixels()[1:])
