"""Projects (.hsiscenes): the sessions of several scenes, as one JSON file.

Each session file has the location of its scene, its labels and its maps, so that the project
lists paths only, both from its own folder and as they were.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from hsi_viewer.atomic import replacing
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.validation import InvalidError, checked, json_values
from hsi_viewer.io.files.text_file import text_of
from hsi_viewer.session.storage.project_file import is_project

SUFFIX = ".hsiscenes"
FORMAT, VERSION = "HSI Viewer project", 1
MOST_SCENES, MOST_LETTERS, MOST_BYTES = 1000, 4096, 16 * 2**20

PathText = Annotated[str, Meta(max_length=MOST_LETTERS, pattern=r"^[^\x00-\x1f]*$")]


class _Scene(Struct, frozen=True):
    """One entry: its session file as it was, and from the folder of the project, or ""."""

    session: Annotated[PathText, Meta(min_length=1)]
    relative: PathText = ""

    def path(self, folder: Path) -> Path:
        """Where it is now: beside the project as it was, or else at its old place."""
        beside = Path(os.path.normpath(folder / self.relative)) if self.relative else None
        old = Path(os.path.normpath(folder / self.session))
        return beside if beside is not None and (beside.exists() or not old.exists()) else old


class _Head(Struct, frozen=True):
    """What says whether a file can be read."""

    format: Literal["HSI Viewer project"]
    version: Annotated[int, Meta(ge=1)]


class _Body(Struct, frozen=True):
    """What version 1 holds."""

    scenes: Annotated[list[_Scene], Meta(max_length=MOST_SCENES)]


def is_scene_project(source: str) -> bool:
    """Whether a source is named like a project."""
    return source.lower().endswith(SUFFIX)


def write_scene_project(path: Path, sessions: Iterable[Path]) -> None:
    """Write a project atomically.

    Parameters
    ----------
    path : ends in .hsiscenes.
    sessions : paths of session files.

    Raises
    ------
    ExportError
        if it cannot be written; what stood there is unchanged.
    """
    path = path.absolute()
    scenes = [
        {"session": str(each.absolute()), "relative": _relative(each.absolute(), path.parent)}
        for each in sessions
    ]
    text = json.dumps({"format": FORMAT, "version": VERSION, "scenes": scenes}, indent=1)
    with replacing(path) as (beside,):
        beside.write_text(text, encoding="utf-8")


def _relative(path: Path, folder: Path) -> str:
    """The path from a folder, or "" where there is none (another drive)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return ""


def read_scene_project(path: Path) -> list[Path]:
    """The session files of a project, in order, each once; whether they exist isn't looked at.

    Raises
    ------
    FormatError
        if it isn't a project, is damaged, or lists something that isn't a session file.
    FileError
        if it cannot be read.
    """
    values = _values_of(path)
    try:
        head = checked(_Head, values)
        if head.version > VERSION:
            raise FormatError(
                f"{path} was saved by a newer version of HSI Viewer: its format is "
                f"{head.version}, and this one reads {VERSION}. Update HSI Viewer to open it."
            )
        scenes = checked(_Body, values).scenes
    except InvalidError as error:
        raise FormatError(
            f"{path} isn't a project of HSI Viewer, or is damaged: {error}. "
            "Save the project again from the Scenes panel."
        ) from error
    others = [scene.session for scene in scenes if not is_project(scene.session)]
    if others:
        raise FormatError(f'{path} lists "{others[0]}", which isn\'t a session file (.hsiproj).')
    return list(dict.fromkeys(scene.path(path.absolute().parent) for scene in scenes))


def _values_of(path: Path) -> Any:
    text = text_of(path, MOST_BYTES)
    try:
        return json_values(text)
    except InvalidError as error:
        raise FormatError(f"{path} isn't a project of HSI Viewer: {error}.") from error
