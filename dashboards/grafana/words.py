"""The words and units of figures for people (`gateway.wording`), as Flux reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from gateway.wording import READINGS, Wording

_FUNCTION = """\
read = (name, unit) => {
  key = dict.get(dict: readIn, key: name, default: unit)
  plain = strings.replaceAll(v: strings.replaceAll(v: name, t: "_", u: " "), t: "-", u: " ")
  first = strings.toUpper(v: strings.substring(v: plain, start: 0, end: 1))
  rest = strings.substring(v: plain, start: 1, end: strings.strlen(v: plain))
  return {
    title: dict.get(dict: titles, key: name, default: first + rest),
    unit: dict.get(dict: units, key: key, default: key),
    factor: dict.get(dict: factors, key: key, default: 1.0),
  }
}
"""


def preface(wordings: Mapping[str, Wording]) -> str:
    """Return what a query begins with that calls ``read(name, unit)``.

    That gives a figure's title, the unit that people read, and by what its value is multiplied
    for it.
    """
    titles = {name: wording.title for name, wording in sorted(wordings.items())}
    read_in = {name: wording.unit for name, wording in sorted(wordings.items()) if wording.unit}
    return "\n".join((
        'import "dict"',
        'import "strings"',
        f"titles = {_dictionary(titles)}",
        f"readIn = {_dictionary(read_in)}",
        f"units = {_dictionary({key: reading.unit for key, reading in READINGS.items()})}",
        f"factors = {_dictionary({key: reading.factor for key, reading in READINGS.items()})}",
        _FUNCTION,
    ))  # fmt: skip


def _dictionary(values: Mapping[str, str | float]) -> str:
    """Return a dictionary as Flux writes it; one without entries still has its types."""
    text = json.dumps(dict(values) or {"": ""}, ensure_ascii=False)
    return f"[{text[1:-1]}]"
