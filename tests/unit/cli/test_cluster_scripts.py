"""The scripts for clusters in docs/guide/many-scenes.md are command lines that are understood."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from hsi_viewer.cli.program import parsed

PAGE = Path(__file__).parents[3] / "docs" / "guide" / "many-scenes.md"


def script(first: str) -> str:
    """The block of the page that begins so."""
    return re.search(rf"```\w*\n({re.escape(first)}.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[1]


def test_the_array_of_slurm_computes_one_part_after_the_other():
    text = script("#!/bin/bash")
    first, last = re.search(r"--array=(\d+)-(\d+)", text).groups()
    for number in (first, last):
        line = text.splitlines()[-1].replace("$SLURM_ARRAY_TASK_ID", number)
        assert parsed(shlex.split(line)[1:]).part == (int(number), int(last))


def test_the_script_of_dask_jobqueue_gives_its_scheduler(monkeypatch):
    """As SLURMCluster was when its job_script() was copied to the page."""
    ran, asked = [], {}

    class SLURMCluster:
        scheduler_address = "tcp://10.0.0.1:8786"

        def __init__(self, **settings):
            asked.update(settings)

        def scale(self, jobs):
            asked["jobs"] = jobs

    monkeypatch.setitem(sys.modules, "dask_jobqueue", SimpleNamespace(SLURMCluster=SLURMCluster))
    monkeypatch.setattr(subprocess, "run", lambda command, check: ran.append((command, check)))
    exec(script("import subprocess"), {})  # noqa: S102 - the page is ours
    ((command, check),) = ran
    assert check
    assert parsed(command[1:]).scheduler == SLURMCluster.scheduler_address
    job = script("#SBATCH -J")
    assert f"--cpus-per-task={asked['cores']}\n" in job
    assert f"--mem={asked['memory'].removesuffix('B')}\n" in job
    assert f"-t {asked['walltime']}\n" in job
