from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.analysis.scatter import (
    Channel,
    ScatterAxes,
    pixels_inside,
    scatter,
    values_at,
)
from hsi_viewer.analysis.spectral_angle import THRESHOLDS, angle_map
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.derived.derived_images import component_image
from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.progress import CancelToken, SilentPort, TaskCancelledError
from hsi_viewer.core.spectra.spectrum import spectral_angle
from hsi_viewer.session.document.assign_class import label_pixels
from hsi_viewer.session.document.document import Document

SQUARE = np.array([[0.2, 0.3], [0.6, 0.3], [0.6, 0.7], [0.2, 0.7]])


@pytest.fixture
def cube() -> HyperCube:
    values = np.random.default_rng(0).uniform(1, 1000, (50, 40, 5)).astype(np.float32)
    values[7, 9] = -1
    return HyperCube.from_array(values, nodata=-1.0, scale=0.001)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Several blocks even for a small scene."""
    monkeypatch.setattr("hsi_viewer.core.cube.blocks.blocks.__defaults__", (None, None, 3000))


def test_the_angle_map_is_the_formula_at_every_pixel(cube):
    reference = cube.spectrum(3, 4)
    found = angle_map(cube, reference, "here")
    physical = cube.read().astype(float) * 0.001
    expected = spectral_angle(physical, reference)
    expected[7, 9] = np.nan
    np.testing.assert_allclose(found.angles, expected, atol=1e-6)
    assert found.angles[3, 4] < 1e-6
    for step in (1, 200, 300, 500):
        near = found.within(step)
        assert near[3, 4]
        assert not near[7, 9]
        assert near.sum() == found.counts[step]
        expected = np.nan_to_num(found.angles, nan=9.0) <= THRESHOLDS[step]
        np.testing.assert_array_equal(near, expected)


def test_bad_bands_do_not_count_in_the_angle(cube):
    good = np.array([True, True, False, True, True])
    masked = HyperCube.from_array(cube.read(), nodata=-1.0, scale=0.001, good_bands=good)
    reference = cube.spectrum(3, 4)
    reference[2] = 1e9
    assert angle_map(masked, reference, "here").angles[3, 4] < 1e-6


def test_a_reference_without_values_is_refused(cube):
    one = np.array([np.nan, 3.0, np.nan, np.nan, np.nan])
    for reference in (np.full(5, np.nan), np.zeros(5), one):
        with pytest.raises(HsiError, match=r"^nothing has no values .* pick another"):
            angle_map(cube, reference, "nothing")
    one[0] = 2.0
    assert np.isfinite(angle_map(cube, one, "two bands").angles[0, 0])
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        angle_map(cube, cube.spectrum(0, 0), "here", token)


def test_every_pixel_with_data_is_in_the_density(cube):
    result = scatter(cube, Channel("band", 1), Channel("band", 3))
    assert result.density.counts.sum() == 50 * 40 - 1
    assert result.step == 1


def test_a_large_scene_is_thinned_evenly(cube, monkeypatch):
    monkeypatch.setattr("hsi_viewer.analysis.scatter.SAMPLE_SIDE", 10)
    result = scatter(cube, Channel("band", 1), Channel("band", 3))
    assert result.step == 5
    assert result.density.counts.sum() == 10 * 10
    x = cube.read(slice(0, 50, 5), slice(0, 40, 4), [1]) * 0.001
    assert result.density.x == pytest.approx((x.min(), x.max()))


def test_a_lasso_selects_pixels_of_the_whole_scene(cube):
    axes = ScatterAxes(cube, Channel("band", 3), Channel("band", 0))
    mask = pixels_inside(axes, SQUARE)
    values = cube.read().astype(float) * 0.001
    x, y = values[:, :, 3], values[:, :, 0]
    expected = (x > 0.2) & (x < 0.6) & (y > 0.3) & (y < 0.7)
    np.testing.assert_array_equal(mask, expected)


def test_components_can_be_axes(cube):
    image = component_image(cube, "pca", CancelToken(), SilentPort())
    result = scatter(cube, Channel("pca", 1), Channel("band", 2))
    x, y = result.axes.values(slice(0, 50), slice(0, 40))
    expected = image.read()[:, :, 1].astype(float)
    np.testing.assert_allclose(x, expected)
    assert np.isnan(y[7, 9])
    np.testing.assert_allclose(y[0], cube.read(slice(0, 1), bands=[2])[0, :, 0] * 0.001, rtol=1e-6)
    assert result.density.counts.sum() == 50 * 40 - 1
    again = scatter(cube, Channel("pca", 0), Channel("pca", 1), result.axes.images)
    assert again.axes.images[0][1] is result.axes.images[0][1]


def test_many_pixels_are_labelled_in_one_step(cube):
    document = Document(cube)
    first, second = document.add_class("a").id, document.add_class("b").id
    assert label_pixels(document, np.array([1, 2, 3]), first, keep=False) == 3
    assert label_pixels(document, np.array([3, 4, 5]), second, keep=True) == 2
    assert document.labels.ids.ravel()[:6].tolist() == [0, 1, 1, 1, 2, 2]
    document.history.undo()
    assert document.labels.total == 3
    assert label_pixels(document, np.array([3, 4]), second, keep=False) == 2
    assert document.labels.count(first) == 2
    assert label_pixels(document, np.array([3, 4]), second, keep=False) == 0


def test_values_at_pixels_are_read_in_their_order(cube, monkeypatch):
    axes = ScatterAxes(cube, Channel("band", 1), Channel("band", 4))
    pixels = np.array([0, 5, 41, 777, 778, 1999])
    x, y = values_at(axes, pixels)
    flat = cube.read().reshape(-1, 5).astype(float) * 0.001
    np.testing.assert_allclose(x, flat[pixels, 1])
    np.testing.assert_allclose(y, flat[pixels, 4])
    monkeypatch.setattr("hsi_viewer.analysis.scatter.MAX_SHOWN", 100)
    x, _ = values_at(axes, np.arange(2000))
    assert x.size == 100
    assert x[0] == pytest.approx(flat[0, 1])
    assert x[-1] == pytest.approx(flat[1999, 1])


def test_fill_values_that_nobody_declared_are_neither_counted_nor_selected():
    values = np.random.default_rng(0).uniform(1, 1000, (50, 40, 5)).astype(np.float32)
    values[:3] = -9999
    cube = examined(HyperCube.from_array(values))
    counted = scatter(cube, Channel("band", 0), Channel("band", 3))
    assert counted.density.counts.sum() == 47 * 40
    everything = np.array([[-1e5, -1e5], [1e5, -1e5], [1e5, 1e5], [-1e5, 1e5]])
    inside = pixels_inside(counted.axes, everything)
    assert not inside[:3].any()
    assert inside[3:].all()


def test_axes_are_compared_by_what_they_are_and_not_by_their_values(cube):
    """Else comparing those of two plots would compare all pixels."""
    x, y = Channel("band", 1), Channel("band", 3)
    first, second = ScatterAxes(cube, x, y), ScatterAxes(cube, x, y)
    assert first != second
    assert len({first, second, first}) == 2
