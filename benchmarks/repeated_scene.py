"""A scene of 24 GB with fields everywhere: python -m benchmarks.repeated_scene FOLDER.

Indian Pines, mirrored again and again over 20000 x 2000 pixels, its 200 bands interpolated to 300,
with noise and with brightness that varies slowly. Unlike that of benchmarks/big_scene.py the file
is full: it takes 24 GB of the disk. The ground truth is repeated likewise.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.big_scene import write_header
from benchmarks.scenes import Ids, indian_pines
from hsi_viewer.learning.windows import mirrored

SHAPE = 20_000, 2_000, 300
PERIOD = 1_160  # rows until noise and brightness come again, a multiple of the mirrored sample
AT_ONCE = 20  # rows that are in memory, a divisor of it
NOISE = 20.0  # standard deviation; the values are about 1000 to 9000
BRIGHTNESS = 0.1


def repeated_truth(rows: int, columns: int) -> Ids:
    """Class ids (rows, columns) of the scene."""
    truth = indian_pines()[1]
    return truth[np.ix_(*_places(rows, columns, truth))]


def write_repeated_scene(folder: Path, shape: tuple[int, int, int] = SHAPE) -> Path:
    """Write the scene as bip in pieces, unless it is there; gives the path of the header."""
    rows, columns, bands = shape
    data = folder / "repeated.img"
    header = data.with_suffix(".hdr")
    if header.exists():
        return header
    folder.mkdir(parents=True, exist_ok=True)
    row = 2 * columns * bands  # bytes
    with data.open("w+b") as file:
        for values in _pieces(min(rows, PERIOD), columns, bands):
            file.write(values.tobytes())
        while file.tell() < rows * row:  # copied: to draw all of the noise takes long
            done = file.tell()
            file.seek(done % (PERIOD * row))
            piece = file.read(min(AT_ONCE * row, rows * row - done))
            file.seek(done)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return write_header(data, shape, "bip")


def _pieces(rows: int, columns: int, bands: int) -> Iterator[NDArray[np.uint16]]:
    """What the scene begins with, (`AT_ONCE`, columns, bands) each."""
    small = _with_bands(np.asarray(indian_pines()[0].read(), np.float32), bands)
    down, across = _places(rows, columns, small)
    rng = np.random.default_rng(0)
    noise = NOISE * rng.standard_normal((AT_ONCE + 1) * columns * bands, np.float32)
    for top in range(0, rows, AT_ONCE):
        some = np.arange(top, min(top + AT_ONCE, rows))
        light = np.sin(2 * np.pi * some[:, None] / PERIOD) * np.cos(np.arange(columns) / 700)
        values = small[np.ix_(down[some], across)]
        values *= (1 + BRIGHTNESS * light).astype(np.float32)[:, :, None]
        start = rng.integers(columns * bands)
        values += noise[start : start + values.size].reshape(values.shape)
        yield values.astype("<u2")  # far from 0 and 65535


def _with_bands(values: NDArray[np.float32], bands: int) -> NDArray[np.float32]:
    """The same (rows, columns, bands), interpolated between its bands."""
    at = np.linspace(0, values.shape[2] - 1, bands)
    low = np.minimum(at.astype(int), values.shape[2] - 2)
    share = (at - low).astype(np.float32)
    return values[:, :, low] * (1 - share) + values[:, :, low + 1] * share


def _places(rows: int, columns: int, of: np.ndarray) -> tuple[NDArray[np.int64], ...]:
    """Which row and column of the small scene each of the large one is."""
    return tuple(
        np.asarray(mirrored(np.arange(size), small), np.int64)
        for size, small in zip((rows, columns), of.shape, strict=False)
    )


def main() -> None:
    """Write the scene and say where."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    print(write_repeated_scene(parser.parse_args().folder))


if __name__ == "__main__":
    main()
