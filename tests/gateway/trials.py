"""Trials of the data sets and what is known of each, for the tests of recordings."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from gateway.messages import Place
from gateway.recordings import Recording, open_recording
from tests.data import shared

FEET = {Place.LEFT_FOOT, Place.RIGHT_FOOT}
BACK = {Place.PELVIS}
LOWER_SEGMENTS = {"pelvis", "thigh", "shank", "foot"}
LOWER_BODY = {place for place in Place if place.rpartition("_")[2] in LOWER_SEGMENTS}
THIGHS = {Place.LEFT_THIGH, Place.RIGHT_THIGH}
KNEE = {Place.LEFT_THIGH, Place.LEFT_SHANK}
RIGHT = {Place.RIGHT_SHANK, *THIGHS}
LEG_SET = {Place.LEFT_SHANK, Place.STERNUM, *RIGHT}


@dataclass(frozen=True)
class Trial:
    """A trial by its main file below the folder of data sets."""

    file: str
    person: str
    places: set[Place]
    duration_s: float
    rate_hz: float

    @property
    def data(self) -> str:
        return self.file.partition("/")[0]

    @property
    def path(self) -> Path:
        """Its main file; skips the test where the data sets are absent."""
        folder = shared("data", self.data)
        return folder.parent / self.file

    def open(self) -> Recording:
        return open_recording(self.path)

    def copy(self, folder: Path) -> Path:
        """Copy the files of the trial, so that they may be spoilt; return the main one."""
        top = self.path.parents[2 if self.data == "uci_physical_therapy" else 0]
        inside = self.path.relative_to(top)
        pattern = {
            "uci_physical_therapy": f"{inside.parts[0]}/*/*.txt",
            "neura_sparse_sample": "S02*",
            "voisard_healthy_gait": f"{inside.stem}*",
            "felius_stroke_2mwt": f"{inside.stem.rpartition('_')[0]}*",
        }.get(self.data, inside.name)
        for path in top.glob(pattern):
            target = folder / top.name / path.relative_to(top)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        return folder / top.name / inside


def name_of(trial: Trial) -> str:
    return trial.file


VOISARD = Trial("voisard_healthy_gait/GaitData/1-1.json", "voisard-1", FEET | BACK, 30.45, 100.0)
GAITMAP = Trial("gaitmap_foot/imu_sample.csv", "gaitmap", FEET, 38.71, 204.8)
MS_LEFT = Trial("gaitmap_foot/imu_sample_ms_left.csv", "gaitmap", {Place.LEFT_FOOT}, 68.36, 102.4)
MOBGAP = Trial("mobgap_lowback/lab/HA/001/data.mat", "mobgap-HA-001", BACK, 137.59, 100.0)
UCI = Trial("uci_physical_therapy/s1/e1/u2/test.txt", "uci-s1", LEG_SET, 237.96, 25.0)
NEURA = Trial(
    "neura_sparse_sample/imu/S02-Trial-Walk-1-Pelvis.csv", "neura-S02", LOWER_BODY, 9.55, 100.0
)
NEURA_RAW = Trial(
    "neura_sparse_sample/rawimu/S02-Trial-Walk-1-000_00B40C48.txt",
    "neura-S02",
    LOWER_BODY,
    25.03,
    100.0,
)
BROAD = Trial(
    "broad/data_mat/02_undisturbed_slow_rotation_B.mat",
    "broad",
    {Place.STERNUM},
    186.34,
    2000 / 7,
)
DFJIMU = Trial("dfjimu_joint/data/data_1D_01.mat", "dfjimu", KNEE, 60.14, 50.0)
XIO = Trial("xio_foot_loop/short_walk.csv", "xio", {Place.RIGHT_FOOT}, 41.62, 398.247710)
FELIUS = Trial(
    "felius_stroke_2mwt/Raw_data/Data_Healthy/H11_Healthy_TestRetest_Test_No_leftfoot.csv",
    "felius-H11",
    FEET | BACK,
    129.0,
    1e4 / 96,
)
QMT = Trial("qmt_full_body/full_body_example_data.mat", "qmt", set(Place), 100.0, 100.0)
ONE_EACH = [
    VOISARD,
    GAITMAP,
    MS_LEFT,
    MOBGAP,
    UCI,
    NEURA,
    NEURA_RAW,
    BROAD,
    DFJIMU,
    XIO,
    FELIUS,
    QMT,
]
TRIALS = [
    *ONE_EACH,
    Trial("voisard_healthy_gait/GaitData/10-2.json", "voisard-10", FEET | BACK, 25.28, 100.0),
    Trial("gaitmap_foot/imu_sample_not_rotated.csv", "gaitmap", FEET, 38.71, 204.8),
    Trial("gaitmap_foot/imu_sample_ic_stride.csv", "gaitmap", FEET, 39.58, 102.4),
    Trial("gaitmap_foot/imu_sample_healthy_stair_up.csv", "gaitmap", FEET, 25.05, 204.8),
    Trial("gaitmap_foot/imu_sample_healthy_stair_down.csv", "gaitmap", FEET, 21.91, 204.8),
    Trial("gaitmap_foot/imu_sample_ms_right.csv", "gaitmap", {Place.RIGHT_FOOT}, 68.36, 102.4),
    Trial("mobgap_lowback/lab/MS/001/data.mat", "mobgap-MS-001", BACK, 227.28, 100.0),
    Trial("mobgap_lowback/lab/HA/001/data.mat#Test5-Trial2", "mobgap-HA-001", BACK, 10.75, 100.0),
    Trial("uci_physical_therapy/s2/e1/u5/test.txt", "uci-s2", RIGHT, 221.04, 25.0),
    Trial(
        "uci_physical_therapy/s3/e6/u2/template_session.txt",
        "uci-s3",
        {Place.STERNUM, Place.RIGHT_UPPER_ARM, Place.RIGHT_FOREARM},
        53.36,
        25.0,
    ),
]
