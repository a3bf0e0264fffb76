"""A learner shows assessed work with a credential, and takes that back."""

import re
import threading
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from app.assessment.disclosing import open_by_link
from app.awards.models import Award
from app.core.errors import NotFoundError
from app.evidence.consent_models import Consent, Disclosure, RedactedCopy
from app.evidence.models import Artifact, ScanState
from app.outbox.models import Delivery
from tests.assessment.consent import (
    PIXEL,
    SECRET_WORDS,
    choose,
    consent,
    link_of,
)


def test_nothing_is_shown_before_it_is_signed(browser, world, shown, here, award):
    mei, stranger = browser(world.learner), browser()

    page = mei.post(here, data=choose(shown[1], "full", "full"))

    assert "I agree that the records listed here are shown" in page.text
    assert shown[1][0].sha256 in page.text
    assert stranger.get(f"/credentials/{award.public_id}/evidence").status_code == 404


def test_what_is_signed_is_shown_to_everybody_with_its_digest(browser, award, shown, share):
    share("full", "full")

    page = browser().get(f"/credentials/{award.public_id}/evidence")

    assert page.status_code == 200
    assert SECRET_WORDS in page.text
    assert all(artifact.sha256 in page.text for artifact in shown[1])
    assert page.headers["Cache-Control"] == "no-store"
    picture = browser().get(re.search(r'<img class="viewer" src="([^"]+)"', page.text)[1])
    assert picture.data == PIXEL
    assert picture.headers["Content-Security-Policy"].startswith("sandbox")
    assert "no-store" in picture.headers["Cache-Control"]


def test_only_what_was_chosen_is_shown(browser, award, share):
    share("no", "full")

    page = browser().get(f"/credentials/{award.public_id}/evidence")

    assert "poster.png" in page.text
    assert SECRET_WORDS not in page.text


def test_a_description_shows_neither_the_work_nor_its_name(browser, session, award, shown, share):
    share("no", "description", **{f"description_{shown[1][1].id}": "A poster about searching."})

    page = browser().get(f"/credentials/{award.public_id}/evidence")

    assert "A poster about searching." in page.text
    assert "poster.png" not in page.text
    item = consent(session).items[0].id
    assert browser().get(f"/credentials/{award.public_id}/evidence/{item}").status_code == 404


def test_a_redacted_copy_is_shown_and_never_the_original(browser, session, award, shown, share):
    redacted = PIXEL + b"\0"
    copy = (BytesIO(redacted), "public.png")

    share("no", "redacted", **{f"copy_{shown[1][1].id}": copy})

    page = browser().get(f"/credentials/{award.public_id}/evidence")
    assert "public.png" in page.text
    assert "poster.png" not in page.text
    item = consent(session).items[0]
    sent = browser().get(f"/credentials/{award.public_id}/evidence/{item.id}")
    assert sent.data == redacted
    kept = session.scalars(select(RedactedCopy)).one()
    assert kept.original_sha256 == shown[1][1].sha256
    assert item.sha256 == shown[1][1].sha256


def test_a_link_is_for_whoever_has_it_alone(browser, award, share, here):
    mei = share("full", "no", audience="link")

    link = link_of(mei, here)

    assert SECRET_WORDS in browser().get(link).text
    assert browser().get(link).headers["X-Robots-Tag"] == "noindex"
    assert browser().get(f"/credentials/{award.public_id}/evidence").status_code == 404
    assert browser().get("/evidence/" + "x" * 43).status_code == 404
    assert browser().get("/evidence/short").status_code == 404


@pytest.mark.parametrize("audience", ["public", "link"])
def test_with_a_private_credential_no_work_is_shown(browser, award, share, here, audience):
    mei = share("full", "full", audience=audience)
    public = f"/credentials/{award.public_id}/evidence"
    address = public if audience == "public" else link_of(mei, here)
    assert browser().get(address).status_code == 200

    mei.post(f"/my/credentials/{award.public_id}/visibility", data={"visibility": "private"})

    assert browser().get(address).status_code == 404
    mei.post(f"/my/credentials/{award.public_id}/visibility", data={"visibility": "link"})
    assert browser().get(address).status_code == 200


def test_a_link_ends_when_it_was_said_to(session, share, here):
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    mei = share("full", "no", audience="link", link_ends_on=tomorrow.isoformat())
    secret = link_of(mei, here).removeprefix("/evidence/")

    assert open_by_link(session, secret, now=datetime.now(UTC)).items
    with pytest.raises(NotFoundError):
        open_by_link(session, secret, now=datetime.now(UTC) + timedelta(days=3))


@pytest.mark.parametrize("audience", ["public", "link"])
def test_taking_it_back_works_at_once(browser, session, award, share, here, audience):
    mei = share("full", "full", audience=audience)
    public = f"/credentials/{award.public_id}/evidence"
    address = public if audience == "public" else link_of(mei, here)
    item = consent(session).items[1].id
    assert browser().get(f"{address}/{item}").status_code == 200

    assert mei.post(f"{here}/withdraw").status_code == 303

    gone = 410 if audience == "public" else 404
    for each in (address, f"{address}/{item}", f"{address}/{item}/pages/1.png"):
        answer = browser().get(each)
        assert answer.status_code == gone, each
        assert SECRET_WORDS not in answer.text
    assert mei.post(f"{here}/withdraw").status_code == 409


