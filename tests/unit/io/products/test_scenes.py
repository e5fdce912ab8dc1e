"""Public scenes, from a server of our own: fetched once, resumed, checked, cancelled."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import scipy.io

from hsi_viewer.core.errors import FileError
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.products import public_scenes
from hsi_viewer.io.products.public_scenes import RemoteFile, fetch


@dataclass
class Server:
    """Files by name, and how it was asked for them."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str | None] = field(default_factory=list)
    break_after: int | None = None

    def remote(self, name, checked=True, array="cube"):
        digest = hashlib.sha256(self.files[name]).hexdigest() if checked else None
        return RemoteFile(f"{self.url}/{name}", array, digest)


@pytest.fixture
def server(monkeypatch):
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            state.asked.append(self.headers.get("Range"))
            whole = state.files.get(self.path.strip("/"))
            if whole is None:
                self.send_error(404)
                return
            start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(whole) - start))
            self.end_headers()
            self.wfile.write(whole[start : state.break_after])

        def log_message(self, *_):
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        http.shutdown()
        thread.join()


class Port:
    def __init__(self):
        self.fractions = []

    def report(self, item):
        self.fractions.append(item.fraction)


def test_fetched_once_with_progress(server):
    server.files["a.bin"] = bytes(range(256)) * 4000
    port = Port()
    first = fetch(server.remote("a.bin"), port=port)
    assert first.read_bytes() == server.files["a.bin"]
    assert port.fractions[-1] == 1.0
    assert port.fractions == sorted(port.fractions)
    assert fetch(server.remote("a.bin")) == first
    assert server.asked == [None]


def test_a_broken_download_is_resumed(server):
    server.files["a.bin"] = np.random.default_rng(0).bytes(1_000_000)
    server.break_after = 600_000
    with pytest.raises(FileError, match=r"could not be fetched"):
        fetch(server.remote("a.bin"))
    server.break_after = None
    assert fetch(server.remote("a.bin")).read_bytes() == server.files["a.bin"]
    assert server.asked[0] is None
    kept = int(server.asked[1].removeprefix("bytes=").removesuffix("-"))
    assert 0 < kept <= 600_000
    assert not list(public_scenes.cache_folder().glob("*.part"))


def test_a_wrong_checksum_is_refused(server):
    server.files["a.bin"] = b"expected"
    remote = server.remote("a.bin")
    server.files["a.bin"] = b"something else"
    with pytest.raises(FileError, match="hash"):
        fetch(remote)
    assert not (public_scenes.cache_folder() / "a.bin").exists()


def test_without_a_known_checksum_the_first_one_counts(server):
    server.files["a.bin"] = b"first"
    remote = server.remote("a.bin", checked=False)
    path = fetch(remote)
    path.unlink()
    server.files["a.bin"] = b"other"
    with pytest.raises(FileError, match="hash"):
        fetch(remote)


def test_cancel_keeps_what_came_for_the_next_time(server):
    server.files["a.bin"] = bytes(3_000_000)
    token = CancelToken()

    class Cancelling(Port):
        def report(self, item):
            token.cancel()

    with pytest.raises(TaskCancelledError):
        fetch(server.remote("a.bin"), token, Cancelling())
    assert (public_scenes.cache_folder() / "a.bin.part").stat().st_size > 0
    assert not (public_scenes.cache_folder() / "a.bin").exists()


def test_no_network_is_reported():
    with pytest.raises(FileError, match="no network or the server is unavailable"):
        fetch(RemoteFile("http://127.0.0.1:9/a.mat", "cube", None))


def test_not_there_is_reported(server):
    server.files["a.bin"] = b"x"
    remote = server.remote("a.bin")
    server.files.clear()
    with pytest.raises(FileError, match="404"):
        fetch(remote)


def test_a_scene_with_its_labels(server, monkeypatch, tmp_path):
    cube, truth = np.arange(60, dtype="u2").reshape(3, 4, 5), np.ones((3, 4), "u1")
    for name, content in (("cube.mat", {"x": cube}), ("gt.mat", {"y": truth})):
        scipy.io.savemat(tmp_path / name, content)
        server.files[name] = (tmp_path / name).read_bytes()
    scene = public_scenes.Scene(
        "tiny",
        "Tiny",
        "about it",
        server.remote("cube.mat", array="x"),
        server.remote("gt.mat", array="y"),
        {1: "Grass"},
    )
    monkeypatch.setattr(public_scenes, "scenes", lambda: {"tiny": scene})
    opened = open_cube("scene:tiny")
    np.testing.assert_array_equal(opened.read(), cube)
    assert (opened.name, opened.about) == ("Tiny", "about it")
    labels = read_labels(opened.ground_truth)
    np.testing.assert_array_equal(labels.ids, truth)
    assert labels.names == {1: "Grass"}
    with pytest.raises(FileError, match='no public scene "other"; choose from tiny'):
        open_cube("scene:other")


def test_the_address_list_is_complete():
    for scene in public_scenes.scenes().values():
        for remote in (scene.cube, scene.labels):
            assert remote.url.startswith("https://")
            assert remote.name.endswith(".mat")
        assert scene.about
        assert min(scene.class_names) == 1


@pytest.mark.real_data
def test_known_checksums_are_those_of_the_files(data_dir):
    for name, key in (("PaviaU_gt.mat", "pavia-university"), ("Salinas_gt.mat", "salinas")):
        digest = hashlib.sha256((data_dir / "ground_truth" / name).read_bytes()).hexdigest()
        assert public_scenes.scenes()[key].labels.sha256 == digest
