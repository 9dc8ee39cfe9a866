"""A source, the pipe, the journal, the sinks and the pages as one service."""

from __future__ import annotations

import asyncio
import gc
import math
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from dashboards.live.server import PageServer, bind
from gateway.app.pipeline import Guidance, build_guide, build_pipe
from gateway.config.settings import Config
from gateway.errors import GaitwireError
from gateway.grid.hold_back import hold_back
from gateway.journal import SUFFIX, Journal, SessionInfo, SessionRecorder
from gateway.live.frame import LiveFrame
from gateway.live.recorder import LiveRecorder
from gateway.live.view import LiveView
from gateway.messages import BodySize, JointAngleBlock, Marker, Message, PacketBlock
from gateway.pump import Figures, NextHop, Pump
from gateway.sinks.broker import EmbeddedBroker
from gateway.sinks.delivery import GRACE_S, keep_delivering
from gateway.sinks.follower import unfinished
from gateway.sinks.mqtt import MqttSink
from gateway.sinks.status import SinkStatus
from gateway.sources import Source
from gateway.stage import Chain
from gateway.tasks import in_thread, one_error
from inference.wordings import wordings

if TYPE_CHECKING:
    from gateway.sinks.influx import InfluxSink

TELL_EVERY_S = 10.0
SAID_AFTER_S = 0.5
Delivery = Coroutine[Any, Any, None]


class Ready(msgspec.Struct, frozen=True):
    """Where a service can be seen, once it runs; empty where a part is switched off."""

    pages: str
    mqtt: str
    session: str


