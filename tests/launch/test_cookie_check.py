"""`/lti/cookies`: what this browser allows, in words, without telling anything of anybody."""

import pytest

IN_FRAME = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}


def shown(page) -> list[str]:
    """Return the verdicts that are not hidden."""
    import re

    found = re.findall(r'data-verdict="(\w+)"( hidden)?', page.text)
    assert [name for name, _ in found] == ["works", "storage", "tab", "off"]
    return [name for name, is_hidden in found if not is_hidden]


def test_a_browser_that_keeps_cookies_is_told_that_all_is_well(browser):
    page = browser().get("/lti/cookies", follow_redirects=True, headers=IN_FRAME)

    assert page.status_code == 200
    assert shown(page) == ["works"]
    assert "partitioned cookie: yes" in page.text
    assert "plain cookie: yes" in page.text
    assert "inside another page: yes" in page.text


@pytest.mark.parametrize(("headers", "verdict"), [(IN_FRAME, "tab"), ({}, "off")])
def test_one_that_keeps_none_is_told_what_to_do(app, headers, verdict):
    client = app.test_client(use_cookies=False)

    page = client.get("/lti/cookies", follow_redirects=True, headers=headers)

    assert shown(page) == [verdict]
    assert "<code>tool.test</code>" in page.text
    assert "partitioned cookie: no" in page.text


def test_the_cookies_on_trial_are_one_of_each_kind_and_short(browser):
    answer = browser().get("/lti/cookies")

    partitioned, plain = sorted(answer.headers.getlist("Set-Cookie"))
    assert "Partitioned" in partitioned
    assert "Partitioned" not in plain
    for cookie in (partitioned, plain):
        assert "Max-Age=120" in cookie
        assert "SameSite=None" in cookie


def test_any_page_may_show_it_and_no_cache_keeps_it(browser):
    page = browser().get("/lti/cookies?tried=1")

    policy = page.headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self'; frame-ancestors *")
    assert "script-src 'self'" in policy
    assert page.headers["Cache-Control"] == "no-store"


def test_the_report_names_the_browser_and_nobody(lms, browser, world):
    mei = browser()
    lms.launch(mei)

    page = mei.get(
        "/lti/cookies", follow_redirects=True, headers={"User-Agent": "<b>Browser</b>" + "x" * 400}
    )

    assert "browser: &lt;b&gt;Browser&lt;/b&gt;xxx" in page.text
    assert "x" * 300 not in page.text
    for private in ("Mei Student", "user-1", "lms.test", "mei@"):
        assert private not in page.text


def test_the_scripts_questions_are_answered_by_what_came(browser):
    mei = browser()
    assert mei.get("/lti/cookies/seen").json == {
        "any": False,
        "here": False,
        "partitioned": False,
        "plain": False,
    }

    mei.post("/lti/cookies/try")
    mei.set_cookie("other", "1", domain="tool.test")

    seen = mei.get("/lti/cookies/seen?name=__Host-assay-try-plain")
    assert seen.json["here"] is seen.json["any"] is True
    assert seen.headers["Cache-Control"] == "no-store"
    assert mei.get("/lti/cookies/seen?name=other").json["here"] is False


def test_a_refused_launch_leads_to_it(lms, browser):
    from app.launch.claims import CLAIM

    page = lms.launch(browser(), **{f"{CLAIM}version": "1.1"})

    assert 'href="/lti/cookies"' in page.text
