"""Overviews: every few-th pixel of a large cube, kept in the cache folder, read in its place.

To show all of a band-interleaved-by-pixel file is to read all of it; an overview is made of it
once, in the background. Of files whose bands lie apart only the bands that are shown are kept,
as they are shown; of others all bands at once, for that takes no longer than one.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource, HyperCube
from hsi_viewer.core.paths import real_path
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort

OVERVIEW_PIXELS = 1 << 20
CHUNK_BYTES = 32 << 20
HEAD = 1 << 16  # bytes before the values: one per band, 1 when the band is complete
SUFFIX = ".overview"
APART = ("bsq", "bil")  # interleaves of which one band is read without the others


class OverviewSource:
    """A cube's source that answers thinned reads from an overview, as far as it is made.

    Parameters
    ----------
    source : the cube itself; everything else is read from it.
    path : the file of the overview; made by the first `fill`.
    apart : whether bands are read one by one.
    """

    def __init__(self, source: CubeSource, path: Path, *, apart: bool) -> None:
        self.shape, self.dtype = source.shape, source.dtype
        self.path = path
        self.step = overview_step(source.shape)
        rows, columns, bands = source.shape
        self._source, self._apart = source, apart
        self._thin = (bands, -(-rows // self.step), -(-columns // self.step))
        self._lock = threading.Lock()
        self._there = np.zeros(bands, bool)
        self._load()

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window."""
        step, wanted = self.step, np.arange(self.shape[2]) if bands is None else bands
        thin = not any(part.start % step or part.step % step for part in (rows, columns))
        if thin and self._there[wanted].all():
            try:
                return self._read_thin(_divided(rows, step), _divided(columns, step), wanted)
            except OSError:  # the cache was cleaned
                self._there[:] = False
        return self._source.read(rows, columns, bands)

    def missing(self, bands: Iterable[int]) -> tuple[int, ...]:
        """Bands that `fill` would read so that these can be shown."""
        lacking = tuple(b for b in dict.fromkeys(bands) if not self._there[b])
        if lacking and not self._apart:
            return tuple(range(self.shape[2]))
        return lacking

    def fill(self, bands: Iterable[int], token: CancelToken, port: ProgressPort) -> None:
        """Make the overview of bands, or of all where that takes no longer."""
        lacking = np.asarray(self.missing(bands), np.intp)
        if lacking.size == 0:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock, self.path.open("r+b" if self.path.exists() else "w+b") as file:
            file.truncate(HEAD + int(np.prod(self._thin)) * self.dtype.itemsize)
            step, columns = self.step, self.shape[1]
            line = self._thin[2] * lacking.size * self.dtype.itemsize
            chunk = max(1, CHUNK_BYTES // line)
            for top in range(0, self._thin[1], chunk):
                token.check()
                port.report(Progress("Preparing the overview", top / self._thin[1]))
                bottom = min(top + chunk, self._thin[1])
                rows = slice(top * step, min(bottom * step, self.shape[0]), step)
                window = self._source.read(rows, slice(0, columns, step), lacking)
                planes = np.ascontiguousarray(window.transpose(2, 0, 1))
                for band, plane in zip(lacking.tolist(), planes, strict=True):
                    file.seek(self._at(band, top))
                    file.write(plane.tobytes())
            file.flush()
            os.fsync(file.fileno())
            self._there[lacking] = True
            file.seek(0)
            file.write(self._there.tobytes())

    def _load(self) -> None:
        """Find out which bands an earlier session has made."""
        size = HEAD + int(np.prod(self._thin)) * self.dtype.itemsize
        try:
            if self.path.stat().st_size == size:
                with self.path.open("rb") as file:
                    self._there = np.frombuffer(file.read(self.shape[2]), np.uint8) == 1
                os.utime(self.path)  # the oldest are dropped first
        except OSError:
            return

    def _at(self, band: int, row: int) -> int:
        _, rows, columns = self._thin
        return HEAD + (band * rows + row) * columns * self.dtype.itemsize

    def _read_thin(self, rows: slice, columns: slice, bands: NDArray[np.intp]) -> NDArray[Any]:
        width = self._thin[2]
        count = (rows.stop - rows.start) * width
        planes = []
        with self.path.open("rb") as file:
            for band in bands.tolist():
                file.seek(self._at(band, rows.start))
                plane = np.fromfile(file, self.dtype, count)
                if plane.size < count:
                    raise OSError(f"{self.path} is too short")
                planes.append(plane.reshape(-1, width)[:: rows.step, columns])
        return np.stack(planes, axis=2)


def with_overview(cube: HyperCube) -> HyperCube:
    """A cube that keeps an overview in the cache folder; itself where it comes from no file."""
    if cube.path is None or cube.bands > HEAD:
        return cube
    path = cache_folder() / f"{_mark(cube, cube.path)}{SUFFIX}"
    source = OverviewSource(cube.source, path, apart=cube.interleave in APART)
    return replace(cube, source=source)


def overview_step(shape: tuple[int, int, int]) -> int:
    """Every how many-th pixel an overview holds: a power of two, at least 4."""
    step = 4
    while (shape[0] // step) * (shape[1] // step) > OVERVIEW_PIXELS:
        step *= 2
    return step


def _divided(part: slice, step: int) -> slice:
    return slice(part.start // step, -(-part.stop // step), part.step // step)


def _mark(cube: HyperCube, path: Path) -> str:
    """A name that changes with the file: its folder's entries of that name, sizes and times."""
    beside = sorted(p for p in path.parent.glob(f"{_escaped(path.stem)}*") if p.is_file())
    stats = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in beside]
    identity = (
        str(real_path(path)),
        stats,
        cube.name,
        cube.shape,
        str(cube.dtype),
        cube.format_name,
    )
    return hashlib.sha256(repr(identity).encode()).hexdigest()[:32]


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def cache_folder() -> Path:
    """Folder of the overviews."""
    return Path(platformdirs.user_cache_dir("hsi-viewer", appauthor=False)) / "overviews"


def cache_bytes() -> int:
    """Bytes of the disk that all overviews take."""
    return sum(used for _, used, _ in _overviews())


def trim_cache(limit: int, keep: Path | None = None) -> None:
    """Drop the overviews that were not used for the longest time until a limit of bytes is kept."""
    found = sorted(_overviews())
    total = sum(used for _, used, _ in found)
    for _, used, path in found:
        if total <= limit:
            return
        if path != keep:
            path.unlink(missing_ok=True)
            total -= used


def _overviews() -> list[tuple[float, int, Path]]:
    """Time of last use, bytes on the disk, and path of each overview."""
    found = []
    for path in cache_folder().glob(f"*{SUFFIX}"):
        try:
            stat = path.stat()
        except OSError:  # another window has just dropped it
            continue
        blocks = getattr(stat, "st_blocks", None)  # sparse: bands that are not there take nothing
        found.append((stat.st_mtime, stat.st_size if blocks is None else 512 * blocks, path))
    return found
