"""The therapist's page in a real browser: charts, figures with their quality, sensors."""

from __future__ import annotations

import math
import re

import pytest
from playwright.async_api import Browser, expect

from gateway.live.frame import FigureView
from gateway.live.view import figure_view
from gateway.messages import Figure, Quality, Side
from gateway.wording import Wording
from tests.dashboards.person import Person
from tests.dashboards.visit import Show, changed, serving, url_of, visiting

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Keeps every text that is drawn into a canvas, where a test cannot read it.
KEEP_DRAWN_TEXT = """
  window.drawn = new Set();
  const fillText = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    window.drawn.add(text);
    return fillText.call(this, text, ...rest);
  };
"""


async def test_therapist_sees_charts_figures_events_and_sensors(browser: Browser) -> None:
    show = Show(Person(activity="walk"), runs=True)
    show.person.tell(0.1, "initial_contact", "left initial contact")
    show.person.say(0.2, "cadence_low", "A little quicker")
    async with (
        serving(show) as address,
        visiting(browser, url_of(address, "/therapist")) as visit,
    ):
        page = visit.page
        await expect(page.locator("#charts canvas")).to_have_count(4)
        drawn = await page.locator("#charts").screenshot()
        await expect(page.locator('#gait [data-key="cadence"] .value')).to_have_text(
            re.compile(r"1\d\d")
        )
        await expect(page.locator('#gait [data-key="stance-left"] .value')).to_have_text("61 %")
        knee = page.locator('#angles [data-key="left_knee"] td')
        await expect(knee.nth(1)).to_have_text(re.compile(r"\d ± 2\.1°"))
        await expect(knee.nth(2)).to_have_text("100 %")
        await expect(page.locator("#estimates")).to_have_text("Model: Left foot contact 97 %")
        turned = page.locator("#body-angles tr")
        await expect(turned.nth(0)).to_have_text("Hip adduction−4.0 ± 2.6°−1.5 ± 2.6°")
        await expect(turned.nth(1)).to_have_text("Hip rotationnot known")
        await expect(turned.nth(2)).to_have_text("Trunk forward tilt7.5 ± 2.0°")
        await expect(page.locator("#events li")).to_have_count(2)
        await expect(page.locator("#sensors tr")).to_have_count(8)
        await expect(page.locator('#sensors [data-key="pelvis"]')).to_contain_text("60.0 Hz")
        await changed(page.locator("#charts"), drawn)
        assert visit.complaints == []


async def test_therapist_sees_why_a_figure_is_withheld(browser: Browser) -> None:
    show = Show(Person(activity="squat", silent=("left_shank",)))
    async with (
        serving(show) as address,
        visiting(browser, url_of(address, "/therapist")) as visit,
    ):
        page = visit.page
        cadence = page.locator('#gait [data-key="cadence"]')
        await expect(cadence.locator(".value")).to_have_text("–")
        await expect(cadence.locator(".note")).to_have_text("not walking")
        knee = page.locator('#angles [data-key="left_knee"] td')
        await expect(knee.nth(0)).to_have_text("–")
        await expect(knee.nth(2)).to_have_text("silent: left shank")
        state = page.locator('#sensors [data-key="left_shank"] td').nth(1)
        await expect(state).to_have_text("■ lost: out of range")


async def test_therapist_sees_how_far_events_and_repetitions_can_be_trusted(
    browser: Browser,
) -> None:
    show = Show()
    show.person.tell(0.1, "marker", "with a walking aid")
    show.person.tell(0.2, "initial_contact", "left initial contact", 0.97)
    show.person.tell(0.3, "repetition", "squat 1", 0.4, "only 40 % of the samples were measured")
    async with (
        serving(show) as address,
        visiting(browser, url_of(address, "/therapist")) as visit,
    ):
        squat, contact, marker = (visit.page.locator("#events li").nth(n) for n in range(3))
        await expect(squat.locator(".trust")).to_have_text("40 % of samples measured")
        await expect(squat.locator(".trust")).to_have_attribute("data-poor", "true")
        await expect(squat.locator(".withheld")).to_have_text(
            "figures withheld: only 40 % of the samples were measured"
        )
        await expect(contact.locator(".trust")).to_have_text("97 % of samples measured")
        await expect(contact.locator(".trust")).to_have_attribute("data-poor", "false")
        await expect(contact.locator(".withheld")).to_have_count(0)
        await expect(marker.locator(".trust")).to_have_count(0)
        assert visit.complaints == []


def _figure(
    name: str,
    value: float,
    unit: str,
    wording: Wording | None = None,
    *,
    side: Side | None = None,
    quality: Quality = Quality(1.0),  # noqa: B008, frozen
    half_width: float = math.nan,
) -> FigureView:
    return figure_view(Figure("p", 61.0, name, side, value, unit, quality, half_width), wording)


