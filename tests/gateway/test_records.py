"""Messages as documents and as lines: nothing lost, nothing NaN, the same times in both."""

from __future__ import annotations

import json
import math

import msgspec
import numpy as np
import pytest

from gateway.messages import (
    JOINTS,
    EstimateBlock,
    Figure,
    JointAngleBlock,
    Message,
    Quality,
    Repetition,
    SensorStatus,
    Side,
    Stride,
    Tick,
)
from gateway.sinks.documents import (
    RECORD_TOPICS,
    AnglesRecord,
    CalibrationRecord,
    EstimatesRecord,
    FigureRecord,
    RepetitionRecord,
    StrideRecord,
)
from gateway.sinks.lines import lines_of
from gateway.sinks.records import record_data, record_time_s, wall_text
from tests.gateway.made_sessions import PERSON, calibration, second_of_records, session_info

RECORDS: list[Message] = [*second_of_records(3, np.random.default_rng(3)), calibration()]


def test_every_record_topic_is_made_from_some_message() -> None:
    made = {type(message): record_data(message) for message in RECORDS}
    assert None not in made.values()
    assert {found[0]: type(found[1]) for found in made.values() if found} == RECORD_TOPICS


@pytest.mark.parametrize("message", RECORDS, ids=lambda message: type(message).__name__)
def test_a_document_is_strict_json_that_reads_back(message: Message) -> None:
    found = record_data(message)
    assert found is not None
    name, data = found
    encoded = msgspec.json.encode(data)
    assert b"NaN" not in encoded
    assert msgspec.json.decode(encoded, type=RECORD_TOPICS[name]) is not None
    assert json.loads(encoded).keys() == set(data.__struct_fields__)


def test_angles_leave_out_unknown_joints_and_say_how_much_was_measured() -> None:
    found = record_data(RECORDS[0])
    assert found is not None
    data = found[1]
    assert isinstance(data, AnglesRecord)
    block = RECORDS[0]
    assert isinstance(block, JointAngleBlock)
    assert list(data.angles_deg) == [str(joint) for joint in JOINTS[:5]]
    assert data.angles_deg["left_hip"] == pytest.approx(
        np.degrees(block.angle_rad[:, 0]).tolist(), abs=6e-4
    )
    assert data.real_share == dict.fromkeys(data.angles_deg, 1.0)
    assert data.t_s == 3.0


def test_what_was_withheld_is_null_with_its_reason() -> None:
    nan = math.nan
    poor = Quality(0.4, "too many samples were lost")
    found = record_data(Stride(PERSON, Side.LEFT, 1.0, 2.0, nan, nan, nan, poor))
    assert found is not None
    data = found[1]
    assert isinstance(data, StrideRecord)
    assert (data.stride_time_s, data.cadence_spm, data.stance_share) == (None, None, None)
    assert data.withheld == "too many samples were lost"
    lines = lines_of(Stride(PERSON, Side.LEFT, 1.0, 2.0, nan, nan, nan, poor), session_info())
    assert ' real_share=0.4000,withheld="too many samples were lost" ' in lines[0]


def test_a_repetition_is_in_degrees_at_its_end() -> None:
    repetition = Repetition(
        PERSON, "squat", None, 2, 1.0, 2.5, math.pi / 2, 1.7, 0.0, False, Quality(1.0),
        rom_half_width_rad=0.2,
    )  # fmt: skip
    found = record_data(repetition)
    assert found is not None
    data = found[1]
    assert isinstance(data, RepetitionRecord)
    assert (data.rom_deg, data.side, record_time_s(data)) == (90.0, None, 2.5)
    assert (data.rom_half_width_deg, data.peak_half_width_deg) == (11.459, None)
    info = session_info()
    (line,) = lines_of(repetition, info)
    assert line.startswith("repetition,person=p-07,session=s-01,exercise=squat,side=both count=2i,")
    assert ",duration_s=1.5000,target_reached=false," in line
    assert ",rom_half_width_deg=11.4592," in line
    assert "peak_half_width_deg" not in line
    assert line.endswith(f" {info.wall_origin_ns + 2_500_000_000}")


