"""What the pipe says of a recording."""

from __future__ import annotations

from typing import TypeVar

from gateway.app.pipeline import build_pipe
from gateway.app.playing import CHUNK_S
from gateway.app.validation import doubts
from gateway.config import Config
from gateway.errors import RecordingError
from gateway.messages import Message, Tick
from gateway.recordings import Recording, chunk_end_ns

_Kind = TypeVar("_Kind", bound=Message)


class Heard:
    """What the pipe of ``config`` says of ``recording``, by kind of message.

    The pipe is the live one: how its input is cut into blocks makes no difference to it.
    ``remark`` says what a reader of its figures should know. Raises RecordingError where the
    samples cannot be right.
    """

    def __init__(
        self, recording: Recording, *kinds: type[Message], config: Config | None = None
    ) -> None:
        self._kinds = (*kinds, *doubts.KINDS)
        self._messages: list[Message] = []
        self._play(recording, config or Config())
        useless = doubts.unusable(self._messages)
        if useless:
            raise RecordingError(f"{recording.name} is not scored: {'; '.join(useless)}")
        self.remark = "; ".join(doubts.remarks(self._messages, recording.sensors))

    def all(self, kind: type[_Kind]) -> list[_Kind]:
        """Return the messages of ``kind``, one of those named at the start, in order."""
        return [message for message in self._messages if isinstance(message, kind)]

    def _play(self, recording: Recording, config: Config) -> None:
        chain = build_pipe(
            config,
            recording.person,
            recording.sensors,
            recording.origin_ns,
            recording.grid_rate_hz,
            CHUNK_S,
            recording.size,
        )
        for number, blocks in enumerate(recording.chunks(CHUNK_S), start=1):
            for block in blocks:
                self._keep(chain.push(block))
            self._keep(chain.push(Tick(chunk_end_ns(recording, number, CHUNK_S))))
        self._keep(chain.flush())

    def _keep(self, messages: list[Message]) -> None:
        self._messages += [message for message in messages if isinstance(message, self._kinds)]
