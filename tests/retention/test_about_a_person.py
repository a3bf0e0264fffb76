"""What is handed out about a person, and what goes when they are forgotten."""

import json
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from app.assessment.desk_models import SavedComment
from app.courses.models import Person
from app.evidence.models import Artifact, ScanState, SubmissionStatus
from app.evidence.upload_models import Upload
from app.launch.erasure import erase_names
from app.retention.about import describe_records, list_files, write_archive
from app.retention.holds import place_hold
from tests.assessment import several
from tests.retention.conftest import NOW


@pytest.fixture
def archive(session, storage):
    """Return the opened archive of one person."""

    def make(person):
        target = BytesIO()
        held = describe_records(session, person.id, with_staff_notes=True)
        write_archive(target, storage, held, list_files(session, person.id))
        return zipfile.ZipFile(target)

    return make


def test_the_archive_holds_work_words_and_files(session, world, decided, archive):
    decided(10)

    with archive(world.learner) as opened:
        told = json.loads(opened.read("index.json"))
        (work,) = told["work"]
        name = work["attempts"][0]["artifacts"][1]["file"]
        assert opened.read(name) == b"%PDF-1.7 old"
    assert work["assessments"][0]["note"] == "Words to the learner"
    assert work["assessments"][0]["staff_note"] == "Words to the staff"
    assert work["attempts"][0]["artifacts"][0]["text"]


def test_nobody_elses_work_is_in_it(session, world, decided, archive):
    decided(10)

    with archive(world.other_learner) as opened:
        assert json.loads(opened.read("index.json"))["work"] == []
        assert opened.namelist() == ["index.json"]


def test_an_infected_file_is_named_and_not_handed_out(session, world, decided, archive):
    decided(10)
    file = session.scalars(select(Artifact).where(Artifact.storage_key.is_not(None))).one()
    file.scan_state = ScanState.INFECTED
    session.commit()

    with archive(world.learner) as opened:
        told = json.loads(opened.read("index.json"))
        assert opened.namelist() == ["index.json"]
    said = told["work"][0]["attempts"][0]["artifacts"][1]
    assert (said["file"], said["file_name"], said["has_malware"]) == (None, "old.pdf", True)


def test_words_that_nobody_was_told_are_not_in_it(session, world, decided, archive):
    from app.assessment.models import AttemptDecision

    decided(10)
    session.scalars(select(AttemptDecision)).one().released_at = None
    session.commit()

    with archive(world.learner) as opened:
        told = json.loads(opened.read("index.json"))
    assert told["work"][0]["assessments"] == []


def test_an_administrator_may_hand_out_recommendations_and_never_what_is_not_told(
    app, session, world, archive
):
    work = several.recommended_declined_appealed(session, app, world)
    undo_for = several.TEN_MINUTES
    several.record(session, app, work, world.grantor, undo_for=undo_for, reason="Not told yet")

    with archive(world.learner) as opened:
        told = json.loads(opened.read("index.json"))["work"][0]["assessments"]

    assert [each["note"] for each in told] == ["Between assessors", "Told"]


def forget(session, person):
    erase_names(session, session.get_one(Person, person.id), actor="test", now=NOW)
    session.commit()
    session.expire_all()


def test_who_is_forgotten_loses_drafts_and_keeps_what_was_assessed(session, world, decided):
    decided(10)
    draft = decided(5, status=SubmissionStatus.DRAFT)
    draft.attempts[0].submitted_at = None
    session.add(
        SavedComment(
            institution_id=world.institution.id,
            person_id=world.learner.id,
            text="Mine",
            created_at=NOW,
        )
    )
    session.add(
        Upload(
            institution_id=world.institution.id,
            token="t",
            assignment_id=draft.assignment_id,
            person_id=world.learner.id,
            file_name="big.mp4",
            size_bytes=10,
            storage_key="0" * 32,
            created_at=NOW,
            expires_at=NOW + timedelta(days=1),
        )
    )
    session.commit()

    forget(session, world.learner)

    kept = session.scalars(select(Artifact).order_by(Artifact.id)).all()
    assert [each.deleted_at is None for each in kept] == [True, True, False, False]
    assert kept[0].text
    assert session.scalars(select(SavedComment)).all() == []
    assert session.scalars(select(Upload)).all() == []
    assert session.get_one(Person, world.learner.id).name is None


def test_a_hold_stops_it(session, world, decided):
    from app.core.errors import ConflictError

    decided(10)
    place_hold(
        session,
        institution_id=world.institution.id,
        person=world.learner,
        submission=None,
        reason="Case",
        placed_by=world.instructor.id,
        now=NOW,
    )
    session.commit()

    with pytest.raises(ConflictError, match="legal hold"):
        forget(session, world.learner)
    session.rollback()
    assert session.get_one(Person, world.learner.id).name


def test_the_command_writes_the_archive_once(app, session, world, decided, tmp_path):
    from app.courses.models import LtiUser

    decided(10)
    sub = session.scalars(select(LtiUser.sub).where(LtiUser.person_id == world.learner.id)).one()
    out = tmp_path / "mei.zip"
    words = ["people", "export", "--platform", str(world.platform.id), "--sub", sub]

    first = app.test_cli_runner().invoke(args=[*words, "--out", str(out)])
    second = app.test_cli_runner().invoke(args=[*words, "--out", str(out)])

    assert first.exit_code == 0, first.output
    with zipfile.ZipFile(out) as opened:
        assert len(opened.namelist()) == 2
    assert second.exit_code != 0
