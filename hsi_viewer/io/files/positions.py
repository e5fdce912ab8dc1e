"""Ascending positions along an axis: as ranges and slices, and as stretches worth one read each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

# Unwanted bytes between two wanted pieces that are cheaper to read than to skip.
MERGE_BYTES = 16 << 10
# Largest stretch that is gone over several times: it stays in a processor's cache.
CHUNK_BYTES = 2 << 20


# Places that are asked whether they are in the system's memory.
PROBES = 12
# Fractions whose multiples fall on no regular grid: what was read before lies on one.
IRREGULAR = (0.6180339887, 0.4142135624, 0.7320508076)


@lru_cache(64)  # windows of one size are read one after the other
def probes(sizes: tuple[int, int, int]) -> tuple[tuple[int, int, int], ...]:
    """The last of sizes[0] x sizes[1] x sizes[2] places, and a few spread irregularly."""
    last = (sizes[0] - 1, sizes[1] - 1, sizes[2] - 1)
    found = [last]
    for k in range(1, PROBES):
        i, j, m = (int(n * (k * step % 1.0)) for n, step in zip(sizes, IRREGULAR, strict=True))
        found.append((i, j, m))
    return tuple(found)


def extent(positions: Sequence[int]) -> int:
    """Places from the first position to the last one, both included."""
    return positions[-1] - positions[0] + 1


def even(positions: list[int]) -> Sequence[int]:
    """Ascending positions, as a range where they are evenly spaced."""
    if not positions:
        return range(0)
    step = positions[1] - positions[0] if len(positions) > 1 else 1
    even = range(positions[0], positions[0] + step * len(positions), step)
    return even if positions == list(even) else positions


def from_first(positions: Sequence[int]) -> Sequence[int]:
    """Positions counted from the first one."""
    first = positions[0]
    if isinstance(positions, range):
        return range(0, positions.stop - first, positions.step)
    return [p - first for p in positions]


def even_parts(positions: Sequence[int]) -> list[tuple[slice, slice]]:
    """Slices that yield the positions one after the other, and where their values go."""
    if isinstance(positions, range):
        return [(slice(positions.start, positions.stop, positions.step), slice(None))]
    parts, a = [], 0
    for b in range(1, len(positions) + 1):
        if b == len(positions) or positions[b] != positions[b - 1] + 1:
            parts.append((slice(positions[a], positions[b - 1] + 1), slice(a, b)))
            a = b
    return parts


def merged(positions: Sequence[int], stride: int, span: int) -> list[tuple[int, int]]:
    """Split ascending positions into stretches [a, b) worth one read each.

    Parameters
    ----------
    positions : along one axis.
    stride : bytes from one position to the next.
    span : bytes wanted at each position.
    """
    if isinstance(positions, range):
        step = positions.step * stride
        n = 1 if step - span > MERGE_BYTES else 1 + max(0, CHUNK_BYTES - span) // step
        return [(a, min(a + n, len(positions))) for a in range(0, len(positions), n)]
    stretches = []
    a = 0
    for k in range(1, len(positions)):
        gap = (positions[k] - positions[k - 1]) * stride - span
        length = (positions[k] - positions[a]) * stride + span
        if gap > MERGE_BYTES or length > CHUNK_BYTES:
            stretches.append((a, k))
            a = k
    stretches.append((a, len(positions)))
    return stretches
