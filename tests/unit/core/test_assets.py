"""Files of resources/ are found, and a missing one says what to do."""

from __future__ import annotations

import pytest

from hsi_viewer.core import paths
from hsi_viewer.core.paths import resource_path


def test_a_resource_of_this_installation_is_found():
    assert "<svg" in resource_path("icons", "hsi-viewer.svg").read_text()


def test_a_wheels_own_folder_comes_before_the_checkouts(tmp_path, monkeypatch):
    package = tmp_path / "hsi_viewer"
    for folder, text in ((package, "wheel"), (tmp_path, "checkout")):
        (folder / "resources").mkdir(parents=True)
        (folder / "resources" / "a.txt").write_text(text)
    monkeypatch.setattr(paths, "__file__", str(package / "core" / "assets.py"))
    assert resource_path("a.txt").read_text() == "wheel"
    (package / "resources" / "a.txt").unlink()
    assert resource_path("a.txt").read_text() == "checkout"


def test_a_missing_resource_names_itself():
    with pytest.raises(FileNotFoundError, match=r"resources/icons/none\.svg is missing: reinstall"):
        resource_path("icons", "none.svg")
