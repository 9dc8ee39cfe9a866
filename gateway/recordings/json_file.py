"""Small JSON files beside recordings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gateway.errors import RecordingError


def read_json(path: Path) -> Any:
    """Return what is in ``path``; raises RecordingError."""
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise RecordingError(f"{path}: not whole JSON ({error}); is it truncated?") from error
    except RecursionError as error:
        raise RecordingError(f"{path}: JSON that is nested without end; is it damaged?") from error
