"""Work of a group is shown only if each of its authors who holds the award agrees."""

from datetime import UTC, datetime

import pytest

from app.assessment.consents import (
    Choice,
    Signature,
    Terms,
    find_standing_consent,
    sign_consent,
    withdraw_consent,
)
from app.assessment.disclosing import find_public
from app.evidence.consent_models import Audience, ShownAs
from app.evidence.models import Submission, SubmissionStatus
from app.evidence.storage import open_storage
from tests.assessment.consent import make_shown_work
from tests.signing import SIGNING
from tests.staff.twins import make_award

NOW = datetime.now(UTC)


@pytest.fixture
def group(session, world, settings):
    """Mei's and Jonas's work, for which both hold the award."""
    mine, artifacts = make_shown_work(session, world, open_storage(settings))
    lead = session.query(Submission).one()
    session.add(
        Submission(
            institution_id=lead.institution_id,
            course_id=lead.course_id,
            assignment_id=lead.assignment_id,
            achievement_id=lead.achievement_id,
            learner_id=world.other_learner.id,
            lead_id=lead.id,
            status=SubmissionStatus.AWARDED,
            status_changed_at=NOW,
            submitted_at=NOW,
            created_at=NOW,
        )
    )
    theirs = make_award(session, world, world.other_learner, version=world.level_2)
    return mine, theirs, artifacts


def sign(session, award, person, artifacts):
    return sign_consent(
        session,
        award,
        [Choice(artifact.id, ShownAs.FULL) for artifact in artifacts],
        Terms(Audience.PUBLIC),
        Signature(person.name, agrees=True, launch="session:1"),
        person=person,
        **SIGNING,
        now=NOW,
    )


def shown(session, award):
    found = find_public(session, award, now=NOW)
    return [item.name for item in found.items] if found else None


def test_one_authors_consent_alone_shows_nothing(session, world, group):
    mine, _theirs, artifacts = group

    sign(session, mine, world.learner, artifacts)

    assert shown(session, mine) == []


def test_what_all_have_agreed_to_is_shown_with_each_award(session, world, group):
    mine, theirs, artifacts = group
    sign(session, mine, world.learner, artifacts)

    sign(session, theirs, world.other_learner, artifacts[:1])

    assert shown(session, mine) == ["Text"]
    assert shown(session, theirs) == ["Text"]


def test_who_takes_it_back_takes_it_back_for_all(session, world, group):
    mine, theirs, artifacts = group
    sign(session, mine, world.learner, artifacts)
    sign(session, theirs, world.other_learner, artifacts)

    standing = find_standing_consent(session, theirs.id)
    withdraw_consent(session, standing, person=world.other_learner, **SIGNING, now=NOW)

    assert shown(session, mine) == []
    assert shown(session, theirs) is None


def test_an_author_without_the_award_is_not_asked(session, world, group):
    mine, theirs, artifacts = group
    sign(session, mine, world.learner, artifacts)

    theirs.revoked_at = NOW
    session.flush()

    assert shown(session, mine) == ["Text", "poster.png"]