class Service:
    """One person's source with everything around it, from start to a clean end.

    With ``guidance`` it leads the person through a calibration.
    """

    def __init__(self, config: Config, source: Source, guidance: Guidance | None = None) -> None:
        self._config = config
        self._guidance = guidance
        self._source = source
        self._view = LiveView(source.person, wordings())
        self._frame: LiveFrame | None = None
        chain = _chain(config, source, guidance)
        hop_samples = max(1, round(config.pipe.hop_ms / 1000 * source.grid_rate_hz))
        self._hold_back = hold_back(config.pipe.hold_back_ms, source.sensors)
        next_hop = NextHop(source, hop_samples, self._hold_back.seconds)
        self.pump = Pump(source, chain, next_hop, self._listen, self._record)
        self._path = new_session_path(config, source.person) if config.journal.enabled else None
        self._recorder: LiveRecorder | None = None
        self._mqtt: MqttSink | None = None
        self._influx = _influx_sink(config)
        self._sinks = {sink.name: sink.make(chosen) for sink, chosen in config.enabled_sinks()}

    async def run(
        self, stop: asyncio.Event, ready: Callable[[Ready], None], seconds: float | None = None
    ) -> Figures:
        """Serve until ``stop``, the source's end or ``seconds``; raises GaitwireError.

        Whatever ends it, the rest is recorded, and the sinks get a few seconds for what is left.
        A failure before anything was received leaves no session.
        """
        listening = self._bind()
        try:
            broker = self._prepare_mqtt()
            self._open_journal()
            with one_error():
                return await self._serve(stop, ready, seconds, listening, broker)
        except GaitwireError:
            if self._recorder is not None:
                await self._recorder.forget_empty()
            raise
        finally:
            if listening is not None:
                listening.close()

    def _bind(self) -> socket | None:
        pages = self._config.pages
        return bind(pages.host, pages.port) if pages.enabled else None

    def _prepare_mqtt(self) -> EmbeddedBroker | None:
        mqtt = self._config.mqtt
        if not mqtt.enabled:
            return None
        broker = None if mqtt.host else EmbeddedBroker(mqtt.port)
        port = mqtt.port if broker is None else broker.reserve()
        self._mqtt = MqttSink(mqtt, self._source.person, port)
        return broker

    def _open_journal(self) -> None:
        if self._path is None:
            return
        journal = Journal.create(self._path, session_info(self._config, self._source, self._path))
        recorder = SessionRecorder(journal, self._source.origin_ns)
        self._recorder = LiveRecorder(recorder, self._recording_stopped)

    async def _serve(
        self,
        stop: asyncio.Event,
        ready: Callable[[Ready], None],
        seconds: float | None,
        listening: socket | None,
        broker: EmbeddedBroker | None,
    ) -> Figures:
        recorded = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            background = [group.create_task(self.pump.run())]
            if listening is not None:
                background.append(group.create_task(self._page_server().run(listening)))
            brokered = asyncio.Event()
            background.append(group.create_task(_keep_broker(broker, brokered)))
            telling = group.create_task(self._keep_telling())
            if self._recorder is not None:
                background.append(group.create_task(self._recorder.run()))
            sinks = [
                group.create_task(_after(brokered, work), name=name)
                for name, work in (await self._deliveries(recorded)).items()
            ]
            _favour_the_loop()
            ready(self._where(listening))
            self._tell_hold_back()
            started_s = time.monotonic()
            failure = await self._play(stop, seconds)
            lasted_s = time.monotonic() - started_s
            self.pump.finish()
            telling.cancel()
            await asyncio.wait([telling])
            await self._tell_truth(self.pump.ended_ns)
            if self._recorder is not None:
                await self._recorder.finish()
            recorded.set()
            await _last_words(sinks)
            if self._recorder is not None:
                await self._recorder.close(self.pump.ended_ns)
            for task in background:
                task.cancel()
        if failure is not None:
            raise failure
        published = 0 if self._mqtt is None else self._mqtt.published
        return self.pump.counter.figures(lasted_s, published)

    async def _play(self, stop: asyncio.Event, seconds: float | None) -> GaitwireError | None:
        """Run the source to its end, or until told to stop; return why it failed, if it did."""
        playing = asyncio.create_task(self._source.run(self.pump.emit))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait(
                {playing, stopping}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            stopping.cancel()
            playing.cancel()
        with suppress(asyncio.CancelledError):
            try:
                with one_error():
                    await playing
            except GaitwireError as error:
                return error
        return None

    async def _deliveries(self, recorded: asyncio.Event) -> dict[str, Delivery]:
        """Return the sinks' work by name, with the earlier sessions that each has not finished."""
        work: dict[str, Delivery] = {}
        folder = self._config.journal.folder.expanduser()
        if self._mqtt is not None and self._path is None:
            work["mqtt"] = self._mqtt.run(None, recorded)
        elif self._mqtt is not None and self._path is not None:
            older = await in_thread(unfinished, folder, self._mqtt, self._path)
            work["mqtt"] = self._mqtt.run(self._path, recorded, older)
        if self._influx is not None and self._path is not None:
            older = await in_thread(unfinished, folder, self._influx, self._path)
            work["influxdb"] = self._influx.run(self._path, recorded, older)
        if self._path is not None:
            for name, sink in self._sinks.items():
                older = await in_thread(unfinished, folder, sink, self._path)
                status = SinkStatus(name)
                work[name] = keep_delivering(sink, status, self._path, recorded, older)
        return work

    def _page_server(self) -> PageServer:
        pages = self._config.pages
        return PageServer(
            lambda: self._frame, host=pages.host, origins=pages.origins, source=self._source.label
        )

    def _listen(self, produced: Sequence[Message]) -> None:
        for message in produced:
            self._view.update(message)
        if self._guidance is not None:
            self._guidance.follow(produced)
        if any(isinstance(message, JointAngleBlock) for message in produced):
            self._show()

    def _record(self, blocks: Sequence[PacketBlock], produced: Sequence[Message]) -> None:
        if self._recorder is not None:
            self._recorder.take(blocks, produced)

    async def _keep_telling(self) -> None:
        """Record what is true now and then, so that a crash costs little of it."""
        while True:
            await asyncio.sleep(TELL_EVERY_S)
            await self._tell_truth(self._source.now_ns())

    async def _tell_truth(self, now_ns: int) -> None:
        """Record what is true up to now beside what was made of it, where it is known."""
        if self._source.truth is not None and self._recorder is not None:
            t_s = (now_ns - self._source.origin_ns) * 1e-9
            self._recorder.take_truth(await in_thread(self._source.truth.until, t_s))

    def _show(self) -> None:
        """Make the live view that pages and MQTT show, with its moment on the host's own clock."""
        frame = self._view.frame()
        if frame is None:
            return
        ready_ns = self._source.host_ns(frame.ready_ns)
        self._frame = msgspec.structs.replace(frame, ready_ns=ready_ns)
        if self._mqtt is not None:
            self._mqtt.offer(self._frame)

    def _tell_hold_back(self) -> None:
        """Say in log and session how long is waited, and who will be late all the same."""
        log, told = structlog.get_logger(), self._hold_back
        log.info(told.told)
        markers = [Marker(self._source.person, 0.0, "hold_back", told.told)]
        for warning in told.warnings:
            log.warning(warning)
            markers.append(Marker(self._source.person, 0.0, "hold_back", warning))
        self._listen(markers)
        self._record([], markers)

    def _recording_stopped(self, why: str) -> None:
        t_s = (self._source.now_ns() - self._source.origin_ns) * 1e-9
        self._view.update(Marker(self._source.person, t_s, "recording_stopped", why))

    def _where(self, listening: socket | None) -> Ready:
        pages = ""
        if listening is not None:
            host, port = listening.getsockname()[:2]
            pages = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        mqtt = "" if self._mqtt is None else self._mqtt.where
        return Ready(pages, mqtt, "" if self._path is None else str(self._path))


def _chain(config: Config, source: Source, guidance: Guidance | None) -> Chain:
    hop_s = config.pipe.hop_ms / 1000
    about = (source.person, source.sensors, source.origin_ns, source.grid_rate_hz, hop_s)
    if guidance is None:
        return build_pipe(config, *about, source.size)
    return build_guide(config, *about, guidance)


def _favour_the_loop() -> None:
    """Keep the event loop's pauses short."""
    # What was loaded so far stays: full collections need not look through it again.
    gc.collect()
    gc.freeze()
    # Threads (a commit, a reader, the simulator) hand the interpreter back this soon.
    sys.setswitchinterval(0.0005)


async def _keep_broker(broker: EmbeddedBroker | None, brokered: asyncio.Event) -> None:
    """Start the embedded broker, if there is one, say when it is there, and keep it up."""
    if broker is not None:
        await broker.start()
    brokered.set()
    if broker is not None:
        await broker.run()


async def _after(event: asyncio.Event, work: Delivery) -> None:
    try:
        await event.wait()
    except asyncio.CancelledError:
        work.close()
        raise
    await work


async def _last_words(sinks: Sequence[asyncio.Task[None]]) -> None:
    """Wait until the sinks have ended; say whom for, if it is not over at once."""
    ending = asyncio.gather(*sinks)
    await asyncio.wait([ending], timeout=SAID_AFTER_S)
    if waiting := ", ".join(sink.get_name() for sink in sinks if not sink.done()):
        structlog.get_logger().info(
            "waiting for what is left to be delivered", sinks=waiting, at_most_s=GRACE_S
        )
    await ending


def _influx_sink(config: Config) -> InfluxSink | None:
    if not (config.influxdb.enabled and config.journal.enabled):
        return None
    from gateway.sinks.influx import InfluxSink

    return InfluxSink(config.influxdb)


def session_info(config: Config, source: Source, path: Path) -> SessionInfo:
    """Describe the session that starts now in ``path``."""
    return SessionInfo(
        session=path.name.removesuffix(SUFFIX),
        person=source.person,
        origin_ns=source.origin_ns,
        wall_origin_ns=source.wall_origin_ns,
        grid_rate_hz=source.grid_rate_hz,
        sensors=tuple(source.sensors),
        configuration=_configuration(config, source),
        source=source.label or "sensors",
        truth=source.truth is not None,
        version=version("gaitwire"),
    )


def _configuration(config: Config, source: Source) -> dict[str, Any]:
    """Return what the session runs with, so that a replay runs with the same."""
    size = config.person.size.or_else(source.size)
    known = {name: value for name, value in _sizes(size).items() if not math.isnan(value)}
    person = config.person.model_copy(update=known)
    return config.model_copy(update={"person": person}).model_dump(mode="json")


def _sizes(size: BodySize) -> dict[str, float]:
    return {"height_m": size.height_m, "pelvis_height_m": size.pelvis_height_m}


def new_session_path(config: Config, person: str) -> Path:
    """Return where a session that starts now is kept."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3]
    return config.journal.folder.expanduser() / f"{stamp}Z-{person}{SUFFIX}"
