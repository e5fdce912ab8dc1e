"""Area and accuracy from samples: two published examples, and what holds of any sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hsi_viewer.core.assessment.area_estimates import CANNOT_TELL, estimate_areas
from hsi_viewer.core.assessment.areas import class_areas, strip_areas, suited_unit
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.progress import CancelToken, TaskCancelledError


def of_matrix(counts):
    """Mapped and reference classes, from 1, of a matrix of counts; rows are the map."""
    mapped, reference = np.nonzero(counts)
    times = np.asarray(counts)[mapped, reference]
    return np.repeat(mapped + 1, times), np.repeat(reference + 1, times)


def test_the_example_of_olofsson_and_others():
    """Section 5: deforestation, forest gain, stable forest and stable non-forest, 900,000 ha.

    For two producer's accuracies the paper prints ± 0.23 and ± 0.01, where its equation 7 gives
    ± 0.25 and ± 0.02. It takes the population to be infinite, as a map 1000 times as large is.
    """
    mapped, reference = of_matrix([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
    sizes = {1: 200_000, 2: 150_000, 3: 3_200_000, 4: 6_450_000}
    large = {i: 1000 * n for i, n in sizes.items()}
    found = estimate_areas(mapped, mapped, reference, large)

    def rounded(estimates, digits=2):
        return [(round(e.value, digits), round(e.half, digits)) for e in estimates]

    assert rounded([found.overall]) == [(0.95, 0.02)]
    assert round(found.overall.value, 3) == 0.947
    assert rounded(found.users) == [(0.88, 0.07), (0.73, 0.10), (0.93, 0.04), (0.96, 0.02)]
    assert rounded(found.producers) == [(0.75, 0.21), (0.85, 0.25), (0.93, 0.03), (0.96, 0.02)]
    hectares = found.areas(900_000.0)
    assert [round(h.value) for h in hectares] == [21_158, 11_686, 285_770, 581_386]
    assert [round(1.96 * h.error) for h in hectares] == [6_158, 3_756, 15_510, 16_282]
    pixels = found.areas(sum(sizes.values()))[0]
    assert (round(pixels.value), round(1.96 * pixels.error)) == (235_086, 68_418)
    assert round(found.shares[0].value, 4) == 0.0235
    assert round(found.shares[0].error, 4) == 0.0035
    np.testing.assert_allclose(found.matrix.sum(axis=1), [0.020, 0.015, 0.320, 0.645], atol=1e-12)
    np.testing.assert_allclose(found.matrix[0], [0.0176, 0, 0.0013, 0.0011], atol=5e-5)


def test_the_example_of_stehman():
    """Four strata that are not the classes A to D of the map, ten points in each."""

    def classes(text):
        return np.array([ord(letter) - ord("A") + 1 for letter in text])

    found = estimate_areas(
        classes("A" * 10 + "B" * 10 + "C" * 10 + "D" * 10),
        classes("A" * 7 + "BBB" + "A" + "B" * 11 + "C" * 6 + "BB" + "D" * 10),
        classes("AAAAACBABC" + "A" + "BBBBB" + "AABB" + "CCCCC" + "DDBBA" + "DDDDDDDCCB"),
        {1: 40_000, 2: 30_000, 3: 20_000, 4: 10_000},
    )
    for estimate, value, error in (
        (found.overall, 0.63, 0.085),
        (found.shares[0], 0.35, 0.082),
        (found.shares[2], 0.20, 0.064),
        (found.users[1], 0.574, 0.125),
        (found.producers[1], 0.794, 0.117),
    ):
        assert (round(estimate.value, 3), round(estimate.error, 3)) == (value, error)
    assert found.matrix[1, 2] == pytest.approx(0.08)


maps = hnp.arrays(np.int64, st.integers(8, 60), elements=st.integers(1, 3))


@settings(max_examples=30)
@given(maps, st.integers(0, 2**32 - 1))
def test_a_whole_population_gives_its_own_figures_without_error(mapped, seed):
    reference = np.random.default_rng(seed).integers(1, 4, mapped.size)
    sizes = {int(i): int(np.count_nonzero(mapped == i)) for i in np.unique(mapped)}
    found = estimate_areas(mapped, mapped, reference, sizes)
    assert found.overall.value == pytest.approx((mapped == reference).mean())
    assert found.overall.error == pytest.approx(0, abs=1e-9)
    assert sum(s.value for s in found.shares) == pytest.approx(1)
    assert found.matrix.sum() == pytest.approx(1)
    assert sum(a.value for a in found.areas()) == pytest.approx(mapped.size)
    for class_id, share, user in zip(found.class_ids, found.shares, found.users, strict=True):
        assert share.value == pytest.approx((reference == class_id).mean())
        assert share.low == pytest.approx(share.value) == pytest.approx(share.high)
        assert np.isnan(user.value) == (class_id not in mapped)


@pytest.mark.parametrize("own", [True, False])
def test_intervals_hold_the_truth_as_often_as_they_say(own):
    """In 200 samples; the strata are the classes of the map, or of another one (Stehman)."""
    rng = np.random.default_rng(3)
    strata = np.repeat([1, 2, 3], [6000, 1800, 600])
    reference = np.where(rng.random(8400) < 0.85, strata, rng.integers(1, 4, 8400))
    mapped = strata if own else np.where(rng.random(8400) < 0.9, reference, 3)
    sizes = {1: 6000, 2: 1800, 3: 600}
    truth = estimate_areas(strata, mapped, reference, sizes)
    held, shares, errors = [], [], []
    for _ in range(200):
        drawn = np.concatenate(
            [rng.choice(np.flatnonzero(strata == i), 80, replace=False) for i in sizes]
        )
        found = estimate_areas(strata[drawn], mapped[drawn], reference[drawn], sizes)
        pairs = [
            (found.overall, truth.overall),
            *zip(found.shares, truth.shares, strict=True),
            *zip(found.users, truth.users, strict=True),
            *zip(found.producers, truth.producers, strict=True),
        ]
        held.append([e.low <= t.value <= e.high for e, t in pairs])
        shares.append(found.shares[1].value)
        errors.append(found.shares[1].error)
    assert 0.93 <= np.mean(held) <= 0.97
    assert np.mean(held, axis=0).min() > 0.9
    assert np.mean(shares) == pytest.approx(truth.shares[1].value, abs=0.01)
    assert np.mean(errors) == pytest.approx(np.std(shares), rel=0.15)


@settings(max_examples=20)
@given(st.permutations([1, 2, 3, 4]), st.integers(0, 99))
def test_other_numbers_of_the_classes_change_nothing_but_their_order(order, seed):
    rng = np.random.default_rng(seed)
    mapped, reference = rng.integers(1, 5, (2, 60))
    mapped[:8] = [1, 1, 2, 2, 3, 3, 4, 4]
    sizes = {i: 1000 * i for i in range(1, 5)}
    new = np.array([0, *order])
    found = estimate_areas(mapped, mapped, reference, sizes)
    other = estimate_areas(
        new[mapped], new[mapped], new[reference], {int(new[i]): n for i, n in sizes.items()}
    )
    assert other.overall.value == pytest.approx(found.overall.value)
    for k, class_id in enumerate(found.class_ids):
        at = other.class_ids.index(int(new[class_id]))
        for name in ("shares", "users", "producers"):
            mine, theirs = getattr(found, name)[k], getattr(other, name)[at]
            assert (theirs.value, theirs.low, theirs.high) == pytest.approx(
                (mine.value, mine.low, mine.high), nan_ok=True
            )


def test_points_that_are_unknown_or_that_the_map_leaves_out():
    strata = np.array([1, 1, 1, 1, 2, 2])
    mapped = np.array([1, 1, 0, 1, 2, 2])
    reference = np.array([1, 1, 1, CANNOT_TELL, 2, 1])
    found = estimate_areas(strata, mapped, reference, {1: 300, 2: 100})
    assert (found.points, found.untold, found.class_ids) == (5, 1, (1, 2))
    assert found.overall.value == pytest.approx(0.75 * 2 / 3 + 0.25 * 1 / 2)
    assert found.bounds == pytest.approx((0.75 * 2 / 4 + 0.125, 0.75 * 3 / 4 + 0.125))
    assert found.unmapped == pytest.approx(0.25)
    assert found.matrix.sum() == pytest.approx(0.75)


def test_a_sample_without_an_error_is_not_certain():
    mapped = np.repeat([1, 2], [30, 10])
    found = estimate_areas(mapped, mapped, mapped, {1: 5000, 2: 1000})
    assert found.overall.value == found.overall.high == 1
    assert 0.85 < found.overall.low < 0.93
    assert found.users[1].low < found.users[0].low < 0.9
    share = found.shares[1]  # strata without a point of the other class may still have some
    assert share.error == pytest.approx(0, abs=1e-9)
    assert share.low < 0.12 < share.value < 0.22 < share.high


@pytest.mark.parametrize(
    ("strata", "reference", "sizes", "reason"),
    [
        ([1, 1, 2, 2], [1, 0, 2, 2], {1: 9, 2: 9}, "1 of 4 reference points aren't labelled yet"),
        ([1, 1, 2], [1, 1, 2], {1: 9, 2: 9}, "Stratum 2 has 1 reference points of 9 pixels"),
        ([1, 1], [1, 1], {1: 9, 2: 9}, "Stratum 2 has 0 reference points of 9 pixels"),
        ([1, 1, 3, 3], [1, 1, 1, 1], {1: 9}, "stratum 3, whose size isn't known"),
        ([1, 1, 1], [1, 1, 1], {1: 2}, "Stratum 1 has 3 reference points, but 2 pixels"),
    ],
)
def test_points_that_cannot_stand_for_the_scene_are_refused(strata, reference, sizes, reason):
    strata = np.array(strata)
    with pytest.raises(LabelError, match=reason):
        estimate_areas(strata, strata, np.array(reference), sizes)


def test_areas_of_a_map():
    class_map = np.array([[1, 1, 0], [2, 2, 2]], np.uint16)
    found = class_areas(class_map, np.array([10.0, 20.0]))
    assert [(a.class_id, a.pixels, a.square_metres) for a in found] == [(1, 2, 20), (2, 3, 60)]
    assert [a.share for a in found] == [0.4, 0.6]
    whole = class_areas(class_map, None, np.ones((2, 3), bool))
    assert [(a.class_id, a.pixels, a.square_metres) for a in whole] == [
        (0, 1, None),
        (1, 2, None),
        (2, 3, None),
    ]
    assert class_areas(np.zeros((2, 2), np.uint16)) == ()
    assert [suited_unit(x) for x in (9e3, 9e5, 9e8)] == ["m²", "ha", "km²"]


@pytest.mark.parametrize("metres", [None, np.linspace(1, 2, 600)])
def test_areas_of_a_map_that_is_read_by_strips_are_those_of_the_whole(metres):
    class_map = np.zeros((600, 3), np.uint16)
    class_map[:100], class_map[250:300], class_map[:, 2] = 300, 7, 1
    found, whole = strip_areas(class_map, metres), class_areas(class_map, metres)
    assert [(a.class_id, a.pixels, a.share) for a in found] == [
        (a.class_id, a.pixels, a.share) for a in whole
    ]
    areas = [a.square_metres for a in whole]
    assert [a.square_metres for a in found] == (areas if metres is None else pytest.approx(areas))
    assert strip_areas(np.zeros((2, 2), np.uint16), metres) == ()


def test_areas_of_a_large_map_can_be_cancelled():
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        strip_areas(np.ones((2, 2), np.uint16), token=token)
