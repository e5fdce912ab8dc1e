"""Two class maps of one scene: where they differ, and whether one is better."""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

EXACT_UP_TO = 25  # discordant pixels; above, the normal approximation is good


class McNemar(Struct, frozen=True):
    """McNemar's test of two maps on the same test pixels (McNemar 1947, Psychometrika 12).

    Test pixels close together are not independent; a small p is then too small.

    Attributes
    ----------
    only_first, only_second : test pixels that only one of the maps has right.
    total : number of test pixels.
    p : two-sided probability of so unequal counts if both maps were equally good.
    """

    only_first: int
    only_second: int
    total: int
    p: float


def mcnemar(
    first: NDArray[np.uint16], second: NDArray[np.uint16], test: NDArray[np.uint16]
) -> McNemar | None:
    """Compare two maps on test pixels; None if there are none.

    Up to 25 discordant pixels the exact binomial test, above it chi-squared with Edwards'
    continuity correction (Edwards 1948, Psychometrika 13, 185-187).

    Parameters
    ----------
    first, second : (rows, columns) class ids.
    test : (rows, columns) true ids, 0 where a pixel is not scored.
    """
    scored = test > 0
    if not scored.any():
        return None
    truth = test[scored]
    right, right_too = first[scored] == truth, second[scored] == truth
    b, c = int((right & ~right_too).sum()), int((~right & right_too).sum())
    n = b + c
    if n <= EXACT_UP_TO:
        tail = sum(math.comb(n, k) for k in range(min(b, c) + 1)) / 2**n
        p = min(1.0, 2 * tail)
    else:
        chi_squared = max(abs(b - c) - 1, 0) ** 2 / n
        p = math.erfc(math.sqrt(chi_squared / 2))
    return McNemar(b, c, truth.size, p)


class Transition(Struct, frozen=True):
    """Pixels that one map gives one class and the other another."""

    before: int
    after: int
    pixels: int


def transitions(
    first: NDArray[np.uint16], second: NDArray[np.uint16], most: int = 8
) -> tuple[int, tuple[Transition, ...]]:
    """The number of pixels that differ, and the commonest changes of class."""
    differ = first != second
    pairs = first[differ].astype(np.uint32) << 16 | second[differ]
    codes, counts = np.unique(pairs, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:most]
    listed = tuple(
        Transition(int(codes[i] >> 16), int(codes[i] & 0xFFFF), int(counts[i])) for i in order
    )
    return int(differ.sum()), listed
