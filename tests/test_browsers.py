"""The tests' own browser: one person's rights never leak into another's request."""


def test_a_request_does_not_inherit_the_person_before(browser, world):
    grantor, learner, stranger = browser(world.grantor), browser(world.learner), browser()

    assert grantor.get("/assessment/queue").status_code == 200
    assert learner.get("/assessment/queue").status_code == 403
    assert stranger.get("/assessment/queue").status_code == 401
    assert grantor.get("/assessment/queue").status_code == 200


def test_security_headers_are_these(browser, world):
    page = browser(world.grantor).get("/assessment/queue")

    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert policy.endswith("frame-ancestors https://lms.test")
    assert "X-Frame-Options" not in page.headers
    assert page.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "private, no-store"


def test_a_form_without_its_token_is_refused(app, browser, world):
    app.config["WTF_CSRF_ENABLED"] = True
    address = f"/courses/{world.course.id}/links/{world.link.id}/setup/{world.level_1.id}"

    page = browser(world.instructor).post(address, data={"title": "x"})

    assert page.status_code == 400
    assert "This form has run out" in page.text


def test_a_page_of_another_institution_is_not_found(app, browser, world, session):
    from tests import factories

    other = factories.make_world(session, app.extensions["assay.vault"], "other")

    page = browser(other.instructor).get(f"/courses/{world.course.id}/links/{world.link.id}/setup")

    assert page.status_code == 404


def test_an_id_that_no_row_can_have_is_not_found(browser, world):
    huge = "9" * 30

    for address in (f"/courses/{huge}/welcome", f"/assessment/submissions/{huge}"):
        assert browser(world.grantor).get(address).status_code == 404
