"""Windows in few components: angles, distances, growth, superpixels, labelled spectra."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.analysis.labelled_spectra import labelled_spectra
from hsi_viewer.analysis.spectral_windows import basis_of, box_for, read_window, superpixels
from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.core.spectra.spectral_window import Segments, SpectralWindow, flood_selected

RNG = np.random.default_rng(2)
SPECTRA = RNG.uniform(100, 900, (4, 30))


@pytest.fixture(scope="module")
def cube() -> HyperCube:
    field = (np.arange(40)[:, None] >= 20) * 2 + (np.arange(50) >= 25)
    values = SPECTRA[field] * RNG.uniform(0.9, 1.1, (40, 50, 1))
    values[3, 4] = -1
    return HyperCube.from_array(values, nodata=-1.0)


def test_angles_are_those_of_the_spectra(cube):
    window = read_window(cube, basis_of(cube), (0, 0, 40, 50))
    found = window.spectral_distance((10, 10), "angle")
    a = cube.read()[10, 10]
    values = cube.read()
    cosine = values @ a / np.linalg.norm(values, axis=2) / np.linalg.norm(a)
    expected = np.arccos(np.clip(cosine, -1, 1))
    known = window.valid
    np.testing.assert_allclose(found[known], expected[known], atol=2e-3)
    assert np.isinf(found[3, 4])
    assert found[10, 10] == 0


def test_distances_are_euclidean_in_units_of_the_spread(cube):
    window = read_window(cube, basis_of(cube), (0, 0, 40, 50))
    values = cube.read()[window.valid]
    spread = np.sqrt(values.var(axis=0).sum())
    found = window.spectral_distance((10, 10), "distance")[window.valid]
    expected = np.linalg.norm(values - cube.read()[10, 10], axis=1) / spread
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=1e-3)


def test_growth_is_connected_or_everywhere(cube):
    window = read_window(cube, basis_of(cube), (0, 0, 40, 50))
    far = window.spectral_distance((30, 30), "angle")
    field = np.zeros((40, 50), bool)
    field[20:, 25:] = True
    np.testing.assert_array_equal(flood_selected(far, (30, 30), 0.05, connected=True), field)
    far[0, 0] = 0
    field[0, 0] = True
    np.testing.assert_array_equal(flood_selected(far, (30, 30), 0.05, connected=False), field)


def test_a_part_is_the_part_of_the_whole(cube):
    basis = basis_of(cube)
    whole = read_window(cube, basis, (0, 0, 40, 50))
    part = read_window(cube, basis, (7, 9, 20, 30))
    np.testing.assert_allclose(part.scores, whole.scores[7:20, 9:30], atol=1e-5)
    assert part.holds((7, 29))
    assert not part.holds((20, 9))


def test_superpixels_cover_the_window_once_and_keep_to_fields(cube):
    window = read_window(cube, basis_of(cube), (0, 0, 40, 50))
    segments = superpixels(window, 50)
    pixels = [segments.pixels(n, 50) for n in range(len(segments))]
    np.testing.assert_array_equal(np.sort(np.concatenate(pixels)), np.arange(2000))
    field = ((np.arange(40)[:, None] >= 20) * 2 + (np.arange(50) >= 25)).ravel()
    assert sum(np.bincount(field[p]).max() for p in pixels) > 0.97 * 2000
    assert all((np.diff(p) > 0).all() for p in pixels)
    assert 10 * 50 + 10 in segments.pixels(segments.number_at((10, 10)), 50)


def test_segments_of_a_part_have_the_indices_of_the_scene():
    segments = Segments((2, 3, 4, 6), np.array([[0, 0, 1], [0, 1, 1]]))
    assert segments.pixels(0, 10).tolist() == [23, 24, 33]
    assert segments.pixels(1, 10).tolist() == [25, 34, 35]


class _Huge(ArraySource):
    """Twenty thousand rows, of which only small windows may be read."""

    def __init__(self) -> None:
        super().__init__(np.zeros((1, 1, 6), np.uint16))
        self.shape = (20_000, 2_000, 6)
        self.most = 0

    def read(self, rows, columns, bands):
        size = [
            len(range(*s.indices(n))) for s, n in zip((rows, columns), self.shape, strict=False)
        ]
        self.most = max(self.most, size[0] * size[1])
        noise = np.random.default_rng(rows.start).integers(1, 999, (*size, 6))
        return (noise if bands is None else noise[:, :, bands]).astype(np.uint16)


def test_a_large_scene_is_read_around_the_click_only():
    source = _Huge()
    cube = HyperCube(source)
    box = box_for(cube, (10_000, 1_990))
    assert box[0] <= 10_000 < box[2]
    assert box[1] <= 1_990 < box[3] == 2_000
    assert (box[2] - box[0]) * (box[3] - box[1]) <= 512 * 512
    assert read_window(cube, basis_of(cube), box).holds((10_000, 1_990))
    assert source.most <= 512 * 512


def test_clicks_beside_each_other_share_a_window():
    cube = HyperCube(_Huge())
    assert box_for(cube, (512, 1024)) == (384, 896, 896, 1408)
    assert box_for(cube, (767, 1279)) == (384, 896, 896, 1408)
    assert box_for(cube, (768, 0)) == (640, 0, 1152, 384)
    assert box_for(HyperCube.from_array(np.zeros((9, 7, 1))), (8, 6)) == (0, 0, 9, 7)


def test_a_basis_is_of_good_bands_spread_over_the_range():
    values = RNG.uniform(size=(5, 6, 130))
    good = np.arange(130) >= 2
    bands = basis_of(HyperCube.from_array(values, good_bands=good)).bands
    assert (bands[0], bands[-1], bands.size) == (2, 129, 64)
    assert set(np.diff(bands)) <= {2, 3}
    few = HyperCube.from_array(values[:, :, :4], good_bands=np.zeros(4, bool))
    assert basis_of(few).bands.tolist() == [0, 1, 2, 3]


def test_a_basis_is_fitted_to_rows_of_the_whole_scene_and_of_wide_ones_to_some_columns():
    values = np.zeros((300, 4, 2))
    values[299] = [3, 4]
    assert basis_of(HyperCube.from_array(values)).mean == pytest.approx([3 / 64, 4 / 64])
    odd = np.arange(20_000) % 2
    for columns, mean in ((10_000, 0.5), (20_000, 0.5), (20_001, 0.5)):
        wide = np.resize(odd, (1, columns, 1)) * np.ones(2)
        assert basis_of(HyperCube.from_array(wide)).mean == pytest.approx(mean, abs=1e-3)
    two_rows = np.resize(odd, (2, 20_000, 1)) * np.ones(2)
    assert not basis_of(HyperCube.from_array(two_rows)).mean.any()  # every second column


def test_superpixels_larger_than_the_window_are_one(cube):
    window = read_window(cube, basis_of(cube), (0, 0, 10, 10))
    assert len(superpixels(window, 51)) == len(superpixels(window, 1000)) == 1
    assert superpixels(window, 1000).pixels(0, 50).size == 100
    assert len(superpixels(window, 20)) > 1


def test_labelled_spectra_are_those_of_the_labelled_pixels(cube):
    labels = np.zeros((40, 50), np.uint16)
    labels[3, 2:6], labels[30, [1, 49]], labels[12, 5] = 7, 7, 9
    found = labelled_spectra(cube, labels)
    values = cube.read()
    wanted = [values[3, 2], values[3, 3], values[3, 5], values[30, 1], values[30, 49]]
    np.testing.assert_allclose(found[7], wanted)  # (3, 4) has no data
    np.testing.assert_allclose(found[9], values[12, 5][None])
    assert labelled_spectra(cube, np.zeros((40, 50), np.uint16)) == {}


def test_large_classes_are_sampled():
    cube = HyperCube.from_array(np.ones((40, 50, 3)))
    found = labelled_spectra(cube, np.ones((40, 50), np.uint16))
    assert found[1].shape == (300, 3)


def test_a_scene_without_data_is_refused():
    with pytest.raises(ValueError, match="too few pixels"):
        basis_of(HyperCube.from_array(np.full((5, 5, 3), np.nan)))


def test_opposite_spectra_are_half_a_turn_apart():
    """Though rounding may make the distance of their directions more than 2."""
    directions = RNG.normal(size=(1, 400, 7)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    both = np.concatenate([directions, -directions])
    known = np.ones(both.shape[:2], bool)
    window = SpectralWindow((0, 0, 2, 400), both, both, known)
    for column in range(400):
        found = window.spectral_distance((0, column), "angle")
        assert found[1, column] == pytest.approx(np.pi, abs=2e-3)
