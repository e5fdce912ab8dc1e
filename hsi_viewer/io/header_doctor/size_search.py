"""Rows, columns and bands of a raw file that has no header, from the periods of its values.

The value one row, one column or one band further on is like this one. So the distances at which
values are most similar, more than at the distances next to them, are the strides of the array.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.errors import FileError
from hsi_viewer.io.envi.layout import Layout
from hsi_viewer.io.files.byte_reader import FileReader

SAMPLE_VALUES = 1 << 22
PAIRS = 20_000
STRIDES = 14
MOST_SHAPES = 24
# An axis shorter than this can hardly be told from chance.
SHORTEST = 3
# Share of a reading's score from which a simpler one is preferred.
NEARLY_AS_GOOD = 0.75
AXES = {
    "bsq": ("bands", "rows", "columns"),
    "bil": ("rows", "bands", "columns"),
    "bip": ("rows", "columns", "bands"),
}


def likely_shapes(reader: FileReader, dtype: np.dtype[Any]) -> list[tuple[int, int, int]]:
    """Shapes (slowest axis first) that fill a file of values of one type, likely ones first.

    Parameters
    ----------
    reader : the file.
    dtype : of its values, with their byte order.
    """
    total, rest = divmod(reader.size, dtype.itemsize)
    if rest or total < 64:
        return []
    values = _sample(reader, dtype, total)
    divisors = [d for d in _divisors(total) if 1 < d <= values.size // 2]
    if not divisors:
        return []
    strength = {d: _alike(values, d) for d in divisors}
    best = sorted(divisors, key=lambda d: -strength[d])[:STRIDES]
    pairs = [
        (a, b)
        for a, b in itertools.combinations(sorted(best), 2)
        if b % a == 0 and b // a >= SHORTEST
    ]
    pairs.sort(key=lambda pair: -(strength[pair[0]] + strength[pair[1]]))
    return [(total // b, b // a, a) for a, b in pairs[:MOST_SHAPES] if total // b >= SHORTEST]


def fundamentals_first(scores: Mapping[Layout, float]) -> list[Layout]:
    """Readings in order of their scores, but multiples of a good one after it.

    Every second band below the other, or two float32 mistaken for one float64, makes a picture as
    smooth as the true one. All strides of such a reading are multiples of the true one's.
    """
    ranked = sorted(scores, key=lambda layout: -scores[layout])
    seen = set()
    unlike = []
    for layout in ranked:  # of signed and unsigned, the first stands for both if they look alike
        key = replace(layout, dtype=np.dtype(f"V{layout.dtype.itemsize}")), scores[layout]
        if key not in seen:
            unlike.append(layout)
        seen.add(key)
    value: dict[Layout, float] = {}
    of_strides = sorted(((_strides(layout), layout) for layout in unlike), key=lambda pair: pair[0])
    steps = np.array([strides for strides, _ in of_strides], np.int64).reshape(-1, 3)
    for k, (_, layout) in enumerate(of_strides):
        divides = ((steps[k] % steps[:k]) == 0).all(axis=1) & (steps[k] != steps[:k]).any(axis=1)
        below = [value[of_strides[j][1]] for j in np.flatnonzero(divides)]
        good = [v for v in below if v >= NEARLY_AS_GOOD * scores[layout]]
        value[layout] = min([scores[layout], *(0.99 * v for v in good)])
    return sorted(unlike, key=lambda layout: -value[layout])


def _strides(layout: Layout) -> tuple[int, ...]:
    """Bytes from one row, column and band to the next."""
    size = {"rows": layout.rows, "columns": layout.columns, "bands": layout.bands}
    strides, step = {}, layout.dtype.itemsize
    for axis in reversed(AXES[layout.interleave]):
        strides[axis] = step
        step *= size[axis]
    return tuple(strides[axis] for axis in size)


def _sample(reader: FileReader, dtype: np.dtype[Any], total: int) -> NDArray[np.float64]:
    """Values from the middle of the file, as ranks so that no scale or outlier matters."""
    count = min(total, SAMPLE_VALUES)
    raw = reader.read_bytes((total - count) // 2 * dtype.itemsize, count * dtype.itemsize)
    if len(raw) < count * dtype.itemsize:
        raise FileError(f"{reader.path} became shorter while it was being read.")
    with np.errstate(all="ignore"):
        values = np.nan_to_num(np.frombuffer(raw, dtype).astype(np.float64))
    limits = np.quantile(values[:: max(1, count // 65536)], np.linspace(0, 1, 257)[1:-1])
    return np.searchsorted(limits, values) / 256.0


def _alike(values: NDArray[np.float64], distance: int) -> float:
    """How much more similar values at a distance are than at the neighbouring distances."""
    rng = np.random.default_rng(0)
    at = rng.integers(1, values.size - distance - 1, PAIRS)
    here = values[at]
    beside = [float(np.abs(values[at + distance + k] - here).mean()) for k in (-1, 1)]
    return min(beside) - float(np.abs(values[at + distance] - here).mean())


def _divisors(n: int) -> list[int]:
    found = set()
    for k in range(1, int(n**0.5) + 1):
        if n % k == 0:
            found |= {k, n // k}
        if k > 100_000:
            break
    return sorted(found)
