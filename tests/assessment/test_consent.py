"""A learner shows assessed work with a credential, and takes that back."""

import json
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from app.assessment.disclosing import open_by_link
from app.awards.models import Award
from app.core.audit import AuditEntry
from app.core.errors import NotFoundError
from app.evidence.consent_models import Consent, Disclosure, RedactedCopy
from app.evidence.models import Artifact, ScanState
from app.evidence.storage import open_storage
from app.outbox.models import Delivery
from tests import campus, factories
from tests.assessment.consent import PIXEL, SECRET_WORDS, make_shown_work

NAME = "Mei Student"


@pytest.fixture
def storage(settings):
    return open_storage(settings)


@pytest.fixture
def shown(session, world, storage):
    return make_shown_work(session, world, storage)


@pytest.fixture
def award(shown):
    return shown[0]


@pytest.fixture
def here(award):
    return f"/my/credentials/{award.public_id}/evidence"


def choose(artifacts, *ways, audience="public", **more):
    data = {f"shown_{a.id}": way for a, way in zip(artifacts, ways, strict=True)}
    return {**data, "audience": audience, **more}


def hidden(page, name):
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page.text)
    return found[1].replace("&#34;", '"').replace("&quot;", '"').replace("&amp;", "&")


def sign(mei, here, page, **changes):
    data = {
        "carried": hidden(page, "carried"),
        "seen": hidden(page, "seen"),
        "name": NAME,
        "agrees": "y",
        **changes,
    }
    return mei.post(f"{here}/sign", data=data)


@pytest.fixture
def share(browser, world, shown, here):
    """Choose and sign in one go."""

    def run(*ways, audience="public", **more):
        mei = browser(world.learner)
        page = mei.post(here, data=choose(shown[1], *ways, audience=audience, **more))
        assert page.status_code == 200, page.text
        signed = sign(mei, here, page)
        assert signed.status_code == 303, signed.text
        return mei

    return run


def consent(session):
    session.expire_all()
    return session.scalars(select(Consent).order_by(Consent.id.desc())).first()


def link_of(mei, here):
    return re.search(r"https://tool\.test(/evidence/[\w-]{43})", mei.get(here).text)[1]


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
        return work.status, work.status_changed_at, len(deliveries), held.credential

    before = stand()
    mei = share("full", "full")
    assert stand() == before
    mei.post(f"{here}/withdraw")
    assert stand() == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "Jonas Student"}, "as it stands in your course"),
        ({"name": "  "}, "Sign with your full name"),
        ({"agrees": ""}, "Tick that you agree"),
    ],
)
def test_an_unsigned_text_shows_nothing(browser, session, world, shown, here, changes, words):
    mei = browser(world.learner)
    page = mei.post(here, data=choose(shown[1], "full", "full"))

    refused = sign(mei, here, page, **changes)

    assert refused.status_code == 422
    assert words in refused.text
    assert consent(session) is None


@pytest.mark.parametrize("typed", ["mei student", "MEI  STUDENT", "Student, Mei".replace(",", "")])
def test_a_name_may_be_written_otherwise_but_in_its_order(typed):
    from app.assessment.consent_text import is_same_name

    assert is_same_name(typed, "Mei Student") is (typed.lower().split() == ["mei", "student"])


def test_where_the_lms_told_no_name_any_will_do():
    from app.assessment.consent_text import is_same_name

    assert is_same_name("Somebody", None)
    assert not is_same_name(" .-", None)


def test_a_text_that_changed_meanwhile_is_read_again(browser, session, world, shown, here):
    mei = browser(world.learner)
    page = mei.post(here, data=choose(shown[1], "full", "full"))

    refused = sign(mei, here, page, seen="0" * 64)

    assert refused.status_code == 422
    assert "Read it again" in refused.text
    assert consent(session) is None


def _forge(carried, **changes):
    document = json.loads(carried)
    document["choices"][0] |= changes
    return json.dumps(document)


def test_forged_artifacts_are_refused(browser, session, world, shown, here, storage):
    assignment = factories.make_assignment(session, world.course, world.level_2, link=None)
    session.commit()
    from tests.assessment.work import hand_in

    foreign = hand_in(session, assignment, world.other_learner).attempts[0].artifacts[0].id
    mei = browser(world.learner)
    page = mei.post(here, data=choose(shown[1], "full", "full"))

    for number in (foreign, 999_999):
        forged = _forge(hidden(page, "carried"), artifact_id=number)
        assert sign(mei, here, page, carried=forged).status_code == 422
    for nonsense in ("", "[]", "{", '{"choices": 1}'):
        assert sign(mei, here, page, carried=nonsense).status_code == 422
    assert consent(session) is None


