"""MATLAB files of data sets, with every way in which one can be broken told in a sentence."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from gateway.errors import RecordingError

_MAGIC = b"MATLAB 5.0 MAT-file"


def is_matlab(path: Path) -> bool:
    """Tell whether ``path`` begins as a MATLAB 5 file, or is empty."""
    try:
        with path.open("rb") as file:
            return _MAGIC.startswith(file.read(len(_MAGIC)))
    except OSError:
        return False


def load_matlab(path: Path) -> dict[str, Any]:
    """Return the file's variables, structures as dictionaries; raises RecordingError."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    broken = (ValueError, TypeError, KeyError, IndexError, EOFError, zlib.error, struct.error)
    try:
        variables: dict[str, Any] = loadmat(str(path), simplify_cells=True)
    except MatReadError as error:
        raise RecordingError(f"{path}: the file is empty or not of MATLAB") from error
    except NotImplementedError as error:
        raise RecordingError(f"{path}: a newer MATLAB format (7.3) than this set has") from error
    except (OSError, MemoryError, *broken) as error:
        raise RecordingError(f"{path}: the file is truncated or damaged ({error})") from error
    if _complex(variables):
        raise RecordingError(f"{path}: it holds complex numbers, which nothing measures")
    return variables


def _complex(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_complex(part) for part in value.values())
    return np.iscomplexobj(value)
