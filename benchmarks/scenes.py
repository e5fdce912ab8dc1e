"""Scenes and label lists of the benchmarks, as core types."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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
