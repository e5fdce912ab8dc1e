"""KeyMap: which keys start which command — the defaults, and what the user changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtGui import QKeySequence

RESERVED = frozenset(
    ("Space", "Left", "Right", "Up", "Down", "Return", "Enter", "Backspace", "Tab", "Shift+Tab")
)  # the image, lists and dialogs need them


def portable(keys: str) -> str:
    """A key sequence written in the one way that is stored and compared; "" if it is not one."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText)


def readable(keys: Sequence[str]) -> str:
    """Key sequences as the platform writes them, with commas between."""
    native = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(k).toString(native) for k in keys)


class KeyMap:
    """Keys by command; no key ever starts two commands.

    Parameters
    ----------
    defaults : keys of every command by its id.
    changed : what the user changed, by id; no keys means none. A choice of the user wins over a
        default; what is not a key, is reserved, or was given to two commands is left out.

    Attributes
    ----------
    problems : a sentence for each change that could not be taken over.

    Raises
    ------
    ValueError
        if two commands share a default.
    """

    def __init__(
        self,
        defaults: Mapping[str, Sequence[str]],
        changed: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._defaults: dict[str, tuple[str, ...]] = {}
        owners: dict[str, str] = {}
        for command, keys in defaults.items():
            self._defaults[command] = tuple(portable(k) for k in keys)
            for key in self._defaults[command]:
                if key in owners:
                    raise ValueError(f"{key} starts both {owners[key]} and {command}")
                owners[key] = command
        self._keys = dict(self._defaults)
        self.problems: list[str] = []
        self._take_over(changed or {})

    def _take_over(self, changed: Mapping[str, Sequence[str]]) -> None:
        chosen: dict[str, str] = {}
        for command, keys in changed.items():
            if command not in self._defaults:
                continue
            kept = []
            for key in map(portable, keys):
                if not key or key in RESERVED:
                    self.problems.append(f"“{key or '?'}” cannot be used for {command}.")
                elif key in chosen:
                    self.problems.append(f"{key} was given to both {chosen[key]} and {command}.")
                else:
                    chosen[key] = command
                    kept.append(key)
            if kept or not keys:
                self._give(command, tuple(kept))

    def keys(self, command: str) -> tuple[str, ...]:
        """The keys of a command now."""
        return self._keys[command]

    def owner(self, key: str) -> str | None:
        """Id of the command that a key starts, or None."""
        key = portable(key)
        return next((c for c, keys in self._keys.items() if key in keys), None)

    def is_changed(self, command: str) -> bool:
        """Whether the keys differ from the defaults."""
        return self._keys[command] != self._defaults[command]

    @property
    def changed(self) -> dict[str, list[str]]:
        """All keys that differ from the defaults, as they are stored."""
        return {c: list(keys) for c, keys in self._keys.items() if self.is_changed(c)}

    def disabled_reason(self, key: str) -> str | None:
        """Why a key cannot start any command, or None."""
        if not portable(key):
            return "That isn't a key."
        if portable(key) in RESERVED:
            return f"{readable([key])} is reserved for moving in the window and in lists."
        return None

    def assign(self, command: str, key: str) -> None:
        """Make a key the only one of a command; who had it before loses it.

        Raises
        ------
        ValueError
            if the key cannot start a command.
        """
        reason = self.disabled_reason(key)
        if reason is not None:
            raise ValueError(reason)
        self._give(command, (portable(key),))

    def clear(self, command: str) -> None:
        """Leave a command without keys."""
        self._keys[command] = ()

    def reset(self, command: str) -> None:
        """Give a command its default keys; who has them now loses them."""
        self._give(command, self._defaults[command])

    def reset_all(self) -> None:
        """Give every command its default keys."""
        self._keys = dict(self._defaults)

    def _give(self, command: str, keys: tuple[str, ...]) -> None:
        for other, theirs in self._keys.items():
            if other != command and set(theirs) & set(keys):
                self._keys[other] = tuple(k for k in theirs if k not in keys)
        self._keys[command] = keys
