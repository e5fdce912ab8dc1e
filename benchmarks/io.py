"""Opening and reading a large cube beside Spectral Python and rasterio: python -m benchmarks.io.

    python -m benchmarks.io [--gigabytes 4] [--folder DIR] [--repeat 5]

A cube of so many gigabytes is written once in each interleave. Each program runs in a process of
its own, started three times; they take turns at each job, `repeat` times cold (the file's pages
dropped from the cache before each turn) and ten times as often warm (the file read once from its
start to its end before), so that whatever else the machine does meets all of them. The medians go
to results/io.csv, with the ratio of our time to the program's, turn by turn (median and the 95 %
interval of the median, from order statistics), and the memory that the job takes at its peak, its
result included. First the values that the three programs read are compared. Linux only.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import multiprocessing
import os
import shutil
import statistics
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from benchmarks.table import Table

BANDS = 500
SIDE_BYTES = 2 * BANDS  # bytes of one pixel, uint16
INTERLEAVES = ("bsq", "bil", "bip")
PROGRAMS = ("hsi-viewer", "spectral", "rasterio")
JOBS = ("open", "band", "composite", "spectrum", "window")
RGB = (120, 70, 30)
# Processes are started so many times: where their memory lies changes their speed by a tenth.
STARTS = 3
PATIENCE = 7.0  # seconds of turns at one job after one start, warm


class Measured(NamedTuple):
    """What one program takes for a job, and our time relative to its time."""

    milliseconds: float
    peak_mebibytes: float
    ratio: float
    ratio_low: float
    ratio_high: float


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=4.0)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    side = int((options.gigabytes * 1e9 / SIDE_BYTES) ** 0.5)
    table = Table(
        "io",
        ("gigabytes", "interleave", "job", "cache", "program"),
        Measured._fields,
    )
    for interleave in INTERLEAVES:
        key = {"gigabytes": f"{options.gigabytes:g}", "interleave": interleave}
        wanted = [
            {**key, "job": job, "cache": cache}
            for cache in ("cold", "warm")
            for job in JOBS
            if not table.has(**key, job=job, cache=cache, program=PROGRAMS[-1])
        ]
        if not wanted:
            continue
        folder = options.folder / f"hsi-io-{interleave}"
        try:
            header = written(folder, side, interleave)
            compare(header)
            for row in wanted:
                found = measured(header, row["job"], row["cache"], options.repeat)
                for program, took in found.items():
                    table.add(**row, program=program, **took._asdict())
                    text = "{:.3f} ms, {:.1f} MiB, ours {:.3f} times that ({:.3f} to {:.3f})"
                    print(*row.values(), program, text.format(*took), flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(page(table, f"{options.gigabytes:g}"))


def written(folder: Path, side: int, interleave: str) -> Path:
    """Write a cube side x side x BANDS and its header."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    block = rng.integers(0, 10000, (side, BANDS), np.uint16)
    with (folder / "cube.img").open("wb") as file:
        for k in range(side):
            # a block of its own for each place, cheap to make
            file.write((block + np.uint16(k % 977)).tobytes())
        file.flush()
        os.fsync(file.fileno())
    wavelengths = ", ".join(f"{400 + 4.2 * k:.2f}" for k in range(BANDS))
    (folder / "cube.hdr").write_text(
        f"ENVI\nsamples = {side}\nlines = {side}\nbands = {BANDS}\nheader offset = 0\n"
        f"file type = ENVI Standard\ndata type = 12\ninterleave = {interleave}\nbyte order = 0\n"
        f"wavelength units = Nanometers\nwavelength = {{{wavelengths}}}\n"
    )
    return folder / "cube.hdr"


def compare(header: Path) -> None:
    """Stop unless the three programs read the same values."""
    images = [opener(program, header)() for program in PROGRAMS]
    for job in ("band", "spectrum", "window"):
        ours, *others = (image.do(job) for image in images)
        assert all(np.array_equal(np.squeeze(ours), np.squeeze(other)) for other in others), job


