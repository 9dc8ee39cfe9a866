"""What is published where: topics, and the bytes of the documents under them."""

from __future__ import annotations

import re
import time
from typing import Literal

import msgspec

from gateway.journal import Entry, SessionInfo
from gateway.sinks.documents import Data, Record
from gateway.sinks.line_protocol import wall_time
from gateway.sinks.live_documents import GatewayState, Live
from gateway.sinks.mailbox import Part
from gateway.sinks.records import record_data, record_time_s, wall_text

_NOT_IN_A_LEVEL = re.compile(r"[/+#\s\x00]")


def state_topic(root: str) -> str:
    """Return the topic of the gateway's state."""
    return f"{root}/gateway/state"


def state_document(state: Literal["online", "offline"]) -> bytes:
    """Return the document of the gateway's state."""
    return msgspec.json.encode(GatewayState(state))


def person_topic(root: str, person: str, family: Literal["live", "record"], name: str) -> str:
    """Return a topic of a person; what a level cannot hold becomes an underscore."""
    return f"{root}/{_NOT_IN_A_LEVEL.sub('_', person)}/{family}/{name}"


def live_document(person: str, part: Part) -> bytes:
    """Return the document of a live part that is sent now."""
    live = Live(person, part.t_s, part.ready_ns, time.monotonic_ns(), part.data)
    return msgspec.json.encode(live)


def named_record(entry: Entry, info: SessionInfo) -> tuple[str, Record[Data]] | None:
    """Return the record of an entry under its name; None for a kind that is not published.

    Raises JournalError where the entry is damaged.
    """
    made = record_data(entry.message)
    if made is None:
        return None
    name, data = made
    time_text = wall_text(wall_time(info.wall_origin_ns, record_time_s(data)))
    return name, Record(entry.seq, info.session, info.person, time_text, data)


def record_document(root: str, entry: Entry, info: SessionInfo) -> tuple[str, bytes] | None:
    """Return topic and document of an entry; None for a kind that is not published.

    Raises JournalError where the entry is damaged.
    """
    made = named_record(entry, info)
    if made is None:
        return None
    name, record = made
    return person_topic(root, info.person, "record", name), msgspec.json.encode(record)
