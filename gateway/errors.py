"""Errors that a person reads: what happened, where, what to do.

Every failure that the project foresees is one of these; the command line prints its text and
leaves with ``exit_code``. Foreign exceptions are turned into one of these where they arise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class GaitwireError(Exception):
    """A failure that is explained in a sentence."""

    exit_code = 1


class UsageError(GaitwireError):
    """The command or the configuration asks for something that cannot be."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file that cannot be used; names file, line, key and what was expected."""


class KeyedError(ConfigError):
    """What a key of the configuration asks for cannot be; ``keys`` lead to it from the top.

    Whoever knows the file adds where in it the key stands (`gateway.config.file.traced`).
    """

    def __init__(self, text: str, *keys: str | int) -> None:
        super().__init__(text)
        self.keys = keys


@contextmanager
def asked_by(*keys: str | int) -> Iterator[None]:
    """Tell of a failure inside that these keys of the configuration ask for it."""
    try:
        yield
    except GaitwireError as error:
        raise KeyedError(str(error), *keys) from error


class SettingError(UsageError):
    """A setting of a sensor that cannot be; ``keys`` lead to it from the sensor's table."""

    def __init__(self, text: str, *keys: str | int) -> None:
        super().__init__(text)
        self.keys = keys


class RecordingError(GaitwireError):
    """A file that is not a recording, or one that cannot be read further."""


class JournalError(GaitwireError):
    """The session file cannot be written or read."""


class SourceError(GaitwireError):
    """Sensors, radio or simulator cannot deliver."""


class UnableError(SourceError):
    """A sensor cannot do what it is asked for, however often it is asked."""


class ServiceError(GaitwireError):
    """A broker, database or port that cannot be reached or refuses."""


class ModelError(GaitwireError):
    """A model file that does not fit the contract."""
