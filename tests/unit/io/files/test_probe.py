"""Files on which libhdf5 hangs or crashes are refused by a process that can be ended."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest

from hsi_viewer.cli import main
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.io.files import probe
from hsi_viewer.io.files.probe import Probe
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.regions.import_export import import_regions

HANG = Path(__file__).parents[3] / "data" / "hostile" / "hang.h5"
SCENE = HyperCube.from_array(np.zeros((4, 5, 1), "u1"))
ARRAY = np.arange(60, dtype="<u2").reshape(3, 4, 5)
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
posix = pytest.mark.skipif(os.name == "nt", reason="Windows counts no time of the processor")


@pytest.fixture
def helper(tmp_path, monkeypatch):
    """Puts a script in the place of the helper; gives the probe that asks it."""
    made = []

    def replaced(script: str) -> Probe:
        name = f"helper_{len(made)}"
        (tmp_path / f"{name}.py").write_text(script)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setattr(probe, "CHILD", name)
        made.append(Probe())
        return made[-1]

    yield replaced
    for one in made:
        one.end()


@pytest.fixture
def good(tmp_path) -> Path:
    with h5py.File(tmp_path / "good.h5", "w") as file:
        file["cube"] = ARRAY
    return tmp_path / "good.h5"


READERS = [
    ("hang.h5", open_cube),
    ("hang.nc", open_cube),
    ("hang.h5", read_labels),
    ("hang.ilp", lambda path: import_regions(path, SCENE)),
    ("hang.h5", lambda path: import_regions(path, SCENE)),
]


@pytest.mark.parametrize(("name", "read"), READERS)
def test_a_file_on_which_the_library_hangs_is_refused_by_every_reader(
    tmp_path, monkeypatch, name, read
):
    monkeypatch.setattr(probe, "SILENT_SECONDS", 0.1)
    shutil.copy(HANG, tmp_path / name)
    with pytest.raises(FormatError, match=rf"{name} cannot be opened: .*library hangs"):
        read(tmp_path / name)


def test_info_says_so_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(probe, "SILENT_SECONDS", 0.1)
    assert main(["info", str(HANG)]) == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith(f"hsi-viewer: {HANG} cannot be opened: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("fatal", ["os.abort()", "os._exit(0)", "os._exit(3)"])
def test_a_file_on_which_the_library_crashes_is_refused(helper, good, fatal):
    asked = helper(f"import os, sys\nsys.stdin.readline()\n{fatal}")
    with pytest.raises(FormatError, match=r"good\.h5 cannot be opened: .* crashes"):
        asked.check(good)


@pytest.mark.parametrize("kind", ["chunks", "links"])
def test_an_index_that_leads_in_circles_is_refused(tmp_path, kind):
    """Nodes of a tree that name their own root as their child; libhdf5 1.14 crashes on chunks."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="earliest") as file:
        file.create_dataset("cube", data=np.ones((40, 40, 20), "u2"), chunks=(4, 4, 4))
        for k in range(400 if kind == "links" else 0):
            file[f"link{k:03}"] = h5py.SoftLink("/nowhere")
    raw = bytearray(path.read_bytes())
    key = 8 if kind == "links" else 4 + 4 + 4 * 8
    node_type = 0 if kind == "links" else 1
    roots = [m.start() for m in re.finditer(b"TREE", raw) if raw[m.start() + 4] == node_type]
    root = max(roots, key=lambda at: raw[at + 5])
    assert raw[root + 5] > 0  # it has nodes below it, which are no leaves
    struct.pack_into("<Q", raw, root + 24 + key, root)
    path.write_bytes(raw)
    with pytest.raises(FormatError, match=r"a\.h5 .*(crashes|damaged)"):
        open_cube(path).read()


def test_a_crash_after_another_file_is_tried_again(helper, good, tmp_path):
    """What an earlier file did to the helper is no fault of the next one."""
    other = shutil.copy(good, tmp_path / "other.h5")
    asked = helper(
        "import os, sys\nsys.stdin.readline()\nprint('done', flush=True)\n"
        "sys.stdin.readline()\nos.abort()"
    )
    asked.check(good)
    first = asked._child.process.pid
    asked.check(other)
    assert asked._child.process.pid != first  # the one that crashed was replaced


def test_a_helper_that_does_not_come_to_an_end_is_ended(helper, good, monkeypatch):
    monkeypatch.setattr(probe, "TOTAL_SECONDS", 0.3)
    asked = helper("import sys\nsys.stdin.readline()\nwhile True:\n    print('alive', flush=True)")
    with pytest.raises(FormatError, match="examining it takes longer"):
        asked.check(good)


