"""Make the virtual environment: python scripts/set_up.py .venv (what `make` does first).

Needs nothing but a Python 3.11 to 3.13. Looks for what pip cannot install: the venv module and the
system libraries that Qt loads; installs them with apt where that is allowed, and else prints
the one command to type.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
CPU_TORCH = "https://download.pytorch.org/whl/cpu"
ANSWER_SECONDS = 5
UV = "uv==0.13.9"
OPTIONS_OF_UV = {
    "index-url": "--default-index",
    "extra-index-url": "--extra-index-url",
    "find-links": "--find-links",
    "constraint": "-c",
    "trusted-host": "--allow-insecure-host",
}

# Shared library -> Debian package. The first group is needed even without a window.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
}
WINDOW_LIBRARIES = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
# Where pip is told more, about what may be fetched and how, only pip does as it is told.
OF_PIP_ALONE = {"no-index", "no-binary", "only-binary", "proxy", "client-cert", "require-hashes"}


class SetUpError(Exception):
    """Set-up cannot go on; the message ends with what to type."""


def missing_packages(libraries: dict[str, str]) -> list[str]:
    """Packages of the shared libraries that the loader does not find."""
    return [package for name, package in libraries.items() if not _loads(name)]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_display() -> bool:
    """Whether a window could be shown."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def root_prefix() -> list[str] | None:
    """What to put before a command to run it as root without a question; None: not possible."""
    if os.geteuid() == 0:
        return []
    asks_nothing = shutil.which("sudo") and _runs(["sudo", "-n", "true"])
    return ["sudo", "-n"] if asks_nothing else None


def _runs(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def install_with_apt(packages: list[str]) -> bool:
    """Install Debian packages if apt is here and may be used; True if that worked."""
    prefix = root_prefix()
    if not shutil.which("apt-get") or prefix is None:
        return False
    print("Installing", *packages, flush=True)
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    return _runs(install) or (_runs([*apt, "update"]) and _runs(install))


def command_to_type(packages: Iterable[str]) -> str:
    """The command that installs packages, for this machine's package manager."""
    names = " ".join(packages)
    if shutil.which("apt-get"):
        return f"sudo apt-get install -y {names}"
    return f"install with your package manager what Debian calls: {names}"


def provide_qt_libraries() -> None:
    """Install what Qt needs from the system, or say what to type.

    Raises
    ------
    SetUpError
        if the application could not run without what is missing.
    """
    if sys.platform != "linux":
        return
    needed, wanted = missing_packages(QT_LIBRARIES), missing_packages(WINDOW_LIBRARIES)
    if not needed + wanted or install_with_apt(needed + wanted):
        return
    advice = (
        f"Qt needs system libraries that are not here. Type:\n  {command_to_type(needed + wanted)}"
    )
    if needed or has_display():
        raise SetUpError(advice + "\nand run make again.")
    print(advice, "\n(only a window needs them: going on without)", flush=True)


def provide_venv() -> None:
    """Install the venv module where Debian left it out, or say what to type.

    Raises
    ------
    SetUpError
        if it is missing and cannot be installed.
    """
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return
    package = f"python3.{sys.version_info.minor}-venv"
    if not install_with_apt([package]):
        raise SetUpError(
            f"This Python has no venv module. Type:\n  {command_to_type([package])}\n"
            "and run make again."
        )


def make_environment(folder: Path) -> Path:
    """Create the virtual environment unless a working one is there; return its Python."""
    python = folder / "bin" / "python"
    if not (python.exists() and _runs([str(python), "-m", "pip", "--version"])):
        print(f"Creating {folder} with Python {sys.version.split()[0]}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    return python


def torch_index() -> list[str]:
    """Options for pip: without an NVIDIA card, Linux takes the CPU build (0.2 instead of 3 GB)."""
    has_card = Path("/proc/driver/nvidia").exists() or shutil.which("nvidia-smi")
    if sys.platform != "linux" or has_card or not answers(CPU_TORCH):
        return []
    return ["--extra-index-url", CPU_TORCH]


def answers(address: str) -> bool:
    """Whether a server can be reached; pip itself would try for minutes."""
    try:
        with urllib.request.urlopen(f"{address}/torch/", timeout=ANSWER_SECONDS):  # noqa: S310
            return True
    except OSError:
        return False


def install(python: Path) -> None:
    """Install the pinned dependencies and the project itself, editable.

    What is used is compiled when it is first imported: most of it never is.

    Raises
    ------
    CalledProcessError
        if neither uv nor pip can.
    """
    print("Installing the dependencies: about 1 GB, some minutes the first time", flush=True)
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-compile"]
    uv = uv_of(python, pip)
    if not (uv and all(_succeeds([*uv, *what]) for what in wanted())):
        for what in wanted():
            subprocess.run([*pip, *what], check=True)


def wanted() -> Iterator[list[str]]:
    """What is installed, one after the other."""
    pins = ["-c", str(PROJECT / "constraints.txt")]
    yield [*pins, "--no-deps", *torch_index(), "torch"]
    yield [*pins, "-e", f"{PROJECT}[dev]"]


def uv_of(python: Path, pip: list[str]) -> list[str]:
    """Command of uv, which takes a tenth of the time; empty where it can't be had.

    It looks where pip is told to look: at the same indexes, with the same certificate.
    """
    if not _runs([*pip, UV]):
        return []
    command = [str(python), "-m", "uv", "pip", "install", "--python", str(python)]
    command += ["--index-strategy", "unsafe-best-match"]  # of all indexes, as pip
    said = subprocess.run(
        [str(python), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    settings = pip_settings(said.stdout)
    if settings.keys() & OF_PIP_ALONE:
        return []
    for name, option in OPTIONS_OF_UV.items():
        for value in settings.get(name, []):
            command += [option, value]
    if "cert" in settings:
        os.environ.setdefault("SSL_CERT_FILE", settings["cert"][-1])
    return command


def pip_settings(listed: str) -> dict[str, list[str]]:
    """Values by name of what `pip config list` prints, each of them once."""
    settings: dict[str, list[str]] = {}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        values = settings.setdefault(key.rpartition(".")[2], [])
        values += [v for v in value.strip().strip("'\"").split() if v not in values]
    return settings


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, check=False).returncode == 0


def main(folder: Path) -> int:
    """Set everything up; return the exit status."""
    try:
        provide_venv()
        provide_qt_libraries()
        install(make_environment(folder))
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print("Set-up stopped, this failed:", *error.cmd, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
