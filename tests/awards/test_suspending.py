"""An award is suspended while something is looked into, and given back."""

import pytest
from sqlalchemy import select

from app.awards.certificate_jobs import look_at_expired
from app.awards.models import Award
from app.awards.revoking import revoke_award
from app.awards.stack_models import AwardFlag
from app.awards.suspending import resume_award, suspend_award
from app.core.audit import AuditEntry
from app.core.errors import ConflictError, InvalidError
from app.evidence.models import SubmissionStatus
from app.outbox.models import Delivery
from tests.awards.test_status_lists import is_refused
from tests.certificates import make_certificate
from tests.factories import NOON
from tests.signing import SIGNING


def suspend(session, award, reason="It is looked into."):
    suspend_award(session, award, reason=reason, actor="command:x", **SIGNING, now=NOON)
    session.commit()


def resume(session, award):
    resume_award(session, award, actor="command:x", **SIGNING, now=NOON)
    session.commit()


def test_verifiers_refuse_a_suspended_award_until_it_is_given_back(browser, session, award):
    suspend(session, award)
    assert is_refused(browser, session, award)
    assert award.suspension_reason == "It is looked into."

    resume(session, award)

    assert not is_refused(browser, session, award)
    assert (award.suspended_at, award.suspension_reason) == (None, None)
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["award.issued", "award.suspended", "award.resumed"]


def test_the_gradebook_is_told_nothing(session, award, submission):
    submission.status = SubmissionStatus.AWARDED
    session.commit()

    suspend(session, award)

    assert session.scalars(select(Delivery)).all() == []
    assert submission.status is SubmissionStatus.AWARDED


def test_it_is_suspended_once_with_a_reason_and_given_back_once(session, award):
    with pytest.raises(InvalidError, match="Say why"):
        suspend(session, award, reason=" ")
    with pytest.raises(ConflictError, match="not suspended"):
        resume(session, award)
    suspend(session, award)
    with pytest.raises(ConflictError, match="suspended already"):
        suspend(session, award)
    revoke_award(session, award, reason="Copied.", actor="x:y", **SIGNING, now=NOON)
    with pytest.raises(ConflictError, match="revoked"):
        suspend(session, award)
    with pytest.raises(ConflictError, match="not suspended"):
        resume(session, award)


def test_a_suspended_part_flags_the_certificate_and_revokes_it_by_no_rule(
    session, world, level, badges, earn, held
):
    level.revokes_with_part = True
    certificate = make_certificate(session, world, level, badges[:2])
    earn(badges[0])
    part = earn(badges[1])
    made = held(certificate)

    suspend(session, session.get(Award, part.id))
    assert look_at_expired(session, **SIGNING, now=NOON) == 0

    flag = session.scalars(select(AwardFlag)).one()
    assert (flag.part_award_id, flag.fell, flag.cleared_at) == (part.id, False, None)
    assert held(certificate).id == made.id

    resume(session, session.get(Award, part.id))
    session.expire_all()
    assert session.scalars(select(AwardFlag)).one().cleared_at == NOON


def test_a_suspended_part_counts_towards_no_certificate_until_it_is_given_back(
    session, world, level, badges, earn, held
):
    certificate = make_certificate(session, world, level, badges[:2])
    part = earn(badges[0])
    suspend(session, session.get(Award, part.id))

    earn(badges[1])
    assert held(certificate) is None

    resume(session, session.get(Award, part.id))
    assert held(certificate) is not None


def test_a_certificate_falls_with_a_part_that_is_revoked_while_it_is_suspended(
    browser, session, world, level, badges, earn, held
):
    level.revokes_with_part = True
    certificate = make_certificate(session, world, level, badges[:2])
    earn(badges[0])
    part = session.get(Award, earn(badges[1]).id)
    made = held(certificate)
    suspend(session, part)

    revoke_award(session, part, reason="Copied.", actor="x:y", **SIGNING, now=NOON)
    session.commit()

    assert held(certificate) is None
    assert session.scalars(select(AwardFlag)).one().fell
    assert is_refused(browser, session, session.get(Award, made.id))
    assert is_refused(browser, session, session.get(Award, part.id))


def test_the_other_award_of_somebody_known_twice_is_suspended_with_it(session, issue, world):
    older = issue(world.learner)
    twin = issue(world.other_learner)
    twin.person_id, twin.duplicate_of_id = world.learner.id, older.id
    session.commit()

    suspend(session, twin)
    assert older.suspended_at == NOON

    resume(session, older)
    assert twin.suspended_at is None
