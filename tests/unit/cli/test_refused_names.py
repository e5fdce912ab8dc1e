"""Names that the system refuses end a command with one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.cli.program import main

LONG = "x" * 300
COMMANDS = (
    ("classify", "scene.npy", "--labels", "labels.npy", "--output", LONG),
    ("classify", "scene.npy", "--labels", LONG, "--output", "out"),
    ("train", "scene.npy", "scene.npy", "--labels", "labels.npy", "labels.npy", "--output", LONG),
    ("apply", LONG, "scene.npy", "--output", "out"),
    ("convert", "scene.npy", "--output", f"{LONG}.hdr"),
    ("clean", "labels.npy", "--output", f"{LONG}.tif", "--majority", "3"),
    ("areas", "labels.npy", "--reference", f"{LONG}.gpkg"),
    ("areas", "labels.npy", "--reference", f"{'x/' * 3000}points.csv"),
    ("areas", "labels.npy", "--output", f"{LONG}.csv"),
    ("polygons", "labels.npy", "--output", f"{LONG}.gpkg"),
    ("sample", "labels.npy", "--output", f"{LONG}.gpkg"),
    ("report", LONG, "--output", "out"),
    ("verify", LONG),
)


@pytest.mark.parametrize(
    "arguments", COMMANDS, ids=lambda a: f"{a[0]}-{[len(t) > 200 for t in a].index(True)}"
)
def test_a_name_that_is_too_long_is_one_sentence(tmp_path, monkeypatch, capsys, arguments):
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    np.save("scene.npy", np.random.default_rng(0).normal(size=(9, 8, 5)).astype(np.float32))
    labels = np.zeros((9, 8), np.uint8)
    labels[:3], labels[6:] = 1, 2
    np.save("labels.npy", labels)
    assert main([*arguments, "--quiet"]) == 1
    printed = capsys.readouterr().err.splitlines()
    (line,) = [text for text in printed if not text.startswith("hsi-viewer: warning: ")]
    assert line.startswith("hsi-viewer: ")
    assert "xxxxxxxx" in line or "x/x/x/x/" in line
    assert sorted(path.name for path in folder.iterdir()) == ["labels.npy", "scene.npy"]


def test_a_folder_that_may_not_be_looked_into_is_one_sentence(monkeypatch, capsys):
    def refused(source, diagnose):
        raise PermissionError(13, "Permission denied", source)

    monkeypatch.setattr("hsi_viewer.io.info_in_time.found_in_time", refused)
    assert main(["info", "/private/a.hdr"]) == 1
    line = capsys.readouterr().err
    assert line == "hsi-viewer: /private/a.hdr cannot be used: Permission denied.\n"
