"""PySide6 and pyqtgraph: everything that is seen."""

from hsi_viewer.ui.pyside_imports import read_no_sources

read_no_sources()
