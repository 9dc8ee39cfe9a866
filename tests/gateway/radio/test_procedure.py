"""What a driver asks of a sensor, step by step, and what the sensor says meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from gateway.drivers import Settings
from gateway.drivers.talk import (
    Ask,
    Pause,
    Procedure,
    Read,
    Repeat,
    Step,
    Subscribe,
    Write,
)
from gateway.errors import SourceError
from gateway.messages import RawPacket
from gateway.radio.procedure import Conversation
from tests.gateway.radio.scripted import ABSENT, BATTERY, COMMAND, DATA, ScriptedLink
from tests.services.wait import until


def talk_over(link: ScriptedLink, *, ticked: bool = False) -> tuple[Conversation, list[RawPacket]]:
    """A conversation, and the packets that come of it."""
    packets: list[RawPacket] = []
    return Conversation(link, "a", packets.append, ticked=ticked), packets


def doing(*steps: Step) -> tuple[Procedure, list[bytes]]:
    """A procedure of steps, and what each came to."""
    results: list[bytes] = []

    def procedure() -> Procedure:
        for step in steps:
            result = yield step
            results.append(result)
        return {"rate_hz": 60.0}

    return procedure(), results


async def test_steps_are_done_in_order_and_what_was_read_back_is_returned() -> None:
    link = ScriptedLink()
    talk, _ = talk_over(link)
    procedure, results = doing(
        Write(COMMAND, b"stop"),
        Subscribe(DATA, "motion"),
        Read(BATTERY),
        Pause(0.0),
        Write(COMMAND, b"go", response=False),
    )
    read_back: Settings = await talk.run(procedure)
    assert read_back == {"rate_hz": 60.0}
    assert results == [b"", b"", b"\x55", b"", b""]
    assert link.written == [(COMMAND, b"stop", True), (COMMAND, b"go", False)]
    assert list(link.heard) == [DATA]


async def test_an_answer_is_told_from_other_packets_by_channel_and_beginning() -> None:
    link = ScriptedLink(answers={b"?": [b"\x01other", b"\x02yes", b"\x02late"]})
    talk, _ = talk_over(link)
    procedure, results = doing(
        Subscribe(DATA, "motion"),
        Subscribe(BATTERY, "battery"),
        Ask(COMMAND, b"?", "motion", b"\x02"),
    )
    await talk.run(procedure)
    assert results[-1] == b"\x02yes"


async def test_who_does_not_answer_is_asked_once_more_and_then_given_up() -> None:
    link = ScriptedLink()
    talk, _ = talk_over(link)
    procedure, _ = doing(Subscribe(DATA, "motion"), Ask(COMMAND, b"?", "motion", b"", timeout_s=0))
    with pytest.raises(SourceError, match="sensor a does not answer what it is asked"):
        await talk.run(procedure)
    assert len(link.written) == 2


async def test_what_is_optional_may_be_absent_or_unanswered() -> None:
    talk, _ = talk_over(ScriptedLink())
    procedure, results = doing(
        Read(ABSENT, optional=True),
        Ask(ABSENT, b"?", "motion", b"", optional=True),
        Subscribe(DATA, "motion"),
        Ask(COMMAND, b"?", "motion", b"", timeout_s=0, optional=True),
    )
    await talk.run(procedure)
    assert results == [b"", b"", b"", b""]


async def test_nothing_is_passed_on_before_the_settings_are_known_and_nothing_is_lost() -> None:
    link = ScriptedLink(answers={b"go": [b"1", b"2"]})
    talk, packets = talk_over(link)
    procedure, _ = doing(Subscribe(DATA, "motion"), Write(COMMAND, b"go"))
    await talk.run(procedure)
    assert packets == []
    packets.append(RawPacket("a", 0, b"settings", "settings"))
    talk.let_go()
    link.notify(b"3")
    assert [packet.payload for packet in packets] == [b"settings", b"1", b"2", b"3"]
    stamps = [packet.arrival_ns for packet in packets]
    assert stamps == sorted(stamps)
    assert talk.motions == 3
    assert talk.motion_ns == stamps[-1]


async def test_a_notification_that_comes_twice_is_passed_on_once_where_it_has_a_time() -> None:
    for ticked, expected in ((True, [b"1", b"2"]), (False, [b"1", b"1", b"1", b"2"])):
        link = ScriptedLink()
        talk, packets = talk_over(link, ticked=ticked)
        procedure, _ = doing(Subscribe(DATA, "motion"))
        await talk.run(procedure)
        talk.let_go()
        hear = link.heard[DATA]
        for arrival_ns, payload in ((0, b"1"), (300_000, b"1"), (600_000, b"1"), (700_000, b"2")):
            hear(arrival_ns, payload)
        assert [packet.payload for packet in packets] == expected
        assert talk.doubled == 4 - len(expected)


async def test_the_same_bytes_much_later_are_another_packet() -> None:
    link = ScriptedLink()
    talk, packets = talk_over(link, ticked=True)
    procedure, _ = doing(Subscribe(DATA, "motion"))
    await talk.run(procedure)
    talk.let_go()
    link.heard[DATA](0, b"1")
    link.heard[DATA](2_000_000, b"1")
    assert len(packets) == 2


async def test_what_shall_be_repeated_is_written_again_and_again() -> None:
    link = ScriptedLink()
    talk, _ = talk_over(link)
    procedure, _ = doing(Repeat(COMMAND, b"battery?", 0.001), Repeat(COMMAND, b"stay", 60.0))
    await talk.run(procedure)
    assert link.written == []
    repeating = asyncio.create_task(talk.keep_repeating())
    await until(lambda: len(link.written) >= 5, "written five times")
    repeating.cancel()
    assert link.written.count((COMMAND, b"stay", True)) == 1


async def test_what_cannot_be_listened_to_and_need_not_be_is_passed_over() -> None:
    link = ScriptedLink()
    talk, _ = talk_over(link)
    procedure, _ = doing(Subscribe(ABSENT, "battery", optional=True), Write(COMMAND, b"go"))
    await talk.run(procedure)
    assert link.written == [(COMMAND, b"go", True)]
    procedure, _ = doing(Subscribe(ABSENT, "battery"))
    with pytest.raises(SourceError):
        await talk.run(procedure)
