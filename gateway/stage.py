"""The one shape of every step of the pipe, and the chain that runs steps in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from gateway.messages import Message


class Stage(Protocol):
    """A step: messages in, messages out; no I/O, no clock, no thread.

    The contract, which one shared test holds every stage to: inputs stay untouched; however the
    input is cut into blocks, the concatenated output is the same to the bit; a stage resumed
    from a snapshot goes on as if it had never stopped; NaN, gaps, missing sensors and empty
    blocks do no harm. ``snapshot`` returns a value that ``pickle`` can carry; ``resume`` is
    called on a stage built with the same arguments.
    """

    consumes: tuple[type, ...]

    def push(self, message: Message) -> Iterable[Message]:
        """Take one message of a consumed type and return what it leads to."""

    def flush(self) -> Iterable[Message]:
        """Return what is still held back, once the input has ended."""

    def snapshot(self) -> object:
        """Return a copy of the state."""

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""


_Waiting = tuple[list[Message], list[Message]]
"""What a stage is to take: what earlier stages made, then what they were given."""


class Chain:
    """Stages in order. Each sees all that earlier stages made of a message, then the message.

    So a Tick, which says that everything up to it has been pushed, comes after what it led to.
    """

    consumes: tuple[type, ...] = (object,)

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = tuple(stages)
        self._takers: dict[type, list[int]] = {}

    def push(self, message: Message) -> list[Message]:
        """Run ``message`` through all stages and return what they produced, in order."""
        return self._run([message], first=0)

    def flush(self) -> list[Message]:
        """Flush the stages in order; what each still gives runs through the later ones."""
        produced: list[Message] = []
        for position, stage in enumerate(self.stages):
            held = list(stage.flush())
            produced += held + self._run(held, first=position + 1)
        return produced

    def snapshot(self) -> object:
        """Return the snapshots of all stages."""
        return [stage.snapshot() for stage in self.stages]

    def resume(self, snapshot: object) -> None:
        """Resume all stages."""
        assert isinstance(snapshot, list)
        for stage, part in zip(self.stages, snapshot, strict=True):
            stage.resume(part)

    def _run(self, messages: Sequence[Message], first: int) -> list[Message]:
        """Run ``messages`` through the stages from ``first`` on."""
        produced: list[Message] = []
        waiting: dict[int, _Waiting] = {}
        self._hand_on(messages, waiting, first, late=True)
        while waiting:
            position = min(waiting)
            early, late = waiting.pop(position)
            push = self.stages[position].push
            fresh = [made for message in early + late for made in push(message)]
            self._hand_on(fresh, waiting, position + 1)
            produced += fresh
        return produced

    def _hand_on(
        self,
        messages: Sequence[Message],
        waiting: dict[int, _Waiting],
        first: int,
        *,
        late: bool = False,
    ) -> None:
        """Have each message wait for the stages from ``first`` on that take it."""
        for message in messages:
            for position in self._takers_of(type(message)):
                if position >= first:
                    waiting.setdefault(position, ([], []))[late].append(message)

    def _takers_of(self, kind: type) -> list[int]:
        """Return the positions of the stages that take messages of ``kind``."""
        if kind not in self._takers:
            self._takers[kind] = [
                position
                for position, stage in enumerate(self.stages)
                if issubclass(kind, stage.consumes)
            ]
        return self._takers[kind]
