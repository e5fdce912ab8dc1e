"""Scenes and label lists of the benchmarks, as core types."""

from __future__ import annotations

import os
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label

from hsi_viewer.core.cube.cube import HyperCube

Ids = NDArray[np.uint16]


def data_folder() -> Path:
    """The folder of real data: HSI_TEST_DATA, or shared/data beside the project."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    return Path(os.environ.get("HSI_TEST_DATA", beside))


def indian_pines() -> tuple[HyperCube, Ids]:
    """The sample scene and its ground truth."""
    spec = find_spec("tensorly")
    if spec is None or spec.origin is None:
        raise SystemExit("The package tensorly, which holds the scene, is missing: make test")
    folder = Path(spec.origin).parent / "datasets" / "data"
    cube = HyperCube.from_array(np.load(folder / "Indian_pines_corrected.npy"), name="Indian Pines")
    return cube, np.load(folder / "Indian_pines_gt.npy").astype(np.uint16)


def label_list(protocol: str, n: int, seed: int, truth: Ids) -> tuple[Ids, Ids]:
    """Training ids and ids of the scored pixels, (rows, columns) each, 0 elsewhere."""
    folder = data_folder().parent / "bench" / "splits"
    with np.load(folder / f"indian_pines-{protocol}-{n}.npz") as lists:
        training = lists[f"train_{seed}"].astype(np.uint16)
        return training, np.where(lists[f"test_{seed}"], truth, 0).astype(np.uint16)


def enmap_potsdam() -> tuple[HyperCube, Ids]:
    """A satellite's mixed pixels of 30 m, without the bands that hold nothing."""
    import rasterio

    folder = data_folder() / "enmap_potsdam"
    with rasterio.open(folder / "mosaic_A_64x128.tif") as file:
        values, nodata = file.read().transpose(1, 2, 0).astype(np.float32), file.nodata
    with rasterio.open(folder / "mosaic_A_64x128_labels.tif") as file:
        truth = file.read(1).astype(np.uint16)
    empty = (values == nodata).all(axis=(0, 1)) | (values.std(axis=(0, 1)) == 0)
    return HyperCube.from_array(values[:, :, ~empty], name="EnMAP Potsdam"), truth


DEVELOPMENT = ("indian_pines", "jasper_ridge", "samson", "enmap_potsdam")


@lru_cache(maxsize=len(DEVELOPMENT))
def development_scene(name: str) -> tuple[HyperCube, Ids]:
    """One of the scenes that settings may be chosen on, and its ground truth."""
    if name == "indian_pines":
        return indian_pines()
    return enmap_potsdam() if name == "enmap_potsdam" else unmixed(name)


def draw(truth: Ids, pool: NDArray[np.bool_], n: int, rng: np.random.Generator) -> Ids:
    """Training ids: n pixels a class from a pool, at most half of what the pool has of it."""
    training = np.zeros_like(truth)
    for k in np.unique(truth[truth > 0]):
        where = np.flatnonzero(pool & (truth == k))
        if where.size:
            chosen = rng.choice(where, min(n, max(where.size // 2, 1)), replace=False)
            training.flat[chosen] = k
    return training


def random_split(truth: Ids, n: int, seed: int) -> tuple[Ids, Ids]:
    """Training ids, and ids of the scored pixels: anywhere."""
    training = draw(truth, truth > 0, n, np.random.default_rng(1000 * n + seed))
    return training, np.where(training == 0, truth, 0).astype(np.uint16)


def separated_split(truth: Ids, n: int, seed: int, gap: int = 8) -> tuple[Ids, Ids]:
    """Whole regions (connected pixels of a class) are for training or are scored, a gap apart."""
    rng = np.random.default_rng(500_000 + 1000 * n + seed)
    pool = np.zeros(truth.shape, bool)
    for k in np.unique(truth[truth > 0]):
        pool |= _training_regions(truth == k, rng)
    training = draw(truth, pool, n, rng)
    near = binary_dilation(training > 0, np.ones((3, 3)), iterations=gap)
    return training, np.where(pool | near, 0, truth).astype(np.uint16)


def _training_regions(of_class: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Regions of a class with about 40 % of its pixels; of one region, one half."""
    regions, count = label(of_class, np.ones((3, 3)))
    sizes = np.bincount(regions.ravel())[1:]
    large = [i + 1 for i in range(count) if sizes[i] >= 8] or list(range(1, count + 1))
    taken = np.zeros(of_class.shape, bool)
    if len(large) == 1:
        rows, columns = np.nonzero(regions == large[0])
        along = rows if np.ptp(rows) >= np.ptp(columns) else columns
        side = along <= np.median(along)
        side = ~side if rng.integers(2) else side
        taken[rows[side], columns[side]] = True
        return taken
    total = sum(sizes[i - 1] for i in large)
    for region in rng.permutation(large)[:-1]:
        taken |= regions == region
        if taken.sum() >= 0.4 * total:
            break
    return taken


def halves(
    truth: Ids, *, across: bool, gap: int = 0
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks of two halves, left and right if `across`, else top and bottom, a gap apart."""
    rows, columns = truth.shape
    at = np.arange(columns)[None] if across else np.arange(rows)[:, None]
    middle = (columns if across else rows) // 2
    first = np.broadcast_to(at < middle - gap // 2, truth.shape)
    second = np.broadcast_to(at >= middle + (gap + 1) // 2, truth.shape)
    return first, second


def unmixed(name: str) -> tuple[HyperCube, Ids]:
    """Jasper Ridge or Samson; the class is the largest abundance where it exceeds 0.7."""
    from scipy.io import loadmat

    if name == "jasper_ridge":
        data = loadmat(data_folder() / name / "jasperRidge2_R198.mat")
        size, shares = (int(data["nRow"].item()), int(data["nCol"].item())), "A"
    else:
        data = loadmat(data_folder() / "samson" / "Samson_UPCGIT.mat")
        size, shares = (95, 95), "S_GT"
    values = (
        data["Y"].T.reshape(*size, -1, order="F")
        if "Y" in data
        else data["V"].T.reshape(*size, -1, order="F")
    )
    abundance = np.asarray(data[shares], np.float64)
    if abundance.ndim == 2:
        abundance = abundance.T.reshape(*size, -1, order="F")
    truth = np.where(abundance.max(axis=2) > 0.7, abundance.argmax(axis=2) + 1, 0)
    return HyperCube.from_array(values, name=name), truth.astype(np.uint16)
