"""The configuration: one TOML file, every key typed, described and checked.

The types below are the reference: docs/configuration.md is made from them.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, cast

from pydantic import BeforeValidator, Field, SecretStr, create_model, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.decoding.stage import check_places
from gateway.drivers import FASTEST_HZ, SLOWEST_HZ, drivers, radio_driver, settled
from gateway.errors import KeyedError, SettingError
from gateway.messages import PSEUDONYM, BodySize, Place, SensorSpec
from gateway.rules import DEFAULT_RULES, Rule, Section, VariableText
from gateway.sinks.plugins import Sink, SinkSection, sinks

Port = Annotated[int, Field(ge=0, le=65535)]
NAMED = f"^{PSEUDONYM}$"
ADDRESS = r"^https?://[^\s/]+"
TOPIC = r"^[^#+\s/]+(/[^#+\s/]+)*$"
_BLUETOOTH = re.compile(
    r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}|[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}", re.IGNORECASE
)
WORDING = {
    NAMED: "must be 1 to 64 of the characters A to Z, a to z, 0 to 9, - and _",
    ADDRESS: "must be an address such as http://127.0.0.1:8086",
    TOPIC: "must be levels with a / between them, none of them empty, without #, + and blanks",
}
"""What the patterns ask for, for people."""

Address = Annotated[str, Field(pattern=ADDRESS)]
Rate = Annotated[float, Field(ge=SLOWEST_HZ, le=FASTEST_HZ)]


def _number_or_text(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise PydanticCustomError("setting", "must be a number, or text in quotes")
    return value


Setting = Annotated[int | float | str, BeforeValidator(_number_or_text)]


class SensorSection(Section):
    """One sensor; the table is repeated, once a sensor."""

    sensor: Annotated[str, Field(min_length=1)]
    """Bluetooth address (on macOS the system's UUID), or any name for other sources."""
    place: Place | None = None
    """Where it is worn; a sensor that measures no motion, such as a heart rate strap, has none."""
    driver: str = "movella_dot"
    """Which driver reads its bytes."""
    rate_hz: Rate = 60.0
    """Samples a second it is asked for."""
    settings: Annotated[dict[str, Setting], Field(default_factory=dict)]
    """The driver's own settings, for example `mode = 26`."""


class PersonSection(Section):
    """Who wears the sensors."""

    id: Annotated[str, Field(pattern=NAMED)] = "person"
    """A pseudonym, never a name: it appears in topics, tags and file names."""
    height_m: Annotated[float, Field(ge=0, le=2.6)] = 0.0
    """How tall; 0: not known. Speed and stride length from a pelvis sensor alone need it."""
    pelvis_height_m: Annotated[float, Field(ge=0, le=1.8)] = 0.0
    """How high the pelvis sensor is above the ground in standing, if measured; 0: not known."""

    @property
    def size(self) -> BodySize:
        """What is known of the person's size."""
        unknown = math.nan
        return BodySize(self.height_m or unknown, self.pelvis_height_m or unknown)


class SourceSection(Section):
    """Where packets come from."""

    kind: Literal["simulator", "bluetooth", "virtual-radio"] = "simulator"
    """Real sensors, the bundled person, or that person's sensors over a virtual radio."""
    scenario: str = "clinic"
    """What the simulated person does."""
    seed: Annotated[int, Field(ge=0)] = 1
    """Seed of the simulated person and radio."""
    plan: str = ""
    """With a virtual radio: a file that says who wears what and what goes wrong, or a ready one."""
    adapters: tuple[str, ...] = ()
    """Bluetooth adapters to spread the sensors over, such as `["hci0", "hci1"]`."""


class PipeSection(Section):
    """Time: the grid, how long is waited for late sensors, how long a gap may be bridged."""

    grid_rate_hz: Annotated[float, Field(ge=10, le=1000)] = 100.0
    """Samples a second of the common grid."""
    hold_back_ms: Annotated[float | None, Field(ge=0, le=1000)] = None
    """A sample later than this is missing; without it, 60 and what the slowest sensor gathers."""
    bridge_ms: Annotated[float, Field(ge=0, le=1000)] = 100.0
    """Gaps up to this length are bridged and marked; longer ones are missing."""
    hop_ms: Annotated[float, Field(ge=1, le=60_000)] = 20.0
    """How much is worked on at once."""


class CalibrationSection(Section):
    """How the sensors sit, as `gaitwire calibrate` found it."""

    file: Path | None = None
    """Its file; without it, standing and walking tell anew in every session."""


class ModelSection(Section):
    """The ONNX model."""

    enabled: bool = True
    """Whether its estimates are made."""
    file: Path | None = None
    """A model of your own; without it, the one in the package."""


class ExercisesSection(Section):
    """Which exercises are followed."""

    programme: tuple[str, ...] = ()
    """Their names; without any, all in the package and all that were taught."""
    taught: tuple[Path, ...] = ()
    """Files that `gaitwire teach` wrote, one an exercise."""


class FeedbackSection(Section):
    """Rules that turn motion into cues."""

    rules: tuple[Rule, ...] = DEFAULT_RULES
    """In order; the table `[[feedback.rules]]` is repeated, once a rule."""


class JournalSection(Section):
    """Where sessions are kept."""

    folder: Path = Path("~/.local/share/gaitwire/sessions")
    """A session is one file in it."""
    enabled: bool = True
    """Without a journal there are no records: InfluxDB and MQTT records stay empty."""


class MqttSection(Section):
    """The MQTT broker."""

    enabled: bool = True
    """Whether anything is published."""
    host: str = ""
    """Address of a broker; empty starts the embedded one on loopback."""
    port: Port = 1883
    """Port of the broker; with the embedded one, 0 takes a free port."""
    username: str = ""
    """User at the broker; empty for none."""
    password: SecretStr = SecretStr("")
    """Password at the broker."""
    tls: bool = False
    """Whether the connection is encrypted with the system's certificates."""
    topic: Annotated[str, Field(pattern=TOPIC)] = "gaitwire"
    """First level of every topic, or several with a / between them."""
    live_rate_hz: Annotated[float, Field(gt=0, le=100)] = 50.0
    """Live messages a second, at most."""


class InfluxSection(Section):
    """InfluxDB 2."""

    enabled: bool = False
    """Whether records are written."""
    url: Address = "http://127.0.0.1:8086"
    """Address of the database."""
    org: str = "gaitwire"
    """Organisation."""
    bucket: str = "gaitwire"
    """Bucket; it must exist."""
    token: SecretStr = SecretStr("")
    """API token that may write to the bucket."""


if TYPE_CHECKING:
    SinksSection = Section
else:
    # One table a sink, whichever there are: its type is made from what is found.
    SinksSection = create_model(
        "SinksSection",
        __base__=Section,
        **{sink.name: (sink.settings, sink.settings()) for sink in sinks().values()},
    )


class PagesSection(Section):
    """The live pages."""

    enabled: bool = True
    """Whether they are served."""
    host: str = "127.0.0.1"
    """Address to listen on; anything but loopback shows health data to the network."""
    port: Port = 8765
    """Port to listen on; 0 takes a free one."""
    origins: tuple[str, ...] = ()
    """Origins besides the server's own that may open a websocket."""


class GrafanaSection(Section):
    """Grafana, for `gaitwire dashboards push`."""

    url: Address = "http://127.0.0.1:3000"
    """Address of Grafana."""
    token: SecretStr = SecretStr("")
    """Service account token that may write dashboards."""


ENVIRONMENT_PREFIX = "GAITWIRE_"


class Config(BaseSettings):
    """The whole file."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__"
    )

    person: PersonSection = PersonSection()
    source: SourceSection = SourceSection()
    sensors: tuple[SensorSection, ...] = ()
    pipe: PipeSection = PipeSection()
    calibration: CalibrationSection = CalibrationSection()
    model: ModelSection = ModelSection()
    exercises: ExercisesSection = ExercisesSection()
    feedback: FeedbackSection = FeedbackSection()
    journal: JournalSection = JournalSection()
    mqtt: MqttSection = MqttSection()
    influxdb: InfluxSection = InfluxSection()
    sinks: SinksSection = SinksSection()
    pages: PagesSection = PagesSection()
    grafana: GrafanaSection = GrafanaSection()

    @model_validator(mode="after")
    def _somebody_is_of_that_size(self) -> Self:
        if doubt := self.person.size.doubt:
            key = "height_m" if self.person.height_m else "pelvis_height_m"
            raise KeyedError(doubt, "person", key)
        return self

    @model_validator(mode="after")
    def _places_are_unique(self) -> Self:
        try:
            check_places(self.sensor_specs())
        except SettingError as error:
            raise KeyedError(str(error), "sensors", *error.keys) from error
        return self

    @model_validator(mode="after")
    def _places_are_told(self) -> Self:
        for number, spec in enumerate(self.sensor_specs()):
            _check_place(number, spec)
        return self

    @model_validator(mode="after")
    def _drivers_can(self) -> Self:
        if self.source.kind != "simulator":
            for number, spec in enumerate(self.sensor_specs()):
                _check_driver(number, spec)
        if self.source.kind == "bluetooth":
            for number, spec in enumerate(self.sensor_specs()):
                _check_address(number, spec)
        return self

    def sensor_specs(self) -> tuple[SensorSpec, ...]:
        """Return the configured sensors as the pipe knows them."""
        return tuple(
            SensorSpec(s.sensor, s.place, s.driver, s.rate_hz, dict(s.settings))
            for s in self.sensors
        )

    def enabled_sinks(self) -> list[tuple[Sink, SinkSection]]:
        """Return the sinks that are switched on, each with its settings."""
        found: list[tuple[Sink, Any]] = [(s, getattr(self.sinks, s.name)) for s in sinks().values()]
        return [(sink, settings) for sink, settings in found if settings.enabled]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take environment variables before the file, and nothing else."""
        del settings_cls, dotenv_settings, file_secret_settings

        def variables() -> dict[str, Any]:
            return {key: _marked(value) for key, value in env_settings().items()}

        # A source needs no more than to be called, whatever its type says.
        return cast("PydanticBaseSettingsSource", variables), init_settings


def _marked(value: Any) -> Any:
    """Mark the texts of environment variables, for their types could not be written there."""
    if isinstance(value, dict):
        return {key: _marked(part) for key, part in value.items()}
    return VariableText(value) if isinstance(value, str) else value


def _check_address(number: int, spec: SensorSpec) -> None:
    """Raise KeyedError where no radio could find a sensor of that name."""
    if not _BLUETOOTH.fullmatch(spec.sensor):
        raise KeyedError(
            f"{spec.sensor!r} is no Bluetooth address; expected is one such as D4:22:CD:00:12:34 "
            "(on macOS a UUID), as `gaitwire scan` shows it",
            "sensors",
            number,
            "sensor",
        )


def _check_place(number: int, spec: SensorSpec) -> None:
    """Raise KeyedError where a place is missing, or of no use."""
    known = drivers().get(spec.driver)
    motion = known is None or known.about.motion
    if motion and spec.place is None:
        raise KeyedError(
            f"this key is missing; sensor {spec.sensor} measures motion, so say where it is worn: "
            f"{', '.join(Place)}",
            *("sensors", number, "place"),
        )
    if not motion and spec.place is not None:
        raise KeyedError(
            f"sensor {spec.sensor} measures no motion (driver {spec.driver}), so it takes up no "
            "place on the body; leave this key out",
            *("sensors", number, "place"),
        )


def _check_driver(number: int, spec: SensorSpec) -> None:
    """Raise KeyedError where a sensor's driver cannot do what its table asks for."""
    try:
        radio_driver(spec.driver)
        settled(spec.driver, spec.settings, spec.rate_hz)
    except SettingError as error:
        raise KeyedError(
            f"{error} (sensor {spec.sensor})", "sensors", number, *error.keys
        ) from error