def test_a_repetition_says_why_its_range_is_withheld() -> None:
    poor = Quality(0.4, "only 40% of its samples were measured")
    repetition = Repetition(
        PERSON, "squat", None, 2, 1.0, 2.5, math.nan, math.nan, 0.0, False, poor
    )  # fmt: skip
    (line,) = lines_of(repetition, session_info())
    assert "rom_deg" not in line
    assert 'withheld="only 40% of its samples were measured"' in line


def test_a_figure_keeps_its_name_unit_and_reason() -> None:
    withheld = Quality(0.9, "2 of 12 steps of each foot")
    figure = Figure(PERSON, 2.5, "step_time_asymmetry", None, math.nan, "1", withheld)
    found = record_data(figure)
    assert found == (
        "figure",
        FigureRecord(2.5, "step_time_asymmetry", None, None, "1", 0.9, withheld.withheld, None),
    )
    (line,) = lines_of(figure, session_info())
    assert line.startswith(
        "figure,person=p-07,session=s-01,name=step_time_asymmetry,side=both,unit=1 "
        'real_share=0.9000,withheld="2 of 12 steps of each foot" '
    )


def test_a_joint_angle_line_tells_the_share_of_measured_angles() -> None:
    angle_rad = np.zeros((2, len(JOINTS)))
    valid = np.zeros(angle_rad.shape, bool)
    valid[:, :4] = True
    real = valid.copy()
    real[1, :1] = False
    angle_rad[~valid] = np.nan
    block = JointAngleBlock(PERSON, 0, 100.0, 0, angle_rad, valid, real)
    first, second = lines_of(block, session_info())
    assert "real_share=1.0000" in first
    assert "real_share=0.7500" in second
    assert "ankle" not in first


def test_a_block_in_which_nothing_is_known_leads_to_no_line() -> None:
    nothing = np.full((3, len(JOINTS)), np.nan)
    never = np.zeros(nothing.shape, bool)
    assert (
        lines_of(JointAngleBlock(PERSON, 0, 100.0, 0, nothing, never, never), session_info()) == []
    )
    found = record_data(JointAngleBlock(PERSON, 0, 100.0, 0, nothing, never, never))
    assert found is not None
    assert isinstance(found[1], AnglesRecord)
    assert found[1].angles_deg == {}


def test_estimates_are_given_by_name_with_their_deviation() -> None:
    mean = np.array([[1.25, np.nan]])
    block = EstimateBlock(
        PERSON, 100, 100.0, 0, ("speed_m_s", "phase"), ("m/s", "1"), mean, mean / 10, 0.1, "g"
    )
    found = record_data(block)
    assert found is not None
    data = found[1]
    assert isinstance(data, EstimatesRecord)
    assert json.loads(msgspec.json.encode(data.mean)) == {"speed_m_s": [1.25], "phase": [None]}
    (line,) = lines_of(block, session_info())
    assert ",model=g speed_m_s=1.2500,speed_m_s_sd=0.1250 " in line


def test_a_calibration_names_its_places() -> None:
    found = record_data(calibration())
    assert found is not None
    assert isinstance(found[1], CalibrationRecord)
    assert found[1].quaternions["pelvis"] == [1.0, 0.0, 0.0, 0.0]


def test_a_tick_is_no_record() -> None:
    assert record_data(Tick(1)) is None
    assert lines_of(Tick(1), session_info()) == []


def test_an_unknown_battery_is_left_out() -> None:
    status = next(m for m in RECORDS if isinstance(m, SensorStatus))
    (line,) = lines_of(status, session_info())
    assert "battery" not in line
    assert "sensor=D4:22,place=pelvis rate_hz=60.0000,loss=0.0100,lost=1i," in line


def test_wall_time_is_utc_to_the_millisecond() -> None:
    assert wall_text(1_790_000_000_123_999_999) == "2026-09-21T14:13:20.123Z"
