"""The embedded MQTT broker's own process: ``python -m gateway.sinks.broker_child PORT``.

It listens on loopback only, says on standard output where (``{"port": 1883}``) or why not
(``{"error": "..."}``), and ends when its standard input is closed: when its parent stops it, and
also when its parent dies, however it dies. amqtt runs here because in the gateway's own event
loop it would starve the pipe.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
from functools import partial

import msgspec
from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter  # type: ignore[import-untyped] # ships none
from amqtt.broker import Broker  # type: ignore[import-untyped] # ships none
from amqtt.contexts import BrokerConfig, ListenerConfig, ListenerType  # type: ignore[import-untyped] # ships none

LOOPBACK = "127.0.0.1"
LISTENER = "default"


def main() -> int:
    """Serve until standard input is closed; returns the exit status."""
    # The terminal sends Ctrl-C to every process; the parent decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.CRITICAL)
    try:
        listening = socket.create_server((LOOPBACK, int(sys.argv[1])), backlog=64)
    except OSError as error:
        _say({"error": error.strerror or str(error)})
        return 1
    asyncio.run(_serve(listening))
    return 0


async def _serve(listening: socket.socket) -> None:
    broker = Broker(_config())
    await broker.start()
    server = await asyncio.start_server(partial(_connected, broker), sock=listening)
    gc.collect()
    gc.freeze()  # what is loaded by now stays: the collector need not walk it again
    _say({"port": listening.getsockname()[1]})
    await _end_of_input()
    server.close()
    await broker.shutdown()


def _config() -> BrokerConfig:
    # "external": the sockets are ours, so the bind address and a busy port are ours to handle.
    return BrokerConfig(
        listeners={LISTENER: ListenerConfig(type=ListenerType.EXTERNAL, bind=LOOPBACK)},
        plugins={"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    )


async def _connected(
    broker: Broker, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    # asyncio does this only for sockets it has made itself; without it a message waits 40 ms.
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    await broker.external_connected(
        StreamReaderAdapter(reader), StreamWriterAdapter(writer), LISTENER
    )


async def _end_of_input() -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


def _say(document: dict[str, int | str]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
