"""What the pipe says of a recording."""

from __future__ import annotations

from typing import TypeVar

from gateway.app.playing import played
from gateway.app.validation import doubts
from gateway.config.settings import Config
from gateway.errors import RecordingError
from gateway.messages import Message
from gateway.recordings import Recording
from gateway.recordings.frames import FrameRecording

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
        wanted = (*kinds, *doubts.KINDS)
        self._messages = [
            message
            for _, produced, _ in played(recording, config or Config())
            for message in produced
            if isinstance(message, wanted)
        ]
        noted = recording.remarks if isinstance(recording, FrameRecording) else ()
        useless = doubts.unusable(self._messages)
        if useless:
            told = "; ".join([*noted, *useless])
            raise RecordingError(f"{recording.name} is not scored: {told}")
        found = doubts.remarks(self._messages, recording.sensors)
        self.remark = "; ".join([*noted, *found])

    def all(self, kind: type[_Kind]) -> list[_Kind]:
        """Return the messages of ``kind``, one of those named at the start, in order."""
        return [message for message in self._messages if isinstance(message, kind)]
