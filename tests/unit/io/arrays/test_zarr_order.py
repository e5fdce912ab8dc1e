"""Arrays of a Zarr store are listed by name: they are read all at once, and end in any order."""

from __future__ import annotations

import numpy as np
import pytest
import zarr
from zarr.core.sync import cleanup_resources

from hsi_viewer.io.arrays.zarr_store import ZarrFolder


@pytest.mark.parametrize("turned", [False, True])
def test_the_order_of_the_arrays_is_that_of_their_names(tmp_path, monkeypatch, turned):
    root = zarr.open_group(tmp_path / "made.zarr", mode="w", zarr_format=3)
    for group in (root, root.create_group("middle")):
        for name in ("second", "first", "third"):
            group.create_array(name, data=np.ones((4, 5), np.int8))
    listed = zarr.Group.members

    def in_some_order(self, max_depth=0):
        found = sorted(listed(self, max_depth=max_depth))
        return tuple(reversed(found)) if turned else tuple(found)

    monkeypatch.setattr(zarr.Group, "members", in_some_order)
    names = list(ZarrFolder(tmp_path / "made.zarr").arrays)
    assert names == ["first", "second", "third", "middle/first", "middle/second", "middle/third"]
    cleanup_resources()  # the threads of zarr