class _Clock:
    """Seconds of the program that asks, counted in its looks at the clock.

    Parameters
    ----------
    said : files for which a helper can wait: one is made at every twentieth look.
    stood_still : seconds that pass at the fifth look.
    """

    def __init__(self, *said: Path, stood_still: float = 0.0) -> None:
        self.said, self.stood_still = list(said), stood_still
        self.looks, self.now = 0, 0.0

    def __call__(self) -> float:
        self.looks += 1
        if self.said:  # else the helper is about to end
            self.now += self.stood_still if self.looks == 5 else probe.POLL_SECONDS
            if self.looks % 20 == 0:
                self.said.pop(0).touch()
        return self.now


WAIT = "import os, sys, time\nwhile not os.path.exists({!r}):\n    time.sleep(0.01)\n"


def test_a_helper_may_take_long_to_start(helper, good, tmp_path, monkeypatch):
    """As on a busy machine, or where each new program is looked through first."""
    monkeypatch.setattr(probe, "SILENT_SECONDS", 0.3)
    clock = _Clock(tmp_path / "said")
    monkeypatch.setattr(probe.time, "monotonic", clock)
    helper(WAIT.format(str(tmp_path / "said")) + "print('alive\\ndone', flush=True)").check(good)
    assert clock.now > probe.SILENT_SECONDS  # it was waited for


def test_a_helper_that_is_up_and_silent_hangs(helper, good):
    asked = helper("import sys\nprint('alive', flush=True)\nsys.stdin.read()")
    asked.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probe, "SILENT_SECONDS", 0.3)
        with pytest.raises(FormatError, match="library hangs"):
            asked.check(good)


@pytest.mark.parametrize("limit", ["SILENT_SECONDS", "TOTAL_SECONDS"])
def test_while_the_program_stood_still_no_time_counts(helper, good, tmp_path, monkeypatch, limit):
    """It was stopped from a terminal, say: nobody has heard what the helper said."""
    monkeypatch.setattr(probe, limit, 100.0)
    clock = _Clock(tmp_path / "said", stood_still=1000.0)
    monkeypatch.setattr(probe.time, "monotonic", clock)
    wait = WAIT.format(str(tmp_path / "said"))
    helper(f"print('alive', flush=True)\n{wait}print('done', flush=True)").check(good)
    assert clock.now > getattr(probe, limit)  # as a watch would tell


def test_the_time_for_values_begins_with_the_description(helper, tmp_path, monkeypatch):
    monkeypatch.setattr(probe, "TOLD_SECONDS", 1.5)  # the next is told at the second second
    said = tmp_path / "opened", tmp_path / "examined"
    monkeypatch.setattr(probe.time, "monotonic", _Clock(*said))
    opened, examined = (WAIT.format(str(path)) for path in said)
    asked = helper(
        f"{opened}print('{{\"facts\": {{}}}}', flush=True)\n"
        f"{examined}print('{{\"values\": {{}}}}\\ndone', flush=True)"
    )
    assert asked.told({}) == ([{"facts": {}}, {"values": {}}], None)


@posix
def test_a_file_that_takes_too_much_of_the_processor(helper, good):
    """It says that it is alive, again and again, and the file is an endless one all the same."""
    asked = helper(
        "from hsi_viewer.io import probe_child\n"
        "from hsi_viewer.io.files import probe\n"
        "probe.CPU_SECONDS = 0.3\n"
        "def endless(path, wanted):\n    while True:\n        pass\n"
        "probe_child.touch = endless\nprobe_child.main()"
    )
    with pytest.raises(FormatError, match="examining it takes longer"):
        asked.check(good)


class _ThirdTime(CancelToken):
    """Cancelled when it is asked for the third time."""

    times = 0

    def check(self) -> None:
        self.times += 1
        if self.times == 3:
            self.cancel()
        super().check()


def test_cancel_ends_the_helper_and_the_next_file_is_read(good, tmp_path, monkeypatch):
    shutil.copy(HANG, tmp_path / "hang.h5")
    ended = []
    end = probe._Child.end
    monkeypatch.setattr(
        probe._Child, "end", lambda child: (end(child), ended.append(child.process.returncode))
    )
    with pytest.raises(TaskCancelledError):
        open_cube(tmp_path / "hang.h5", _ThirdTime())
    assert ended
    assert None not in ended
    np.testing.assert_array_equal(open_cube(good).read(), ARRAY)


def test_cancel_while_another_file_is_examined(helper, good):
    asked = helper("")
    asked._lock.acquire()
    try:
        with pytest.raises(TaskCancelledError):
            asked.check(good, token=_ThirdTime())
    finally:
        asked._lock.release()


