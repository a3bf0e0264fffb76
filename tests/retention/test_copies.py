"""Redacted copies go with their work, or when nobody shows them any more; and are handed out."""

import json
import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from app.assessment.consent_text import SharedRecord, digest_consent
from app.core.errors import NotFoundError
from app.courses.models import Person
from app.evidence.consent_models import Consent, RedactedCopy
from app.evidence.models import Artifact, ScanState
from app.launch.erasure import erase_names
from app.retention import jobs
from app.retention.about import describe_records, list_files, write_archive
from app.retention.deleting import delete_due, make_plan
from app.retention.holds import place_hold
from tests.assessment.consent import NAME, PIXEL, choose, make_shown_work, sign

REDACTED = PIXEL + b"\0"
NOW = datetime.now(UTC)
# Two classes of twelve months, and the days by which months differ.
OVER = timedelta(days=370)


@pytest.fixture
def shown(session, world, storage, classes):
    return make_shown_work(session, world, storage)


@pytest.fixture
def here(shown):
    return f"/my/credentials/{shown[0].public_id}/evidence"


@pytest.fixture
def mei(browser, world):
    return browser(world.learner)


@pytest.fixture
def send(mei, here, shown):
    """Send a redacted copy of the picture; return the page that is to be signed."""

    def run(**more):
        picture = shown[1][1]
        copy = {f"copy_{picture.id}": (BytesIO(REDACTED), "Mei Student.png")}
        return mei.post(here, data=choose(shown[1], "no", "redacted", **copy, **more))

    return run


@pytest.fixture
def read(session):
    """Return the copies as the program committed them."""

    def run():
        session.rollback()
        session.expire_all()
        return session.scalars(select(RedactedCopy).order_by(RedactedCopy.id)).all()

    return run


@pytest.fixture
def pass_time(app, session, world):
    """Let the night's work be done so much later; return what was due."""

    def run(later):
        session.rollback()
        due = make_plan(session, world.institution.id, now=NOW + later).due
        delete_due(session, world.institution.id, confirmed=None, actor="test", now=NOW + later)
        session.commit()
        with app.app_context():
            jobs.sweep()
        return [(each.class_key, each.subject) for each in due if "copy" in each.subject]

    return run


def forget(session, world):
    session.rollback()
    erase_names(session, session.get_one(Person, world.learner.id), actor="test", now=NOW)
    session.commit()


def test_a_copy_is_kept_while_it_is_shown(mei, here, send, read, pass_time, storage):
    sign(mei, here, send())

    assert pass_time(OVER * 20) == []

    with storage.open(read()[0].storage_key) as kept:
        assert kept.read() == REDACTED


def test_a_copy_goes_a_year_after_it_was_taken_back(mei, here, send, read, pass_time, storage):
    sign(mei, here, send())
    mei.post(f"{here}/withdraw")
    (copy,) = read()
    key, digest, number = copy.storage_key, copy.sha256, copy.id
    assert pass_time(timedelta(days=360)) == []

    assert pass_time(OVER) == [("shared", f"redacted_copy:{number}")]

    (copy,) = read()
    assert (copy.sha256, copy.storage_key, copy.file_name) == (digest, None, "")
    with pytest.raises(NotFoundError):
        storage.open(key)
    assert pass_time(OVER) == []


def test_a_link_that_ended_shows_it_no_longer(mei, here, send, read, pass_time):
    tomorrow = (NOW + timedelta(days=1)).date().isoformat()
    sign(mei, here, send(audience="link", link_ends_on=tomorrow))

    assert pass_time(OVER + timedelta(days=3)) != []

    assert read()[0].storage_key is None


def test_a_hold_keeps_the_copy(session, world, mei, here, send, read, pass_time):
    sign(mei, here, send())
    mei.post(f"{here}/withdraw")
    session.rollback()
    place_hold(
        session,
        institution_id=world.institution.id,
        person=world.learner,
        submission=None,
        reason="Case 12",
        placed_by=world.instructor.id,
        now=NOW,
    )
    session.commit()

    assert pass_time(OVER) != []

    assert read()[0].storage_key is not None


def test_a_copy_that_nobody_signed_for_goes_as_a_draft_does(send, read, pass_time, settings):
    send()
    (copy,) = read()
    subject = f"redacted_copy:{copy.id}"

    assert pass_time(timedelta(days=360)) == []
    assert pass_time(OVER) == [("drafts", subject)]

    assert read() == []


def test_a_copy_goes_with_its_artifact(session, shown, send, read, pass_time):
    send()
    (copy,) = read()
    copy.created_at = NOW + timedelta(days=300)
    session.commit()

    # The work itself was never shown, so it is due a year after its decision.
    assert pass_time(OVER) == []

    session.expire_all()
    assert session.get_one(Artifact, shown[1][1].id).deleted_at is not None
    assert read() == []


def test_who_is_forgotten_leaves_a_signature_without_a_name(
    session, world, shown, mei, here, send, read, pass_time
):
    sign(mei, here, send())

    forget(session, world)

    consent = session.scalars(select(Consent)).one()
    assert (consent.signed_name, consent.withdrawn_at is None) == ("", False)
    assert NAME not in consent.text
    (item,) = consent.items
    record = SharedRecord(
        item.artifact_id, "poster.png", item.sha256, "redacted", "", read()[0].sha256
    )
    consent = session.scalars(select(Consent)).one()
    facts = {"signed_at": consent.signed_at, "launch": consent.launch_id}
    proof = digest_consent(consent.text, [record], signed_name=NAME, **facts)
    assert proof == consent.digest, "whoever knows the name can show that it was the one"
    assert digest_consent(consent.text, [record], signed_name="X", **facts) != consent.digest
    assert pass_time(OVER) == [("shared", f"redacted_copy:{read()[0].id}")]
    assert (read()[0].storage_key, read()[0].file_name) == (None, "")


def test_who_is_forgotten_leaves_no_copy_that_nobody_signed_for(
    app, session, world, send, read, storage
):
    send()
    key = read()[0].storage_key

    forget(session, world)
    with app.app_context():
        jobs.sweep()

    assert read() == []
    with pytest.raises(NotFoundError):
        storage.open(key)


def test_the_archive_holds_the_copies_and_the_signature(
    session, world, storage, mei, here, send, read
):
    sign(mei, here, send())
    session.rollback()

    opened = archive(session, storage, world.learner)

    told = json.loads(opened.read("index.json"))
    (copy,) = told["redacted_copies"]
    assert opened.read(copy["file"]) == REDACTED
    assert copy["sha256"] == read()[0].sha256
    artifacts = told["work"][0]["attempts"][0]["artifacts"]
    assert copy["of_artifact"] == artifacts[1]["number"]
    assert told["consents"][0]["signed_name"] == NAME
    assert (
        json.loads(archive(session, storage, world.other_learner).read("index.json"))[
            "redacted_copies"
        ]
        == []
    )


def test_an_infected_copy_is_named_and_not_handed_out(session, world, storage, send, read):
    send()
    read()[0].scan_state = ScanState.INFECTED
    session.commit()

    opened = archive(session, storage, world.learner)

    (copy,) = json.loads(opened.read("index.json"))["redacted_copies"]
    assert (copy["file"], copy["file_name"], copy["has_malware"]) == (None, "Mei Student.png", True)
    assert not [name for name in opened.namelist() if name.startswith("redacted")]


def archive(session, storage, person):
    target = BytesIO()
    held = describe_records(session, person.id)
    write_archive(target, storage, held, list_files(session, person.id))
    return zipfile.ZipFile(target)
