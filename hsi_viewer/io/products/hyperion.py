"""Hyperion level 1 as a folder of one GeoTIFF a band (EO1H..._B008_L1T.TIF).

Scaling and bands after the EO-1 User Guide (USGS): radiance in W / (m2 sr um) is the stored value
over 40 in the visible and near infrared (bands 1 to 70) and over 80 in the short-wave infrared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.core.errors import FileError
from hsi_viewer.io.files.composed_sources import BackgroundSource, StackSource
from hsi_viewer.io.files.text_file import text_of
from hsi_viewer.io.rasters.georeference import georeference_of
from hsi_viewer.io.rasters.image_folder import band_files, cube_of, read_folder

_NAME = re.compile(r"EO1H\w*_B(\d{3})_L1\w+", re.IGNORECASE)
LAST_VNIR, LAST = 70, 242
FACTORS = {"VNIR": 40.0, "SWIR": 80.0}
# First and last wavelength (nm) of the two detectors, whose bands lie at even distances.
VNIR_NM, SWIR_NM = (355.59, 1057.68), (851.92, 2577.08)
NOT_CALIBRATED = (*range(1, 8), *range(58, 77), *range(225, 243))
# Bands that are never all 0 where there is data.
ASKED = (20, 40, 100, 150)
MAX_TEXT_BYTES = 1 << 20


def is_hyperion(folder: Path) -> bool:
    """Whether a folder has an image that is named as a band of Hyperion is."""
    return folder.is_dir() and any(_NAME.fullmatch(path.stem) for path in band_files(folder))


def open_hyperion(folder: Path) -> HyperCube:
    """Open a scene of Hyperion; as a plain folder of images, if not all are bands of it.

    Raises
    ------
    FileError, FormatError
        if the images cannot be read, or do not belong together.
    """
    images = read_folder(folder)
    numbers = band_numbers(images.files)
    if numbers is None:
        return cube_of(folder, images)
    radiance, metadata, remarks = described(images.stack, numbers, folder)
    metadata = replace(
        metadata,
        band_names=images.names,
        georeference=georeference_of(images.first.dataset),
    )
    warnings = (*images.left_out, *remarks)
    return HyperCube.described(radiance, metadata, folder.name, folder, warnings)


def band_numbers(files: Sequence[Path]) -> list[int] | None:
    """Numbers of the bands in the files of a scene of Hyperion; None of others."""
    found = [_NAME.fullmatch(path.stem) for path in files]
    numbers = [int(m[1]) for m in found if m]
    return numbers if len(numbers) == len(files) and max(numbers) <= LAST else None


def described(
    stack: StackSource, numbers: list[int], folder: Path
) -> tuple[BackgroundSource, CubeMetadata, tuple[str, ...]]:
    """Radiance, what is known of the bands, and remarks on both.

    Parameters
    ----------
    stack : of the stored values.
    numbers : of its bands, from 1.
    folder : with the description of the scene, which may give other factors.
    """
    factors = _factors(folder)
    at = np.array(numbers)
    gain = 1.0 / np.where(at <= LAST_VNIR, factors["VNIR"], factors["SWIR"])
    asked = [k for k, number in enumerate(numbers) if number in ASKED] or [len(numbers) // 2]
    bad = np.isin(at, NOT_CALIBRATED)
    vnir = np.linspace(*VNIR_NM, LAST_VNIR)
    nm = np.concatenate((vnir, np.linspace(*SWIR_NM, LAST - LAST_VNIR)))[at - 1]
    remarks = [
        f"The values are radiance: stored values divided by {factors['VNIR']:g} (bands 1 to 70) "
        f"and {factors['SWIR']:g} (71 to 242). The wavelengths are the nominal ones."
    ]
    if bad.any():
        remarks.append(
            f"{np.count_nonzero(bad)} bands are not calibrated and contain only 0 (1 to 7, 58 to "
            "76, 225 to 242); they are marked as bad."
        )
    metadata = CubeMetadata(wavelengths=nm, good_bands=~bad, format_name="Hyperion folder")
    source = BackgroundSource(stack, gain, np.zeros(len(numbers)), asked)
    return source, metadata, tuple(remarks)


def _factors(folder: Path) -> dict[str, float]:
    """Factors of the two detectors, as the description of the scene gives them."""
    factors = dict(FACTORS)
    for path in sorted(folder.glob("EO1H*_MTL_*.[Tt][Xx][Tt]")):
        try:
            text = text_of(path, MAX_TEXT_BYTES)
        except FileError:
            continue
        for detector in factors:
            found = re.search(rf"SCALING_FACTOR_{detector}\s*=\s*(\d+(?:\.\d+)?)", text)
            if found and float(found[1]) > 0:
                factors[detector] = float(found[1])
    return factors
