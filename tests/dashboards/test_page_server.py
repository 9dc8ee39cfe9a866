"""The server of the pages: what is sent, how it starts and ends."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from pathlib import Path

import msgspec
import pytest

from dashboards.live import server
from dashboards.live.feed import WINDOW, Envelope, Mailbox
from dashboards.live.server import PageServer, bind
from gateway.errors import KeyedError, ServiceError
from tests.dashboards.asking import open_stream, receive, shown_out
from tests.dashboards.visit import Show, serving


async def test_frames_come_with_instance_stamp_and_source() -> None:
    show = Show()
    async with serving(show) as address, open_stream(address) as websocket:
        first = await receive(websocket)
        show.t_s = 1.0
        second = await receive(websocket)
        assert first["instance"] == second["instance"]
        assert second["stamp_ms"] > first["stamp_ms"]
        assert first["source"] == "simulated person"
        decoded = msgspec.convert(second, Envelope)
        assert decoded.frame == show.person.frame(1.0)


async def test_before_the_first_angle_there_is_a_message_without_a_frame() -> None:
    async with serving(Show(t_s=None)) as address, open_stream(address) as websocket:
        assert (await receive(websocket))["frame"] is None


async def test_stalled_page_gets_two_frames_and_then_the_newest() -> None:
    show = Show()
    async with serving(show) as address, open_stream(address) as websocket:
        for step in range(1, 20):
            show.t_s = float(step)
            await show.asked_again()
        queued = [(await receive(websocket))["frame"]["t_s"] for _ in range(WINDOW)]
        assert max(queued) <= 2.0
        await websocket.send("ok")
        assert (await receive(websocket))["frame"]["t_s"] == 19.0


async def test_one_stalled_page_holds_up_no_other() -> None:
    show = Show(runs=True)
    async with serving(show) as address, open_stream(address), open_stream(address) as other:
        times = []
        for _ in range(10):
            times.append((await receive(other))["frame"]["t_s"])
            await other.send("ok")
        assert times == sorted(set(times))


async def test_unchanged_frame_is_repeated_as_a_sign_of_life_only() -> None:
    show = Show()
    async with serving(show) as address, open_stream(address) as websocket:
        first = await receive(websocket)
        second = await receive(websocket)
        await websocket.send("ok")
        third = await receive(websocket)
        assert first["frame"] == second["frame"] == third["frame"]
        assert third["stamp_ms"] - second["stamp_ms"] > 400


@pytest.mark.parametrize("said", ["ok", b"\xff\x00", ""])
async def test_whatever_a_page_says_acknowledges(said: str | bytes) -> None:
    show = Show(runs=True)
    async with serving(show) as address, open_stream(address) as websocket:
        for _ in range(WINDOW + 2):
            await receive(websocket)
            await websocket.send(said)


async def test_page_that_says_too_much_is_shown_out_and_the_rest_stay() -> None:
    show = Show(runs=True)
    async with serving(show) as address, open_stream(address) as other:
        async with open_stream(address) as chatty:
            await chatty.send("x" * 10_000)
            await shown_out(chatty)
        assert (await receive(other))["frame"] is not None


def test_window_opens_with_each_acknowledgement() -> None:
    async def scenario() -> list[bytes]:
        mailbox, taken = Mailbox(), []
        for payload in (b"1", b"2"):
            mailbox.offer(payload)
            taken.append(await mailbox.take())
        for payload in (b"3", b"4"):
            mailbox.offer(payload)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(mailbox.take(), 0.01)
        mailbox.acknowledge()
        taken.append(await mailbox.take())
        return taken

    assert asyncio.run(scenario()) == [b"1", b"2", b"4"]


async def test_busy_port_is_told_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServiceError, match=rf"port {port}: another program.*\[pages\]"):
            bind("127.0.0.1", port)


def test_unknown_host_is_told() -> None:
    with pytest.raises(KeyedError, match=r"'no-such-host\.invalid' is no address of") as error:
        bind("no-such-host.invalid", 8765)
    assert error.value.keys == ("pages", "host")


def test_port_that_needs_rights_is_told() -> None:
    # Whoever runs the tests may have them, so the system's answer is given instead of provoked.
    refused = PermissionError(errno.EACCES, "Permission denied")
    assert "port 80: ports below 1024" in server._why_not("127.0.0.1", 80, refused)


def test_package_without_its_libraries_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(server, "VENDOR", tmp_path / "none")
    with pytest.raises(ServiceError, match="install the package once more"):
        PageServer(lambda: None)


async def test_end_closes_pages_frees_the_port_and_leaves_signals_alone() -> None:
    handler = signal.getsignal(signal.SIGINT)
    async with serving(Show(runs=True)) as address, open_stream(address) as websocket:
        assert signal.getsignal(signal.SIGINT) is handler
        await receive(websocket)
        port = address[1]
        stalled = await open_stream(address)
    await shown_out(stalled)
    bind("127.0.0.1", port).close()


async def test_failure_of_the_view_ends_the_server_with_that_failure() -> None:
    def broken() -> None:
        raise ServiceError("the view is gone")

    listening = bind("127.0.0.1", 0)
    address = listening.getsockname()
    running = asyncio.create_task(PageServer(broken).run(listening))
    async with open_stream(address) as websocket:
        await shown_out(websocket)
    with pytest.RaisesGroup(ServiceError):
        await running
