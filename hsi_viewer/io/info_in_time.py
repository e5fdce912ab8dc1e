"""`info` about any file in short time: a helper process reads it, which can be ended.

A file can be made to take minutes: GDAL and HDF5 unpack a strip or chunk as a whole, and cannot be
interrupted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hsi_viewer.core import errors
from hsi_viewer.core.errors import FileError, HsiError
from hsi_viewer.io.files import probe

SLOW = (
    "{} takes long to examine: it is damaged, made to be so, or on a slow drive. Open it in the "
    "window, where you can cancel."
)
BROKEN = "{} cannot be opened: {}. It is damaged; copy it again."


@dataclass(frozen=True)
class Found:
    """What `info` prints of a file.

    Attributes
    ----------
    facts : see `cube_info`; None where it could not be opened.
    diagnosis : of the header doctor, where it has one.
    error : why the file could not be opened.
    """

    facts: dict[str, Any] | None = None
    diagnosis: str | None = None
    error: HsiError | None = None


def found_in_time(source: str, *, diagnose: bool) -> Found:
    """What is found about a file in some seconds.

    Parameters
    ----------
    source : as of `open_cube`.
    diagnose : whether the header doctor looks at it, too.
    """
    if source.startswith("scene:"):  # the first time it is downloaded, which takes its time
        return _found_here(source, diagnose=diagnose)
    folder = None
    with suppress(OSError):  # of a folder that was deleted
        folder = os.getcwd()  # noqa: PTH109
    question = {"info": source, "diagnose": diagnose, "folder": folder}
    try:
        told, problem = probe.told(question)
    except FileError:  # no process can be started here
        return _found_here(source, diagnose=diagnose)
    found = _found(told)
    if any("fault" in step for step in told):  # it happens here, too, and is reported as any other
        return _found_here(source, diagnose=diagnose)
    if found.facts is None and found.error is None:
        text = SLOW.format(source) if problem == probe.SLOW else BROKEN.format(source, problem)
        return Found(error=FileError(text))
    return found


def _found_here(source: str, *, diagnose: bool) -> Found:
    from hsi_viewer.io.info import steps

    return _found(steps(source, diagnose=diagnose))


def _found(told: Iterable[dict[str, Any]]) -> Found:
    whole: dict[str, Any] = {}
    for step in told:
        whole |= step
    error = whole.get("error")
    if isinstance(error, list):
        error = getattr(errors, error[0])(error[1])
    return Found(whole.get("facts"), whole.get("diagnosis"), error)
