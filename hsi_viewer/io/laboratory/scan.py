"""Opens a scan of a laboratory camera as reflectance, by the references that lie beside it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube import reflectance
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.text import percent, ranges
from hsi_viewer.io.envi.described import data_beside
from hsi_viewer.io.envi.image import open_envi
from hsi_viewer.io.envi.pairing import header_of
from hsi_viewer.io.files.reading import ArrayChoice, ChoiceNeededError, FolderError, Reading
from hsi_viewer.io.laboratory.hyspex_header import read_hyspex
from hsi_viewer.io.laboratory.references import Scan, bare_name, references_of, scans_of

FORMAT = "Laboratory scan"
EXPOSURES = ("tint", "integration time", "exposure time", "exposure", "shutter time", "shutter")
# Counts of a saturated detector of 8 to 16 bits, some moved up to fill 16.
CEILINGS = (255, 1023, 4095, 16383, 65472, 65520, 65532, 65535)
SAMPLED_LINES = 64
MOST_TIMES = 1e4  # that one exposure can be of another
MOST_ELEMENTS = 1 << 26  # of a detector, columns x bands
REASONS = {
    reflectance.DEAD: "the white reference is hardly brighter than the dark one",
    reflectance.SATURATED: "the detector is saturated",
    reflectance.NOISY: "the white reference is noisy",
}
_NUMBER = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")


class _Counts(NamedTuple):
    """Counts of a file, and what they depend on.

    Attributes
    ----------
    exposure : in the unit of the file; None where it is not given.
    background : (columns, bands) dark reference inside the file, or None.
    """

    cube: HyperCube
    header: Path
    exposure: float | None
    background: NDArray[np.float64] | None


def is_laboratory_folder(folder: Path) -> bool:
    """Whether a folder holds a scan and its white reference."""
    return folder.is_dir() and bool(scans_of(folder))


def open_laboratory_folder(folder: Path, reading: Reading) -> HyperCube:
    """Open the scan of a folder as reflectance; one of several by its name.

    Raises
    ------
    FileError, FormatError
        if a file cannot be read, or references do not fit the scan.
    ChoiceNeededError
        if there are several, and none is named.
    """
    scans = {bare_name(scan.header): scan for scan in scans_of(folder)}
    if not scans:
        raise FolderError(f"{folder} holds no scan with a white reference.")
    named = ", ".join(scans)
    if reading.name is not None:
        if reading.name not in scans:
            raise FormatError(f'{folder} holds no scan "{reading.name}"; it holds {named}.')
        return open_reflectance(scans[reading.name], folder)
    if len(scans) > 1 or reading.ask:
        choices = tuple(_choice(name, scan) for name, scan in scans.items())
        raise ChoiceNeededError(
            f"{folder} holds {len(scans)} scans ({named}); name one, such as "
            f"{folder}:{choices[0].name}.",
            choices,
        )
    return open_reflectance(next(iter(scans.values())), folder)


def open_scan(path: Path, white: Path | None = None, dark: Path | None = None) -> HyperCube:
    """Open a raw scan, named by its header or data, as reflectance.

    Parameters
    ----------
    white, dark : references; found by their names beside the scan, if left out.

    Raises
    ------
    FileError, FormatError
        if a file cannot be read, there is no white reference, or they do not fit the scan.
    """
    header = header_of(path)
    if header is None:
        raise FormatError(f"{path}: a scan has an ENVI header beside it, and this file has none.")
    found = references_of(header)
    if white is not None:
        found = found._replace(white=white)
    if dark is not None:
        found = found._replace(dark=dark, dark_of_white=None)
    if found.white is None:
        raise FormatError(
            f"{path}: no white reference lies beside it. Looked for names such as "
            f"WHITEREF_{bare_name(header)}, whiteReference and white; name it with --white FILE."
        )
    return open_reflectance(found, path)


def open_reflectance(scan: Scan, path: Path) -> HyperCube:
    """Open a scan with its references as reflectance; `path` is what the user named.

    Raises
    ------
    FileError, FormatError
        if a file cannot be read, or the references do not fit the scan.
    """
    raw = _counts(scan.header)
    if scan.white is None:
        raise FormatError(f"{path}: the scan has no white reference.")
    if raw.cube.columns * raw.cube.bands > MOST_ELEMENTS:
        raise FormatError(
            f"{scan.header}: {raw.cube.columns} columns x {raw.cube.bands} bands are more than any "
            "camera has; correct the header."
        )
    white = _counts(scan.white)
    remarks: list[str] = []
    ceiling = _ceiling(raw, white)
    _check_fits(raw, white, "white")
    whites = reflectance.frame_of(white.cube.source, ceiling)
    dark = _dark(raw, scan.dark or scan.dark_of_white, "scan", remarks)
    of_white = _dark(white, scan.dark_of_white or scan.dark, "white reference", remarks)
    full = _sampled_full(raw.cube, ceiling)
    exposures = _exposures(raw, white, remarks)
    factor = reflectance.factors(whites.mean, of_white.mean, exposures)
    source = reflectance.ReflectanceSource(raw.cube.source, dark.mean, factor)
    unfit = reflectance.unfit_bands(whites, of_white, full)
    good = raw.cube.good_bands.copy()
    good[list(unfit)] = False
    above = _above_one(source, good)
    names = ", ".join(
        dict.fromkeys(c.name for c in (scan.white, scan.dark, scan.dark_of_white) if c)
    )
    return replace(
        raw.cube,
        source=source,
        name=bare_name(scan.header),
        path=path,
        nodata=None,
        scale=1.0,
        offset=0.0,
        good_bands=good,
        format_name=FORMAT,
        warnings=(
            f"The values are reflectance, by {names}.",
            *_said(unfit),
            *([above] if above else []),
            *remarks,
            *raw.cube.warnings,
        ),
    )


def _choice(name: str, scan: Scan) -> ArrayChoice:
    cube = open_envi(scan.header)
    return ArrayChoice(name, cube.shape, cube.dtype.name)


def _counts(header: Path) -> _Counts:
    """Open a file of counts by its header."""
    cube = open_envi(header)
    data = data_beside(header)
    own = None if data is None else read_hyspex(data, cube.columns, cube.bands)
    if own is not None:
        return _Counts(cube, header, own.exposure or None, own.background)
    for key in EXPOSURES:
        number = _NUMBER.search(cube.metadata.get(key, ""))
        if number is not None and 0 < float(number[0]) < np.inf:
            return _Counts(cube, header, float(number[0]), None)
    return _Counts(cube, header, None, None)


def _check_fits(scan: _Counts, reference: _Counts, name: str) -> None:
    """Refuse a reference of other columns or bands."""
    if reference.cube.shape[1:] != scan.cube.shape[1:]:
        sizes = [
            f"{c.shape[1]} columns and {c.shape[2]} bands" for c in (reference.cube, scan.cube)
        ]
        raise FormatError(
            f"{reference.header}: the {name} reference has {sizes[0]}, but the scan "
            f"{scan.header.name} has {sizes[1]}. Take one of the same camera and binning."
        )


def _dark(counts: _Counts, header: Path | None, of: str, remarks: list[str]) -> reflectance.Frame:
    """The dark reference of a scan or a white reference: inside its file, a file, or 0."""
    if counts.background is not None:
        nothing = np.zeros_like(counts.background)
        return reflectance.Frame(counts.background, nothing, nothing, 1)
    if header is None:
        remarks.append(f"There is no dark reference of the {of}; its counts are taken as they are.")
        nothing = np.zeros(counts.cube.shape[1:])
        return reflectance.Frame(nothing, nothing, nothing, 1)
    dark = _counts(header)
    _check_fits(counts, dark, "dark")
    own, wanted = dark.exposure, counts.exposure
    if own is not None and wanted is not None and not np.isclose(own, wanted, rtol=0.01):
        remarks.append(
            f"{header.name} was exposed for {own:g} and the {of} for {wanted:g}: the dark "
            "counts may be off. Take a dark reference of the same exposure time."
        )
    return reflectance.frame_of(dark.cube.source)


def _exposures(raw: _Counts, white: _Counts, remarks: list[str]) -> tuple[float, float]:
    """Exposure times of the scan and of the white reference; equal where they are not given."""
    if raw.exposure is None or white.exposure is None:
        if raw.exposure is not None or white.exposure is not None:
            remarks.append(
                "Only one of scan and white reference gives an exposure time; they are taken as "
                "equal."
            )
        return 1.0, 1.0
    if not 1 / MOST_TIMES <= raw.exposure / white.exposure <= MOST_TIMES:
        remarks.append(
            f"The exposure times, {raw.exposure:g} for the scan and {white.exposure:g} for the "
            "white reference, cannot both be right; they are taken as equal."
        )
        return 1.0, 1.0
    if raw.exposure != white.exposure:
        remarks.append(
            f"The exposure times differ ({raw.exposure:g} for the scan, {white.exposure:g} for "
            "the white reference); the reflectance is corrected for them."
        )
    return raw.exposure, white.exposure


def _ceiling(raw: _Counts, white: _Counts) -> float | None:
    """Count of a saturated detector: as a header gives it, or the usual one that is reached."""
    for counts in (raw, white):
        given = _NUMBER.search(counts.cube.metadata.get("ceiling", ""))
        if given is not None and float(given[0]) > 0:
            return float(given[0])
    largest = max(float(_sample(counts.cube).max()) for counts in (raw, white))
    return largest if largest in CEILINGS else None


def _sample(cube: HyperCube) -> NDArray[np.float64]:
    """Counts of lines at even distances, (lines, columns, bands)."""
    step = -(-cube.rows // SAMPLED_LINES)
    return np.asarray(cube.read(slice(0, cube.rows, step)))


def _sampled_full(cube: HyperCube, ceiling: float | None) -> NDArray[np.float64]:
    """Share of the values that are at the ceiling, (bands,)."""
    if ceiling is None:
        return np.zeros(cube.bands)
    share: NDArray[np.float64] = (_sample(cube) >= ceiling).mean(axis=(0, 1))
    return share


def _above_one(source: reflectance.ReflectanceSource, good: NDArray[np.bool_]) -> str:
    """A sentence on values brighter than the white reference; none where there are hardly any."""
    lines, columns, _ = source.shape
    bands = np.flatnonzero(good)
    if not bands.size:
        return ""
    step = -(-lines // SAMPLED_LINES)
    values = source.read(slice(0, lines, step), slice(0, columns, 1), bands)
    share = float((values > 1).mean())
    if share < 0.001:
        return ""
    return (
        f"{percent(share, 1)} of the values are above 1, brighter than the white reference (gloss, "
        "or a reference in the shade); they are kept."
    )


def _said(unfit: dict[int, str]) -> list[str]:
    """Sentences on the bands that are marked as bad, by reason."""
    sentences = []
    for reason, why in REASONS.items():
        bands = [band for band, found in unfit.items() if found == reason]
        if bands:
            name = "Band" if len(bands) == 1 else "Bands"
            verb = "is" if len(bands) == 1 else "are"
            sentences.append(f"{name} {ranges(bands)} {verb} marked as bad: {reason}, {why}.")
    return sentences
