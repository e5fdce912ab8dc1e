"""The notebooks of docs/examples run from the first cell to the last."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

PROJECT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((PROJECT / "docs" / "examples").glob("*.ipynb"))

# In a process of its own: the kernel's client leaves threads and loops behind.
RUN = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=None, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""

# In the kernel, before the first cell: the map of the sample scene needs few steps.
FEW_STEPS = """
from dataclasses import replace
from hsi_viewer.learning import recipe
for name, preset in recipe.PRESETS.items():
    recipe.PRESETS[name] = replace(preset, training=replace(preset.training, steps=20))
"""


def test_there_is_a_notebook():
    assert [path.name for path in NOTEBOOKS] == ["first_class_map.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_says_what_it_should(path, tmp_path):
    done = tmp_path / "done.ipynb"
    start = tmp_path / "ipython" / "profile_default" / "startup" / "few_steps.py"
    start.parent.mkdir(parents=True)
    start.write_text(FEW_STEPS)
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "TMPDIR": str(tmp_path),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    run = subprocess.run(
        [sys.executable, "-c", RUN, str(path), str(done)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    notebook = nbformat.read(done, as_version=4)
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    assert not [o for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    assert sum("image/png" in o.get("data", {}) for o in outputs) == 3
    printed = next(o.text for o in outputs if o.output_type == "stream")
    assert float(printed.split()[2]) > 0.85  # overall accuracy
    assert list(tmp_path.glob("*/model/model.safetensors"))
    assert list(tmp_path.glob("*/class_map.png"))
