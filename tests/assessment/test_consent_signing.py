"""What is signed, by whom, and what is refused."""

import json
from datetime import UTC, datetime
from io import BytesIO

import pytest
from sqlalchemy import select

from app.awards.models import Award
from app.core.audit import AuditEntry
from app.evidence.consent_models import RedactedCopy
from tests import campus, factories
from tests.assessment.consent import (
    PIXEL,
    choose,
    consent,
    hidden,
    make_shown_work,
    sign,
)


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


@pytest.mark.parametrize(
    "changes",
    [
        {"link_ends_at": "2030-01-01T00:00:00"},
        {"link_ends_at": "9999-12-31T23:59:59-23:59"},
        {"choices": [{"redacted_id": 10**30}]},
        {"choices": [{"redacted_id": -1}]},
        {"choices": [{"artifact_id": 10**30}]},
        {"choices": [{}, {}]},
    ],
)
def test_a_forged_page_is_refused_and_no_fault(browser, session, world, shown, here, changes):
    mei = browser(world.learner)
    page = mei.post(here, data=choose(shown[1], "full", "no", audience="link"))
    carried = json.loads(hidden(page, "carried"))
    (piece,) = carried["choices"]
    forged = carried | changes
    forged["choices"] = [piece | each for each in forged["choices"]]

    refused = sign(mei, here, page, carried=json.dumps(forged))

    assert refused.status_code == 422
    assert consent(session) is None


@pytest.mark.parametrize("day", ["9999-12-31", "2020-01-01"])
def test_a_link_ends_within_a_lifetime(browser, world, shown, here, day):
    refused = browser(world.learner).post(
        here, data=choose(shown[1], "full", "no", audience="link", link_ends_on=day)
    )

    assert refused.status_code == 422
    assert "link would end" in refused.text or "an earlier day" in refused.text


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
