"""The pages in a real browser: what a patient and a therapist see, and what goes wrong."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from gateway.live import figure_view
from gateway.live_frame import FigureView, GuideView
from gateway.messages import Figure, Quality, Side
from gateway.wording import Wording
from tests.dashboards.person import SQUAT_HOW, Person
from tests.dashboards.visit import Show, chromium, serving, url_of, visiting

pytestmark = pytest.mark.asyncio(loop_scope="module")

NO_WEBGL = """
  const original = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    return kind.startsWith("webgl") ? null : original.call(this, kind, ...rest);
  };
"""

# Keeps every text that is drawn into a canvas, where a test cannot read it.
KEEP_DRAWN_TEXT = """
  window.drawn = new Set();
  const fillText = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    window.drawn.add(text);
    return fillText.call(this, text, ...rest);
  };
"""

HANG = """() => {
  console.log("hangs");
  const end = performance.now() + 2500;
  while (performance.now() < end);
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


async def _drawn(page: Page, ankles: str | None = None) -> tuple[str, bytes]:
    """The pose drawn, once it differs from ``ankles``, and its pixels."""
    figure = page.locator("#figure")
    await expect(figure).to_have_attribute("data-ankles", re.compile(r"\d"))
    if ankles is not None:
        await expect(figure).not_to_have_attribute("data-ankles", ankles)
    return await figure.get_attribute("data-ankles") or "", await figure.screenshot()


async def _assert_moves(show: Show, page: Page) -> None:
    stands, standing = await _drawn(page)
    show.t_s = 1.0
    squats, squatting = await _drawn(page, stands)
    assert squats != stands
    assert squatting != standing


async def test_patient_sees_figure_move_and_repetitions_counted(browser: Browser) -> None:
    show = Show()
    async with serving(show) as address, visiting(browser, url_of(address)) as visit:
        page = visit.page
        await expect(page.locator("#exercise")).to_have_text("Squat")
        await expect(page.locator("#how")).to_have_text(SQUAT_HOW)
        await expect(page.locator("#figure")).to_have_attribute("data-drawn", "3d")
        await _assert_moves(show, page)
        for count in (1, 2, 3):
            show.t_s = 2.0 * count + 0.1
            await expect(page.locator("#count")).to_have_text(str(count))
            await expect(page.locator("#announce")).to_have_text(f"Repetition {count}")
        assert visit.complaints == []


async def test_figure_takes_the_pose_of_the_segments(browser: Browser) -> None:
    show = Show()
    async with serving(show) as address, visiting(browser, url_of(address)) as visit:
        ankles = visit.page.locator("#figure")
        # x forward and y up in centimetres, left then right: standing, feet below the hips.
        await expect(ankles).to_have_attribute("data-ankles", "0 8 0 8")
        show.person.activity = "knee-extension"
        show.t_s = 2.0
        await expect(ankles).to_have_attribute("data-ankles", "42 8 42 8")
        show.t_s = 3.0
        await expect(ankles).to_have_attribute("data-ankles", "42 8 83 45")
        # A shank that nobody measures goes on in the direction of its thigh.
        show.person.silent = ("left_shank", "left_foot")
        show.t_s = 4.0
        await expect(ankles).to_have_attribute("data-ankles", "83 49 42 8")


@pytest.mark.parametrize("before", [None, NO_WEBGL])
async def test_picture_survives_a_new_size(browser: Browser, before: str | None) -> None:
    async with (
        serving(Show()) as address,
        visiting(browser, url_of(address), before=before) as visit,
    ):
        await _drawn(visit.page)
        await visit.page.set_viewport_size({"width": 700, "height": 640})
        _, picture = await _drawn(visit.page)
        await visit.page.locator("#figure canvas").evaluate("node => node.remove()")
        assert await visit.page.locator("#figure").screenshot() != picture


async def test_target_bar_follows_the_angle_into_the_zone(browser: Browser) -> None:
    show = Show()
    async with serving(show) as address, visiting(browser, url_of(address)) as visit:
        target = visit.page.locator("#target")
        await expect(target).to_have_attribute("data-inside", "false")
        await expect(visit.page.locator("#target-text")).to_have_text("Reach 70° to 110°")
        show.t_s = 1.0
        await expect(target).to_have_attribute("data-inside", "true")
        await expect(visit.page.locator("#target-now")).to_have_text("now 95°")


async def test_effort_leads_to_the_right_where_the_angle_falls(browser: Browser) -> None:
    show = Show(Person(activity="knee-extension"))
    async with serving(show) as address, visiting(browser, url_of(address)) as visit:
        needle, now = visit.page.locator("#needle"), visit.page.locator("#target-now")
        await expect(now).to_have_text("now 90°")
        bent = await needle.evaluate("node => parseFloat(node.style.left)")
        show.t_s = 1.0
        await expect(now).to_have_text("now 5°")
        straight = await needle.evaluate("node => parseFloat(node.style.left)")
        assert straight > bent + 40
        await expect(visit.page.locator("#target")).to_have_attribute("data-inside", "true")


async def test_a_guided_calibration_says_what_to_do_and_what_is_missing(browser: Browser) -> None:
    asked = "Raise your left knee 3 times"
    show = Show(Person(calibrated=False, guide=GuideView(2, 6, asked, "", 0.33, done=False)))
    async with serving(show) as address, visiting(browser, url_of(address)) as visit:
        page = visit.page
        await expect(page.locator("#exercise")).to_have_text("Step 2 of 6")
        await expect(page.locator("#how")).to_have_text(f"{asked}.")
        await expect(page.locator("#announce")).to_have_text(f"{asked}.")
        await expect(page.locator("#count")).to_have_text("33 %")
        await expect(page.locator("#notice")).to_be_hidden()
        show.person.guide = GuideView(2, 6, asked, "A little higher, please", 0.33, done=False)
        show.t_s = 1.0
        await expect(page.locator("#cue")).to_have_text("A little higher, please")
        await expect(page.locator("#announce")).to_have_text("A little higher, please")
        show.person.guide = GuideView(6, 6, "Done", "", 1.0, done=True)
        show.t_s = 2.0
        await expect(page.locator("#exercise")).to_have_text("Calibrated")
        await expect(page.locator("#cue")).to_have_text("")
        assert visit.complaints == []


async def test_cue_appears_is_read_out_once_and_goes(browser: Browser) -> None:
    show = Show()
    async with serving(show) as address, visiting(browser, url_of(address)) as visit:
        page = visit.page
        await expect(page.locator("#count")).to_have_text("0")
        show.person.say(0.5, "target_reached", "Good, that is deep enough")
        show.t_s = 0.6
        await expect(page.locator("#cue")).to_have_text("Good, that is deep enough")
        await expect(page.locator("#announce")).to_have_text("Good, that is deep enough")
        show.t_s = 0.7
        await show.asked_again()
        show.t_s = 1.9
        await expect(page.locator("#target-now")).not_to_have_text("now 95°")
        await expect(page.locator("body")).to_have_attribute("data-cues-played", "1")
        show.t_s = 6.0
        await expect(page.locator("#cue")).to_have_text("")


async def test_walking_shows_cadence(browser: Browser) -> None:
    show = Show(Person(activity="walk"))
    async with serving(show) as address, visiting(browser, url_of(address)) as visit:
        await expect(visit.page.locator("#exercise")).to_have_text("Walking")
        await expect(visit.page.locator("#count")).to_have_text("109")
        await expect(visit.page.locator("#target")).to_be_hidden()


async def test_sound_plays_after_a_real_tap_and_not_before(browser: Browser) -> None:
    show = Show()
    async with serving(show) as address, visiting(browser, url_of(address)) as visit:
        page, body = visit.page, visit.page.locator("body")
        await expect(page.locator("#count")).to_have_text("0")
        show.person.say(0.1, "repetition", "1")
        show.t_s = 0.2
        await expect(body).to_have_attribute("data-tones", "0")
        box = await page.locator("#sound").bounding_box()
        assert box is not None
        await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await expect(body).to_have_attribute("data-sound", "running")
        await expect(page.locator("#sound")).to_have_attribute("aria-pressed", "true")
        show.person.say(0.3, "target_reached", "Good")
        show.t_s = 0.4
        # One to confirm the tap, one for the cue.
        await expect(body).to_have_attribute("data-tones", "2")


async def test_server_restart_is_survived_without_a_reload(browser: Browser) -> None:
    before, after = Show(t_s=8.1), Show(t_s=2.1)
    for text in ("Four", "Deep enough"):
        before.person.say(8.0, "target_reached", text)
    after.person.say(2.0, "target_reached", "One")
    async with visiting(browser, "about:blank") as visit:
        page, loads = visit.page, list[str]()
        page.on("load", lambda loaded: loads.append(loaded.url))
        async with serving(before) as address:
            await page.goto(url_of(address))
            await expect(page.locator("#cue")).to_have_text("Deep enough")
            await expect(page.locator("#count")).to_have_text("4")
        await expect(page.locator("#link-text")).to_have_text("Connection lost")
        await expect(page.locator("#notice")).to_contain_text("connects again by itself")
        async with serving(after, port=address[1]):
            await expect(page.locator("#link-text")).to_have_text("Live")
            await expect(page.locator("#count")).to_have_text("1")
            await expect(page.locator("#cue")).to_have_text("One")
            await expect(page.locator("body")).to_have_attribute("data-cues-played", "2")
        assert loads == [url_of(address)]


async def test_page_that_hung_does_not_play_a_cue_that_is_over(browser: Browser) -> None:
    show = Show(runs=True)
    async with serving(show) as address, visiting(browser, url_of(address)) as visit:
        page, body = visit.page, visit.page.locator("body")
        await expect(page.locator("#exercise")).to_have_text("Squat")
        async with page.expect_console_message(lambda said: said.text == "hangs"):
            hung = asyncio.create_task(page.evaluate(HANG))
        show.person.say(show.t_s or 0.0, "target_missed", "A little deeper")
        await hung
        await expect(page.locator("#cue")).to_have_text("A little deeper")
        assert await body.get_attribute("data-cues-played") is None
        show.person.say(show.t_s or 0.0, "target_reached", "Good")
        await expect(body).to_have_attribute("data-cues-played", "1")


async def test_without_webgl_the_page_draws_lines_and_counts(browser: Browser) -> None:
    show = Show()
    async with (
        serving(show) as address,
        visiting(browser, url_of(address), before=NO_WEBGL) as visit,
    ):
        await expect(visit.page.locator("#figure")).to_have_attribute("data-drawn", "2d")
        await _assert_moves(show, visit.page)
        show.t_s = 4.1
        await expect(visit.page.locator("#count")).to_have_text("2")
        assert visit.complaints == []


async def test_each_state_is_told_with_what_to_do(browser: Browser) -> None:
    show = Show(Person(calibrated=False), t_s=None)
    async with serving(show) as address, visiting(browser, url_of(address)) as visit:
        body, notice = visit.page.locator("body"), visit.page.locator("#notice")
        await expect(notice).to_contain_text("Switch every sensor on")
        show.runs, show.t_s = True, 0.0
        await expect(notice).to_contain_text("Stand upright")
        show.person.calibrated = True
        await expect(notice).to_be_hidden()
        show.person.silent = ("left_shank",)
        await expect(notice).to_contain_text("left shank. Check that it is switched on")
        show.runs = False
        await expect(body).to_have_attribute("data-state", "silent")
        await expect(notice).to_contain_text("The sensors are silent.")


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
        assert await page.locator("#charts").screenshot() != drawn
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


@pytest.mark.parametrize("path", ["/", "/therapist"])
async def test_nothing_is_asked_of_anybody_else(browser: Browser, path: str) -> None:
    show = Show(runs=True)
    async with serving(show) as address, visiting(browser, url_of(address, path)) as visit:
        await expect(visit.page.locator("#link-text")).to_have_text("Live")
        await expect(visit.page.locator("#source")).to_have_text("simulated person")
        await show.asked_again(20)
        hosts = {urlsplit(url).netloc for url in visit.requests}
        assert hosts == {f"{address[0]}:{address[1]}"}
        assert visit.complaints == []


async def test_policy_stops_a_script_that_was_slipped_in(browser: Browser) -> None:
    async with serving(Show()) as address, visiting(browser, url_of(address)) as visit:
        await visit.page.evaluate(
            """() => {
              const script = document.createElement("script");
              script.textContent = "document.body.dataset.slipped = 'in'";
              document.body.append(script);
            }"""
        )
        assert await visit.page.locator("body").get_attribute("data-slipped") is None
        assert any("Content Security Policy" in said for said in visit.complaints)
