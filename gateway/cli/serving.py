"""Run a service in the foreground: where to look, a progress bar, and a clean end by Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import TaskID

from gateway.app.service import Ready, Service
from gateway.cli.options import progress, say
from gateway.pump import Figures

REFRESH_S = 0.5


def serve(
    service: Service,
    seconds: float | None,
    *,
    browser: bool = False,
    total_s: float | None = None,
    stop: asyncio.Event | None = None,
) -> tuple[Figures, bool]:
    """Serve to the end; return the figures, and whether somebody (or the system) ended it.

    ``total_s`` is how long it is expected to take; ``stop`` ends it too.
    """
    return asyncio.run(_serve(service, seconds, browser, total_s, stop or asyncio.Event()))


async def _serve(
    service: Service,
    seconds: float | None,
    browser: bool,
    total_s: float | None,
    stop: asyncio.Event,
) -> tuple[Figures, bool]:
    def ready(where: Ready) -> None:
        _tell(where)
        if browser and where.pages:
            webbrowser.open(where.pages)

    with _signals(stop), progress() as bar:
        task = bar.add_task("starting", total=seconds or total_s)
        showing = asyncio.create_task(_show(service, bar.update, task))
        try:
            return await service.run(stop, ready, seconds), stop.is_set()
        finally:
            showing.cancel()


async def _show(service: Service, update: object, task: TaskID) -> None:
    assert callable(update)
    started_s = asyncio.get_running_loop().time()
    while True:
        await asyncio.sleep(REFRESH_S)
        counter = service.pump.counter
        text = f"{counter.strides} strides, {counter.repetitions} repetitions"
        elapsed_s = asyncio.get_running_loop().time() - started_s
        update(task, completed=elapsed_s, description=text)


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """Ctrl-C and a service manager's request end the service, recorded and told."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _tell(where: Ready) -> None:
    if where.pages:
        say(f"patient page    {where.pages}")
        say(f"therapist page  {where.pages}therapist")
    if where.mqtt:
        say(f"MQTT            {where.mqtt}")
    if where.session:
        say(f"recording       {where.session}")
    say("Ctrl-C ends it.")
