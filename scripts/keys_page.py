"""Writes docs/guide/keys.md from the command table: make screenshots runs it too."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from hsi_viewer.app import make_application
from hsi_viewer.core.guide import guide_folder
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.ui.commands.keys_page import PAGE, keys_page
from hsi_viewer.ui.main_window import MainWindow


def write_keys_page(window: MainWindow) -> None:
    """Write the page of the first keys of every command."""
    path = guide_folder() / PAGE
    path.write_text(keys_page(window.commands), encoding="utf-8")
    print(path)


def main() -> int:
    """Write the page."""
    application = make_application()
    window = MainWindow(Settings())
    write_keys_page(window)
    window.close()
    application.quit()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