def test_what_the_grantor_did_not_mark_cannot_be_shown(browser, session, world, storage):
    award, artifacts = make_shown_work(session, world, storage, is_marked=False)
    mei = browser(world.learner)
    here = f"/my/credentials/{award.public_id}/evidence"

    assert "The grantor did not mark it" in mei.get(here).text
    forced = mei.post(here, data=choose(artifacts, "full", "full"))
    assert forced.status_code == 422
    assert browser().get(f"/credentials/{award.public_id}/evidence").status_code == 404


def test_other_people_must_have_agreed(browser, session, world, shown, here):
    mei = browser(world.learner)

    refused = mei.post(here, data=choose(shown[1], "full", "no", has_third_parties="y"))
    agreed = mei.post(
        here,
        data=choose(shown[1], "full", "no", has_third_parties="y", third_parties_agree="y"),
    )

    assert refused.status_code == 422
    assert "have to agree first" in refused.text
    assert "They have agreed to" in agreed.text


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("copy.png", b"", "empty"),
        ("copy.png", b"<html><script>1</script>", "not what its name says"),
        ("copy.exe", b"MZ", "not accepted"),
        ("copy.png", PIXEL, "is the original"),
    ],
)
def test_a_redacted_copy_is_checked_like_any_file(
    browser, session, world, shown, here, name, content, words
):
    sent = choose(
        shown[1], "no", "redacted", **{f"copy_{shown[1][1].id}": (BytesIO(content), name)}
    )

    refused = browser(world.learner).post(here, data=sent)

    assert refused.status_code == 422
    assert words in refused.text
    assert session.scalars(select(RedactedCopy)).all() == []


def test_a_redacted_copy_is_needed_where_one_was_promised(browser, world, shown, here):
    refused = browser(world.learner).post(here, data=choose(shown[1], "no", "redacted"))

    assert refused.status_code == 422
    assert "Add a redacted copy" in refused.text


def test_nobody_else_opens_or_signs(browser, session, world, shown, here, share):
    share("full", "full")
    number = consent(session).id
    for who in (world.other_learner, world.instructor, world.grantor, world.second_grantor):
        other = browser(who)
        assert other.get(here).status_code == 404
        assert other.post(f"{here}/withdraw").status_code == 404
        assert other.get(f"/my/consents/{number}").status_code == 404
        assert other.get(f"/my/consents/{number}.json").status_code == 404
    assert browser().get(here).status_code == 401
    assert consent(session).withdrawn_at is None


def test_a_revoked_award_cannot_be_signed_for(browser, session, world, award, shown, here):
    mei = browser(world.learner)
    page = mei.post(here, data=choose(shown[1], "full", "full"))
    session.get_one(Award, award.id).revoked_at = datetime.now(UTC)
    session.commit()

    assert sign(mei, here, page).status_code == 409
    assert consent(session) is None


def test_the_log_of_deeds_names_digests_and_no_words(session, share):
    share("full", "full")

    (entry,) = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "consent.signed")
    ).all()
    assert entry.facts["digest"] == consent(session).digest
    assert "Mei" not in json.dumps(entry.facts)


def test_the_public_page_leads_to_what_everybody_may_see(browser, award, share, here):
    credential = f"/credentials/{award.public_id}"
    assert "See the work" not in browser().get(credential).text
    mei = share("full", "full")
    assert "See the work" in browser().get(credential).text

    mei.post(f"{here}/withdraw")

    assert "See the work" not in browser().get(credential).text


def test_administrators_see_and_write_down_disclosures(browser, session, world, award, share):
    campus.make_administrator(session, world.instructor)
    share("full", "full")
    browser().get(f"/credentials/{award.public_id}/evidence")
    ines = browser(world.instructor)
    page = f"/admin/disclosures/people/{world.learner.id}"

    assert "Mei Student" in ines.get("/admin/disclosures?q=mei").text
    assert "The public" in ines.get(page).text
    assert ines.post(page, data={"to_whom": "A court", "what": " "}).status_code == 422
    assert ines.post(page, data={"to_whom": "A court", "what": "Order 12"}).status_code == 303
    assert "Order 12" in ines.get(page).text
    assert browser(world.grantor).get(page).status_code == 403
