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


class Chain:
    """Stages in order. Each sees all that earlier stages made of a message, then the message.

    So a Tick, which says that everything up to it has been pushed, comes after what it led to.
    """

    consumes: tuple[type, ...] = (object,)

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = tuple(stages)
        self._last_consumer: dict[type, int] = {}

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
        produced: list[Message] = []
        last = max((self._last(type(message)) for message in messages), default=-1)
        for position in range(first, len(self.stages)):
            if position > last and not produced:
                break
            stage = self.stages[position]
            consumes = stage.consumes
            fresh: list[Message] = []
            for message in (*produced, *messages):
                if isinstance(message, consumes):
                    fresh.extend(stage.push(message))
            produced += fresh
        return produced

    def _last(self, kind: type) -> int:
        """Return the last stage that takes messages of ``kind``, −1 where none does."""
        if kind not in self._last_consumer:
            takers = [n for n, s in enumerate(self.stages) if issubclass(kind, s.consumes)]
            self._last_consumer[kind] = max(takers, default=-1)
        return self._last_consumer[kind]
