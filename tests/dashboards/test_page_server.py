"""The server of the pages, without a browser: who may ask, what is sent, how it starts and ends."""

from __future__ import annotations

import asyncio
import errno
import json
import signal
import socket
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from dashboards.live import server
from dashboards.live.feed import WINDOW, Envelope, Mailbox
from dashboards.live.guard import Access
from dashboards.live.server import PageServer, bind
from gateway.errors import ServiceError
from tests.dashboards.visit import Show, serving, url_of

Address = tuple[str, int]
Answer = tuple[int, dict[str, str], str]


async def _get(
    address: Address,
    path: str,
    host: str | None = None,
    more: str = "",
    connection: str = "close",
) -> Answer:
    """Ask for a path under any Host header; returns status, headers, body."""
    reader, writer = await asyncio.open_connection(*address)
    name = host if host is not None else f"{address[0]}:{address[1]}"
    request = f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: {connection}\r\n{more}\r\n"
    writer.write(request.encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    status, *lines = head.split("\r\n")
    headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
    return int(status.split()[1]), headers, body


def _open(address: Address, origin: str | None = "own") -> connect:
    own = url_of(address, "")
    return connect(
        f"ws://{address[0]}:{address[1]}/live",
        origin=own if origin == "own" else origin,  # type: ignore[arg-type]  # NewType of str
        compression=None,
    )


async def _shown_out(websocket: ClientConnection) -> None:
    """Wait until the server has closed; what is still under way comes first."""
    async with asyncio.timeout(5):
        await websocket.wait_closed()


async def _receive(websocket: ClientConnection) -> dict[str, Any]:
    received: dict[str, Any] = json.loads(await asyncio.wait_for(websocket.recv(), 5))
    return received


@pytest.mark.parametrize("path", ["/", "/patient", "/therapist", "/static/js/link.js", "/none"])
async def test_every_answer_carries_the_policy(path: str) -> None:
    async with serving(Show()) as address:
        status, headers, _ = await _get(address, path)
    assert status == (404 if path == "/none" else 200)
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


@pytest.mark.parametrize(
    "path", ["/docs", "/openapi.json", "/redoc", "/static/../server.py", "/static/%2e%2e/feed.py"]
)
async def test_nothing_but_the_pages_is_served(path: str) -> None:
    async with serving(Show()) as address:
        assert (await _get(address, path))[0] == 404


@pytest.mark.parametrize("page", ["/", "/therapist"])
async def test_pages_hold_no_inline_script_or_style_and_no_foreign_address(page: str) -> None:
    async with serving(Show()) as address:
        _, _, body = await _get(address, page)
    assert "simulated person" in body
    assert body.count("<script") == body.count('<script type="module" src="/static/')
    assert "<style" not in body
    assert " style=" not in body
    assert "//" not in body.replace("<!doctype html>", "")


async def test_source_is_text_not_markup() -> None:
    async with serving(Show(), source="<b>x</b>") as address:
        _, _, body = await _get(address, "/")
    assert "<b>" not in body
    assert "&lt;b&gt;" in body


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "[", "10.0.0.1"])
async def test_foreign_host_is_refused(host: str) -> None:
    async with serving(Show()) as address:
        status, headers, body = await _get(address, "/", host)
        # An empty or broken name may be refused by the HTTP parser already.
        assert status in {400, 421}
        assert "angles" not in body
        assert status == 400 or "content-security-policy" in headers


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", None, "http://127.0.0.1:1", "https://localhost"]
)
async def test_foreign_origin_may_not_open_the_stream(origin: str | None) -> None:
    async with serving(Show()) as address:
        with pytest.raises(InvalidStatus) as refused:
            await _open(address, origin)
        assert refused.value.response.status_code == 403


