"""What an explanation says of a pixel, its log-odds and its groups of bands by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.explanation import BandGroup, Explanation, band_groups, log_odds


def explanation(dissimilarity: float, threshold: float, *effects: float) -> Explanation:
    groups = tuple(BandGroup((i,), f"Band {i + 1}", e, 0.5) for i, e in enumerate(effects))
    probabilities = np.array([0.2, 0.7, 0.1], np.float32)
    return Explanation(
        4, 9, 3, (3, 5, 8), probabilities, groups, (), (), dissimilarity, threshold, np.ones(2), {}
    )


def test_log_odds_are_those_of_a_class_against_all_others():
    logits = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [500.0, -500.0, 500.0]], np.float32)
    for k in range(3):
        p = np.exp(logits[:2].astype(float))
        p /= p.sum(axis=1, keepdims=True)
        expected = np.log(p[:, k] / (1 - p[:, k]))
        assert log_odds(logits[:2], k) == pytest.approx(expected)
    assert log_odds(logits, 1)[2] == pytest.approx(-1000 - np.log(2))
    assert log_odds(logits[:, :2], 0) == pytest.approx([-1, 0, 1000])


def test_bands_are_parted_into_neighbours_of_about_the_same_number():
    found = band_groups(np.array([0, 2, 3, 7, 9]), None, most=2)
    assert [places.tolist() for places, _ in found] == [[0, 1, 2], [3, 4]]
    assert [title for _, title in found] == ["Bands 1–4", "Bands 8–10"]
    assert [t for _, t in band_groups(np.array([4, 6]), None)] == ["Band 5", "Band 7"]
    assert len(band_groups(np.arange(40), None)) == 16


def test_groups_are_named_by_wavelengths_where_all_of_them_are_known():
    nm = np.array([900.4, 700.2, 500.0, np.nan])
    assert [t for _, t in band_groups(np.arange(3), nm, most=1)] == ["500–900 nm"]
    assert [t for _, t in band_groups(np.arange(3), nm)] == ["900 nm", "700 nm", "500 nm"]
    assert [t for _, t in band_groups(np.arange(4), nm, most=1)] == ["Bands 1–4"]
    close = np.array([500.1, 500.2])
    assert [t for _, t in band_groups(np.arange(2), close, most=1)] == ["500 nm"]


def test_the_answer_is_the_likeliest_class():
    assert explanation(0, 1).answer == 5


@pytest.mark.parametrize(
    ("dissimilarity", "threshold", "applies"),
    [(1.0, 2.0, True), (2.0, 2.0, True), (2.1, 2.0, False), (np.nan, np.nan, True)],
)
def test_a_pixel_beyond_the_threshold_lies_outside(dissimilarity, threshold, applies):
    assert explanation(dissimilarity, threshold).applies is applies


def test_its_text_names_the_three_strongest_groups():
    text = repr(explanation(0, 1, 0.5, -2.0, 0.1, 1.25))
    assert text == (
        "<Explanation of class 3 at row 4, column 9: Band 2 -2.00, Band 4 +1.25, Band 1 +0.50>"
    )
