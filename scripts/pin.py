"""Write constraints.txt: the newest versions that pip finds, installed in an empty environment."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
HEADER = "# What CI ran (Python {version}). Regenerate: make constraints\n"
TOOLS = {"pip", "setuptools", "wheel"}


def pins(frozen: str) -> list[str]:
    """Lines "name==version" of `pip freeze`, without local versions such as +cpu."""
    lines = (re.sub(r"\+[\w.]+$", "", line) for line in frozen.splitlines() if "==" in line)
    named = {line.split("==")[0].lower(): line for line in lines}
    return [named[name] for name in sorted(named) if name not in TOOLS]


def main() -> None:
    """Install, freeze, write."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [str(Path(folder) / "bin" / "python"), "-m", "pip"]
        subprocess.run([*pip, "install", "-q", f"{PROJECT}[dev]"], check=True)
        frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    text = HEADER.format(version=version) + "\n".join(pins(frozen.stdout)) + "\n"
    (PROJECT / "constraints.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
