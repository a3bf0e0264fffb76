"""Somebody whom two LMSs know says so by a code: both sides become one person, once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.assessment.models import Assessment, Decision
from app.awards.models import Award
from app.awards.service import revoke_award
from app.core.audit import AuditEntry, find_broken_entry
from app.core.principal import Role
from app.courses.models import Enrolment, LtiUser, Person
from app.evidence.models import Submission
from app.launch.models import LaunchSession
from app.programme.models import GrantorAppointment
from app.staff.merging import list_references
from app.staff.models import SamePersonCode
from tests import factories
from tests.assessment.work import form_data, hand_in

PAGE = "/my/other-lms"
# Every column that refers to a person; at a merge, all of them go over to the person who stays.
# Whoever adds one says here that it may: that two people's rows beside each other make sense, and
# that no unique key keeps them from being one person's.
REFERENCES = {
    "achievement_version.proposed_by",
    "administrator.person_id",
    "assessment.grantor_id",
    "assignment.created_by",
    "assignment_copy.confirmed_by",
    "award.awarded_by",
    "award.person_id",
    "declined_copy.declined_by",
    "deep_link_request.person_id",
    "enrolment.person_id",
    "erasure_request.person_id",
    "erasure_request.requested_by",
    "gradebook_cell.person_id",
    "grantor_appointment.person_id",
    "handover.person_id",
    "launch_session.person_id",
    "lti_user.person_id",
    "person.merged_into_id",
    "privacy_visit.subject_id",
    "privacy_visit.viewer_id",
    "reviewer_appointment.person_id",
    "roster_entry.person_id",
    "same_person_code.entered_by",
    "same_person_code.person_id",
    "same_person_try.person_id",
    "staff_identity.person_id",
    "staff_invitation.person_id",
    "staff_session.person_id",
    "submission.assessor_id",
    "submission.learner_id",
}


def again(session):
    session.rollback()
    session.expire_all()


@pytest.fixture
def twin(session, second_lms):
    """Mei, as the other LMS knows her: under another name."""
    person = factories.make_person(session, second_lms, Role.LEARNER, "M. Student")
    session.commit()
    return person


@pytest.fixture
def sides(browser, world, twin):
    """Her browser in the first LMS, and the one in the second."""
    return browser(world.learner), browser(twin)


def get_code(client):
    text = client.post(f"{PAGE}/code").text
    return text.split("<code data-copy>")[1].split("<")[0]


def become_one(first, second):
    """Make a code here, type it there, confirm; return the answer."""
    assert second.post(f"{PAGE}/enter", data={"code": get_code(first)}).status_code == 303
    text = second.get(PAGE).text
    action = text.split(f'action="{PAGE}/')[1].split('"')[0]
    return second.post(f"{PAGE}/{action}")


def make_award(session, world, person, *, days=0):
    award = Award(
        institution_id=world.institution.id,
        public_id=f"award-of-{person.id}",
        person_id=person.id,
        achievement_id=world.level_1.achievement_id,
        version_id=world.level_1.id,
        issuer_key_id=world.issuer.keys[0].id,
        awarded_by=world.grantor.id,
        recipient_name=person.name,
        awarded_at=factories.NOON + timedelta(days=days),
        credential="{}",
    )
    session.add(award)
    session.commit()
    return award


def test_every_reference_to_a_person_is_one_that_may_go_over(app):
    assert {f"{table.name}.{column.name}" for table, column in list_references()} == REFERENCES


def test_two_become_one(session, world, second_lms, twin, sides):
    page = become_one(*sides)

    assert (page.status_code, page.location) == (303, "/my/credentials")
    again(session)
    users = session.scalars(select(LtiUser).where(LtiUser.person_id == world.learner.id)).all()
    assert len({user.platform_id for user in users}) == 2
    enrolled = session.scalars(
        select(Enrolment.course_id).where(Enrolment.person_id == world.learner.id)
    ).all()
    assert set(enrolled) == {world.course.id, second_lms.id}
    former = session.get(Person, twin.id)
    assert (former.merged_into_id, former.name) == (world.learner.id, "M. Student")
    assert session.get(Person, world.learner.id).name == "Mei Student"


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


def test_the_session_of_the_second_goes_on_as_the_first(session, world, twin, sides):
    _first, second = sides
    make_award(session, world, world.learner)

    become_one(*sides)

    text = second.get("/my/credentials").text
    assert "You are one person now" in text
    assert "Research Literacy" in text
    whose = set(session.scalars(select(LaunchSession.person_id)))
    assert whose == {world.learner.id}


def test_both_sides_are_shown_before_and_nothing_before_the_code_is_right(
    session, world, twin, sides
):
    first, second = sides
    make_award(session, world, world.learner)
    code = get_code(first)

    before = second.get(PAGE).text
    wrong = second.post(f"{PAGE}/enter", data={"code": "AAAAA-AAAAA"})
    second.post(f"{PAGE}/enter", data={"code": f" {code.lower().replace('-', ' ')} "})
    after = second.get(PAGE).text

    assert wrong.status_code == 422
    assert "No such code" in wrong.text
    for text in (before, wrong.text):
        assert "Mei Student" not in text
        assert "Test LMS" not in text
    for words in ("Mei Student", "Test LMS", "Methods", "M. Student", "Second LMS"):
        assert words in after
    assert "<dd>1</dd>" in after, "one credential there"


def test_only_the_hash_of_a_code_is_kept_and_it_is_shown_once(session, sides):
    first, _second = sides
    page = first.post(f"{PAGE}/code")
    code = page.text.split("<code data-copy>")[1].split("<")[0]

    kept = session.scalars(select(SamePersonCode)).one()

    assert code.replace("-", "") not in {str(value) for value in vars(kept).values()}
    assert page.headers["Cache-Control"] == "no-store"
    assert code not in first.get(PAGE).text


def test_a_code_runs_out(session, sides):
    first, second = sides
    code = get_code(first)
    kept = session.scalars(select(SamePersonCode)).one()
    assert kept.expires_at - kept.created_at == timedelta(minutes=10)
    kept.expires_at = datetime.now(UTC)
    session.commit()

    assert second.post(f"{PAGE}/enter", data={"code": code}).status_code == 422


def test_a_code_is_good_once(session, world, twin, sides, browser, second_lms):
    first, second = sides
    third = factories.make_person(session, second_lms, Role.LEARNER, "Third Student")
    session.commit()
    code = get_code(first)
    second.post(f"{PAGE}/enter", data={"code": code})

    assert browser(third).post(f"{PAGE}/enter", data={"code": code}).status_code == 422
    kept = session.scalars(select(SamePersonCode)).one()
    assert second.post(f"{PAGE}/{kept.id}/confirm").status_code == 303
    assert second.post(f"{PAGE}/{kept.id}/confirm").status_code in {404, 409}
    assert browser(third).post(f"{PAGE}/enter", data={"code": code}).status_code == 422


def test_a_new_code_ends_the_one_before(sides):
    first, second = sides
    earlier = get_code(first)
    get_code(first)

    assert second.post(f"{PAGE}/enter", data={"code": earlier}).status_code == 422


def test_somebody_else_cannot_confirm_what_one_typed(session, world, sides, browser):
    first, second = sides
    second.post(f"{PAGE}/enter", data={"code": get_code(first)})
    kept = session.scalars(select(SamePersonCode)).one()

    for stranger in (first, browser(world.other_learner)):
        assert stranger.post(f"{PAGE}/{kept.id}/confirm").status_code == 404
        assert stranger.post(f"{PAGE}/{kept.id}/deny").status_code == 404
    again(session)
    assert session.query(Person).filter(Person.merged_into_id.is_not(None)).count() == 0


def test_who_says_no_stays_two(session, sides):
    first, second = sides
    second.post(f"{PAGE}/enter", data={"code": get_code(first)})
    kept = session.scalars(select(SamePersonCode)).one()

    assert second.post(f"{PAGE}/{kept.id}/deny").status_code == 303

    assert "Nothing was changed" in second.get(PAGE).text
    assert second.post(f"{PAGE}/{kept.id}/confirm").status_code == 409
    again(session)
    assert session.query(Person).filter(Person.merged_into_id.is_not(None)).count() == 0


def test_after_five_wrong_codes_no_code_is_taken_for_an_hour(session, sides):
    first, second = sides
    code = get_code(first)
    for _ in range(5):
        assert second.post(f"{PAGE}/enter", data={"code": "22222-22222"}).status_code == 422

    page = second.post(f"{PAGE}/enter", data={"code": code})

    assert page.status_code == 409
    assert "Too many wrong codes" in page.text


@pytest.mark.parametrize("typed", ["", " ", "x" * 500, "ÄÖÜ", "2222\u202e2"])
def test_what_is_no_code_is_a_form_error(sides, typed):
    _first, second = sides

    assert second.post(f"{PAGE}/enter", data={"code": typed}).status_code == 422


def test_ones_own_code_is_for_the_other_lms(sides):
    first, _second = sides

    page = first.post(f"{PAGE}/enter", data={"code": get_code(first)})

    assert page.status_code == 422
    assert "You made this code yourself" in page.text


def test_a_code_of_another_institution_is_none(app, session, browser, sides):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    first, _second = sides

    stranger = browser(other.learner)

    assert stranger.post(f"{PAGE}/enter", data={"code": get_code(first)}).status_code == 422


def test_two_users_of_one_lms_stay_two(session, world, browser, sides):
    first, _second = sides

    page = browser(world.other_learner).post(f"{PAGE}/enter", data={"code": get_code(first)})

    assert page.status_code == 409
    assert "Both come from the same LMS" in page.text


def test_a_student_preview_becomes_nobody(session, second_lms, browser, sides):
    preview = factories.make_person(
        session, second_lms, Role.LEARNER, "Test student", is_test_user=True
    )
    session.commit()
    first, _second = sides

    page = browser(preview).post(f"{PAGE}/enter", data={"code": get_code(first)})

    assert page.status_code == 409
    assert "student preview" in page.text


def test_an_equal_e_mail_suggests_and_does_nothing(session, world, twin, sides):
    twin.email = "mei@UNIVERSITY.example"
    session.commit()
    _first, second = sides

    text = second.get(PAGE).text

    assert "You may be known twice" in text
    assert "Mei Student" not in text
    assert session.query(Person).filter(Person.merged_into_id.is_not(None)).count() == 0


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
    revoke_award(session, award, reason="A mistake.", actor="command:test", now=factories.NOON)

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
    from app.launch.erasure import erase_names

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


def test_the_way_stands_on_my_credentials(sides):
    assert f'href="{PAGE}"' in sides[0].get("/my/credentials").text


def test_an_administrator_sees_but_cannot_merge(admin):
    page = admin.get("/admin/people/merged")

    assert "An administrator cannot do it for them" in page.text
    assert "<form" not in page.text
