"""The sample scene: Indian Pines, out of the installed package tensorly."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.core.errors import FileError
from hsi_viewer.core.paths import resource_path
from hsi_viewer.core.validation import Finite, parsed
from hsi_viewer.io.arrays.numpy_file import source_of

PREFIX = "sample:"
SAMPLE = f"{PREFIX}indian-pines"
SAMPLE_LABELS = f"{SAMPLE}/labels"
TRUTH = "Indian_pines_gt.npy"  # of its package


def is_sample(source: str | Path, *known: str) -> bool:
    """Whether a source is one of the names of what comes with the application.

    Raises
    ------
    FileError
        if it is written like one, and is neither of them nor a file.
    """
    text = str(source)
    if text.startswith(PREFIX) and text not in known and not Path(text).exists():
        names = " or ".join(known)
        raise FileError(f"{text} cannot be used here; choose {names}.")
    return text in known


def _array_path(name: str) -> Path:
    """Path of an array of tensorly; its import, over a second, is not needed to find it."""
    spec = importlib.util.find_spec("tensorly")
    for root in (spec.submodule_search_locations or []) if spec else []:
        path = Path(root, "datasets", "data", name)
        if path.is_file():
            return path
    raise FileError(
        "The sample scene is part of the package tensorly, which is not installed: "
        'type "pip install tensorly".'
    )


class SceneDescription(Struct, frozen=True):
    """What the files of the scene lack: title, text, names of classes, nm of each band."""

    title: str
    about: str
    class_names: tuple[str, ...]
    wavelengths_nm: tuple[Finite, ...]


def _description() -> SceneDescription:
    return parsed(SceneDescription, resource_path("scenes", "indian_pines.json").read_bytes())


def sample_class_names() -> dict[int, str]:
    """Names of the 16 classes by id."""
    return dict(enumerate(_description().class_names, start=1))


def open_sample(name: str = SAMPLE) -> HyperCube:
    """The sample scene, 145 x 145 pixels and 200 bands, or its ground truth as an image.

    Raises
    ------
    FileError
        if the package that holds it is not installed.
    """
    about = _description()
    if name == SAMPLE_LABELS:
        metadata = CubeMetadata(format_name="NumPy", class_names=sample_class_names())
        source = source_of(_array_path(TRUTH))
        return HyperCube.described(source, metadata, f"{about.title}, ground truth")
    metadata = CubeMetadata(
        wavelengths=np.array(about.wavelengths_nm, np.float64),
        wavelength_units_in_file="nm",
        format_name="NumPy",
        class_names=sample_class_names(),
        about=about.about,
        ground_truth=SAMPLE_LABELS,
    )
    source = source_of(_array_path("Indian_pines_corrected.npy"))
    return HyperCube.described(source, metadata, about.title)


def sample_labels() -> NDArray[np.uint16]:
    """Ground truth of the sample scene, (145, 145) class ids."""
    array = np.load(_array_path(TRUTH), allow_pickle=False)
    return np.ascontiguousarray(array, np.uint16)