def test_a_file_is_examined_once(helper, good, monkeypatch):
    requests = []
    monkeypatch.setattr(probe._Child, "ask", lambda child, request, token: requests.append(request))
    asked = helper("")
    for _ in range(3):
        asked.check(good)
    assert len(requests) == 1
    asked.check(good, "cube")  # which may lie behind a link
    os.utime(good, ns=(1, 1))
    asked.check(good)
    assert len(requests) == 3


def test_a_refusal_is_remembered_for_a_while_only(helper, good, monkeypatch):
    verdicts = iter([probe.HANGS, None])
    monkeypatch.setattr(probe._Child, "ask", lambda child, request, token: next(verdicts))
    asked = helper("")
    for _ in range(3):
        with pytest.raises(FormatError, match="library hangs"):
            asked.check(good)
    monkeypatch.setattr(probe, "REFUSAL_SECONDS", -1.0)
    asked.check(good)


def test_without_a_helper_nothing_is_opened(good, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(good.parent / "missing"))
    with pytest.raises(FileError, match=r"helper process .* could not be started"):
        Probe().check(good)


def test_good_files_one_after_another_are_read_by_one_helper(tmp_path, monkeypatch):
    asked = Probe()
    monkeypatch.setattr(probe, "_probe", asked)
    helpers = set()
    try:
        for k in range(3):
            with h5py.File(tmp_path / f"{k}.h5", "w") as file:
                file["cube"] = ARRAY + k
                file["cube"].attrs["wavelength"] = np.arange(5.0) + 400
            np.testing.assert_array_equal(open_cube(tmp_path / f"{k}.h5").read(), ARRAY + k)
            helpers.add(asked._child)
        assert len(helpers) == 1
    finally:
        asked.end()


@linux
def test_the_helper_lets_go_of_files(good, tmp_path):
    (tmp_path / "broken.h5").write_bytes(good.read_bytes()[:900])
    asked = Probe()
    try:
        asked.check(good)
        asked.check(tmp_path / "broken.h5")
        assert asked._child is not None
        held = Path(f"/proc/{asked._child.process.pid}/fd").iterdir()
        names = {os.readlink(link) for link in held}  # noqa: PTH115
        assert not {name for name in names if name.startswith(str(tmp_path))}
    finally:
        asked.end()


@linux
def test_the_helper_ends_with_the_program_that_asks(good):
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom hsi_viewer.io.files import probe\n"
        "probe.check(Path(sys.argv[1]))\n"
        "print(probe._probe._child.process.pid, flush=True)\nos._exit(0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, str(good)],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    gone = threading.Event()
    while Path(f"/proc/{int(result.stdout)}/cmdline").exists() and not _is_zombie(result.stdout):
        assert not gone.wait(0.05)


def _is_zombie(pid: str) -> bool:
    try:
        return Path(f"/proc/{int(pid)}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


# what the walk through a file costs ---------------------------------------------------------------


def test_groups_in_groups_without_end(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"] = ARRAY
        group = file
        for _ in range(300):
            group = group.create_group("g" * 50)
        group["deep"] = ARRAY
    np.testing.assert_array_equal(open_cube(tmp_path / "a.h5").read(), ARRAY)


def test_groups_that_hold_themselves_and_links_to_anywhere(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"] = ARRAY
        group = file.create_group("g")
        group["itself"], group["root"] = group, file["/"]
        group["soft"] = h5py.SoftLink("/g/soft")
        group["away"] = h5py.ExternalLink("/dev/zero", "/x")
    np.testing.assert_array_equal(open_cube(tmp_path / "a.h5").read(), ARRAY)


def test_many_links_are_not_all_followed(tmp_path, monkeypatch):
    monkeypatch.setattr("hsi_viewer.io.arrays.hdf5.MAX_LINKS", 20)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"] = ARRAY
        for k in range(50):
            file[f"z{k}"] = h5py.SoftLink("/cube")
        file["zz"] = ARRAY
    np.testing.assert_array_equal(open_cube(tmp_path / "a.h5").read(), ARRAY)


def test_blocks_of_labels_larger_than_the_scene(tmp_path):
    with h5py.File(tmp_path / "a.ilp", "w") as file:
        block = file.create_dataset(
            "PixelClassification/LabelSets/labels000/block0000",
            (1 << 17, 1 << 17),
            "u1",
            chunks=(64, 64),
        )
        block.attrs["blockSlice"] = "[0:131072,0:131072]"
    with pytest.raises(FormatError, match="larger than the scene"):
        import_regions(tmp_path / "a.ilp", SCENE)
