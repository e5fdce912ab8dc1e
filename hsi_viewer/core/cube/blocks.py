"""A scene cut into windows that fit in memory."""

from __future__ import annotations

from collections.abc import Iterator

from hsi_viewer.core.cube.cube import HyperCube

BLOCK_BYTES = 32 * 2**20
SAMPLE_SIDE = 512
LARGE_BYTES = 1 << 30


def blocks(
    cube: HyperCube,
    bands: int | None = None,
    box: tuple[int, int, int, int] | None = None,
    limit: int = BLOCK_BYTES,
) -> Iterator[tuple[slice, slice]]:
    """Windows in row-major order whose values take at most limit bytes (one pixel at the least).

    Parameters
    ----------
    bands : how many bands are read of each; None means all.
    box : top, left, bottom, right of the part to cover, half open; None means all.
    """
    top, left, bottom, right = box or (0, 0, cube.rows, cube.columns)
    pixels = max(1, limit // ((cube.bands if bands is None else bands) * cube.dtype.itemsize))
    width = min(right - left, pixels)
    height = max(1, pixels // max(1, width))
    for row in range(top, bottom, height):
        for column in range(left, right, max(1, width)):
            yield (
                slice(row, min(row + height, bottom)),
                slice(column, min(column + width, right)),
            )


def sample_steps(
    cube: HyperCube, side: int = SAMPLE_SIDE, box: tuple[slice, slice] | None = None
) -> tuple[slice, slice]:
    """Strided slices over the whole scene, or a box of it, with at most about side x side pixels.

    Of a large cube whose bands are not stored apart all bands of a row are read for one: fewer
    rows are taken.
    """
    size = cube.rows * cube.columns * cube.bands * cube.dtype.itemsize
    costly = size > LARGE_BYTES and cube.interleave not in ("bsq", "bil") and not cube.in_memory
    rows = max(1, side // 4) if costly else side
    whole = slice(0, cube.rows), slice(0, cube.columns)
    down, across = (
        slice(part.start, part.stop, max(1, (part.stop - part.start) // most))
        for part, most in zip(box or whole, (rows, side), strict=True)
    )
    return down, across
