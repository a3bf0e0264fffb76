"""A learner hands own work in as homework of the LMS: audited, and by an address that runs out."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from app.awards.models import Award
from app.core.audit import AuditEntry
from app.core.clock import utcnow
from app.courses.models import LtiUser
from app.evidence.models import Artifact, ArtifactKind, ScanState
from app.launch.handover_models import Handover
from app.platforms.models import Platform, PlatformStatus
from app.programme.models import IssuerKey
from tests import factories
from tests.conftest import BASE_URL
from tests.launch.selecting import DL, deep_link, empty_parts, read_answer
from tests.launch.signing_lms import LEARNER

ITEMS = f"{DL}content_items"
HOMEWORK = {"accept_types": ["file", "link"], "placement": "homework_submission"}


@pytest.fixture
def sub_of(session):
    return lambda person: session.scalar(select(LtiUser.sub).where(LtiUser.person_id == person.id))


@pytest.fixture
def mei(browser, session, world):
    """A learner who has handed in a text file, a link and a text."""
    assignment = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    client = browser(world.learner)
    import io

    answer = client.post(
        f"/courses/{world.course.id}/assignments/{assignment.id}/work",
        data={
            "files": [(io.BytesIO(b"What I found."), "my notes.txt")],
            "link": "https://portfolio.example/mei",
            "text": "A text.",
            "hand_in": "1",
        },
        content_type="multipart/form-data",
    )
    assert answer.status_code == 303, answer.text
    return client


@pytest.fixture
def pieces(session):
    session.rollback()
    return lambda: {item.kind: item for item in session.scalars(select(Artifact))}


@pytest.fixture
def homework(lms, mei, world, sub_of):
    """Launch the placement; return the address of the selection."""

    def open_it(**asked):
        answer = deep_link(
            lms, mei, role=LEARNER, sub=sub_of(world.learner), **{**HOMEWORK, **asked}
        )
        assert answer.status_code == 303, answer.text
        return answer.location

    return open_it


@pytest.fixture
def award(session, world):
    key = session.scalar(select(IssuerKey))
    award = Award(
        institution_id=world.institution.id,
        public_id="a" * 32,
        person_id=world.learner.id,
        achievement_id=world.level_1.achievement_id,
        version_id=world.level_1.id,
        issuer_key_id=key.id,
        awarded_by=world.grantor.id,
        awarded_at=factories.NOON,
        credential="{}",
    )
    session.add(award)
    session.commit()
    return award


def choose(client, place, item):
    answer = client.post(place, data={"item": item})
    assert answer.status_code == 303, answer.text
    return client.get(answer.location).text


def test_a_file_goes_by_an_address_that_serves_it_as_a_download(
    homework, mei, pieces, browser, tool_key
):
    place = homework()
    assert "my notes.txt" in mei.get(place).text
    file = pieces()[ArtifactKind.FILE]

    answer = read_answer(choose(mei, place, f"artifact-{file.id}"), tool_key)

    (item,) = answer[ITEMS]
    assert item.keys() == {"type", "url", "title", "mediaType", "expiresAt"}
    assert (item["type"], item["title"], item["mediaType"]) == (
        "file",
        "my notes.txt",
        "text/plain",
    )
    assert item["url"].startswith(f"{BASE_URL}/lti/handed-over/")
    assert empty_parts(answer) == []
    fetched = browser(None).get(urlsplit(item["url"]).path)
    assert fetched.status_code == 200
    assert fetched.data == b"What I found."
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    assert fetched.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert fetched.headers["Cache-Control"] == "private, no-store"


def test_it_is_written_down_who_handed_over_what(homework, mei, pieces, session, world):
    file = pieces()[ArtifactKind.FILE]

    choose(mei, homework(), f"artifact-{file.id}")

    session.rollback()
    entry = session.scalar(select(AuditEntry).where(AuditEntry.action == "artifact.handed_over"))
    assert (entry.actor, entry.subject) == (f"person:{world.learner.id}", f"artifact:{file.id}")
    assert entry.facts["course_id"] == world.course.id


def test_the_address_runs_out(homework, mei, pieces, session, browser, tool_key):
    place = homework()
    page = choose(mei, place, f"artifact-{pieces()[ArtifactKind.FILE].id}")
    (item,) = read_answer(page, tool_key)[ITEMS]
    session.rollback()
    handover = session.scalar(select(Handover))
    assert handover.expires_at - handover.created_at <= timedelta(minutes=10)

    handover.expires_at = utcnow() - timedelta(seconds=1)
    session.commit()

    assert browser(None).get(urlsplit(item["url"]).path).status_code == 404
    assert mei.get(f"{place}/{handover.id}").status_code == 404


def test_a_file_in_quarantine_is_neither_offered_nor_served(
    homework, mei, pieces, session, browser, tool_key
):
    place = homework()
    file = pieces()[ArtifactKind.FILE]
    (item,) = read_answer(choose(mei, place, f"artifact-{file.id}"), tool_key)[ITEMS]
    path = urlsplit(item["url"]).path
    assert browser().get(path, buffered=True).status_code == 200
    file.scan_state = ScanState.INFECTED
    session.commit()

    assert browser().get(path).status_code == 403
    assert "my notes.txt" not in mei.get(place).text
    assert mei.post(place, data={"item": f"artifact-{file.id}"}).status_code == 404


def test_the_address_ends_with_the_connection_to_the_lms(
    homework, mei, pieces, session, world, browser, tool_key
):
    page = choose(mei, homework(), f"artifact-{pieces()[ArtifactKind.FILE].id}")
    (item,) = read_answer(page, tool_key)[ITEMS]
    path = urlsplit(item["url"]).path
    assert browser(None).get(path).status_code == 200

    session.rollback()
    session.get(Platform, world.platform.id).status = PlatformStatus.DISABLED
    session.commit()

    assert browser(None).get(path).status_code == 404


@pytest.mark.parametrize("change", ["another id", "a letter", "unsigned", "session cookie"])
def test_an_address_cannot_be_guessed(homework, mei, pieces, browser, tool_key, app, change):
    from itsdangerous import URLSafeSerializer

    page = choose(mei, homework(), f"artifact-{pieces()[ArtifactKind.FILE].id}")
    (item,) = read_answer(page, tool_key)[ITEMS]
    path = urlsplit(item["url"]).path
    folder, _, sealed = path.rpartition("/")
    forged = {
        "another id": "Mg." + sealed.partition(".")[2],
        "a letter": sealed[:-2] + ("A" if sealed[-2] != "A" else "B") + sealed[-1],
        "unsigned": "MQ",
        "session cookie": URLSafeSerializer(app.secret_key, salt="cookie-session").dumps(1),
    }[change]

    assert browser(None).get(f"{folder}/{forged}").status_code == 404
    assert browser(None).get(path).status_code == 200


def test_a_link_of_ones_own_goes_as_a_link(homework, mei, pieces, tool_key):
    page = choose(mei, homework(), f"artifact-{pieces()[ArtifactKind.LINK].id}")

    (item,) = read_answer(page, tool_key)[ITEMS]
    assert item == {
        "type": "link",
        "url": "https://portfolio.example/mei",
        "title": "https://portfolio.example/mei",
    }


def test_an_award_goes_by_its_public_page(homework, mei, award, tool_key):
    place = homework()
    assert "Research Literacy" in mei.get(place).text

    (item,) = read_answer(choose(mei, place, f"award-{award.id}"), tool_key)[ITEMS]

    assert item["url"] == f"{BASE_URL}/credentials/{award.public_id}"
    assert item["title"] == "Research Literacy"


def test_a_revoked_award_is_not_offered(homework, mei, award, session):
    award.revoked_at = factories.NOON
    session.commit()
    place = homework()

    assert "Research Literacy" not in mei.get(place).text
    assert mei.post(place, data={"item": f"award-{award.id}"}).status_code == 404


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"accept_types": ["link"]}, {"portfolio.example"}),
        ({"accept_types": ["file"]}, {"my notes.txt"}),
        ({"accept_types": ["file"], "accept_media_types": "application/pdf,image/*"}, set()),
        ({"accept_types": ["file"], "accept_media_types": "application/pdf, text/*"},
         {"my notes.txt"}),
        ({"accept_media_types": "*/*"}, {"my notes.txt", "portfolio.example"}),
    ],
)  # fmt: skip
def test_only_what_the_lms_takes_is_offered(homework, mei, pieces, asked, shown):
    place = homework(**asked)
    page = mei.get(place).text

    assert {word for word in ("my notes.txt", "portfolio.example") if word in page} == shown
    for word, kind in (("my notes.txt", ArtifactKind.FILE), ("portfolio.", ArtifactKind.LINK)):
        taken = any(each.startswith(word) for each in shown)
        answer = mei.post(place, data={"item": f"artifact-{pieces()[kind].id}"})
        assert answer.status_code == (303 if taken else 404)


@pytest.mark.parametrize(
    "item", ["", "artifact-", "artifact-x", "artifact-99999999999999", "award--1", "person-1"]
)
def test_what_is_not_there_is_not_handed_over(homework, mei, item):
    assert mei.post(homework(), data={"item": item}).status_code == 404


def test_somebody_elses_work_is_not_handed_over(
    lms, mei, pieces, browser, world, sub_of, award, session
):
    jonas = browser()
    place = deep_link(
        lms, jonas, role=LEARNER, sub=sub_of(world.other_learner), **HOMEWORK
    ).location

    page = jonas.get(place).text
    assert "There is nothing to choose from yet" in page
    for item in (f"artifact-{pieces()[ArtifactKind.FILE].id}", f"award-{award.id}"):
        assert jonas.post(place, data={"item": item}).status_code == 404
    session.rollback()
    assert session.scalar(select(Handover.id)) is None


def test_a_typed_text_and_a_draft_are_not_offered(homework, mei, pieces, session):
    text = pieces()[ArtifactKind.TEXT]
    draft = pieces()[ArtifactKind.FILE]
    draft.attempt.submitted_at = None
    session.commit()
    place = homework()

    assert "my notes.txt" not in mei.get(place).text
    for item in (text, draft):
        assert mei.post(place, data={"item": f"artifact-{item.id}"}).status_code == 404


def test_another_selections_choice_is_not_shown(lms, homework, mei, pieces, browser, world, sub_of):
    answer = mei.post(homework(), data={"item": f"artifact-{pieces()[ArtifactKind.FILE].id}"})
    handover_id = answer.location.rpartition("/")[2]
    jonas = browser()
    place = deep_link(
        lms, jonas, role=LEARNER, sub=sub_of(world.other_learner), **HOMEWORK
    ).location

    assert jonas.get(f"{place}/{handover_id}").status_code == 404
    assert jonas.get(answer.location).status_code == 404


def test_a_learners_cancel_goes_back_empty(homework, mei, tool_key):
    place = homework().removesuffix("/portfolio")

    assert read_answer(mei.get(f"{place}/cancel").text, tool_key)[ITEMS] == []


def test_a_learner_gets_no_further_than_own_work(homework, mei, world):
    place = homework().removesuffix("/portfolio")

    for page in ("", "/selection", "/links", f"/{world.level_1.id}"):
        assert mei.get(place + page).status_code == 403
