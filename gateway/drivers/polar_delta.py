"""Unpack the content of Polar's frames of measurement data, many at once.

Raw content is one sample after another, signed little-endian. Delta-coded content is such a
sample as reference, then blocks: the width of a value in bits, how many samples follow, and
these, channel by channel, lowest bit first, in two's complement; each sample is added to the one
before. (Technical documentation of the Polar BLE SDK, "online measurement".)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.messages import BoolArray, IntArray, message

_WIDEST = 32


@message
class Unpacked:
    """Values (N, channels) of the sound frames, the frame (N,) of each, and ``sound`` (F,).

    A frame is sound if its content ends where it should.
    """

    values: IntArray
    frame: IntArray
    sound: BoolArray


def unpack_raw(
    data: NDArray[np.uint8], begin: IntArray, end: IntArray, channels: int, width: int
) -> Unpacked:
    """Unpack frames ``data[begin:end]`` (F,) of raw samples, ``width`` bytes a channel."""
    size = channels * width
    sound = (end - begin) % size == 0
    frame = np.flatnonzero(sound)
    count = (end - begin)[frame] // size
    blocks = np.stack([frame, np.full_like(frame, 8 * width), count, begin[frame]])
    return Unpacked(_values(data, blocks, channels), np.repeat(frame, count), sound)


def unpack_delta(
    data: NDArray[np.uint8], begin: IntArray, end: IntArray, channels: int, width: int
) -> Unpacked:
    """Unpack frames ``data[begin:end]`` (F,) whose references have ``width`` bytes a channel."""
    blocks, sound = _find_blocks(data, begin, end, channels, width)
    steps, frame = _values(data, blocks, channels), np.repeat(blocks[0], blocks[2])
    sums = np.cumsum(steps, axis=0)
    heads = np.diff(frame, prepend=-1) != 0
    before = (sums - steps)[heads]
    return Unpacked(sums - before[np.cumsum(heads) - 1], frame, sound)


def _find_blocks(
    data: NDArray[np.uint8], begin: IntArray, end: IntArray, channels: int, width: int
) -> tuple[IntArray, BoolArray]:
    """Return the blocks (4, B) of sound frames, in order, references too; and ``sound`` (F,).

    A block is its frame, its width in bits, how many samples it has, and its place. All frames
    are walked through side by side, from block to block.
    """
    at = begin + channels * width
    sound = at <= end
    left = np.flatnonzero(sound)
    ones = np.ones_like(left)
    rounds = [np.stack([left, 8 * width * ones, ones, begin[left]])]
    left = left[at[left] < end[left]]
    while len(left):
        # A head of one byte reads on into what follows, and then ends too late.
        here = at[left]
        bits, count = data[here].astype(np.int64), data[(here + 1) % len(data)].astype(np.int64)
        at[left] = here + 2 + (bits * count * channels + 7) // 8
        good = (at[left] <= end[left]) & (bits <= _WIDEST)
        sound[left[~good]] = False
        rounds.append(np.stack([left, bits, count, here + 2])[:, good])
        left = left[good & (at[left] < end[left])]
    blocks = np.concatenate(rounds, axis=1)
    blocks = blocks[:, sound[blocks[0]]]
    return blocks[:, np.argsort(blocks[0], kind="stable")], sound


def _values(data: NDArray[np.uint8], blocks: IntArray, channels: int) -> IntArray:
    """Return the values (N, channels) of all blocks, one after another."""
    _, bits, count, place = blocks
    own = np.repeat(np.arange(len(count)), count)
    rank = np.arange(len(own)) - (np.cumsum(count) - count)[own]
    width = bits[own]
    bit = 8 * place[own] + rank * width * channels
    # Eight bytes from any place on hold the widest value, wherever in a byte it begins; values of
    # no bits may lie behind the last byte.
    words: IntArray = np.ndarray((len(data) + 1,), "<i8", data.tobytes() + bytes(9), strides=(1,))
    mask, half = (1 << width) - 1, (1 << width) >> 1
    values = np.empty((len(own), channels), np.int64)
    for channel in range(channels):
        value = (words[bit >> 3] >> (bit & 7)) & mask
        values[:, channel] = (value ^ half) - half
        bit += width
    return values
