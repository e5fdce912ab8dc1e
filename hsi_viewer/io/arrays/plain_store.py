"""A Zarr store on the disk of which only files are read: a pipe in it would be waited for.

Import this module lazily: it needs the package zarr.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from zarr.storage import LocalStore


class PlainStore(LocalStore):
    """A folder of chunks and descriptions.

    Raises
    ------
    OSError
        if a pipe or a device is in the place of one of them.
    """

    def _check(self, key: str) -> None:
        path = self.root / key
        with suppress(FileNotFoundError, NotADirectoryError):
            mode = path.stat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise OSError(f"{path} is a pipe or a device")

    async def get(self, key: str, *arguments: Any, **options: Any) -> Any:
        """Bytes of a member."""
        self._check(key)
        return await super().get(key, *arguments, **options)

    def get_sync(self, key: str, *arguments: Any, **options: Any) -> Any:
        """The same, in this thread."""
        self._check(key)
        return super().get_sync(key, *arguments, **options)

    async def get_partial_values(
        self, prototype: Any, key_ranges: Iterable[tuple[str, Any]]
    ) -> list[Any]:
        """Parts of members."""
        wanted = list(key_ranges)
        for key, _ in wanted:
            self._check(key)
        return list(await super().get_partial_values(prototype, wanted))
