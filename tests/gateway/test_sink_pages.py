"""The pages about MQTT and InfluxDB name everything that is published and written."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from gateway.sinks.documents import RECORD_TOPICS
from gateway.sinks.lines import lines_of
from gateway.sinks.live_documents import LIVE_TOPICS
from tests.gateway.made_sessions import second_of_records, session_info

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", [*LIVE_TOPICS, *RECORD_TOPICS])
def test_the_mqtt_page_names_the_topic(name: str) -> None:
    assert f"`{name}`" in (DOCS / "mqtt.md").read_text(encoding="utf-8")


def test_the_influxdb_page_names_every_measurement_tag_and_field() -> None:
    page = (DOCS / "influxdb.md").read_text(encoding="utf-8")
    words: set[str] = set()
    for message in second_of_records(0, np.random.default_rng(0)):
        for line in lines_of(message, session_info()):
            words |= {line.partition(",")[0], *re.findall(r"[, ]([a-z_]+)=", line)}
    own = {word for word in words if not word.startswith(("speed_m_s", "phase"))}
    assert len(own) > 30
    assert sorted(word for word in own if f"`{word}`" not in page) == []
