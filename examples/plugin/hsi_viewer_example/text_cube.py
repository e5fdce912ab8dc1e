"""Cubes in text files: "TEXT CUBE rows columns bands", the wavelengths, then a line a pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hsi_viewer.plugins import FileError, Format, FormatError, HyperCube, Reading

MAGIC = b"TEXT CUBE "


def matches(path: Path, start: bytes) -> bool:
    """Whether a file begins as text cubes do."""
    return start.startswith(MAGIC)


def open_text_cube(path: Path, reading: Reading) -> HyperCube:
    """Read a cube; an error names the file, and says what is wrong with it."""
    try:
        first, *rest = path.read_text(encoding="ascii").splitlines()
        shape = [int(number) for number in first.split()[2:]]
        wavelengths, *pixels = (np.array(line.split(), np.float32) for line in rest)
        values = np.stack(pixels).reshape(shape)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error}.") from error
    except ValueError as error:
        raise FormatError(f"{path} isn't a whole text cube: {error}.") from error
    return HyperCube.from_array(
        values, wavelengths, name=path.name, path=path, format_name="Text cube"
    )


FORMAT = Format("text-cube", "Text cubes", ("*.cube.txt",), matches, open_text_cube, one_image=True)
