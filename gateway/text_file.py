"""Small text files that people write or read: whole or not at all, and what fails in a sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

from gateway.errors import ConfigError


def read_text(path: Path, advice: str = "") -> str:
    """Return the text in ``path``; raises ConfigError, with ``advice`` on what to do."""
    what_to_do = f"; {advice}" if advice else ""
    try:
        if path.is_char_device() or path.is_fifo():
            raise ConfigError(f"{path}: cannot be read: it is not a file{what_to_do}")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not a text file in UTF-8{what_to_do}") from error
    except (OSError, ValueError) as error:  # a path with a zero byte is a ValueError
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path}: cannot be read: {why}{what_to_do}") from error


def write_text(path: Path, text: str, before: str = "") -> None:
    """Put ``text`` into ``path``, which is replaced at once or stays as it was.

    Its folder is made where there is none. The file that it takes the place of is called
    ``before`` from then on, if that is given. Raises ConfigError.
    """
    target = path.resolve()
    beside = target.with_name(f".{target.name}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        if target.exists():
            shutil.copymode(target, beside)
            if before:
                target.replace(target.with_name(before))
        beside.replace(target)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror or error}; give yourself the right to, or "
            "name another file"
        ) from error
