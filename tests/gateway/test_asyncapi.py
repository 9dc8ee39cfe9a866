"""The AsyncAPI document: current, and true of what is published."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from gateway.sinks.asyncapi import document, text
from gateway.sinks.documents import RECORD_TOPICS
from gateway.sinks.live_documents import LIVE_TOPICS

DOCS = Path(__file__).parents[2] / "docs"


def test_the_document_in_docs_is_current() -> None:
    assert (DOCS / "asyncapi.json").read_text(encoding="utf-8") == text(), (
        "run python -m gateway.sinks.asyncapi > docs/asyncapi.json"
    )


def test_every_topic_has_a_channel_and_an_operation() -> None:
    made = document()
    addresses = {channel["address"] for channel in made["channels"].values()}
    assert addresses == {
        *(f"{{topic}}/{{person}}/live/{name}" for name in LIVE_TOPICS),
        *(f"{{topic}}/{{person}}/record/{name}" for name in RECORD_TOPICS),
        "{topic}/gateway/state",
    }
    assert made["operations"].keys() == made["channels"].keys()


def test_every_reference_leads_somewhere() -> None:
    made = document()
    references = set(re.findall(r'"#/([^"]+)"', json.dumps(made)))
    assert references
    for reference in references:
        assert isinstance(_at(made, reference), dict)


def _at(made: Any, path: str) -> Any:
    for step in path.split("/"):
        made = made[step]
    return made
