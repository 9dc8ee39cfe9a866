"""Figures are called by what people call them."""

from __future__ import annotations

import re

import pytest

from gateway.messages import Figure
from inference.measures import measures
from inference.wordings import wordings
from simulators.recording import SimulatedRecording
from tests.playing import played


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    """A figure of each name that a person who walks and exercises gives, with the session over."""
    made = played(SimulatedRecording("clinic", 1, 80.0), 5.0)
    return {message.name: message for message in made if isinstance(message, Figure)}


def test_titles_are_words_and_told_apart() -> None:
    titles = [wording.title for wording in wordings().values()]
    assert all(re.fullmatch(r"[A-Z][A-Za-z0-9,: ]+", title) for title in titles)
    assert len(set(titles)) == len(titles)


def test_what_a_name_does_not_say_to_people_has_a_title(figures: dict[str, Figure]) -> None:
    named = wordings()
    assert {name for name in figures if "__" in name or re.search(r"_(cv|spm|s|m)$", name)} <= set(
        named
    )


def test_a_share_is_read_in_per_cent_and_a_count_without_decimals(
    figures: dict[str, Figure],
) -> None:
    named = wordings()
    for name, figure in figures.items():
        if name in named and named[name].unit in ("%", "count"):
            assert figure.unit == "1", name
    assert named["wb__stride_count"].unit == "count"
    assert named["wb_all__cadence_spm__avg"].unit == "steps/min"
    assert named["double_support"].unit == "%"


def test_a_measure_words_only_figures_of_its_own(figures: dict[str, Figure]) -> None:
    for measure in measures().values():
        assert set(measure.wordings) <= set(figures), measure.name
