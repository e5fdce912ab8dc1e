"""A large ENVI scene without its weight: python -m benchmarks.big_scene FOLDER [--interleave bsq].

20000 x 2000 pixels, 300 bands of uint16, 24 GB to whoever reads it. The file is sparse: only a
few groups of lines are written, the rest reads as zero, which the header declares as no data.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ORDERS = {"bsq": (2, 0, 1), "bil": (0, 2, 1), "bip": (0, 1, 2)}
GROUPS, GROUP_ROWS = 20, 16


def spectrum(rows: np.ndarray, columns: np.ndarray, bands: np.ndarray) -> np.ndarray:
    """The values that are written, uint16 >= 1, for any positions that broadcast."""
    wave = 3000 + 2500 * np.sin(bands / 40 + rows / 500) + 400 * np.cos(columns / 60)
    return np.clip(wave, 1, 10_000).astype(np.uint16)


def write_big_scene(
    folder: Path,
    shape: tuple[int, int, int] = (20_000, 2_000, 300),
    interleave: str = "bsq",
    groups: int = GROUPS,
    georeferenced: bool = True,
) -> Path:
    """Write header and sparse data; gives the path of the header."""
    rows, columns, bands = shape
    data = folder / f"big_{interleave}.img"
    order = ORDERS[interleave]
    c, b = np.arange(columns)[None, :, None], np.arange(bands)[None, None, :]
    with data.open("wb") as file:
        file.truncate(2 * rows * columns * bands)
        for first in np.linspace(0, rows - GROUP_ROWS, groups).astype(int).tolist():
            r = np.arange(first, first + GROUP_ROWS)[:, None, None]
            group = np.ascontiguousarray(spectrum(r, c, b).transpose(order))
            if interleave == "bsq":
                for band in range(bands):
                    file.seek(2 * columns * (band * rows + first))
                    file.write(group[band].tobytes())
            else:
                file.seek(2 * columns * bands * first)
                file.write(group.tobytes())
    return write_header(data, shape, interleave, georeferenced=georeferenced)


def write_header(
    data: Path, shape: tuple[int, int, int], interleave: str, *, georeferenced: bool = True
) -> Path:
    """Write the header of a file of uint16 whose zeros are no data; gives its path."""
    rows, columns, bands = shape
    header = data.with_suffix(".hdr")
    wavelengths = ", ".join(f"{w:.2f}" for w in np.linspace(400, 2500, bands))
    map_line = (
        "map info = {UTM, 1, 1, 400000, 5800000, 5, 5, 33, North, WGS-84, units=Meters}\n"
        if georeferenced
        else ""
    )
    header.write_text(
        f"ENVI\nsamples = {columns}\nlines = {rows}\nbands = {bands}\nheader offset = 0\n"
        f"file type = ENVI Standard\ndata type = 12\ninterleave = {interleave}\nbyte order = 0\n"
        f"data ignore value = 0\nwavelength units = Nanometers\n{map_line}"
        f"wavelength = {{{wavelengths}}}\n",
        encoding="utf-8",
    )
    return header


def write_full_scenes(folder: Path, rows: int = 3_400) -> Iterator[Path]:
    """Headers of one file of about 4 GB, full of noise, as if it were of each interleave."""
    (header,) = (write_big_scene(folder, interleave="bip", groups=0),)
    text = header.read_text(encoding="utf-8").replace("lines = 20000", f"lines = {rows}")
    noise = np.random.default_rng(0).integers(1, 10_000, 2_000 * 300 * 20, np.uint16).tobytes()
    data = folder / "full.img"
    with data.open("wb") as file:
        for _ in range(rows // 20):
            file.write(noise)
        file.flush()
        os.fsync(file.fileno())
    for interleave in ORDERS:
        path = folder / f"full_{interleave}.hdr"
        path.write_text(text.replace("= bip", f"= {interleave}"), encoding="utf-8")
        path.with_suffix(".img").hardlink_to(data)
        yield path


def drop_from_memory(path: Path) -> None:
    """Have the system forget what it holds of a file."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main() -> int:
    """Write the scene and say where."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--interleave", choices=ORDERS, default="bsq")
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    path = write_big_scene(wanted.folder, interleave=wanted.interleave)
    used = path.with_suffix(".img").stat().st_blocks * 512
    print(f"{path} takes {used / 1e6:.0f} MB of the disk")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
