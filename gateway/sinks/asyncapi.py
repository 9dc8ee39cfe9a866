"""The AsyncAPI 3 document of everything published over MQTT, made from the types of the documents.

``python -m gateway.sinks.asyncapi > docs/asyncapi.json`` writes it anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from inspect import cleandoc
from typing import Any, NamedTuple

import msgspec

from gateway.sinks.documents import RECORD_TOPICS, Record
from gateway.sinks.live_documents import LIVE_TOPICS, GatewayState, Live

SCHEMAS = "#/components/schemas/"
LIVE_SUMMARY = "Newest {name}, QoS 0; a part that does not change is repeated once a second."
CUE_SUMMARY = "Newest cue, QoS 0, sent once."
RECORD_SUMMARY = "Every {name} record of every session, in order, QoS 1, from the journal."
PARAMETERS = {
    "topic": {"description": "mqtt.topic of the configuration", "default": "gaitwire"},
    "person": {"description": "pseudonym, person.id of the configuration"},
}
STATE_SUMMARY = "Whether the gateway is there; retained, and its last will."


class _Channel(NamedTuple):
    """A channel's name here, its topic, what is said of it, and the type of its document."""

    name: str
    address: str
    summary: str
    payload: Any


STATE = _Channel("gateway_state", "{topic}/gateway/state", STATE_SUMMARY, GatewayState)


def document() -> dict[str, Any]:
    """Return the document."""
    channels = [*_live_channels(), *_record_channels(), STATE]
    components = _components(channels)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Gaitwire over MQTT",
            "version": "1",
            "description": "docs/mqtt.md says what is behind it.",
        },
        "defaultContentType": "application/json",
        "channels": {channel.name: _channel(channel) for channel in channels},
        "operations": {channel.name: _operation(channel.name) for channel in channels},
        "components": {"schemas": components},
    }


def text() -> str:
    """Return the document as it stands in docs/asyncapi.json."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _live_channels() -> list[_Channel]:
    envelope: Any = Live
    return [
        _Channel(
            f"live_{name}",
            f"{{topic}}/{{person}}/live/{name}",
            CUE_SUMMARY if name == "cue" else LIVE_SUMMARY.format(name=name),
            envelope[data],
        )
        for name, data in LIVE_TOPICS.items()
    ]


def _record_channels() -> list[_Channel]:
    envelope: Any = Record
    return [
        _Channel(
            f"record_{name}",
            f"{{topic}}/{{person}}/record/{name}",
            RECORD_SUMMARY.format(name=name),
            envelope[data],
        )
        for name, data in RECORD_TOPICS.items()
    ]


def _channel(channel: _Channel) -> dict[str, Any]:
    parameters = {
        name: description
        for name, description in PARAMETERS.items()
        if f"{{{name}}}" in channel.address
    }
    return {
        "address": channel.address,
        "summary": channel.summary,
        "parameters": parameters,
        "messages": {"document": {"payload": {"$ref": SCHEMAS + _schema_name(channel)}}},
    }


def _components(channels: Sequence[_Channel]) -> dict[str, Any]:
    """Return the schemas by name, those of whole documents under their channel's name."""
    payloads = [channel.payload for channel in channels]
    references, schemas = msgspec.json.schema_components(payloads, ref_template=SCHEMAS + "{name}")
    names = {
        reference["$ref"].removeprefix(SCHEMAS): _schema_name(channel)
        for reference, channel in zip(references, channels, strict=True)
    }
    return {
        names.get(name, name): _tidy(names.get(name, name), schema)
        for name, schema in schemas.items()
    }


def _tidy(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Name the schema, and take the source's indentation out of its description."""
    return {**schema, "title": name, "description": cleandoc(schema["description"])}


def _schema_name(channel: _Channel) -> str:
    return channel.name.title().replace("_", "")


def _operation(name: str) -> dict[str, Any]:
    retained = name == "gateway_state"
    qos = 0 if name.startswith("live") else 1
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "bindings": {"mqtt": {"qos": qos, "retain": retained}},
    }


if __name__ == "__main__":
    sys.stdout.write(text())
