"""The root address: somebody came without a course."""


def test_the_root_says_what_this_is_and_where_to_go(browser, world):
    page = browser().get("/")

    assert page.status_code == 200
    assert "Open Assay from an activity of your course" in page.text
    assert "Set-Cookie" not in page.headers
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
