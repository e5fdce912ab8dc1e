"""How far a batch is, how long the rest takes, and how it stands at the end."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from hsi_viewer.core.errors import FileError, HsiError, ModelError
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.jobs.apply import options_of
from hsi_viewer.jobs.batch import pools, running, workload
from hsi_viewer.jobs.batch.compute import Notes, Task, TileDone
from hsi_viewer.jobs.batch.finish import Manifest
from hsi_viewer.jobs.batch.pools import Cluster, OtherProcesses, OwnProcess, pool_of
from hsi_viewer.jobs.batch.run import BatchJob, BatchResult
from hsi_viewer.jobs.batch.running import Failure, Runner, explained, reason_of
from hsi_viewer.jobs.batch.scenes import Scene, plain_name
from hsi_viewer.jobs.batch.summary import SceneResult, write_summary
from hsi_viewer.jobs.batch.tile_file import TileFacts
from hsi_viewer.jobs.batch.workload import Workload
from hsi_viewer.jobs.job import Job
from tests.unit.learning.made import Recorder


def tile(seconds: float, *, computed: bool = True) -> TileDone:
    return TileDone(TileFacts("p", "c", "s", 1, None, 1.0, seconds, []), computed, 1)


@pytest.fixture
def clock(monkeypatch):
    """The time of the workload, which a test sets."""
    now = [100.0]
    monkeypatch.setattr(workload.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def scenes(tmp_path):
    """A file of 300 bytes, a folder with files of 100 in all, and what is no file."""
    (tmp_path / "a.dat").write_bytes(bytes(300))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "1").write_bytes(bytes(60))
    (tmp_path / "b" / "2").write_bytes(bytes(40))
    return [Scene(str(tmp_path / "a.dat")), Scene(str(tmp_path / "b"))]


def test_scenes_count_by_the_size_of_their_files(scenes, clock):
    port = Recorder()
    work = Workload(scenes, 2, port)
    work.plan(0, 3)
    work.plan(1, 2)
    work.keep(0, 1)
    assert port.items[-1].message == "Mapping the scenes"
    assert port.items[-1].fraction == pytest.approx(0.25)
    assert port.items[-1].detail == "0 of 2 scenes"
    clock[0] += 0.5
    work.done(0, tile(60.0))
    # a quarter of the whole took a minute, so the half that is left takes two, by two at once
    assert port.items[-1].fraction == pytest.approx(0.5)
    assert port.items[-1].detail == ("0 of 2 scenes, about 1 min left (2.0 min of processor time)")
    clock[0] += 30
    work.done(0, tile(90.0, computed=False))
    # measured: half of it in 30.5 s; what others have computed costs nothing here
    assert port.items[-1].fraction == pytest.approx(0.75)
    assert port.items[-1].detail == "1 of 2 scenes, about 15 s left (1.0 min of processor time)"
    work.give_up(1)
    assert port.items[-1].fraction == pytest.approx(1.0)
    assert port.items[-1].detail == "2 of 2 scenes"
    assert (work.computed, work.kept) == (1, 2)


def test_more_tiles_than_were_planned_and_scenes_that_are_no_files_are_no_harm(clock):
    port = Recorder()
    work = Workload([Scene("sample:none"), Scene("sample:nothing")], 1, port)
    work.keep(0, 4)
    assert port.items[-1].fraction == pytest.approx(0.5)
    work.done(0, tile(1.0))
    assert port.items[-1].fraction == pytest.approx(0.5)
    work.done(1, tile(1.0))
    assert port.items[-1].fraction == pytest.approx(1.0)
    assert (work.computed, work.kept) == (2, 4)


def manifest(**changes) -> Manifest:
    parts = {
        "version": 1, "digest": "d", "source": "s", "model": "m", "model_digest": "md",
        "options": {}, "shape": (5, 6), "statistics": {}, "mapped": 28, "confidence": 0.75,
        "outside": 0.125, "tiles": [], "files": [], "formats": [],
    }  # fmt: skip
    return Manifest(**(parts | changes))


def results(folder: Path) -> list[SceneResult]:
    """One of each kind, the first two with a report."""
    for name, metres in (("one", 700.0), ("two", None)):
        (folder / name).mkdir()
        classes = [
            {"id": 2, "name": "Corn", "map_pixels": 7, "map_area_m2": metres, "colour": [1, 2, 3]},
            {"id": 5, "name": f"Oats {name}", "map_pixels": 21, "map_area_m2": metres},
        ][: 2 if name == "one" else 1]
        report = {"classes": classes, "warnings": ["odd", "even"] if name == "one" else []}
        (folder / name / "report.json").write_text(json.dumps(report), "utf-8")
    part = Scene("b.npy", (1, 6), (2, 8))
    return [
        SceneResult(0, "one", Scene("a.npy"), folder / "one", "done", "", manifest()),
        SceneResult(1, "two", part, folder / "two", "done", "",
                    manifest(confidence=None, outside=None)),
        SceneResult(2, "three", Scene("c.npy"), folder / "three", "failed", "It is broken."),
        SceneResult(3, "four", Scene("d.npy"), folder / "four", "done", "", manifest()),
    ]  # fmt: skip


def test_the_table_has_a_line_for_each_scene_and_columns_for_each_class(tmp_path):
    path = write_summary(tmp_path, results(tmp_path))
    assert path == tmp_path / "summary.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")  # which spreadsheets need to see UTF-8
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["name", "status", "source", "region", "rows", "columns", "pixels", "confidence", "outside",
         "Corn (2) pixels", "Oats one (5) pixels", "Corn (2) m2", "Oats one (5) m2",
         "warnings", "error"],
        ["one", "done", "a.npy", "", "5", "6", "28", "0.75", "0.125",
         "7", "21", "700.0", "700.0", "odd | even", ""],
        ["two", "done", "b.npy", "rows 1:6, columns 2:8", "5", "6", "28", "", "",
         "7", "", "", "", "", ""],
        ["three", "failed", "c.npy", "", "", "", "", "", "", "", "", "", "", "", "It is broken."],
        ["four", "done", "d.npy", "", "5", "6", "28", "0.75", "0.125", "", "", "", "", "", ""],
    ]  # fmt: skip
    (tmp_path / "more").mkdir()
    write_summary(tmp_path / "more", results(tmp_path / "more")[1:2])
    assert "m2" not in (tmp_path / "more" / "summary.csv").read_text("utf-8-sig")


def test_a_scene_as_json(tmp_path):
    one, _, three, _ = results(tmp_path)
    assert one.record() == {
        "name": "one", "status": "done", "source": "a.npy", "region": "", "rows": 5, "columns": 6,
        "pixels": 28, "confidence": 0.75, "outside": 0.125, "warnings": ["odd", "even"],
        "classes": [
            {"id": 2, "name": "Corn", "map_pixels": 7, "map_area_m2": 700.0},
            {"id": 5, "name": "Oats one", "map_pixels": 21, "map_area_m2": 700.0},
        ],
        "error": "", "folder": str(tmp_path / "one"),
    }  # fmt: skip
    without = {k: v for k, v in three.record().items() if v is not None}
    assert without == {
        "name": "three", "status": "failed", "source": "c.npy", "region": "", "classes": [],
        "warnings": [], "error": "It is broken.", "folder": str(tmp_path / "three"),
    }  # fmt: skip


def test_a_batch_in_words_and_as_json(tmp_path):
    made = results(tmp_path)
    waiting = SceneResult(4, "five", Scene("e"), tmp_path, "unfinished", "2 of 3")
    found = BatchResult([*made, waiting], 1, 3, 12.3456, tmp_path / "summary.csv")
    assert found.failed == [made[2]]
    assert found.text() == (
        "5 scenes: 3 done, 1 failed, 1 unfinished. 1 tile computed, 3 kept, in 12.3 s.\n"
        f"Table: {tmp_path / 'summary.csv'}"
    )
    record = found.record()
    assert record.pop("scenes") == [scene.record() for scene in found.scenes]
    assert record == {
        "tiles_computed": 1, "tiles_kept": 3, "seconds": 12.346,
        "files": [str(tmp_path / "summary.csv")],
    }  # fmt: skip
    assert "3 scenes: 3 done. 2 tiles" in replace(found, scenes=[made[0]] * 3, computed=2).text()


def test_what_a_batch_writes_and_whether_others_work_at_it(tmp_path):
    job = BatchJob(tmp_path, [], tmp_path, options_of(Job(tmp_path), 32))
    assert job.wanted == ("envi", "confidence", "npy", "png", "tif", "confidence_tif")
    assert replace(job, formats=("mat",)).wanted == ("mat",)
    assert not job.shares_work
    assert replace(job, part=(1, 2)).shares_work
    assert replace(job, assemble=True).shares_work
    assert (job.workers, job.resume, job.overwrite) == (1, False, False)


WINDOWS = [((8 * i, 8 * i + 8), (0, 4)) for i in range(6)]


def failures(error: BaseException, *indices: int) -> list[Failure]:
    return [Failure(Task("f", index, ""), error) for index in indices]


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (
            failures(OSError("worn"), 0),
            "Failed three times: rows 0 to 8, columns 0 to 4: OSError: worn",
        ),
        (
            failures(HsiError("Worn."), 0, 1, 2),
            "Failed three times: rows 0 to 8, columns 0 to 4; rows 8 to 16, columns 0 to 4; "
            "rows 16 to 24, columns 0 to 4: Worn.",
        ),
        (
            failures(HsiError("Worn."), 0, 1, 2, 3, 5),
            "Failed three times: rows 0 to 8, columns 0 to 4; rows 8 to 16, columns 0 to 4; "
            "rows 16 to 24, columns 0 to 4; and 2 more tiles: Worn.",
        ),
        (failures(ModelError("It has 7 bands."), 0, 1), "It has 7 bands."),
        (
            [*failures(ModelError("It has 7 bands."), 0), *failures(HsiError("Worn."), 1)],
            "It has 7 bands. Failed three times: rows 8 to 16, columns 0 to 4: Worn.",
        ),
    ],
)
def test_why_a_scene_has_no_map_is_said_once_with_its_places(found, text):
    assert explained(found, WINDOWS) == text


def test_a_reason_names_the_kind_of_what_nobody_expected():
    assert reason_of(FileError("a is gone")) == "a is gone"
    assert reason_of(ValueError(" two\n")) == "ValueError: two"
    assert reason_of(MemoryError()) == "MemoryError"


class Failing:
    """Fails so many times, then answers."""

    at_once, is_broken = 1, False

    def __init__(self, error: BaseException, times: int) -> None:
        self.error, self.times, self.tried = error, times, 0

    def submit(self, task: Task):
        from concurrent.futures import Future

        self.tried += 1
        future: Future = Future()
        if self.tried <= self.times:
            future.set_exception(self.error)
        else:
            future.set_result(task)
        return future

    def restart(self) -> None:
        raise AssertionError("nothing was lost")


@pytest.mark.parametrize(
    ("error", "times", "tried", "well"),
    [
        (OSError("worn"), 0, 1, True),
        (OSError("worn"), 2, 3, True),
        (OSError("worn"), 3, 3, False),
        (ModelError("bands"), 1, 1, False),
    ],
)
def test_what_fails_is_tried_three_times_unless_it_must_fail(error, times, tried, well):
    pool, ended = Failing(error, times), []
    Runner(pool, iter([Task("f", 0, "")]), CancelToken(), lambda *end: ended.append(end)).run()
    assert pool.tried == tried
    ((task, end),) = ended
    assert task == Task("f", 0, "")
    assert end == (task if well else Failure(task, error))


def test_a_cancel_is_no_failure():
    pool = Failing(TaskCancelledError(), 1)
    with pytest.raises(TaskCancelledError):
        Runner(pool, iter([Task("f", 0, "")]), CancelToken(), pytest.fail).run()
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        Runner(Failing(OSError(), 0), iter([]), token, pytest.fail).run()
    assert (running.ATTEMPTS, running.LOOK) == (3, 0.2)


def test_tasks_are_made_as_they_are_needed():
    """No more than the pool takes at a time; the next when one has ended."""
    from concurrent.futures import Future

    made, waiting = [], []

    class Slow(Failing):
        at_once = 2

        def submit(self, task: Task):
            waiting.append(Future())
            assert len(made) == len(waiting)
            for future in waiting[: 0 if len(waiting) < 2 else None]:
                if not future.done():
                    future.set_result(task)
            return waiting[-1]

    def tasks():
        for index in range(5):
            made.append(index)
            yield Task("f", index, "")

    ended = []
    Runner(Slow(OSError(), 0), tasks(), CancelToken(), lambda *end: ended.append(end)).run()
    assert len(ended) == 5


class Client:
    """A Dask client of some workers."""

    def __init__(self, *threads: int) -> None:
        self.threads, self.asked = threads, 0

    def get_executor(self, **options):
        assert options == {"pure": False, "retries": 0}
        return

    def scheduler_info(self, n_workers: int):
        assert n_workers == -1  # all
        self.asked += 1
        return {"workers": {i: {"nthreads": n} for i, n in enumerate(self.threads)}}


def test_a_cluster_takes_two_tasks_for_each_thread_and_is_counted_now_and_then(monkeypatch):
    now = [50.0]
    monkeypatch.setattr(pools.time, "monotonic", lambda: now[0])
    client = Client(3, 4)
    cluster = Cluster(client)
    assert not cluster.is_broken
    assert cluster.at_once == 14
    client.threads = ()
    now[0] += 5.0
    assert (cluster.at_once, client.asked) == (14, 1)
    now[0] += 0.1
    assert (cluster.at_once, client.asked) == (2, 2)


def test_the_process_that_asks_hands_errors_on_as_others_would(tmp_path, monkeypatch):
    pool = OwnProcess(CancelToken())
    assert (pool.at_once, pool.is_broken) == (1, False)
    future = pool.submit(Task(str(tmp_path), 0, "d"))
    with pytest.raises(FileError, match="the plan of this scene was replaced"):
        future.result()
    monkeypatch.setattr(pools, "compute_tile", lambda task, token: (task, token))
    assert pool.submit("task").result() == ("task", pool._token)


def test_one_worker_is_this_process_which_forgets_the_scene_at_the_end(monkeypatch):
    forgot = []
    monkeypatch.setattr(pools, "forget", lambda: forgot.append(True))
    with pool_of(1, None, CancelToken()) as pool:
        assert isinstance(pool, OwnProcess)
        assert not forgot
    assert forgot == [True]
    processes = object.__new__(pools.WorkerProcesses)
    processes.count = 3
    with pool_of(processes, None, CancelToken()) as pool:
        assert isinstance(pool, OtherProcesses)
        assert pool.at_once == 6
    assert forgot == [True]


def test_notes_of_a_tile_are_kept_and_nothing_else():
    from hsi_viewer.core.progress import Note, Progress

    notes = Notes()
    for item in (Note("odd"), Progress("on"), Note("even"), Note("odd")):
        notes.report(item)
    assert notes.texts == ["odd", "even", "odd"]


@pytest.mark.parametrize(
    ("scene", "name"),
    [
        (Scene("a/flight.hdr"), "flight"),
        (Scene("a/.hdr"), "hdr"),
        (Scene("a/x.npy", name='5 < 6: "n"'), "5 _ 6_ _n_"),
        (Scene("a/x.npy", name=" . "), "_"),
        (Scene("a/x.npy", name="LPT1.old"), "LPT1.old_"),
        (Scene("a/x.npy", name="console"), "console"),
        (Scene("a/x.npy", name="x" * 101), "x" * 100),
    ],
)
def test_a_folder_is_called_as_its_scene_or_as_the_user_wants(scene, name):
    assert scene.wanted_name == name
    assert plain_name(name.removesuffix("_")) in (name, name.removesuffix("_"))


def test_a_source_by_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("two.npz", a=np.zeros(1))
    assert Scene("two.npz:a").whole_source == f"{tmp_path / 'two.npz'}:a"
    assert Scene("two.npz:a").wanted_name == "two_a"
    assert Scene("two.npz").whole_source == str(tmp_path / "two.npz")
    assert Scene("sample:indian-pines").whole_source == "sample:indian-pines"
