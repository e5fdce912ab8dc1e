"""Rows, columns and bands of a raw file that has no header, from the periods of its values.

The value one row, one column or one band further on is like this one. So the distances at which
values are most alike, more than at the distances next to them, are the strides of the array.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import FileError
from hsi_viewer.io.byte_reader import FileReader

SAMPLE_VALUES = 1 << 22
PAIRS = 20_000
STRIDES = 14
MOST_SHAPES = 24
# An axis shorter than this is hardly told from chance.
SHORTEST = 3


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


def _sample(reader: FileReader, dtype: np.dtype[Any], total: int) -> NDArray[np.float64]:
    """Values from the middle of the file, as ranks so that no scale or outlier matters."""
    count = min(total, SAMPLE_VALUES)
    raw = reader.read_bytes((total - count) // 2 * dtype.itemsize, count * dtype.itemsize)
    if len(raw) < count * dtype.itemsize:
        raise FileError(f"{reader.path} has become shorter while it was read.")
    with np.errstate(all="ignore"):
        values = np.nan_to_num(np.frombuffer(raw, dtype).astype(np.float64))
    limits = np.quantile(values[:: max(1, count // 65536)], np.linspace(0, 1, 257)[1:-1])
    return np.searchsorted(limits, values) / 256.0


def _alike(values: NDArray[np.float64], distance: int) -> float:
    """How much more alike values at a distance are than at the distances just beside it."""
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
