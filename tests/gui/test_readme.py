"""The job that the README describes, step by step, with mouse and keys on the sample scene."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from hsi_viewer.io.opening import open_cube
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.ui.features.exporting.export_dialog import ExportDialog
from hsi_viewer.ui.widgets.help_window import HelpWindow
from tests.gui.hands import Hands

README = Path(__file__).parents[2] / "README.md"
CTRL = Qt.KeyboardModifier.ControlModifier
FIELDS = {"Corn": ((40, 30), (60, 60)), "Woods": ((110, 110), (120, 95))}
