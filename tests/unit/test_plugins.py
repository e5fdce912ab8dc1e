"""hsi_viewer.plugins: it offers what its page says, and imports no more than is asked for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hsi_viewer import plugins

PAGE = Path(__file__).resolve().parents[2] / "docs" / "plugins.md"


def test_the_page_lists_what_the_module_offers():
    table = PAGE.read_text(encoding="utf-8").partition("## What to import")[2]
    rows = [line for line in table.splitlines() if line.startswith("|")]
    listed = re.findall(r"`(\w+)`", " ".join(rows))
    assert sorted(listed) == sorted(plugins.__all__)
    assert f"`VERSION` is {plugins.VERSION};" in table


def test_every_name_is_there_and_is_what_the_application_uses():
    found = {name: getattr(plugins, name) for name in plugins.__all__}
    from hsi_viewer.core.cube.cube import HyperCube
    from hsi_viewer.io.format import Format
    from hsi_viewer.ui.features.feature import Feature

    assert (found["HyperCube"], found["Format"], found["Feature"]) == (HyperCube, Format, Feature)
    assert dir(plugins) == sorted(plugins.__all__)
    assert set(plugins._HOMES) == set(plugins.__all__) - {"VERSION"}


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'MainWindow'"):
        plugins.MainWindow  # noqa: B018


def test_a_format_and_a_classifier_need_neither_qt_nor_torch():
    code = (
        "import sys\n"
        "from hsi_viewer.plugins import Classifier, Format, HyperCube, PixelKind, Reading\n"
        "print([name for name in ('PySide6', 'torch', 'sklearn') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
