"""What only a real browser shows: forms that send themselves, frames, cookies, colours."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.chromium import ARGUMENTS

pytestmark = pytest.mark.browser

COURSE = "/courses/course-101"
PAGES = (
    *("/", "/behaviour", "/browser-features", "/failures", "/nowhere"),
    *(COURSE, f"{COURSE}/gradebook", f"{COURSE}/participants"),
    f"{COURSE}/gradebook/1/u-student-1/speedgrader",
)


@pytest.fixture(scope="module")
def chromium(chromium_path, request):
    if chromium_path is None:
        pytest.skip("no Chromium; `make test` brings one")
    playwright = request.getfixturevalue("playwright")
    browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def page(chromium, lms):
    with chromium.new_context(base_url=lms) as context:
        yield context.new_page()


def test_the_tool_opens_in_a_frame_as_tall_as_it_asks(page):
    page.goto(f"{COURSE}/activities/1")

    expect(page.frame_locator("iframe").get_by_text("Hello u-instructor")).to_be_visible()
    expect(page.locator("iframe")).to_have_css("height", "1234px")


def test_another_person_opens_the_tool_in_a_window(page):
    page.goto(f"{COURSE}/activities/1")
    page.get_by_label("Signed in as").select_option("u-student-1")
    page.get_by_role("button", name="Switch").click()
    expect(page.frame_locator("iframe").get_by_text("Hello u-student-1")).to_be_visible()

    with page.expect_popup() as popup:
        page.get_by_role("link", name="Open in a new window").click()

    expect(popup.value.get_by_text("Hello u-student-1")).to_be_visible()


def test_what_was_chosen_in_the_tool_stands_in_the_course(page, lms):
    page.goto(COURSE)
    page.get_by_role("link", name="Add activity from Assay").click()
    page.frame_locator("iframe").get_by_role("button", name="Return").click()

    expect(page).to_have_url(f"{lms}{COURSE}")
    expect(page.get_by_role("link", name="Portfolio")).to_be_visible()

    page.get_by_role("button", name="Delete Portfolio").click()
    expect(page.get_by_role("link", name="Portfolio")).to_have_count(0)


def test_a_page_of_the_lms_leaves_its_own_frame(page, lms):
    page.goto(f"{COURSE}/activities/1")
    page.frame_locator("iframe").get_by_text("Hello").wait_for()

    page.locator("iframe").evaluate(
        "(frame, address) => { frame.src = address; }", f"{COURSE}/gradebook?reviewed=u-student-1"
    )

    expect(page).to_have_url(f"{lms}{COURSE}/gradebook?reviewed=u-student-1")


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_pages_are_accessible_and_fit(chromium, lms, width, colours):
    with chromium.new_context(
        base_url=lms, viewport={"width": width, "height": 800}, color_scheme=colours
    ) as context:
        page = context.new_page()
        page.goto("/behaviour")
        page.get_by_role("button", name="Behave as Canvas").click()
        for address in PAGES:
            page.goto(address)
            found = Axe().run(page)
            assert found.violations_count == 0, f"{address}: {found.generate_report()}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_a_grade_is_changed_by_hand_with_the_keyboard(page):
    page.goto(f"{COURSE}/gradebook")
    summary = page.locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("61.5")
    page.keyboard.press("Enter")

    expect(page.get_by_text("61.5 / 100")).to_be_visible()
    expect(page.get_by_text("Changed by hand")).to_have_count(1)


def test_a_fault_is_asked_for_and_stopped(page):
    page.goto("/failures")
    page.get_by_label("What", exact=True).select_option("roster")
    page.get_by_label("How", exact=True).select_option("hang")
    page.get_by_role("button", name="Let it fail").click()
    expect(page.get_by_text("It hangs, then does its work · the next answer")).to_be_visible()
    expect(page.get_by_role("link", name="failures are on")).to_be_visible()

    page.get_by_role("button", name="Stop Roster").click()

    expect(page.get_by_text("Everything works.")).to_be_visible()
