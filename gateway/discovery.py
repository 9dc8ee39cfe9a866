"""Find plug-in modules by walking a package, so that adding one takes one file."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any


@cache
def discover(package: str, attribute: str) -> dict[str, Any]:
    """Return ``attribute`` of every module in ``package`` that has it, keyed by its ``name``."""
    root = importlib.import_module(package)
    modules = (
        importlib.import_module(f"{package}.{entry.name}")
        for entry in pkgutil.iter_modules(root.__path__)
    )
    found = (getattr(module, attribute) for module in modules if hasattr(module, attribute))
    return {plugin.name: plugin for plugin in found}
