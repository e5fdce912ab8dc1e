"""From a source that a user named to a cube: identified by content, then by name."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.io import registry
from hsi_viewer.io.files.identify import is_header, magic_of, split_source, system_errors
from hsi_viewer.io.files.reading import ArrayChoice, ChoiceNeededError, FolderError, Reading
from hsi_viewer.io.files.unsupported import name_of
from hsi_viewer.io.products import sample_scene
from hsi_viewer.io.sidecars.location import has_sidecar

if TYPE_CHECKING:
    from hsi_viewer.io.sidecars.sidecar import Sidecar

# How many files of an unreadable folder are named, and looked at.
MOST_NAMED, MOST_LOOKED_AT = 6, 10_000


def open_cube(
    source: str | Path, token: CancelToken | None = None, port: ProgressPort | None = None
) -> HyperCube:
    """Open a cube: values stay on disk until a window is read.

    Parameters
    ----------
    source : path of a file or folder, "file.npz:key", "file.mat:variable", "file.h5:/data/set",
        "sample:indian-pines", or "scene:salinas" and its like (see `scenes`).
    token : asked between steps.
    port : takes reports of what is being done.

    Raises
    ------
    FileError, FormatError
        if it is missing, damaged or no cube.
    """
    if token is not None:
        token.check()
    if port is not None:
        port.report(Progress(f"Opening {source}"))
    if str(source).startswith("scene:"):
        from hsi_viewer.io.products.public_scenes import open_scene

        return open_scene(str(source), token, port)
    with system_errors(source):
        cube = _open(source, token)
    if token is not None:
        token.check()
    return cube


def _open(source: str | Path, token: CancelToken | None = None) -> HyperCube:
    if source == "":  # as a path it would be the current folder
        raise FileError("The name of the file is empty; name a file or a folder.")
    if sample_scene.is_sample(source, sample_scene.SAMPLE, sample_scene.SAMPLE_LABELS):
        return sample_scene.open_sample(str(source))
    path, part = split_source(source)
    if part is not None:
        _check_parts(path, part)
    if is_header(path):
        return _open_header(path)
    magic = magic_of(path)
    if not has_sidecar(path):
        return _read(path, magic, Reading(name=part, token=token))
    from hsi_viewer.io.sidecars import sidecar

    beside = sidecar.load(path) or sidecar.Sidecar()
    reading = replace(beside.reading(part), token=token)
    return _overruled(path, beside) or beside.applied(_read(path, magic, reading))


def _check_parts(path: Path, part: str) -> None:
    row = registry.format_of(path, magic_of(path))
    if row is not None and row.one_image:
        raise FormatError(f'{path} contains a single unnamed image; leave out ":{part}".')


def _open_header(header: Path) -> HyperCube:
    """The image of an ENVI header, which a sidecar beside the data may mend."""
    from hsi_viewer.io.described_image import open_described, open_with_header
    from hsi_viewer.io.envi.described import described

    try:
        found = described(header)
        if not has_sidecar(found.data):
            return open_described(found, header)
    except FileError:
        found = None
    from hsi_viewer.io.sidecars import sidecar

    beside = sidecar.load(header) or sidecar.Sidecar()
    return _overruled(header, beside) or beside.applied(open_with_header(header))


def _overruled(path: Path, beside: Sidecar) -> HyperCube | None:
    """The image read in the layout of the sidecar; None where it has none."""
    if beside.layout is None:
        return None
    from hsi_viewer.io.envi.image import open_envi
    from hsi_viewer.io.envi.pairing import header_of

    cube = open_envi(path, beside.layout.layout())
    header = header_of(path)
    if header is not None and _is_contradicted(beside, header):
        remark = "It is read as you chose in the header doctor, not as its header describes."
        cube = replace(cube, warnings=(*cube.warnings, remark))
    return beside.applied(cube)


def _is_contradicted(beside: Sidecar, header: Path) -> bool:
    """Whether a header that fits its data gives another layout than a sidecar does."""
    from hsi_viewer.io.envi.described import described
    from hsi_viewer.io.sidecars.sidecar import RawLayout

    try:
        found = described(header)
        layout = found.layout
        if layout is None or layout.offset + layout.data_bytes > found.data.stat().st_size:
            return False
        return RawLayout.of(layout) != beside.layout
    except (FileError, OSError, ValueError):
        return False


def _read(path: Path, magic: bytes, reading: Reading) -> HyperCube:
    row = registry.format_of(path, magic)
    if row is None:
        raise _unknown(path, magic)
    try:
        return row.open(path, reading)
    except FolderError as error:
        raise FormatError(f"{error}{_images_in(path)}") from error
    except FormatError:
        if row is registry.ENVI or not _may_be_raw(path, magic):
            raise
        return registry.ENVI.open(path, reading)


def _unknown(path: Path, magic: bytes) -> FormatError:
    what = name_of(magic)
    known = "" if what is None else f": it is {what}"
    return FormatError(
        f"{path} cannot be opened as a hyperspectral cube{known}. "
        f"Supported are {registry.supported()}."
    )


def _may_be_raw(path: Path, magic: bytes) -> bool:
    from hsi_viewer.io.envi.pairing import may_be_raw

    return may_be_raw(path, magic)


def _images_in(folder: Path) -> str:
    """A sentence that names images of their own in a folder or in one below, if there are any.

    A folder below that holds pictures, which may be the bands of a cube, counts as one.
    """
    from hsi_viewer.io.rasters.image_folder import SUFFIXES

    found: list[str] = []
    for pattern in ("*", "*/*"):
        with suppress(OSError):
            for path in sorted(islice(folder.glob(pattern), MOST_LOOKED_AT)):
                is_band = path.suffix.lower() in SUFFIXES
                if _is_named(path) and not is_band:
                    found.append(str(path.relative_to(folder)))
                elif is_band and path.parent != folder:
                    found.append(str(path.parent.relative_to(folder)))
    found = list(dict.fromkeys(found))
    if not found:
        return ""
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return f" Open an image in it: {', '.join(found[:MOST_NAMED])}{more}."


def _is_named(path: Path) -> bool:
    """Whether a file is named as those of a format are; raw data go by their headers."""
    if registry.ENVI.has_name(path):
        return is_header(path)
    return any(row.has_name(path) for row in registry.formats())


def arrays_in(path: Path) -> tuple[ArrayChoice, ...]:
    """Arrays of a file that could be the cube, for the user to choose from.

    Raises
    ------
    FileError, FormatError
        if it cannot be read, or is of a format that holds one image and no arrays.
    """
    try:
        _read(path, magic_of(path), Reading(ask=True))
    except ChoiceNeededError as needed:
        return needed.choices
    raise FormatError(f"{path} contains a single image whose axis order is known.")
