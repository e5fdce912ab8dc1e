"""Files are known again by their contents: small ones by all of them, large ones by blocks."""

from __future__ import annotations

import hashlib
import os

import pytest

from hsi_viewer.core.errors import FileError
from hsi_viewer.jobs.batch import digests
from hsi_viewer.jobs.batch.digests import bytes_digest, digest_of, file_digest, input_record


def sha256(values: bytes) -> str:
    return hashlib.sha256(values).hexdigest()


def test_a_record_has_one_digest_whatever_the_order_of_its_keys():
    assert digest_of({"b": [1, None], "a": "é"}) == sha256(b'{"a": "\\u00e9", "b": [1, null]}')
    assert digest_of({"a": "é", "b": [1, None]}) == digest_of({"b": [1, None], "a": "é"})
    with pytest.raises(ValueError, match="JSON"):
        digest_of([float("nan")])
    assert bytes_digest(b"ab") == sha256(b"ab")


def test_files_are_listed_by_name_size_and_digest(tmp_path):
    store = tmp_path / "store.zarr"
    (store / "c").mkdir(parents=True)
    (store / "c" / "0").write_bytes(b"chunk")
    (store / "meta").write_bytes(b"{}")
    (tmp_path / "a.img").write_bytes(b"12345")
    assert input_record({store, tmp_path / "a.img"}) == [
        {"name": "a.img", "bytes": 5, "sha256": sha256(b"12345")},
        {"name": "store.zarr/c/0", "bytes": 5, "sha256": sha256(b"chunk")},
        {"name": "store.zarr/meta", "bytes": 2, "sha256": sha256(b"{}")},
    ]
    for read in (file_digest, lambda path: input_record([path])):
        with pytest.raises(FileError, match=r"none\.img could not be read: No such file"):
            read(tmp_path / "none.img")


@pytest.mark.parametrize("size", [100, 101])
def test_a_large_file_is_known_by_its_time_and_by_blocks_from_its_first_to_its_last_byte(
    tmp_path, monkeypatch, size
):
    monkeypatch.setattr(digests, "WHOLE", 100)
    monkeypatch.setattr(digests, "BLOCK", 10)
    monkeypatch.setattr(digests, "BLOCKS", 4)
    path, values = tmp_path / "large.img", bytes(range(size))
    path.write_bytes(values)
    os.utime(path, ns=(1, 2_000_000_000))
    (found,) = input_record([path])
    assert found.pop("name") == "large.img"
    assert found.pop("bytes") == size
    if size == 100:
        assert found == {"sha256": sha256(values)}
    else:
        starts = (0, 30, 60, 91)
        seen = b"".join(values[start : start + 10] for start in starts)
        assert found == {"modified": 2_000_000_000, "sha256 of blocks": sha256(seen)}


def test_of_files_of_any_size_that_fit_into_memory_a_quarter_gigabyte_is_read():
    assert (digests.WHOLE, digests.BLOCKS * digests.BLOCK) == (256 * 2**20, 4 * 2**20)
