"""Who may ask the server of the pages, and under which policy it answers."""

from __future__ import annotations

import asyncio
import logging

import pytest
from hypothesis import given, strategies as st
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from dashboards.live.guard import Access
from tests.dashboards.asking import get, open_stream
from tests.dashboards.visit import Show, serving


@pytest.mark.parametrize("path", ["/", "/patient", "/therapist", "/static/js/link.js", "/none"])
async def test_every_answer_carries_the_policy(path: str) -> None:
    async with serving(Show()) as address:
        status, headers, _ = await get(address, path)
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
        assert (await get(address, path))[0] == 404


@pytest.mark.parametrize("page", ["/", "/therapist"])
async def test_pages_hold_no_inline_script_or_style_and_no_foreign_address(page: str) -> None:
    async with serving(Show()) as address:
        _, _, body = await get(address, page)
    assert "simulated person" in body
    assert body.count("<script") == body.count('<script type="module" src="/static/')
    assert "<style" not in body
    assert " style=" not in body
    assert "//" not in body.replace("<!doctype html>", "")


async def test_source_is_text_not_markup() -> None:
    async with serving(Show(), source="<b>x</b>") as address:
        _, _, body = await get(address, "/")
    assert "<b>" not in body
    assert "&lt;b&gt;" in body


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "[", "10.0.0.1"])
async def test_foreign_host_is_refused(host: str) -> None:
    async with serving(Show()) as address:
        status, headers, body = await get(address, "/", host)
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
            await open_stream(address, origin)
        assert refused.value.response.status_code == 403


async def test_stream_is_refused_under_a_foreign_host() -> None:
    handshake = (
        "Origin: http://evil.example\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    )
    async with serving(Show()) as address:
        status, _, _ = await get(address, "/live", "evil.example", handshake, "Upgrade")
        assert status == 421


async def test_what_strangers_ask_fills_no_log_and_what_the_server_says_is_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with capture_logs() as log:
        async with serving(Show()) as address:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b"\x16\x03\x01 no HTTP\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 400")
            writer.close()
            with pytest.raises(InvalidStatus):
                await open_stream(address, "http://evil.example")
            logging.getLogger("uvicorn.error").error("something of its own")
    assert log == [{"event": "something of its own", "exc_info": None, "log_level": "error"}]
    assert caplog.records == []


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