async def test_stream_is_refused_under_a_foreign_host() -> None:
    handshake = (
        "Origin: http://evil.example\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    )
    async with serving(Show()) as address:
        status, _, _ = await _get(address, "/live", "evil.example", handshake, "Upgrade")
        assert status == 421


@pytest.mark.parametrize(
    ("listens", "host", "known"),
    [
        ("127.0.0.1", "localhost:8765", True),
        ("127.0.0.1", "[::1]:8765", True),
        ("127.0.0.1", "192.168.1.20:8765", False),
        ("127.0.0.1", "gait.example", True),
        ("127.0.0.1", "clinic.local", False),
        ("0.0.0.0", "192.168.1.20:8765", True),
        ("0.0.0.0", "clinic.local", False),
        ("clinic.local", "Clinic.local:8765", True),
    ],
)
def test_known_hosts(listens: str, host: str, known: bool) -> None:
    access = Access(listens, ["https://gait.example/"])
    assert access.knows_host(host) is known


def test_configured_origin_may_open_the_stream() -> None:
    access = Access("127.0.0.1", ["https://gait.example/"])
    assert access.allows_origin("https://gait.example", "127.0.0.1:8765")
    assert not access.allows_origin("http://gait.example", "127.0.0.1:8765")


@given(st.text())
def test_any_host_and_origin_is_judged(text: str) -> None:
    access = Access("0.0.0.0", ["https://gait.example"])
    assert access.knows_host(text) in {True, False}
    assert access.allows_origin(text, "localhost") in {True, False}


async def test_frames_come_with_instance_stamp_and_source() -> None:
    show = Show()
    async with serving(show) as address, _open(address) as websocket:
        first = await _receive(websocket)
        show.t_s = 1.0
        second = await _receive(websocket)
        assert first["instance"] == second["instance"]
        assert second["stamp_ms"] > first["stamp_ms"]
        assert first["source"] == "simulated person"
        decoded = msgspec.convert(second, Envelope)
        assert decoded.frame == show.person.frame(1.0)


async def test_before_the_first_angle_there_is_a_message_without_a_frame() -> None:
    async with serving(Show(t_s=None)) as address, _open(address) as websocket:
        assert (await _receive(websocket))["frame"] is None


async def test_stalled_page_gets_two_frames_and_then_the_newest() -> None:
    show = Show()
    async with serving(show) as address, _open(address) as websocket:
        for step in range(1, 20):
            show.t_s = float(step)
            await show.asked_again()
        queued = [(await _receive(websocket))["frame"]["t_s"] for _ in range(WINDOW)]
        assert max(queued) <= 2.0
        await websocket.send("ok")
        assert (await _receive(websocket))["frame"]["t_s"] == 19.0


async def test_one_stalled_page_holds_up_no_other() -> None:
    show = Show(runs=True)
    async with serving(show) as address, _open(address), _open(address) as other:
        times = []
        for _ in range(10):
            times.append((await _receive(other))["frame"]["t_s"])
            await other.send("ok")
        assert times == sorted(set(times))


async def test_unchanged_frame_is_repeated_as_a_sign_of_life_only() -> None:
    show = Show()
    async with serving(show) as address, _open(address) as websocket:
        first = await _receive(websocket)
        second = await _receive(websocket)
        await websocket.send("ok")
        third = await _receive(websocket)
        assert first["frame"] == second["frame"] == third["frame"]
        assert third["stamp_ms"] - second["stamp_ms"] > 400


@pytest.mark.parametrize("said", ["ok", b"\xff\x00", ""])
async def test_whatever_a_page_says_acknowledges(said: str | bytes) -> None:
    show = Show(runs=True)
    async with serving(show) as address, _open(address) as websocket:
        for _ in range(WINDOW + 2):
            await _receive(websocket)
            await websocket.send(said)


async def test_page_that_says_too_much_is_shown_out_and_the_rest_stay() -> None:
    show = Show(runs=True)
    async with serving(show) as address, _open(address) as other:
        async with _open(address) as chatty:
            await chatty.send("x" * 10_000)
            await _shown_out(chatty)
        assert (await _receive(other))["frame"] is not None


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
    with pytest.raises(ServiceError, match=r"no-such-host\.invalid, port 8765: .*check host"):
        bind("no-such-host.invalid", 8765)


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
    async with serving(Show(runs=True)) as address, _open(address) as websocket:
        assert signal.getsignal(signal.SIGINT) is handler
        await _receive(websocket)
        port = address[1]
        stalled = await _open(address)
    await _shown_out(stalled)
    bind("127.0.0.1", port).close()


async def test_failure_of_the_view_ends_the_server_with_that_failure() -> None:
    def broken() -> None:
        raise ServiceError("the view is gone")

    listening = bind("127.0.0.1", 0)
    address = listening.getsockname()
    running = asyncio.create_task(PageServer(broken).run(listening))
    async with _open(address) as websocket:
        await _shown_out(websocket)
    with pytest.RaisesGroup(ServiceError):
        await running
