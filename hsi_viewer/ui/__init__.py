"""The window, on PySide6 and pyqtgraph."""

from hsi_viewer.ui.pyside_imports import read_no_sources

read_no_sources()
