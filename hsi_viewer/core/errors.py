"""The errors that users see: each says what is wrong and what to do."""

from hsi_viewer.core.text import message


class HsiError(Exception):
    """Base of every error that is shown to the user as one message.

    What it quotes may come from a hostile file: see `text.message`.
    """

    def __init__(self, *parts: object) -> None:
        super().__init__(*(message(part) if isinstance(part, str) else part for part in parts))


class FileError(HsiError):
    """A file could not be read or written; the message names it."""


class FormatError(FileError):
    """A file is not what its name or its header says."""


class LabelError(HsiError):
    """Labels do not fit the cube or do not suffice."""


class TrainingError(HsiError):
    """Training could not start or had to stop."""


class SettingError(HsiError, ValueError):
    """A setting of the training doesn't exist."""


class ModelError(HsiError):
    """A model does not fit the cube that it is applied to."""


class ExportError(FileError):
    """A result could not be written; the previous file is unchanged."""


class TooLargeError(HsiError, MemoryError):
    """Values that were asked for at once take more memory than is available."""


class FormulaError(HsiError):
    """A formula of bands cannot be read, or asks for what the cube does not have."""


class DerivedError(HsiError):
    """An image cannot be derived from the cube."""
