"""Statistics of spectra that come block by block, against numpy's of all at once."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.spectra.band_statistics import LEVELS, BandStatistics, Histograms, Moments

RNG = np.random.default_rng(0)
BLOCKS = [RNG.normal(100 * k, 1 + k, (n, 3)) for k, n in enumerate((5, 1, 40, 7))]  # means drift
WHOLE = [np.rint(b) for b in BLOCKS]


def with_gaps(blocks):
    out = [b.copy() for b in blocks]
    out[0][2, 1] = out[2][:9, 0] = out[1][0] = np.nan
    return out


@pytest.mark.parametrize("blocks", [BLOCKS, with_gaps(BLOCKS)], ids=["whole", "with gaps"])
@pytest.mark.parametrize("order", [1, -1])
def test_moments_of_blocks_are_those_of_all(blocks, order):
    moments = Moments(3)
    for block in blocks[::order]:
        moments.add(block)
    everything = np.concatenate(blocks)
    mean, std = moments.mean_and_std()
    np.testing.assert_allclose(mean, np.nanmean(everything, axis=0))
    np.testing.assert_allclose(std, np.nanstd(everything, axis=0))
    np.testing.assert_array_equal(moments.count, np.isfinite(everything).sum(axis=0))
    np.testing.assert_array_equal(moments.low, np.nanmin(everything, axis=0))
    np.testing.assert_array_equal(moments.high, np.nanmax(everything, axis=0))


def test_a_band_that_was_never_seen_has_no_moments():
    moments = Moments(2)
    moments.add(np.array([[1.0, np.nan], [3.0, np.nan]]))
    moments.add(np.full((4, 2), np.nan))
    mean, std = moments.mean_and_std()
    assert (mean[0], std[0]) == (2.0, 1.0)
    assert np.isnan([mean[1], std[1]]).all()


@pytest.mark.parametrize("blocks", [WHOLE, with_gaps(WHOLE)], ids=["whole", "with gaps"])
def test_percentiles_of_whole_numbers_are_exact(blocks):
    everything = np.concatenate(blocks)
    low, high = np.nanmin(everything, axis=0), np.nanmax(everything, axis=0)
    counts = Histograms(low, high, 1000, whole=True)
    for block in blocks:
        counts.add(block)
    assert counts.exact.all()
    assert not counts.resolution.any()
    found = counts.percentiles(LEVELS)
    np.testing.assert_allclose(found, np.nanpercentile(everything, LEVELS, axis=0))


def test_percentiles_of_other_numbers_are_as_exact_as_a_bin():
    everything = np.concatenate(BLOCKS)
    low, high = everything.min(axis=0), everything.max(axis=0)
    counts = Histograms(low, high, 500, whole=False)
    for block in BLOCKS:
        counts.add(block)
    np.testing.assert_allclose(counts.resolution, (high - low) / 500)
    apart = np.abs(counts.percentiles(LEVELS) - np.percentile(everything, LEVELS, axis=0))
    assert (apart <= counts.resolution).all()
    just_too_wide = Histograms(np.zeros(1), np.full(1, 500.0), 500, whole=True)
    assert not just_too_wide.exact[0]
    assert Histograms(np.zeros(1), np.full(1, 499.0), 500, whole=True).exact[0]
    nothing = Histograms(np.full(1, np.inf), np.full(1, -np.inf), 500, whole=False)
    assert np.isnan(nothing.percentiles(LEVELS)).all()


def test_statistics_of_scaled_spectra_are_those_of_the_scaled_values():
    values = np.random.default_rng(4).normal(300, 40, (50, 3))
    gain, offset = 0.25, 7.0

    def of(spectra):
        percentiles = np.percentile(spectra, LEVELS, axis=0)
        mean, std = spectra.mean(axis=0), spectra.std(axis=0)
        return BandStatistics(50, mean, std, LEVELS, percentiles, np.ones(3))

    scaled, wanted = of(values).scaled(gain, offset), of(values * gain + offset)
    for name in ("mean", "std", "percentiles"):
        np.testing.assert_allclose(getattr(scaled, name), getattr(wanted, name))
    np.testing.assert_allclose(scaled.resolution, gain)
    assert (scaled.count, scaled.levels) == (50, LEVELS)
    np.testing.assert_allclose(of(values).scaled(2.0).mean, 2 * values.mean(axis=0))


@pytest.mark.parametrize("whole", [False, True])
def test_percentiles_of_a_band_of_one_value_are_this_value(whole):
    low, high = np.array([0.0, 3.0, -7.0]), np.array([40.0, 3.0, -7.0])
    counts = Histograms(low, high, 10, whole=whole)
    for _ in range(2):
        counts.add(np.array([[0.0, 3.0, -7.0], [40.0, 3.0, np.nan]]))
    assert counts.percentiles((0, 50, 100))[:, 1:].tolist() == [[3, -7]] * 3
    assert counts.resolution.tolist() == [4, 0, 0]
