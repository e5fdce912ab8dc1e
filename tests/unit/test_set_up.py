"""The set-up script: what it looks for, what it installs, what it tells the user to type."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def script() -> ModuleType:
    return load("set_up")


@pytest.fixture
def linux(script, monkeypatch) -> ModuleType:
    """The script on a Linux without a display, without apt."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(script.shutil, "which", lambda name: None)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return script


def missing(script, monkeypatch, *packages: str) -> None:
    monkeypatch.setattr(
        script,
        "missing_packages",
        lambda libraries: [p for p in libraries.values() if p in packages],
    )


@pytest.mark.skipif(sys.platform == "win32", reason="shared libraries of Unix")
def test_a_library_is_missing_when_the_loader_does_not_find_it(script):
    libraries = {"libc.so.6": "libc6", "libnothing-of-the-kind.so.9": "libnothing9"}
    if sys.platform == "darwin":
        libraries = {"libSystem.dylib": "libc6", "libnothing.dylib": "libnothing9"}
    assert script.missing_packages(libraries) == ["libnothing9"]


def test_what_any_qt_program_needs_stops_the_set_up(linux, monkeypatch):
    missing(linux, monkeypatch, "libegl1", "libxcb-cursor0")
    with pytest.raises(linux.SetUpError, match="libegl1 libxcb-cursor0"):
        linux.provide_qt_libraries()


def test_what_only_a_window_needs_does_not_stop_a_machine_without_a_display(
    linux, monkeypatch, capsys
):
    missing(linux, monkeypatch, "libxcb-cursor0")
    linux.provide_qt_libraries()
    assert "libxcb-cursor0" in capsys.readouterr().out


def test_what_only_a_window_needs_stops_a_machine_with_a_display(linux, monkeypatch):
    missing(linux, monkeypatch, "libxcb-cursor0")
    monkeypatch.setenv("DISPLAY", ":0")
    with pytest.raises(linux.SetUpError, match="libxcb-cursor0"):
        linux.provide_qt_libraries()


