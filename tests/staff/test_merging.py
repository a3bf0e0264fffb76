"""What becomes of two people's rows, awards and rights when they turn out to be one."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.assessment.models import Assessment, Decision
from app.awards.models import Award
from app.awards.revocation_requests import confirm_revocation, request_revocation
from app.awards.revoking import revoke_award
from app.awards.souvenir_models import Claim, ClaimUse
from app.awards.status_models import RevocationRequest
from app.core.audit import AuditEntry, find_broken_entry
from app.core.errors import ForbiddenError
from app.core.principal import Role
from app.courses.models import LtiUser, Person
from app.evidence.models import Submission
from app.launch.erasure import erase_names
from app.programme.models import GrantorAppointment
from app.staff.merging import list_references
from tests import factories
from tests.assessment.work import form_data, hand_in
from tests.awards.souvenir_world import make_souvenir
from tests.awards.test_claims import claim as claim_by_code
from tests.awards.test_claims import make_code, shown_code
from tests.signing import SIGNING
from tests.staff.twins import again, become_one, make_award

# Every column that refers to a person; at a merge, all of them go over to the person who stays.
# Whoever adds one says here that it may: that two people's rows beside each other make sense, and
# that no unique key keeps them from being one person's.
REFERENCES = {
    "absence.person_id",
    "achievement_version.proposed_by",
    "administrator.person_id",
    "allocation.allocated_by",
    "allocation.person_id",
    "appeal.person_id",
    "assessment.grantor_id",
    "assessment_draft.person_id",
    "assignment.created_by",
    "assignment_copy.confirmed_by",
    "attempt.signed_by",
    "attempt_signature.person_id",
    "attempt_decision.decided_by",
    "attempt_decision.undone_by",
    "award.awarded_by",
    "award.person_id",
    "conflict_of_interest.declared_by",
    "conflict_of_interest.learner_id",
    "conflict_of_interest.person_id",
    "consent.person_id",
    "declined_copy.declined_by",
    "deep_link_request.person_id",
    "disclosure.person_id",
    "disclosure.recorded_by",
    "enrolment.person_id",
    "erasure_request.person_id",
    "erasure_request.requested_by",
    "gradebook_cell.person_id",
    "grantor_appointment.person_id",
    "group_invitation.invited_by",
    "group_invitation.person_id",
    "handover.person_id",
    "known_address.person_id",
    "launch_session.person_id",
    "legal_hold.lifted_by",
    "legal_hold.person_id",
    "legal_hold.placed_by",
    "lti_user.person_id",
    "pending_import.person_id",
    "person.merged_into_id",
    "presence.person_id",
    "privacy_visit.subject_id",
    "privacy_visit.viewer_id",
    "proposal.proposer_id",
    "proposal_document.added_by",
    "proposal_event.person_id",
    "redacted_copy.person_id",
    "reviewer_appointment.person_id",
    "revocation_request.decided_by",
    "revocation_request.requested_by",
    "roster_entry.person_id",
    "same_person_code.entered_by",
    "same_person_code.person_id",
    "same_person_try.person_id",
    "saved_comment.person_id",
    "souvenir_batch.created_by",
    "souvenir_claim.created_by",
    "souvenir_claim_miss.person_id",
    "souvenir_claim_use.person_id",  # of two uses of one code, one stays
    "souvenir_row.person_id",
    "staff_identity.person_id",
    "staff_invitation.person_id",
    "staff_session.person_id",
    "submission.assessor_id",
    "submission.learner_id",
    "submission_message.author_id",
    "upload.person_id",
}


def test_every_reference_to_a_person_is_one_that_may_go_over(app):
    assert {f"{table.name}.{column.name}" for table, column in list_references()} == REFERENCES


def test_nothing_refers_to_the_second_any_more_but_the_audit_log(session, world, twin, sides):
    become_one(*sides)

    again(session)
    for table, column in list_references():
        assert session.execute(select(table.c.id).where(column == twin.id)).all() == [], column
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.merged")).all()
    assert {entry.subject for entry in entries} == {
        f"person:{world.learner.id}",
        f"person:{twin.id}",
    }
    assert {entry.actor for entry in entries} == {f"person:{twin.id}"}
    assert entries[0].facts["moved"]["lti_user.person_id"] == 1
    assert find_broken_entry(session, world.institution.id) is None


def test_who_claimed_with_one_code_twice_has_used_it_once(session, world, twin, sides):
    souvenir = make_souvenir(session, world)
    claim = Claim(
        institution_id=world.institution.id,
        achievement_id=souvenir.achievement_id,
        version_id=souvenir.id,
        title="Research day",
        code_hash="0" * 64,
        code_sealed="-",
        starts_at=factories.NOON,
        ends_at=factories.NOON + timedelta(hours=1),
        max_count=5,
        taken=2,
        created_by=world.grantor.id,
        created_at=factories.NOON,
    )
    session.add(claim)
    session.flush()
    for person in (world.learner, twin):
        award = make_award(session, world, person, version=souvenir)
        session.add(
            ClaimUse(
                claim_id=claim.id,
                person_id=person.id,
                award_id=award.id,
                claimed_at=factories.NOON,
            )
        )
    session.commit()

    become_one(*sides)

    again(session)
    (use,) = session.scalars(select(ClaimUse)).all()
    assert use.person_id == world.learner.id
    assert session.get_one(Award, use.award_id).duplicate_of_id is None


@pytest.mark.parametrize("older", ["first", "second"])
def test_of_two_awards_of_one_achievement_both_stand_and_the_older_counts(
    session, world, twin, sides, browser, older
):
    mine = make_award(session, world, world.learner, days=0 if older == "first" else 5)
    other = make_award(session, world, twin, days=5 if older == "first" else 0)
    counts, duplicate = (mine, other) if older == "first" else (other, mine)

    become_one(*sides)

    again(session)
    rows = {award.id: award for award in session.scalars(select(Award))}
    assert rows[counts.id].duplicate_of_id is None
    assert rows[duplicate.id].duplicate_of_id == counts.id
    assert {award.person_id for award in rows.values()} == {world.learner.id}
    assert all(award.revoked_at is None for award in rows.values())


def test_both_awards_fall_when_one_is_revoked(session, world, twin, sides):
    first_award = make_award(session, world, world.learner)
    make_award(session, world, twin, days=5)
    become_one(*sides)
    again(session)

    award = session.get(Award, first_award.id)
    revoke_award(
        session, award, reason="A mistake.", actor="command:test", **SIGNING, now=factories.NOON
    )

    assert all(each.revoked_at for each in session.scalars(select(Award)))


def test_rights_add_up_and_own_work_is_own_work_in_both_lmss(session, world, second_lms, browser):
    """A grantor in one LMS, a learner in the other, is one person afterwards."""
    student = factories.make_person(session, second_lms, Role.LEARNER, "P. Grantor")
    link = factories.make_link(session, second_lms, "link-9")
    assignment = factories.make_assignment(session, second_lms, world.level_1, link=link)
    session.commit()
    work = hand_in(session, assignment, student)
    address = f"/assessment/submissions/{work.id}"
    grantor = browser(world.grantor)
    assert grantor.get(address).status_code == 200, "two people, as far as anybody knows"

    become_one(browser(student), grantor)

    refused = grantor.post(address, data=form_data(work, "best", "best"))
    assert refused.status_code == 403
    assert "your own work" in refused.text
    assert "P. Grantor" not in grantor.get("/assessment/queue").text
    again(session)
    moved = session.scalars(
        select(GrantorAppointment).where(GrantorAppointment.person_id == student.id)
    ).all()
    assert len(moved) == 1


def test_assessments_of_what_turns_out_to_be_own_work_are_shown_to_administrators(
    session, world, second_lms, browser, admin
):
    student = factories.make_person(session, second_lms, Role.LEARNER, "P. Grantor")
    link = factories.make_link(session, second_lms, "link-9")
    assignment = factories.make_assignment(session, second_lms, world.level_1, link=link)
    session.commit()
    work = hand_in(session, assignment, student)
    appointment = session.query(GrantorAppointment).filter_by(person_id=world.grantor.id).one()
    session.add(
        Assessment(
            institution_id=world.institution.id,
            attempt_id=work.attempts[0].id,
            grantor_id=world.grantor.id,
            appointment_id=appointment.id,
            decision=Decision.MET,
            points=6,
            max_points=6,
            assessed_at=factories.NOON,
        )
    )
    session.commit()

    become_one(browser(student), browser(world.grantor))

    text = admin.get("/admin/people/merged").text
    assert "Priya Grantor" in text
    assert "P. Grantor" in text
    assert "1 assessment of own work" in text
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert len(entry.facts["assessed_own_work"]) == 1


def test_souvenirs_claimed_with_a_code_of_ones_own_stand_in_the_audit_log(
    session, world, second_lms, browser
):
    souvenir = make_souvenir(session, world)
    twin = factories.make_person(session, second_lms, Role.LEARNER, "P. Grantor")
    session.commit()
    grantor = browser(world.grantor)
    make_code(grantor, souvenir)
    assert claim_by_code(browser(twin), shown_code(grantor)).status_code == 303

    become_one(grantor, browser(twin))

    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry.facts["gave_own_souvenirs"] == [session.scalars(select(Award.id)).one()]


def test_two_records_where_there_is_room_for_one_change_nothing(
    session, world, twin, sides, second_lms
):
    """Such as after an LMS was restored under another name: both stand in one course."""
    factories.enrol(session, second_lms, world.learner, Role.LEARNER)
    session.commit()

    page = become_one(*sides)

    assert page.status_code == 409
    assert "stay two" in page.text
    again(session)
    assert session.get(Person, twin.id).merged_into_id is None
    assert session.scalars(select(Submission)).all() == []
    assert session.query(LtiUser).filter_by(person_id=twin.id).count() == 1


def test_a_third_lms_joins_too_and_the_chain_stays_flat(session, world, twin, sides, browser):
    _lms, deployment = factories.make_platform(session, world.institution, "https://third.test")
    course = factories.make_course(session, deployment, "third-1")
    third = factories.make_person(session, course, Role.LEARNER, "Third Mei")
    session.commit()
    become_one(*sides)

    become_one(browser(third), sides[0])

    again(session)
    assert session.get(Person, world.learner.id).merged_into_id == third.id
    assert session.get(Person, twin.id).merged_into_id == third.id


def test_being_forgotten_forgets_the_former_name_too(app, session, world, twin, sides):
    become_one(*sides)
    again(session)

    erase_names(
        session,
        session.get(Person, world.learner.id),
        actor="command:test",
        now=factories.NOON,
    )
    session.commit()

    again(session)
    assert session.get(Person, twin.id).name is None


def test_whoever_asked_for_a_revocation_as_the_second_does_not_confirm_it(
    session, world, twin, sides
):
    award = make_award(session, world, world.other_learner, version=world.level_2)
    request = request_revocation(
        session, award, reason="Copied.", person_id=twin.id, actor="x:y", now=factories.NOON
    )
    session.commit()

    become_one(*sides)

    again(session)
    person = session.get(Person, world.learner.id)
    assert session.get(RevocationRequest, request.id).requested_by == person.id
    with pytest.raises(ForbiddenError, match="yourself"):
        confirm_revocation(session, request, person=person, **SIGNING, now=factories.NOON)
