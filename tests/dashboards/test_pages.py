"""The pages in a real browser: what a patient sees, and what goes wrong on either."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.live.frame import GuideView
from tests.dashboards.person import SQUAT_HOW, Person
from tests.dashboards.visit import Show, changed, serving, url_of, visiting

pytestmark = pytest.mark.asyncio(loop_scope="module")

NO_WEBGL = """
  const original = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    return kind.startsWith("webgl") ? null : original.call(this, kind, ...rest);
  };
"""

HANG = """() => {
  console.log("hangs");
  const end = performance.now() + 2500;
  while (performance.now() < end);
}"""


async def _drawn(page: Page) -> tuple[str, bytes]:
    """The pose drawn, and its pixels."""
    figure = page.locator("#figure")
    await expect(figure).to_have_attribute("data-ankles", re.compile(r"\d"))
    return await figure.get_attribute("data-ankles") or "", await figure.screenshot()


async def _assert_moves(show: Show, page: Page) -> None:
    stands, standing = await _drawn(page)
    show.t_s = 1.0
    await expect(page.locator("#figure")).not_to_have_attribute("data-ankles", stands)
    await changed(page.locator("#figure"), standing)


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
        await changed(visit.page.locator("#figure"), picture)


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