def test_root_installs_with_apt_after_an_update_where_the_lists_are_old(linux, monkeypatch):
    missing(linux, monkeypatch, "libegl1")
    monkeypatch.setattr(linux.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(linux, "root_prefix", lambda: [])
    commands: list[list[str]] = []

    def runs(command: list[str]) -> bool:
        commands.append(command)
        return "update" in command or len(commands) == 3

    monkeypatch.setattr(linux, "_runs", runs)
    linux.provide_qt_libraries()
    assert ["update" in c for c in commands] == [False, True, False]
    assert commands[2][-1] == "libegl1"


def test_a_user_who_may_not_install_is_reported_the_apt_command(linux, monkeypatch):
    missing(linux, monkeypatch, "libegl1", "libgl1")
    monkeypatch.setattr(linux.shutil, "which", lambda name: "/usr/bin/apt-get")
    monkeypatch.setattr(linux, "root_prefix", lambda: None)
    with pytest.raises(linux.SetUpError, match="sudo apt-get install -y libegl1 libgl1"):
        linux.provide_qt_libraries()


def test_without_the_venv_module_the_package_is_named(linux, monkeypatch):
    monkeypatch.setattr(linux.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(linux.SetUpError, match=rf"python3\.{sys.version_info.minor}-venv"):
        linux.provide_venv()


def test_the_cpu_build_of_torch_is_taken_only_on_linux_without_a_card(linux, monkeypatch):
    monkeypatch.setattr(linux.Path, "exists", lambda path: False)
    monkeypatch.setattr(linux, "answers", lambda address: True)
    assert linux.torch_index() == ["--extra-index-url", linux.CPU_TORCH]
    monkeypatch.setattr(linux.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    assert linux.torch_index() == []
    monkeypatch.setattr(sys, "platform", "darwin")
    assert linux.torch_index() == []


def test_an_index_that_does_not_answer_is_not_used(linux, monkeypatch):
    monkeypatch.setattr(linux.Path, "exists", lambda path: False)
    monkeypatch.setattr(linux, "CPU_TORCH", "http://127.0.0.1:9")
    assert linux.torch_index() == []


def test_uv_looks_where_pip_is_told_to_look(script):
    listed = (
        ":env:.find-links='/opt/wheels'\nglobal.cert='/etc/ssl/ca.crt'\n"
        "global.extra-index-url='https://a.org/simple https://b.org/simple'\n"
        "global.find-links='/opt/wheels'\n"
    )
    assert script.pip_settings(listed) == {
        "find-links": ["/opt/wheels"],
        "cert": ["/etc/ssl/ca.crt"],
        "extra-index-url": ["https://a.org/simple", "https://b.org/simple"],
    }
    assert script.pip_settings("") == {}


def test_where_pip_may_use_no_index_uv_is_not_asked(script, monkeypatch):
    listed = subprocess.CompletedProcess([], 0, "global.no-index='true'\n", "")
    monkeypatch.setattr(script.subprocess, "run", lambda *_args, **_options: listed)
    assert script.uv_of(Path("python"), ["pip"]) == []
    listed.stdout = "global.timeout='60'\n"
    assert script.uv_of(Path("python"), ["pip"])[1:3] == ["-m", "uv"]


@pytest.mark.parametrize("uv", ["works", "fails", "is not there"])
def test_what_uv_cannot_install_pip_does(script, monkeypatch, uv):
    asked: list[list[str]] = []

    def run(command, **_options):
        asked.append(command)
        refused = script.UV in command if uv == "is not there" else "uv" in command
        return subprocess.CompletedProcess(command, int(refused and uv != "works"), "", "")

    monkeypatch.setattr(script.subprocess, "run", run)
    monkeypatch.setattr(script, "torch_index", lambda: [])
    script.install(Path("python"))
    by_pip = [c for c in asked if c[1:4] == ["-m", "pip", "install"] and "-c" in c]
    by_uv = [c for c in asked if "uv" in c and "-c" in c]
    assert len(by_uv) == {"works": 2, "fails": 1, "is not there": 0}[uv]
    assert len(by_pip) == (0 if uv == "works" else 2)
    assert "torch" in (by_pip or by_uv)[0]


def test_pins_leave_out_tools_paths_and_local_versions():
    frozen = "numpy==2.4.6\nhsi-viewer @ file:///x\ntorch==2.13.0+cpu\nJinja2==3.1.6\npip==26.0\n"
    assert load("pin").pins(frozen) == ["Jinja2==3.1.6", "numpy==2.4.6", "torch==2.13.0"]


FAKE_PYTHON = "#!/bin/sh\nexit {status}\n"


@pytest.fixture
def find_python(tmp_path):
    """Run find_python.sh with a PATH of fake interpreters: name -> exit status of the check."""

    def find(interpreters: dict[str, int], **environment: str):
        for number, (name, status) in enumerate(interpreters.items()):
            folder = tmp_path / str(number)
            folder.mkdir()
            (folder / name).write_text(FAKE_PYTHON.format(status=status), encoding="utf-8")
            (folder / name).chmod(0o755)
        path = ":".join(str(tmp_path / str(n)) for n in range(len(interpreters)))
        return subprocess.run(
            ["/bin/sh", str(SCRIPTS / "find_python.sh")],
            env={"PATH": path, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return find


def test_a_launcher_without_its_python_is_passed_over(find_python, tmp_path):
    found = find_python({"python3.11": 127, "python3.12": 0})
    assert found.stdout.strip() == str(tmp_path / "1" / "python3.12")


def test_a_python_of_another_version_is_passed_over(find_python, tmp_path):
    assert find_python({"python3": 1, "python": 0}).stdout.strip() == str(tmp_path / "1" / "python")


def test_no_python_at_all_says_what_to_install(find_python):
    found = find_python({"python3": 1})
    assert found.returncode == 1
    assert "apt-get install python3" in found.stderr
