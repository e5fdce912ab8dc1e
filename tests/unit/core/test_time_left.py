"""The time left is right for steady work, steady for unsteady work, and silent when unknown."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hsi_viewer.core.time_left import TimeLeft, in_words, took


def test_steady_work_is_reported_exactly():
    left = TimeLeft()
    for second in range(31):
        left.update(second / 100, float(second))
    assert left.seconds(30.0) == pytest.approx(70.0)
    assert left.seconds(35.0) == pytest.approx(65.0)  # counts down between reports


def test_nothing_is_reported_too_early_or_without_a_share():
    left = TimeLeft()
    left.update(0.0, 0.0)
    left.update(0.5, 1.0)
    assert left.seconds(1.0) is None
    left.update(0.51, 3.0)
    assert left.seconds(3.0) is not None
    left.update(None, 4.0)
    assert left.seconds(4.0) is None


def test_a_share_that_falls_starts_a_new_part():
    left = TimeLeft()
    for second in range(11):
        left.update(second / 10, float(second))
    left.update(0.0, 11.0)
    assert left.seconds(11.0) is None
    for second in range(12, 22):
        left.update((second - 11) / 100, float(second))
    assert left.seconds(21.0) == pytest.approx(90.0)


def test_unsteady_work_does_not_make_the_figure_jump():
    left, share, received = TimeLeft(), 0.0, []
    for tenth in range(1, 400):
        share += 0.02 if tenth % 10 in (0, 3) and tenth % 7 else 0.0  # in jumps and pauses
        left.update(share, tenth / 10)
        if tenth > 100:
            received.append(left.seconds(tenth / 10))
    steps = [abs(b - a) for a, b in pairwise(received)]
    assert max(steps) < 3


def test_it_is_never_below_zero():
    left = TimeLeft()
    for second in range(11):
        left.update(second / 10.5, float(second))
    assert left.seconds(100.0) == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "a few seconds left"),
        (22.0, "about 20 s left"),
        (57.0, "about 55 s left"),
        (58.0, "about 1 min left"),
        (200.0, "about 3 min left"),
        (3569.0, "about 59 min left"),
        (7300.0, "about 2 h left"),
    ],
)
def test_it_is_reported_in_round_figures(seconds, words):
    assert in_words(seconds) == words


def test_other_work_before_says_nothing_about_the_speed():
    """Reports of a training on 600 x 600 pixels, as measured: the epochs ended at 231 s."""
    left = TimeLeft()
    left.update(0.0, 14.5, "Computing features")
    left.update(1 / 15, 186.0, "Training the network")
    assert left.seconds(186.0) is None  # 2400 s, if the features counted
    for epoch, now in ((2, 188.0), (4, 193.7), (6, 203.9), (8, 211.1), (10, 217.3)):
        left.update(epoch / 15, now, "Training the network")
        told, true = left.seconds(now), 231.4 - now
        assert told is not None
        assert 0.5 * true <= told <= 1.5 * true


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "less than a second"), (1.0, "1 s"), (12.6, "13 s")]
)
def test_a_time_that_was_taken(seconds, text):
    assert took(seconds) == text
