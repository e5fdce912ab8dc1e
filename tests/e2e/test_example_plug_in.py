"""The example package: installed as a user would, then its format, classifier and panel used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "plugin"
ROWS, COLUMNS, BANDS = 12, 10, 6


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of programs that see the example package."""
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*pip, "--no-index", "--target", str(target), str(EXAMPLE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    path = os.pathsep.join(filter(None, (str(target), *sys.path)))
    return {**os.environ, "PYTHONPATH": path}


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """A text cube of two halves that differ."""
    rng = np.random.default_rng(0)
    values = rng.normal(10, 0.5, (ROWS, COLUMNS, BANDS))
    values[:, COLUMNS // 2 :, :3] += 5
    lines = [f"TEXT CUBE {ROWS} {COLUMNS} {BANDS}", " ".join(map(str, range(500, 800, 50)))]
    lines += [" ".join(f"{v:.4f}" for v in pixel) for pixel in values.reshape(-1, BANDS)]
    path = tmp_path / "halves.cube.txt"
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return path


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        # with the settings of this test, which are variables, too
        env={**environment, **{k: v for k, v in os.environ.items() if k != "PYTHONPATH"}},
    )


OPENED = """
import sys
import numpy as np
import hsi_viewer
cube = hsi_viewer.open_cube(sys.argv[1])
print(cube.shape, cube.format_name, cube.wavelengths.tolist())
assert "PySide6" not in sys.modules and "torch" not in sys.modules
"""


def test_its_format_opens_a_file(installed, scene):
    done = run(installed, "-c", OPENED, str(scene))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"({ROWS}, {COLUMNS}, {BANDS}) Text cube [500.0, 550.0,")


def test_a_damaged_file_is_an_error_that_names_it(installed, scene):
    scene.write_text(scene.read_text(encoding="ascii")[:-40], encoding="ascii")
    done = run(installed, "-m", "hsi_viewer.cli", "info", str(scene))
    assert done.returncode == 1
    assert "halves.cube.txt isn't a whole text cube" in done.stderr
    assert "Traceback" not in done.stderr


MAPPED = """
import sys
import hsi_viewer
from hsi_viewer.cli import main
from hsi_viewer.learning.classifiers import load_model
scene, labels, out, again = sys.argv[1:]
train = ["--labels", labels, "--classifier", "nearest-mean", "--output", out]
assert main(["classify", scene, "--json", *train]) == 0
assert main(["apply", out, scene, "--output", again]) == 0
made = load_model(out).predict(hsi_viewer.open_cube(scene))
assert (made.class_map[:, :5] == 1).all() and (made.class_map[:, 5:] == 2).all()
"""


def test_its_classifier_maps_a_cube_and_its_model_is_applied(installed, scene, tmp_path):
    labels = np.zeros((ROWS, COLUMNS), np.uint8)
    labels[:3, :3], labels[:3, -3:] = 1, 2
    np.save(tmp_path / "labels.npy", labels)
    out, again = tmp_path / "out", tmp_path / "again"
    files = map(str, (scene, tmp_path / "labels.npy", out, again))
    done = run(installed, "-c", MAPPED, *files)
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["classifier"] == "nearest-mean"
    assert list(again.iterdir())


SHOWN = """
import sys
from PySide6.QtCore import QEventLoop
from PySide6.QtGui import QGuiApplication
from hsi_viewer.app import make_application
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.ui.main_window import MainWindow

app = make_application()
window = MainWindow(Settings(theme="light"))
window.workspace.works_ahead = False  # nothing is trained
window.show()
window.open(sys.argv[1])
plug_ins = window.context.plug_ins
while window.workspace.document is None or len(plug_ins.listed) < 3:
    app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
window.commands.action("panel.scene-summary").trigger()
print("panel:", window.panel("scene-summary").text())
window.commands.action("scene-summary.copy").trigger()
print("copied:", QGuiApplication.clipboard().text())
for found in plug_ins.listed:
    print(found.name, found.kind, found.package, found.version, found.problem or "loaded")
window.may_leave = lambda: True
window.close()
"""


def test_its_panel_is_in_the_window_and_all_three_are_listed(installed, scene):
    done = run(installed, "-c", SHOWN, str(scene))
    assert done.returncode == 0, done.stderr
    summary = f"halves.cube.txt: {ROWS} x {COLUMNS} pixels, {BANDS} bands, 0 labelled"
    assert f"panel: {summary}" in done.stdout
    assert f"copied: {summary}" in done.stdout
    for line in (
        "nearest-mean Classifier hsi-viewer-example 1.0 loaded",
        "text-cube Format hsi-viewer-example 1.0 loaded",
        "scene-summary Panel hsi-viewer-example 1.0 loaded",
    ):
        assert line in done.stdout
