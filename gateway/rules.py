"""Tables of the configuration, and the feedback rules as a person writes them there."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticKnownError


class VariableText(str):
    """The text of an environment variable: it may stand for a number, or for true and false."""

    __slots__ = ()


class Section(BaseModel):
    """A table of the file: unknown keys are refused, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _typed(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse, in a file, what has another type; whole numbers are numbers too."""
        if isinstance(value, VariableText):
            return str(value)
        annotation = cls.model_fields[info.field_name or ""].annotation
        kinds = {annotation, *get_args(annotation)}
        if bool in kinds and not isinstance(value, bool):
            raise PydanticKnownError("bool_type")
        if float in kinds and isinstance(value, (str, bool)):
            raise PydanticKnownError("float_type")
        if int in kinds and (isinstance(value, bool) or not isinstance(value, int)):
            raise PydanticKnownError("int_type")
        return value


class _RuleSection(BaseModel):
    """A table of its own kind: no variable can set a key of it, so all types are strict."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, strict=True
    )


class RangeRule(_RuleSection):
    """A cue when a repetition reaches, or misses, its target range."""

    kind: Literal["range"]
    """`range`."""
    exercise: str
    """The exercise it watches."""
    low_deg: Annotated[float, Field(ge=-60, le=200)]
    """Lower end of the target zone of the leading angle."""
    high_deg: Annotated[float, Field(ge=-60, le=200)]
    """Upper end of the target zone."""
    hysteresis_deg: Annotated[float, Field(ge=0, le=45)] = 5.0
    """How far the angle must fall back before the zone can be reached again."""
    hold_s: Annotated[float, Field(ge=0, le=60)] = 0.0
    """How long to stay in the zone for a "held long enough" cue; 0 for none."""
    min_interval_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    """Least time between two cues of this rule."""

    @model_validator(mode="after")
    def _zone_is_a_zone(self) -> Self:
        if self.low_deg >= self.high_deg:
            raise ValueError("low_deg must lie below high_deg")
        return self


class CadenceRule(_RuleSection):
    """A cue when walking is slower or faster than a band."""

    kind: Literal["cadence"]
    """`cadence`."""
    low_spm: Annotated[float, Field(ge=0, le=300)]
    """Lower end of the band in steps a minute."""
    high_spm: Annotated[float, Field(ge=0, le=300)]
    """Upper end of the band."""
    hysteresis_spm: Annotated[float, Field(ge=0, le=50)] = 3.0
    """How far back inside the band cadence must come before the next cue."""
    min_interval_s: Annotated[float, Field(ge=0, le=300)] = 8.0
    """Least time between two cues of this rule."""

    @model_validator(mode="after")
    def _band_is_a_band(self) -> Self:
        if self.low_spm >= self.high_spm:
            raise ValueError("low_spm must lie below high_spm")
        return self


class RepetitionRule(_RuleSection):
    """A cue that counts each repetition."""

    kind: Literal["repetition"]
    """`repetition`."""
    exercise: str = ""
    """The exercise it watches; empty for every one."""
    min_interval_s: Annotated[float, Field(ge=0, le=60)] = 0.5
    """Least time between two cues of this rule."""


class FormRule(_RuleSection):
    """A cue when a repetition was too fast, or too small where no range rule says so."""

    kind: Literal["form"]
    """`form`."""
    exercise: str = ""
    """The exercise it watches; empty for every one."""
    min_interval_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    """Least time between two cues of this rule."""


Rule = Annotated[RangeRule | CadenceRule | RepetitionRule | FormRule, Field(discriminator="kind")]

DEFAULT_RULES: tuple[Rule, ...] = (
    RepetitionRule(kind="repetition"),
    RangeRule(kind="range", exercise="squat", low_deg=70, high_deg=110),
    RangeRule(kind="range", exercise="knee-extension", low_deg=-10, high_deg=20),
    FormRule(kind="form"),
    CadenceRule(kind="cadence", low_spm=90, high_spm=125),
)