def measured(header: Path, job: str, cache: str, repeat: int) -> dict[str, Measured]:
    """What a job takes with each program, taking turns."""
    turns = -(-(repeat if cache == "cold" else 10 * repeat) // STARTS)
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    peaks: dict[str, float] = {}
    for _ in range(STARTS):
        take_turns(header, job, cache, turns, times, peaks)
    ours = times[PROGRAMS[0]]
    return {
        name: Measured(
            1000 * statistics.median(took), peaks[name], *median_of(np.divide(ours, took))
        )
        for name, took in times.items()
    }


def take_turns(
    header: Path,
    job: str,
    cache: str,
    turns: int,
    times: dict[str, list[float]],
    peaks: dict[str, float],
) -> None:
    """Let new processes take turns, and add what they took."""
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        pools = {name: stack.enter_context(context.Pool(1)) for name in PROGRAMS}
        for name in PROGRAMS:
            pools[name].apply(once, (header, name, job, cache))  # imports
        if cache == "warm":
            read_through(header.with_suffix(".img"))
        start = time.monotonic()
        for turn in range(turns):
            if turn and cache == "warm" and time.monotonic() - start > PATIENCE:
                break
            for k in range(len(PROGRAMS)):
                name = PROGRAMS[(turn + k) % len(PROGRAMS)]
                times[name].append(pools[name].apply(once, (header, name, job, cache)))
        for name in PROGRAMS:
            peak = pools[name].apply(memory, (header, name, job))
            peaks[name] = max(peak, peaks.get(name, 0.0))


def median_of(values: NDArray[Any]) -> tuple[float, float, float]:
    """Median with its 95 % interval: between two order statistics, whatever the distribution."""
    ordered = np.sort(values)
    outside = max(0, int(binom.ppf(0.025, ordered.size, 0.5)) - 1)
    return float(np.median(ordered)), float(ordered[outside]), float(ordered[-1 - outside])


def once(header: Path, program: str, job: str, cache: str) -> float:
    """Seconds that a job takes; but for "open", the opening does not count."""
    opened = opener(program, header)
    gc.collect()
    if cache == "cold":
        forget(header.with_suffix(".img"))
    else:
        opened().do("spectrum")  # the interpreter and the processor are warm, too
    if job == "open":
        start = time.perf_counter()
        image = opened()
    else:
        image = opened()
        start = time.perf_counter()
        image.do(job)
    seconds = time.perf_counter() - start
    del image  # pages that are mapped cannot be dropped
    gc.collect()
    return seconds


def memory(header: Path, program: str, job: str) -> float:
    """Memory that a job takes at its peak, MiB."""
    opened = opener(program, header)
    image = opened()
    return peak_of(opened if job == "open" else lambda: image.do(job))


def read_through(path: Path) -> None:
    """Read a file from its start to its end, so that its pages lie in memory as a copy leaves them.

    How they got there matters: pages that were read one by one are mapped one by one.
    """
    forget(path)
    with path.open("rb", buffering=0) as file:
        while file.read(8 << 20):
            pass


def anonymous() -> float:
    """Memory of this process that is no mapped file, MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return float("nan")


def peak_of(job: Callable[[], object]) -> float:
    """Memory that a job takes at its peak, MiB, looked at every two milliseconds."""
    ctypes.CDLL(None).malloc_trim(0)  # what earlier jobs left would hide what this one takes
    base = anonymous()
    highest = [base]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.002):
            highest.append(anonymous())

    watcher = threading.Thread(target=watch)
    watcher.start()
    result = job()
    highest.append(anonymous())
    done.set()
    watcher.join()
    del result
    return max(highest) - base


def forget(path: Path) -> None:
    """Drop a file's pages from the cache."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Image:
    """The jobs, on whatever reads (rows, columns, bands) windows."""

    def __init__(self, shape: tuple[int, int, int], read: Callable[..., NDArray[Any]]) -> None:
        self.shape, self.read = shape, read

    def do(self, job: str) -> NDArray[Any] | None:
        """Do a job by its name."""
        rows, columns, bands = self.shape
        everything = slice(0, rows), slice(0, columns)
        centre = rows // 2
        match job:
            case "band":
                return self.read(*everything, [bands // 2])
            case "composite":
                return self.read(*everything, list(RGB))
            case "spectrum":
                return self.read(slice(centre, centre + 1), slice(centre, centre + 1), None)
            case "window":
                part = slice(centre, centre + 200)
                return self.read(part, part, None)
        return None


def opener(program: str, header: Path) -> Callable[[], Image]:
    """A function that opens the cube with a program."""
    if program == "hsi-viewer":
        from hsi_viewer.io.opening import open_cube

        def ours() -> Image:
            cube = open_cube(header)
            return Image(cube.shape, cube.read)

        return ours
    if program == "spectral":
        import spectral.io.envi as envi

        def theirs() -> Image:
            image = envi.open(str(header))

            def read(rows: slice, columns: slice, bands: list[int] | None) -> NDArray[Any]:
                if rows.stop - rows.start == 1:
                    return image.read_pixel(rows.start, columns.start)[None, None]
                if bands is None:
                    bounds = (rows.start, rows.stop), (columns.start, columns.stop)
                    return image.read_subregion(*bounds)
                return image.read_bands(bands)

            return Image(image.shape, read)

        return theirs
    import rasterio
    from rasterio.windows import Window

    warnings.simplefilter("ignore")

    def rasters() -> Image:
        data = rasterio.open(header.with_suffix(".img"))

        def read(rows: slice, columns: slice, bands: list[int] | None) -> NDArray[Any]:
            window = Window(
                columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start
            )
            indexes = None if bands is None else [b + 1 for b in bands]
            return data.read(indexes, window=window).transpose(1, 2, 0)

        return Image((data.height, data.width, data.count), read)

    return rasters


def page(table: Table, gigabytes: str) -> str:
    """The table as Markdown, with our time relative to the faster of the other two."""
    found = {
        (r["interleave"], r["job"], r["cache"], r["program"]): Measured(
            *(float(r[name]) for name in Measured._fields)
        )
        for r in table.rows()
        if r["gigabytes"] == gigabytes
    }
    lines = [
        "| interleave | job | cache | hsi-viewer ms | spectral ms | rasterio ms | ratio | 95 % |",
        "|---|---|---|---|---|---|---|---|",
    ]
    slower = 0
    for interleave, job, cache in product(INTERLEAVES, JOBS, ("cold", "warm")):
        took = [found[interleave, job, cache, name] for name in PROGRAMS]
        best = min(took[1:], key=lambda other: other.milliseconds)
        slower += best.ratio_low > 1
        texts = " | ".join(f"{t.milliseconds:.3g}" for t in took)
        interval = f"{best.ratio_low:.2f} to {best.ratio_high:.2f}"
        lines.append(
            f"| {interleave} | {job} | {cache} | {texts} | {best.ratio:.2f} | {interval} |"
        )
    lines.append(f"\nSlower than the faster of the two: {slower} of {len(lines) - 2}.")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
