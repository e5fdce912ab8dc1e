"""The two files of a model are replaced together or not at all, and are known to be a pair."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from hsi_viewer.core.errors import ExportError, FormatError
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.learning.model import load_model
from hsi_viewer.learning.trainer import fit
from tests.faults import Disk, each_failure
from tests.unit.learning.made import SMALL, made_scene

NAMES = {"model.json", "model.safetensors"}


@pytest.fixture(scope="module")
def models():
    """Two models that differ."""
    cube, truth = made_scene(20, 18, 8)
    return [fit(cube, draw_per_class(truth, 3, seed)[0], recipe=SMALL) for seed in (0, 1)]


def contents(folder) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_whichever_call_fails_the_old_model_stays_or_the_new_one_is_there(models, tmp_path):
    folder = tmp_path / "model"
    first, second = models
    first.save(folder)
    old = contents(folder)
    error = None

    def save() -> None:
        nonlocal error
        error = None
        try:
            second.save(folder)
        except ExportError as refused:
            error = str(refused)

    def check(disk: Disk) -> None:
        assert set(contents(folder)) == NAMES
        digest = load_model(folder).label_digest
        if error is None:
            assert digest == second.label_digest
        else:
            assert "No space left" in error
            assert disk.failed
            assert contents(folder) == old
        for name, data in old.items():
            (folder / name).write_bytes(data)

    assert first.label_digest != second.label_digest
    assert each_failure(folder, save, check) >= 8


@pytest.mark.parametrize("name", sorted(NAMES))
def test_files_of_two_models_are_not_taken_for_one(models, tmp_path, name):
    for number, model in enumerate(models):
        model.save(tmp_path / str(number))
    (tmp_path / "0" / name).write_bytes((tmp_path / "1" / name).read_bytes())
    with pytest.raises(FormatError, match=r"model\.safetensors.*do not match their description"):
        load_model(tmp_path / "0")


def test_a_model_of_before_there_were_digests_is_read(models, tmp_path):
    import json

    models[0].save(tmp_path)
    path = tmp_path / "model.json"
    description = json.loads(path.read_text("utf-8"))
    del description["weights_digest"]
    path.write_text(json.dumps(description), "utf-8")
    assert load_model(tmp_path).label_digest == models[0].label_digest


KILLED = """
import os, signal, sys
from pathlib import Path
from hsi_viewer.learning.model import load_model
model, real = load_model(sys.argv[1]), Path.replace
for old, steps in zip(sys.argv[2::2], map(int, sys.argv[3::2])):
    def replace(self, target):
        global steps
        steps -= 1
        if steps < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, target)
    Path.replace = replace
    if (child := os.fork()) == 0:
        model.save(old)
        os._exit(0)
    print(-os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print("torch._dynamo" in sys.modules)
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is a POSIX matter")
def test_a_kill_within_the_exchange_leaves_a_model_that_loads(models, tmp_path):
    new, steps = tmp_path / "new", (1, 3)
    folders = [tmp_path / f"killed after {number}" for number in steps]
    models[1].save(new)
    for folder in folders:
        models[0].save(folder)
    killed = [str(a) for pair in zip(folders, steps, strict=True) for a in pair]
    command = [sys.executable, "-c", KILLED, str(new), *killed]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    *signals, loaded_the_compiler = done.stdout.split()
    assert signals == [str(int(signal.SIGKILL))] * 2
    assert loaded_the_compiler == "False"  # which takes two seconds, and is not used
    for folder in folders:
        assert load_model(folder).label_digest == models[0].label_digest
        assert set(contents(folder)) == NAMES
