"""Archives that the Linux kernel unpacks at its start: cpio in the format ``newc``.

Several of them in one file are unpacked one after the other.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

_FILE, _FOLDER = stat.S_IFREG | 0o755, stat.S_IFDIR | 0o755


class Archive:
    """Writes an archive to ``out``; ``close`` ends it."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._number = 0
        self._folders: set[str] = set()

    def add_file(self, name: str, content: bytes) -> None:
        """Add a file that may be executed, and the folders that lead to it."""
        self.add_folders([str(part) for part in reversed(Path(name).parents) if part.name])
        self._add(name, _FILE, content)

    def add_folders(self, names: Iterable[str]) -> None:
        """Add folders, those that were added already left out."""
        for name in names:
            if name not in self._folders:
                self._folders.add(name)
                self._add(name, _FOLDER, b"")

    def add_tree(self, root: Path, wanted: Callable[[str], bool]) -> None:
        """Add what lies below a folder, as far as it is ``wanted`` by its path from there."""
        for folder, folders, files in os.walk(root):
            base = Path(folder)
            names = {name: str((base / name).relative_to(root)) for name in [*folders, *files]}
            folders[:] = [name for name in folders if wanted(names[name])]
            for name, path in names.items():
                if wanted(path):
                    self._add_found(base / name, path)

    def close(self) -> None:
        """End the archive."""
        self._add("TRAILER!!!", 0, b"")

    def _add_found(self, found: Path, name: str) -> None:
        mode = found.lstat().st_mode
        if stat.S_ISDIR(mode):
            self._folders.add(name)
            self._add(name, mode, b"")
        elif stat.S_ISLNK(mode):
            self._add(name, mode, os.fsencode(found.readlink()))
        elif stat.S_ISREG(mode):
            self._add(name, mode, found.read_bytes())

    def _add(self, name: str, mode: int, content: bytes) -> None:
        self._number += 1
        encoded = os.fsencode(name) + b"\0"
        fields = (self._number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
        self._out.write(_padded(head) + _padded(content))


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