async def test_therapist_sees_the_figures_of_measures_with_unit_and_quality(
    browser: Browser,
) -> None:
    show = Show(Person(activity="walk"))
    async with (
        serving(show) as address,
        visiting(browser, url_of(address, "/therapist")) as visit,
    ):
        page = visit.page
        await expect(page.locator("#gait .card")).to_have_count(5)
        await expect(page.locator("#measures-section")).to_be_hidden()
        show.person.figures = [
            _figure("step_time", 0.5734, "s", side=Side.LEFT, quality=Quality(0.98)),
            _figure("step_time_asymmetry", math.nan, "1", quality=Quality(0.9, "only 2 of 12")),
            _figure("trunk_lean", 0.5, "rad"),
            _figure("knee_range_of_motion", 1.0, "rad", half_width=0.2),
            _figure("cadence", 105.384, "1/min", Wording("Last bout: cadence", "steps/min")),
            _figure("duration", 17.682, "s", Wording("Last bout: duration")),
            _figure("strides", 30.0, "1", Wording("Last bout: strides", "count")),
            _figure("variation", 0.0312, "1", Wording("Last bout: variation", "%")),
            _figure("step__height", 1.245, "m"),
        ]
        show.t_s = 62.0
        rows = page.locator("#measures tr")
        await expect(rows).to_have_text([
            "Step time, left0.57\u00a0s98\u00a0%1:01",
            "Step time asymmetry–withheld: only 2 of 121:01",
            "Trunk lean29°100\u00a0%1:01",
            "Knee range of motion57 ± 11°100\u00a0%1:01",
            "Last bout: cadence105\u00a0steps/min100\u00a0%1:01",
            "Last bout: duration17.7\u00a0s100\u00a0%1:01",
            "Last bout: strides30100\u00a0%1:01",
            "Last bout: variation3.1\u00a0%100\u00a0%1:01",
            "Step height1.25\u00a0m100\u00a0%1:01",
        ])  # fmt: skip
        await expect(page.locator('#measures [data-key="step_time-left"]')).to_have_count(1)
        assert visit.complaints == []


async def test_axes_of_charts_carry_their_units(browser: Browser) -> None:
    show = Show(Person(activity="walk"), runs=True)
    async with (
        serving(show) as address,
        visiting(browser, url_of(address, "/therapist"), before=KEEP_DRAWN_TEXT) as visit,
    ):
        drawn = "() => ['degrees', 'steps/min', 'time, min:s'].every((t) => window.drawn.has(t))"
        await visit.page.wait_for_function(drawn)
        chart = visit.page.get_by_role("img", name="Knee in degrees over time, min:s")
        await expect(chart).to_be_visible()


@pytest.mark.parametrize("width", [320, 1400])
async def test_many_measures_keep_nothing_out_of_reach(browser: Browser, width: int) -> None:
    show = Show(Person(activity="walk"))
    show.person.figures = [_figure(f"figure_{i}", 1.0, "m") for i in range(90)]
    async with (
        serving(show) as address,
        visiting(
            browser, url_of(address, "/therapist"), size={"width": width, "height": 800}
        ) as visit,
    ):
        await expect(visit.page.locator("#measures tr")).to_have_count(90)
        box = await visit.page.locator("section.measures").bounding_box()
        assert box is not None
        assert box["height"] <= 400


@pytest.mark.parametrize("width", [1280, 1440])
async def test_quality_of_an_angle_is_in_sight_beside_the_model(
    browser: Browser, width: int
) -> None:
    async with (
        serving(Show(Person(activity="walk"))) as address,
        visiting(
            browser, url_of(address, "/therapist"), size={"width": width, "height": 800}
        ) as visit,
    ):
        await expect(visit.page.locator("#angles")).to_contain_text("measured then")
        over = "part => part.scrollWidth - part.clientWidth"
        assert await visit.page.locator("section.angles").evaluate(over) <= 0


@pytest.mark.parametrize("width", [320, 600, 1000, 1400])
async def test_therapist_page_fits_windows_of_any_width(browser: Browser, width: int) -> None:
    show = Show(Person(activity="walk"))
    reason = "only 40 % of the samples were measured"
    show.person.tell(0.3, "repetition", "knee-extension 1", 0.4, reason)
    show.person.figures = [
        _figure("step_time_asymmetry", math.nan, "1", quality=Quality(0.4, reason))
    ]
    async with (
        serving(show) as address,
        visiting(
            browser, url_of(address, "/therapist"), size={"width": width, "height": 800}
        ) as visit,
    ):
        page = visit.page
        await expect(page.locator("#measures tr")).to_have_count(1)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        for part in (".what", ".trust", ".withheld"):
            box = await page.locator(f"#events {part}").bounding_box()
            assert box is not None
            assert box["width"] > 30
            assert box["x"] + box["width"] <= width
