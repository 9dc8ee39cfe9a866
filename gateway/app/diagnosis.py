"""Look at everything that a service needs, and say what to do where it is not as it should be."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import socket
import time
from pathlib import Path
from typing import Literal

import msgspec
import psutil

from dashboards.grafana.push import check
from gateway.config.settings import Config
from gateway.errors import GaitwireError
from gateway.radio.bleak_link import find_adapter
from gateway.radio.link import RadioError
from gateway.radio.machine import explain, look
from gateway.sinks.influx import InfluxSink
from gateway.sinks.mqtt import MqttSink

LITTLE_DISK_BYTES = 2 * 1024**3
"""About a day of eight sensors at 100 Hz."""
CLOCK_STEP_S = 0.05
CLOCK_WATCHED_S = 0.2


State = Literal["good", "warning", "bad"]


class Finding(msgspec.Struct, frozen=True):
    """One look: ``state``, what was seen, and what to do (empty where nothing is)."""

    subject: str
    state: State
    text: str
    advice: str = ""


def examine(config: Config) -> list[Finding]:
    """Return what was found, in the order in which a person would mend it."""
    return [
        _bluetooth(config),
        _pages_port(config),
        _broker(config),
        _database(config),
        _grafana(config),
        _disk(config),
        _clock(),
    ]


def _bluetooth(config: Config) -> Finding:
    try:
        name = asyncio.run(find_adapter())
    except RadioError as error:
        needed = config.source.kind == "bluetooth"
        found = explain(look(error.why)) or _split(str(error))
        return Finding("Bluetooth", "bad" if needed else "warning", *found)
    return Finding("Bluetooth", "good", f"adapter found ({name})")


def _pages_port(config: Config) -> Finding:
    pages = config.pages
    if not pages.enabled:
        return Finding("live pages", "good", "switched off")
    return _port("live pages", pages.host, pages.port, "pages.port")


def _port(subject: str, host: str, port: int, key: str) -> Finding:
    try:
        with socket.create_server((host, port)):
            return Finding(subject, "good", f"port {port} on {host} is free")
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            return Finding(
                subject,
                "bad",
                f"{host} is no address of this machine: {error.strerror}",
                f"correct {key.replace('port', 'host')}; 127.0.0.1 is for this machine alone",
            )
        return Finding(
            subject,
            "bad",
            f"port {port} on {host} cannot be used: {error.strerror}",
            f"end the program that listens there{_listener(port)}, or choose another {key} "
            "(0 takes a free one)",
        )


def _listener(port: int) -> str:
    """Name the process that listens on a port, where the system tells."""
    try:
        connections = psutil.net_connections("tcp")
        pid = next(c.pid for c in connections if c.laddr and c.laddr.port == port and c.pid)
        return f" ({psutil.Process(pid).name()}, process {pid})"
    except (StopIteration, psutil.Error):
        return ""


def _broker(config: Config) -> Finding:
    mqtt = config.mqtt
    if not mqtt.enabled:
        return Finding("MQTT", "good", "switched off")
    if not mqtt.host:
        return _port("MQTT (embedded)", "127.0.0.1", mqtt.port, "mqtt.port")
    return _service("MQTT", MqttSink(mqtt, config.person.id).check())


def _database(config: Config) -> Finding:
    if not config.influxdb.enabled:
        return Finding("InfluxDB", "good", "switched off; [influxdb] enabled = true switches it on")
    return _service("InfluxDB", InfluxSink(config.influxdb).check())


def _grafana(config: Config) -> Finding:
    token = config.grafana.token.get_secret_value()
    if not token and "grafana" not in config.model_fields_set:
        return Finding("Grafana", "good", "not configured; [grafana] says where it is")
    if not token:
        return Finding(
            "Grafana",
            "warning",
            "no token is given, which `gaitwire dashboards push` needs",
            "set token in [grafana], or GAITWIRE_GRAFANA__TOKEN",
        )
    try:
        return Finding("Grafana", "good", f"takes the token at {check(config.grafana.url, token)}")
    except GaitwireError as error:
        return Finding("Grafana", "bad", *_split(str(error)))


def _service(subject: str, check: object) -> Finding:
    async def attempt() -> str:
        return await check  # type: ignore[misc,no-any-return]  # a coroutine of either sink

    try:
        return Finding(subject, "good", f"answers at {asyncio.run(attempt())}")
    except GaitwireError as error:
        return Finding(subject, "bad", *_split(str(error)))


def _disk(config: Config) -> Finding:
    if not config.journal.enabled:
        return Finding("disk", "good", "sessions are not recorded")
    folder = config.journal.folder.expanduser()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(existing, os.W_OK):
        return Finding(
            "disk",
            "bad",
            f"{existing} may not be written to",
            "choose another journal.folder, or give yourself the right to write there",
        )
    return _room(folder, existing)


def _room(folder: Path, existing: Path) -> Finding:
    free = shutil.disk_usage(existing).free
    text = f"{free / 1024**3:.1f} GiB free for sessions in {folder}"
    if free < LITTLE_DISK_BYTES:
        return Finding("disk", "warning", text, "free some space: a full disk stops recording")
    return Finding("disk", "good", text)


def _clock() -> Finding:
    """Watch whether the wall clock runs with the monotonic one."""
    before = time.time() - time.monotonic()
    time.sleep(CLOCK_WATCHED_S)
    step_s = abs(time.time() - time.monotonic() - before)
    if step_s > CLOCK_STEP_S:
        return Finding(
            "clock",
            "warning",
            f"the wall clock jumped by {step_s * 1000:.0f} ms while it was watched",
            "let the system's time service settle, so that records carry the right time",
        )
    return Finding("clock", "good", "runs evenly")


def _split(sentence: str) -> tuple[str, str]:
    """Return what happened and what to do, which errors join by a semicolon."""
    text, _, advice = sentence.partition("; ")
    return text, advice
