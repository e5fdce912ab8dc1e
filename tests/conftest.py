"""What every test shares: real data, settings of its own, and nothing left running behind it."""

from __future__ import annotations

import os

# Before Qt and torch are imported anywhere. Threads of torch that spin while they wait are slow
# beside another process.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if "PYTEST_XDIST_WORKER" in os.environ:  # a worker has one core, and so have its children
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import gc
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.patience import PATIENCE

PROJECT = Path(__file__).resolve().parents[1]
MANY = 20_000  # objects, which the collector looks through in a few milliseconds

# Hypothesis sets no limits of time, which fail on a busy machine, and takes 40 examples: a fault
# that so few miss is met by the next run, whose are others. In CI they are the same each time: new
# ones are for developers to meet, not for whoever happens to land next. Where only the failure
# counts (benchmarks.mutants), no smallest example is looked for: that takes minutes.
skipped = {Phase.shrink, Phase.explain} if os.environ.get("HSI_NO_SHRINKING") else set[Phase]()
settings.register_profile(
    "patient",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=40,
    derandomize=bool(os.environ.get("CI")),
    phases=tuple(phase for phase in Phase if phase not in skipped),
)
settings.load_profile("patient")

_blocks = 0  # of `leaving_nothing` that run, one within another


def data_folder() -> Path:
    """The folder of real files that HSI_TEST_DATA names, by default beside the project."""
    return Path(os.environ.get("HSI_TEST_DATA") or PROJECT.parent / "shared" / "data").resolve()


def _present(folder: Path) -> Path:
    if folder.is_dir():
        return folder
    reason = f"{folder} is absent: set HSI_TEST_DATA to the folder of real data"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real files; absent: the test is skipped, on CI it fails."""
    return _present(data_folder())


@pytest.fixture(scope="session")
def bench_dir() -> Path:
    """Folder of the benchmark's label lists, beside the data."""
    return _present(data_folder().parent / "bench")


@pytest.fixture(scope="session", autouse=True)
def own_font_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One matplotlib folder for the session: listing the fonts again in each test is slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLCONFIGDIR", str(tmp_path_factory.mktemp("matplotlib")))
        yield


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test an empty home, so that nobody's real settings are read or written."""
    return live_in(tmp_path / "home", monkeypatch)


@pytest.fixture
def few_steps() -> Iterator[None]:
    """The network is trained in fewer steps; the map of the sample scene needs no more."""
    with training_briefly():
        yield


@contextmanager
def training_briefly() -> Iterator[None]:
    """Train in few steps within the block, as `few_steps` does for a test."""
    from hsi_viewer.learning.recipe import PRESETS

    with pytest.MonkeyPatch.context() as patch:
        for name, preset in PRESETS.items():
            fewer = replace(preset, training=replace(preset.training, steps=20))
            patch.setitem(PRESETS, name, fewer)
        yield


def live_in(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let settings, and all else that the application keeps, be in a folder, which is made.

    Those in it are made by what writes there, as in a new home.
    """
    home.mkdir(parents=True, exist_ok=True)
    variables = {
        "HOME": home,
        "USERPROFILE": home,
        "APPDATA": home / "roaming",
        "LOCALAPPDATA": home / "local",
        "XDG_CONFIG_HOME": home / "config",
        "XDG_DATA_HOME": home / "data",
        "XDG_CACHE_HOME": home / "cache",
        "XDG_STATE_HOME": home / "state",
    }
    for name, folder in variables.items():
        monkeypatch.setenv(name, str(folder))
    monkeypatch.delenv("XDG_CONFIG_DIRS", raising=False)
    if "PySide6.QtCore" in sys.modules:
        _point_qt_settings_to(home / "config")
    return home


def _point_qt_settings_to(folder: Path) -> None:
    """QSettings reads the environment once a process, so its folder is set by hand."""
    from PySide6.QtCore import QSettings

    for scope in (QSettings.Scope.UserScope, QSettings.Scope.SystemScope):
        for kind in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
            QSettings.setPath(kind, scope, str(folder))


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test of the interface after which a thread runs or a window exists.

    Where the tests of a file share a window, the file fails (`kept_window`).
    """
    folder = Path(str(request.node.path)).relative_to(PROJECT / "tests").parts[0]
    if folder not in {"gui", "e2e"} or "kept_window" in request.fixturenames:
        yield
        return
    with leaving_nothing():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while tests are collected: all that is made stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def leaving_nothing() -> Iterator[None]:
    """Fail if a thread runs or a window exists after the block that was not there before it."""
    global _blocks
    if not _blocks:  # else there is a window, which would never be collected
        _pass_over_what_stays()
    threads = set(threading.enumerate())
    windows = set(_top_level_widgets())
    workers = _running_qthreads()
    _blocks += 1
    yield
    _blocks -= 1
    deadline, pause = time.monotonic() + PATIENCE, 0.0
    while left := _left_behind(threads, windows, workers):
        if time.monotonic() > deadline:
            pytest.fail("left behind: " + "; ".join(left))
        _process_deferred_deletes()
        time.sleep(pause)  # collecting again and again holds up a thread that loads modules
        pause = min(0.2, 2 * pause + 0.001)


def _pass_over_what_stays() -> None:
    """Look no more through imports and the list of tests: that takes longer than most tests.

    The application lets the collector look again through all there is when its window closes.
    """
    if len(gc.get_objects(generation=2)) > MANY:
        gc.collect()
        gc.freeze()


def _left_behind(threads: set[threading.Thread], windows: set[int], workers: set[int]) -> list[str]:
    """Name what exists now and did not before the test."""
    left = [f"thread {t.name}" for t in threading.enumerate() if _is_new(t, threads)]
    left += [f"widget {w!r}" for key, w in _top_level_widgets().items() if key not in windows]
    return left + ["a running QThread"] * len(_running_qthreads() - workers)


def _is_new(thread: threading.Thread, before: set[threading.Thread]) -> bool:
    # A QThread that runs Python code appears as a _DummyThread that never ends: it is counted
    # as a QThread instead.
    is_dummy = isinstance(thread, threading._DummyThread)
    return thread.is_alive() and thread not in before and not is_dummy


def _application():
    """The QApplication, or None; Qt is not imported for it."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    return widgets.QApplication.instance() if widgets else None


def _top_level_widgets() -> dict[int, object]:
    """Top-level widgets by the address of their C++ object, which outlives its wrappers."""
    app = _application()
    if app is None:
        return {}
    from shiboken6 import getCppPointer

    return {getCppPointer(w)[0]: w for w in app.topLevelWidgets()}


def _running_qthreads() -> set[int]:
    """Running threads of Qt but this one, by the address of their C++ object."""
    core = sys.modules.get("PySide6.QtCore")
    if core is None:
        return set()
    from shiboken6 import getAllValidWrappers, getCppPointer

    main = core.QThread.currentThread()
    threads = (o for o in getAllValidWrappers() if isinstance(o, core.QThread) and o is not main)
    return {getCppPointer(thread)[0] for thread in threads if thread.isRunning()}


def _process_deferred_deletes() -> None:
    """Let Qt delete what was told to go, and the interpreter what nobody holds."""
    app = _application()
    if app is not None:
        from PySide6.QtCore import QCoreApplication, QEvent

        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        app.processEvents()
    gc.collect()
