"""Public scenes by name, fetched once and kept: "scene:salinas", "scene:salinas/labels".

The addresses are in resources/scenes/public_scenes.json.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import platformdirs
from msgspec import Struct

from hsi_viewer.atomic import replacing
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError
from hsi_viewer.core.paths import resource_path
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.core.validation import parsed
from hsi_viewer.io.arrays.mat import open_mat
from hsi_viewer.io.files.reading import Reading

PREFIX = "scene:"
LABELS = "/labels"
TIMEOUT_SECONDS = 30
PIECE_BYTES = 1 << 18


class RemoteFile(Struct, frozen=True):
    """One file of a scene.

    Attributes
    ----------
    url : where it is.
    array : variable that holds the cube or the labels.
    sha256 : checksum, or None if only what was fetched first can be held against it.
    """

    url: str
    array: str
    sha256: str | None

    @property
    def name(self) -> str:
        """Name of the file in the cache."""
        return self.url.rsplit("/", 1)[-1]


class Scene(Struct, frozen=True):
    """A public scene."""

    id: str
    title: str
    about: str
    cube: RemoteFile
    labels: RemoteFile
    class_names: dict[int, str]


class Listed(Struct, frozen=True):
    """A scene in the list."""

    title: str
    about: str
    cube: RemoteFile
    labels: RemoteFile
    class_names: tuple[str, ...]


class SceneList(Struct, frozen=True):
    """The list of public scenes by id, and where they come from."""

    source: str
    scenes: dict[str, Listed]


def scenes() -> dict[str, Scene]:
    """All public scenes by id."""
    listed = parsed(SceneList, resource_path("scenes", "public_scenes.json").read_bytes())
    return {
        key: Scene(
            key,
            entry.title,
            f"# {entry.title}\n\n{entry.about}\n\nSource: {listed.source}",
            entry.cube,
            entry.labels,
            dict(enumerate(entry.class_names, start=1)),
        )
        for key, entry in listed.scenes.items()
    }


def scene_of(source: str) -> Scene:
    """The scene that a source such as "scene:salinas/labels" names.

    Raises
    ------
    FileError
        if there is none of this name.
    """
    known = scenes()
    key = source.removeprefix(PREFIX).removesuffix(LABELS)
    if key not in known:
        raise FileError(f'There is no public scene "{key}"; choose from {", ".join(known)}.')
    return known[key]


def cache_folder() -> Path:
    """Folder of downloaded files."""
    return Path(platformdirs.user_cache_dir("hsi-viewer", appauthor=False)) / "scenes"


def open_scene(
    source: str, token: CancelToken | None = None, port: ProgressPort | None = None
) -> HyperCube:
    """The cube of a public scene, fetched if it is not in the cache.

    Raises
    ------
    FileError
        if it is not known or cannot be fetched.
    """
    scene = scene_of(source)
    path = fetch(scene.cube, token, port)
    cube = open_mat(path, Reading(name=scene.cube.array))
    return replace(
        cube,
        name=scene.title,
        about=scene.about,
        class_names=scene.class_names,
        ground_truth=f"{PREFIX}{scene.id}{LABELS}",
    )


def fetch(
    remote: RemoteFile, token: CancelToken | None = None, port: ProgressPort | None = None
) -> Path:
    """Path of a file in the cache; what is missing is fetched, what broke off is resumed.

    Raises
    ------
    FileError
        if there is no network, or what came is not what was expected.
    """
    import pooch  # with requests, 0.1 s that a list of scenes does not wait for
    import requests

    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    recorded = folder / f"{remote.name}.sha256"
    known = remote.sha256 or (recorded.read_text().strip() if recorded.is_file() else None)
    pooch.get_logger().setLevel("WARNING")  # progress goes to the port, not to the terminal
    download = _Download(token or CancelToken(), port or SilentPort())
    try:
        path = pooch.retrieve(
            remote.url,
            known_hash=None if known is None else f"sha256:{known}",
            fname=remote.name,
            path=folder,
            downloader=download,
        )
    except requests.ConnectionError as error:
        raise FileError(
            f"{remote.name} could not be fetched from {remote.url}: there is no network or the "
            "server is unavailable. The sample scene needs no network."
        ) from error
    except (requests.RequestException, ValueError, OSError) as error:
        raise FileError(f"{remote.name} could not be fetched from {remote.url}: {error}") from error
    if known is None:
        with replacing(recorded) as (new,):
            new.write_text(pooch.file_hash(path, "sha256"), encoding="ascii")
    return Path(path)


class _Download:
    """A pooch downloader that reports, can be cancelled, and continues where it broke off."""

    def __init__(self, token: CancelToken, port: ProgressPort) -> None:
        self._token, self._port = token, port

    def __call__(self, url: str, output_file: str, owner: Any) -> None:
        """Fetch a file to the path that pooch gives."""
        import requests

        name = url.rsplit("/", 1)[-1]
        part = cache_folder() / f"{name}.part"
        have = part.stat().st_size if part.is_file() else 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                part.unlink()
                raise requests.HTTPError(
                    "the kept part of an interrupted download did not match; try again"
                )
            answer.raise_for_status()
            resumed = answer.status_code == requests.codes.partial_content
            have = have if resumed else 0
            length = answer.headers.get("Content-Length")
            total = None if length is None else have + int(length)
            with part.open("ab" if resumed else "wb") as file:
                for piece in answer.iter_content(PIECE_BYTES):
                    self._token.check()
                    file.write(piece)
                    have += len(piece)
                    share = have / total if total else None
                    self._port.report(Progress(f"Fetching {name}", share))
        if total is not None and have < total:
            raise requests.ConnectionError(f"the connection ended after {have} of {total} bytes")
        part.replace(output_file)
