"""The application object that all end-to-end tests of the window share."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from hsi_viewer.app import make_application


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()
