"""When an award falls due, and how it is taken back."""

import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.awards.models import Award
from app.awards.revoking import revoke_award
from app.awards.service import (
    find_newest_award,
    find_standing_award,
    get_award_by_public_id,
    issue_if_due,
    list_awards,
)
from app.awards.status_models import AwardResult
from app.core.audit import AuditEntry, find_broken_entry
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.core.principal import Role
from app.courses.models import LtiUser, Person
from app.evidence.models import SubmissionStatus
from app.outbox.models import Delivery
from tests import factories
from tests.assessment.work import reached
from tests.factories import NOON
from tests.signing import SIGNING


def test_an_award_needs_every_required_criterion(issue, session, world):
    first, second = world.level_1.criteria

    assert issue(world.learner, met={first.id: 1}) is None
    second.is_required = False
    award = issue(world.learner, met={first.id: 1})

    assert award is not None
    assert award.recipient_name == "Mei Student"


def test_a_version_without_required_criteria_is_never_due(issue, world):
    for criterion in world.level_1.criteria:
        criterion.is_required = False

    assert issue(world.learner) is None


def test_a_second_due_returns_the_standing_award(issue, session, world, award):
    again = issue(world.learner)

    assert again is award
    assert len(session.scalars(select(Award)).all()) == 1


def test_each_award_has_its_own_salt_and_address(issue, world):
    one, two = issue(world.learner), issue(world.other_learner)

    salts = {
        json.loads(award.credential)["credentialSubject"]["identifier"][0]["salt"]
        for award in (one, two)
    }
    assert len(salts) == 2
    assert one.public_id != two.public_id


def test_somebody_of_whom_nothing_is_known_cannot_be_awarded(issue, session, world):
    stranger = Person(institution_id=world.institution.id, created_at=NOON)
    session.add(stranger)
    session.flush()

    with pytest.raises(InvalidError, match="open the activity"):
        issue(stranger)


def test_the_student_preview_is_awarded_nothing(issue, session, world):
    preview = factories.make_person(
        session, world.course, Role.LEARNER, "Test Student", is_test_user=True
    )

    assert issue(preview) is None


def test_a_person_of_two_platforms_is_the_one_known_first(issue, session, world):
    platform, _deployment = factories.make_platform(
        session, world.institution, "https://second.test"
    )
    session.add(LtiUser(platform_id=platform.id, sub="second", person_id=world.other_learner.id))

    award = issue(world.other_learner)

    assert '"ltiUserId"' in award.credential


def test_two_at_once_end_with_one_award(app, issue, session, world, award):
    """The unique index holds even where a writer did not see the other's award."""
    twin = Award(
        **{
            name: getattr(award, name)
            for name in (
                "institution_id",
                "person_id",
                "achievement_id",
                "version_id",
                "issuer_key_id",
                "awarded_by",
                "awarded_at",
                "credential",
            )
        },
        public_id="twin",
    )
    for result in session.scalars(select(AwardResult)):
        session.delete(result)
    session.flush()
    session.delete(award)
    session.flush()
    session.add(twin)
    session.commit()

    class Blind(Session):
        """A session that looks for a standing award a moment too early."""

        def scalar(self, statement, *args, **kwargs):
            if "FROM award" in str(statement):
                return None
            return super().scalar(statement, *args, **kwargs)

    with Blind(session.get_bind()) as blind, pytest.raises(ConflictError):
        issue_if_due(
            blind,
            person=blind.get(Person, world.learner.id),
            version=blind.merge(world.level_1),
            reached=reached(world.level_1),
            awarded_by=world.grantor.id,
            vault=app.extensions["assay.vault"],
            base_url="https://tool.test",
            now=NOON,
        )


def test_a_revoked_award_is_said_everywhere(session, world, submission, award):
    submission.status = SubmissionStatus.AWARDED

    revoke_award(session, award, reason=" Copied. ", actor="command:revoke", **SIGNING, now=NOON)
    session.commit()

    assert award.revocation_reason == "Copied."
    assert submission.status is SubmissionStatus.REVOKED
    (delivery,) = session.scalars(select(Delivery)).all()
    score = json.loads(delivery.payload["body"])
    assert (score["scoreGiven"], score["comment"]) == (0, "Revoked: Copied.")
    actions = [entry.action for entry in session.scalars(select(AuditEntry))]
    assert actions == ["award.issued", "award.revoked"]
    assert find_broken_entry(session, world.institution.id) is None


def test_a_revoked_award_makes_room_for_another(issue, session, world, award):
    revoke_award(session, award, reason="By mistake.", actor="command:revoke", **SIGNING, now=NOON)

    again = issue(world.learner)

    assert again is not award
    ids = {"person_id": world.learner.id, "achievement_id": world.level_1.achievement_id}
    assert find_standing_award(session, **ids, now=NOON) is again
    assert find_newest_award(session, **ids) is again
    assert list_awards(session, world.learner.id) == [again, award]


def test_an_award_is_revoked_once_and_with_a_reason(session, award):
    with pytest.raises(InvalidError, match="Say why"):
        revoke_award(session, award, reason="  ", actor="command:revoke", **SIGNING, now=NOON)
    revoke_award(session, award, reason="Copied.", actor="command:revoke", **SIGNING, now=NOON)

    with pytest.raises(ConflictError, match="already been revoked"):
        revoke_award(session, award, reason="Again.", actor="command:revoke", **SIGNING, now=NOON)


def test_an_address_that_nobody_was_given_holds_nothing(session, award):
    assert get_award_by_public_id(session, award.public_id) is award
    with pytest.raises(NotFoundError):
        get_award_by_public_id(session, "x")