def test_a_new_consent_ends_the_one_before(browser, session, award, share):
    share("full", "full")
    first = consent(session)

    share("no", "full")

    session.expire_all()
    assert session.get_one(Consent, first.id).withdrawn_at is not None
    assert SECRET_WORDS not in browser().get(f"/credentials/{award.public_id}/evidence").text


def _revoke(session, award, artifact):
    session.get_one(Award, award.id).revoked_at = datetime.now(UTC)


def _expire(session, award, artifact):
    session.get_one(Award, award.id).valid_until = datetime.now(UTC)


def _forget(session, award, artifact):
    session.get_one(Award, award.id).person.forgotten_at = datetime.now(UTC)


def _unshare(session, award, artifact):
    session.get_one(Award, award.id).achievement.level.shares_evidence = False


@pytest.mark.parametrize("change", [_revoke, _expire, _forget, _unshare])
def test_what_no_longer_stands_shows_nothing(browser, session, award, shown, share, change):
    share("full", "full")

    change(session, award, shown[1][0])
    session.commit()

    page = browser().get(f"/credentials/{award.public_id}/evidence")
    assert page.status_code == 410
    assert SECRET_WORDS not in page.text


@pytest.mark.parametrize("state", ["infected", "waiting", "deleted"])
def test_what_may_not_be_served_is_left_out(browser, session, award, shown, share, state):
    share("full", "full")
    text = session.get_one(Artifact, shown[1][0].id)
    if state == "deleted":
        text.deleted_at = datetime.now(UTC)
    else:
        text.scan_state = ScanState(state)
    session.commit()

    page = browser().get(f"/credentials/{award.public_id}/evidence")

    assert page.status_code == 200
    assert SECRET_WORDS not in page.text
    assert "1 more piece of work is not shown" in page.text


def test_each_showing_is_written_down_once_an_hour(browser, session, award, share):
    share("full", "full")
    for _ in range(3):
        browser().get(f"/credentials/{award.public_id}/evidence")
        browser().get(f"/credentials/{award.public_id}/evidence/{consent(session).items[1].id}")

    session.expire_all()
    log = session.scalars(select(Disclosure).order_by(Disclosure.id)).all()
    assert [(each.what, each.to_whom) for each in log] == [
        ("page", "The public"),
        ("content", "The public"),
    ]
    log[0].at -= timedelta(hours=2)
    session.commit()
    browser().get(f"/credentials/{award.public_id}/evidence")
    assert len(session.scalars(select(Disclosure)).all()) == 3


def test_pages_asked_for_side_by_side_are_one_entry(app, browser, session, award, share):
    share("full", "full")
    address = f"/credentials/{award.public_id}/evidence/{consent(session).items[1].id}"
    session.rollback()
    ready, statuses = threading.Barrier(4, timeout=20), []

    def look():
        visitor = app.test_client()
        ready.wait()
        statuses.append(visitor.get(address).status_code)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 4
    assert [each.what for each in session.scalars(select(Disclosure))] == ["content"]


def test_a_change_begins_with_what_is_shown_now(session, award, shown, share, here):
    text, picture = shown[1]
    mei = share("no", "description", **{f"description_{picture.id}": "A poster about searching."})

    page = mei.get(here).text

    chosen = re.findall(r"<input[^>]*\bchecked\b[^>]*>", page)
    names = {re.search(r'name="([^"]+)"', each)[1]: each for each in chosen}
    assert 'value="no"' in names[f"shown_{text.id}"]
    assert 'value="description"' in names[f"shown_{picture.id}"]
    assert 'value="public"' in names["audience"]
    assert "A poster about searching." in page


def test_choosing_nothing_is_said_once(browser, world, shown, here):
    page = browser(world.learner).post(here, data=choose(shown[1], "no", "no"))

    assert page.status_code == 422
    assert page.text.count("Choose at least one piece of work to show") == 1


def test_the_learner_sees_the_log_and_keeps_a_copy(browser, session, award, share, here):
    mei = share("full", "no")
    browser().get(f"/credentials/{award.public_id}/evidence")

    page = mei.get(here)
    assert "The public" in page.text
    number = consent(session).id
    copy = mei.get(f"/my/consents/{number}")
    assert consent(session).digest in copy.text
    document = mei.get(f"/my/consents/{number}.json").json
    assert document["text"] == consent(session).text
    assert document["records"][0]["sha256"] in document["text"]
    assert document["launch"].startswith("session:")
    mei.post(f"{here}/withdraw")
    assert mei.get(f"/my/consents/{number}").status_code == 200, "a copy stays for the signer"


def test_nothing_of_it_touches_grade_or_status(browser, session, award, share, here):
    def stand():
        session.expire_all()
        from app.evidence.models import Submission

        work = session.scalars(select(Submission)).one()
        deliveries = session.scalars(select(Delivery)).all()
        held = session.get_one(Award, award.id)
        award_stands = (held.awarded_at, held.valid_until, held.revoked_at, held.suspended_at)
        return work.status, work.status_changed_at, len(deliveries), award_stands

    before = stand()
    mei = share("full", "full")
    assert stand() == before
    mei.post(f"{here}/withdraw")
    assert stand() == before
