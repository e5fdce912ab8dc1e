"""Contrast of a whole scene, against numpy."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.composite import ColourMap, Composite
from hsi_viewer.core.display.contrast import (
    KINDS,
    BandSample,
    Contrast,
    ends,
    equalizing_curve,
    gaussian_curve,
    histogram,
    sample_bands,
)
from hsi_viewer.core.display.stretch import Curve, Limits, to_bytes

RNG = np.random.default_rng(3)
SKEWED = np.exp(RNG.normal(size=(4, 60_000)))
samples = hnp.arrays(np.int16, st.integers(0, 80), elements=st.integers(-999, 999))


def test_percentile_and_min_max_are_numpys():
    values = SKEWED[0]
    (percentile,) = Contrast("percentile", (1.0, 97.0)).transfers([BandSample(values)])
    assert percentile == Limits(*np.percentile(values, (1.0, 97.0)))
    (full,) = Contrast("minmax").transfers([BandSample(values)])
    assert full == Limits(values.min(), values.max())


def test_linked_channels_share_the_percentiles_of_all():
    three = [BandSample(SKEWED[i] * (i + 1)) for i in range(3)]
    red, green, blue = Contrast(linked=True).transfers(three)
    pooled = np.concatenate([s.values for s in three])
    assert red == green == blue == Limits(*np.percentile(pooled, (2, 98)))


def test_typed_limits_are_taken_as_they_are():
    given_limits = (Limits(0, 1), Limits(2, 3), Limits(4, 9))
    three = [BandSample(SKEWED[i]) for i in range(3)]
    assert Contrast("typed", limits=given_limits).transfers(three) == given_limits
    assert Contrast("typed", limits=given_limits[:1]).transfers(three) == given_limits[:1] * 3
    assert Contrast("typed", limits=given_limits).transfers(three[:1]) == given_limits[:1]


def test_equalizing_makes_the_histogram_flat():
    drawn = to_bytes(SKEWED[0], equalizing_curve(SKEWED[0]))
    counts = np.bincount(drawn, minlength=256)[4:-4]  # few knots lie in the long tail
    assert np.abs(counts / SKEWED[0].size * 255 - 1).max() < 0.2


def test_equalizing_few_values_is_the_cumulated_histogram():
    values = np.repeat([3, 5, 100], [10, 70, 20])
    curve = equalizing_curve(values)
    ranks = np.array([0.05, 0.45, 0.90])
    assert isinstance(curve, Curve)
    assert curve.knots == (3.0, 5.0, 100.0)
    np.testing.assert_allclose(curve.levels, (ranks - 0.05) / 0.85)


def test_gaussian_makes_the_histogram_normal():
    drawn = to_bytes(SKEWED[0], gaussian_curve(SKEWED[0])) / 255.0
    normal = NormalDist(0.5, 0.5 / 3)
    for part in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert np.quantile(drawn, part) == pytest.approx(normal.inv_cdf(part), abs=0.006)


@pytest.mark.parametrize("kind", KINDS)
@given(values=samples)
def test_any_values_have_a_rising_transfer(kind, values):
    (transfer,) = Contrast(kind).transfers([BandSample(values)])
    assert ends(transfer).low < ends(transfer).high
    drawn = to_bytes(np.sort(values), transfer)
    assert (np.diff(drawn.astype(int)) >= 0).all()
    if isinstance(transfer, Curve):
        expected = np.rint(np.interp(np.sort(values), transfer.knots, transfer.levels) * 255)
        np.testing.assert_array_equal(drawn, expected)


def test_curves_take_what_is_not_a_number():
    curve = Curve((0.0, 1.0), (0.0, 1.0))
    assert to_bytes(np.array([np.nan, -np.inf, np.inf, 0.5]), curve).tolist() == [0, 0, 255, 128]


def test_samples_leave_no_data_out():
    stored = RNG.integers(0, 1000, (20, 30, 4)).astype(np.int16)
    stored[:5] = -32768
    cube = HyperCube.from_array(stored, nodata=-32768)
    found = sample_bands(cube, (2, 0))
    np.testing.assert_array_equal(np.sort(found[0].values), np.sort(stored[5:, :, 2], axis=None))
    assert BandSample.of(cube, 0).values.size == 450
    for sample, band in zip(found, (2, 0), strict=True):
        (limits,) = Contrast().transfers((sample,))
        expected = np.percentile(stored[5:, :, band], (2, 98))
        np.testing.assert_allclose((limits.low, limits.high), expected)
    blank = HyperCube.from_array(np.full((4, 4, 1), np.nan, np.float32))
    assert BandSample.of(blank, 0).values.size == 0
    assert Contrast().transfers(sample_bands(blank, (0,))) == (Limits(0.0, 1.0),)


@given(samples)
def test_histograms_are_numpys(values):
    found = histogram(values, bins=16)
    expected, _ = np.histogram(values.astype(float), 16, (found.low, found.high))
    np.testing.assert_array_equal(found.counts, expected)
    if values.size:
        assert found.low < np.percentile(values, 0.2)
        assert found.counts.sum() >= 0.99 * values.size - 2


def test_a_single_band_is_drawn_in_colours():
    table = RNG.integers(0, 256, (256, 3), np.uint8)
    stored = RNG.random((5, 6, 1))
    valid = stored > 0.1
    shown = Composite((0,), colours=ColourMap("made", table))
    picture = shown.paint(stored, valid, (Limits(0.0, 1.0),))
    np.testing.assert_array_equal(picture[:, :, :3], table[to_bytes(stored[:, :, 0], Limits(0, 1))])
    np.testing.assert_array_equal(picture[:, :, 3] == 255, valid[:, :, 0])
    grey = Composite((0,)).paint(stored, valid, (Limits(0.0, 1.0),))
    assert (grey[:, :, 0] == grey[:, :, 2]).all()
    assert shown.triple == (0, 0, 0)


@pytest.mark.parametrize("curve", [equalizing_curve, gaussian_curve])
def test_two_values_make_a_curve_and_one_does_not(curve):
    assert isinstance(curve(np.array([4, 4, 7])), Curve)
    assert isinstance(curve(np.array([4, 4, 4])), Limits)
    assert isinstance(curve(np.array([])), Limits)


def test_a_histogram_reaches_a_tenth_beyond_nearly_all_values():
    values = SKEWED[1]
    low, high = np.percentile(values, (0.1, 99.9))
    found = histogram(values)
    assert found.low == pytest.approx(low - 0.1 * (high - low))
    assert found.high == pytest.approx(high + 0.1 * (high - low))


@pytest.mark.parametrize("kind", ["percentile", "minmax", "typed", "equalize", "gaussian"])
def test_each_channel_has_a_contrast_of_its_own_unless_they_are_linked(kind):
    moved = ((1, 0), (5, -1000), (9, 500))
    samples = [BandSample(np.arange(100.0) * k + by) for k, by in moved]
    found = Contrast(kind).transfers(samples)  # without limits, typed ones are percentiles
    assert found == tuple(Contrast(kind).transfers([sample])[0] for sample in samples)
    assert len(set(found)) == 3
    assert Contrast("typed").transfers(samples) == Contrast("percentile").transfers(samples)
    (linked,) = set(Contrast(kind, linked=True).transfers(samples))
    assert linked not in found


def test_a_histogram_has_128_bins_also_of_nothing():
    found, empty = histogram(np.arange(1000.0)), histogram(np.zeros(0))
    assert found.counts.size == empty.counts.size == 128
    assert found.counts.sum() == 1000
    assert (empty.low, empty.high, empty.counts.sum()) == (0, 1, 0)
