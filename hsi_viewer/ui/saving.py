"""Where and under which names what is saved is offered, and the question before it replaces."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QLabel, QMessageBox, QWidget

from hsi_viewer.core.errors import ExportError
from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.wrapped_box import WrappedBox

if TYPE_CHECKING:
    from hsi_viewer.core.cube.cube import HyperCube
    from hsi_viewer.ui.workspace import Workspace

UNFIT = re.compile(r"[^\w.+-]+")  # for names of files
SUFFIX = re.compile(r"\*(\.\w+)")
NUMBER = re.compile(r"\.v?\d+", re.IGNORECASE)  # at the end of a name, such as field.v2
# Files that are written together with one that is chosen.
TOGETHER = {
    ".hdr": (".img",),
    ".img": (".hdr",),
    ".sli": (".hdr",),
    ".shp": (".dbf", ".shx", ".prj", ".cpg"),
}
MOST_NAMED = 4


def saving_folder(workspace: Workspace) -> Path:
    """The scene's own folder; the documents' where it has none, or none that can be written."""
    document = workspace.document
    path = document.cube.path if document is not None else None
    if path is not None and os.access(path.parent, os.W_OK):
        return path.parent
    places = QStandardPaths.StandardLocation
    found = QStandardPaths.writableLocation(places.DocumentsLocation)
    return Path(found) if found and Path(found).is_dir() else Path.home()


def file_stem(cube: HyperCube, *words: str) -> str:
    """A name for files of a scene, without a suffix: its own and further words."""
    own = cube.path.stem if cube.path is not None and cube.path.suffix else cube.name
    parts = (UNFIT.sub("_", part).strip("_.") for part in (own, *words))
    return "_".join(part for part in parts if part) or "scene"


def exported(files: Sequence[Path]) -> str:
    """A sentence about files that were written to one folder, the one that was asked for first."""
    names = list(dict.fromkeys(path.name for path in files))
    words = f"{names[0]} and {len(names) - 1} more files"
    if len(names) <= MOST_NAMED:
        words = ", ".join(names)
    return f"Exported to {files[0].parent}: {words}"


def show_present(label: QLabel, files: Sequence[Path]) -> None:
    """List those of some files that are in their folder by now, where there are any."""
    present = [path for path in files if _is_there(path)]
    label.setText(f"Already in this folder: {named(present)}." if present else "")
    label.setToolTip("\n".join(path.name for path in present))
    label.setVisible(bool(present))


def _is_there(path: Path) -> bool:
    """Whether a file exists; one whose name is too long, or where one may not look, doesn't."""
    try:
        return path.exists()
    except OSError:
        return False


def named(files: Sequence[Path]) -> str:
    """Names of files in a sentence: all of a few, the first of many."""
    names = list(dict.fromkeys(path.name for path in files))
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def ask_where(
    workspace: Workspace, parent: QWidget, title: str, name: str | Path, filters: str
) -> Path | None:
    """Ask where to save; nothing is replaced without a question, nor a file that goes with it.

    Parameters
    ----------
    name : suggested; beside the scene, unless it has a folder.
    filters : as in QFileDialog; the chosen one gives the suffix where none is typed.
    """
    start = saving_folder(workspace) / name
    chosen, kind = QFileDialog.getSaveFileName(parent, title, str(start), filters)
    if not chosen:
        return None
    document = workspace.document
    path, suffixes = Path(chosen), SUFFIX.findall(kind)
    also: list[Path] = []
    other = len(possible := SUFFIX.findall(filters)) == 1 and path.suffix.lower() != possible[0]
    if suffixes and (not path.suffix or NUMBER.fullmatch(path.suffix) or other):
        path = path.with_name(path.name + suffixes[0])
        also = [path]  # the file dialog has not asked for this one
    also += [path.with_suffix(s) for s in TOGETHER.get(path.suffix.lower(), ())]
    scene = document.cube.path if document is not None else None
    refused = replaces_scene(parent, [path, *also], scene)
    return path if not refused and may_replace(parent, also) else None


def replaces_scene(parent: QWidget, paths: Iterable[Path], scene: Path | None) -> bool:
    """Whether one of the files is the open scene's own, which the user is told.

    Parameters
    ----------
    scene : its file, or None.
    """
    from hsi_viewer.io.writers.own_files import check_not_scene

    try:
        check_not_scene(paths, scene)
    except ExportError as error:
        box = WrappedBox(QMessageBox.Icon.Warning, parent)
        box.setText(str(error))
        box.exec()
        box.deleteLater()
        return True
    return False


def may_replace(parent: QWidget, paths: Iterable[Path]) -> bool:
    """Ask before files are replaced; True if there are none, or the user wants it."""
    present = [path for path in dict.fromkeys(paths) if _is_there(path)]
    if not present:
        return True
    box = WrappedBox(QMessageBox.Icon.Warning, parent)
    box.setText(f"Replace {named(present)}?")
    if len(present) > MOST_NAMED:
        box.setDetailedText("\n".join(path.name for path in present))
    there = "This file is" if len(present) == 1 else "These files are"
    box.setInformativeText(f"{there} already in {present[0].parent}.")
    replace = box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    box.exec()
    wanted = box.clickedButton() is replace
    box.deleteLater()
    return wanted


def folder_link(path: Path) -> Choice:
    """A button of a message that opens the folder of a file, or a folder."""
    return Choice("Open the folder", partial(_open, path if path.is_dir() else path.parent))


def _open(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
