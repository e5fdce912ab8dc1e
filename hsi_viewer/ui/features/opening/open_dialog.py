"""OpenDialog: asks for a file, or a part of one, such as "scene.mat:cube"."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QDialog, QFileDialog, QLineEdit, QWidget

from hsi_viewer.io.files.identify import split_source


class OpenDialog(QFileDialog):
    """Takes the name of an array, or a variable, behind the name of its file.

    (A dialog of the desktop's own refuses what is not a file; messages there have buttons.)

    Attributes
    ----------
    source : what was chosen, or "".
    """

    def __init__(self, parent: QWidget, title: str, folder: str, filters: str) -> None:
        super().__init__(parent, title, folder, filters)
        self.setFileMode(QFileDialog.FileMode.AnyFile)  # others can't be left by a part's name
        self.source = ""

    def accept(self) -> None:
        """Take a part of a file that was typed; what else is typed is the file dialog's."""
        line = self.findChild(QLineEdit, "fileNameEdit")
        typed = line.text().strip().strip('"') if line is not None else ""
        path, part = split_source(str(Path(self.directory().absolutePath()) / typed))
        if part is None and ":" in typed:
            path, part = split_source(typed)
        if part is not None and path.is_file():
            self.source = f"{path}:{part}"
            QDialog.accept(self)
            return
        super().accept()
        chosen = self.selectedFiles()
        if self.result() == QDialog.DialogCode.Accepted and chosen:
            self.source = str(split_source(Path(chosen[0]))[0])
