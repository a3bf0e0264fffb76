"""The proposer's side: from an idea in a course to a submitted proposal."""

import pytest
from sqlalchemy import select

from app.approval.models import Proposal, ProposalStatus
from app.catalog.models import Achievement, AchievementVersion, VersionStatus
from app.core.audit import AuditEntry
from app.core.principal import Role
from app.programme.models import Programme
from tests import factories
from tests.approval.walk import BEGIN
from tests.campus import enrol, make_administrator
from tests.factories import make_assignment


def test_an_instructor_begins_a_proposal_in_the_course(walk, session):
    page = walk.begin()

    assert page.status_code == 303
    proposal = walk.proposal
    assert (proposal.number, proposal.status, proposal.round) == (1, ProposalStatus.DRAFT, 0)
    assert proposal.course_id == walk.world.course.id
    version = proposal.version
    assert version.status is VersionStatus.DRAFT
    assert version.achievement.slug == "interviewing-witnesses"
    assert version.draft == {
        "name": "Interviewing Witnesses",
        "issuing_unit": "department of examples",
    }
    assert version.proposed_by == walk.proposer.id
    assert [event.kind.value for event in walk.events] == ["begun"]
    entries = session.scalars(select(AuditEntry.action)).all()
    assert {"achievement.drafted", "proposal.begun"} <= set(entries)


def test_the_course_home_leads_instructors_to_it_and_nobody_else(walk, browser):
    course = walk.world.course
    there = f"/courses/{course.id}/proposals/new"

    assert there in walk.of(walk.proposer).get(f"/courses/{course.id}/home").text
    for person in (walk.world.assistant, walk.world.learner):
        assert there not in walk.of(person).get(f"/courses/{course.id}/home").text
        assert walk.of(person).get(there).status_code == 403
    assert browser().get(there).status_code == 401


def test_the_form_is_filled_with_what_the_course_already_maps(walk, session):
    make_assignment(session, walk.world.course, walk.world.level_1, link=walk.world.link)
    session.commit()

    page = walk.of(walk.proposer).get(f"/courses/{walk.world.course.id}/proposals/new?name=Idea")

    assert 'value="Idea"' in page.text
    assert 'value="badge_1" checked' in page.text
    assert 'value="College of Examples"' not in page.text, "nobody decides for this unit"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Über Öffentlichkeit", "uber-offentlichkeit"),
        ("証人への聞き取り", "credential"),
        ("מקצוע", "credential"),
        ("🦉", "credential"),
        ("x" * 200, "x" * 80),
    ],
)
def test_names_in_any_script_get_an_address(walk, name, slug):
    assert walk.begin(name=name).status_code == 303

    assert walk.proposal.version.name == name
    assert walk.proposal.version.achievement.slug == slug
    assert name in walk.text(walk.proposer)


def test_a_second_one_of_the_same_name_gets_a_number(walk):
    walk.begin()
    walk.begin()

    assert walk.proposal.version.achievement.slug == "interviewing-witnesses-2"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Give it a name"),
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"name": "abc\u202egnp"}, "turns the reading direction"),
        ({"level": "unknown"}, "Not a valid choice"),
        ({"level": ""}, "Choose a level"),
        ({"issuer": "elsewhere"}, "Not a valid choice"),
        ({"audience": ""}, "Say for whom it is meant"),
        ({"slug": "Not A Slug"}, "small letters, digits and single hyphens"),
        ({"slug": "literature"}, "already; choose another"),
    ],
)
def test_what_cannot_be_begun_says_why(walk, session, changes, words):
    slug = walk.world.level_1.achievement.slug
    if changes == {"slug": "literature"}:
        changes = {"slug": slug}

    page = walk.begin(**changes)

    assert page.status_code == 422
    assert words in page.text
    assert session.scalars(select(Proposal)).all() == []


def test_without_a_programme_nothing_can_be_proposed(walk, session):
    session.delete(session.scalars(select(Programme)).one())
    session.commit()

    page = walk.of(walk.proposer).get(f"/courses/{walk.world.course.id}/proposals/new")

    assert "Nothing can be proposed yet" in page.text
    assert walk.begin().status_code == 422


def test_answers_are_saved_incomplete_and_asked_again(walk):
    walk.begin()

    page = walk.of(walk.proposer).post(
        f"/proposals/{walk.id}/edit", data={"question_need": "  Employers\r\nask.\x07 "}
    )

    assert page.status_code == 303
    assert walk.proposal.answers["need"] == "Employers\nask."
    edit = walk.text(walk.proposer, "/edit")
    assert "Employers" in edit
    assert "Answer “What is the holder able to do?”." in edit
    assert "What does the learner take part in" not in edit, "asked of Souvenirs only"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"question_volume": "many"}, "Give a whole number"),
        ({"question_volume": "-1"}, "Give a whole number"),
        ({"question_volume": "9" * 30}, "Give a whole number"),
        ({"question_volume": "١٢"}, "Give a whole number"),
        ({"question_review_date": "soon"}, "Give a day"),
        ({"question_skills_basis": ["Something else"]}, "Choose from this list only"),
        ({"question_trained": "maybe"}, "Choose from this list only"),
        ({"question_need": "x" * 10_001}, "at most 10000 characters"),
    ],
)
def test_an_answer_of_the_wrong_kind_is_told_at_its_question(walk, answer, words):
    walk.begin()

    page = walk.answer(**answer)

    assert page.status_code == 422
    assert words in page.text
    assert walk.proposal.answers == {}


def test_an_incomplete_proposal_is_not_submitted(walk):
    walk.begin()

    page = walk.submit()

    assert page.status_code == 422
    assert "Still missing" in page.text
    assert "Complete the content" in page.text
    assert walk.proposal.status is ProposalStatus.DRAFT
    walk.answer()
    assert walk.submit().status_code == 422, "the content is still missing"


def test_a_step_by_unit_wants_the_unit_named(walk):
    walk.begin(unit="")
    walk.write_content(issuing_unit=None)
    walk.answer()

    page = walk.submit()

    assert page.status_code == 422
    assert "Name the issuing unit" in page.text


def test_submitting_freezes_the_content_and_begins_the_first_step(walk):
    walk.to_review()

    proposal = walk.proposal
    assert (proposal.status, proposal.round) == (ProposalStatus.IN_REVIEW, 1)
    assert proposal.step.key == "skills"
    assert proposal.version.status is VersionStatus.IN_REVIEW
    submitted = walk.events[-1]
    assert submitted.facts["content"]["name"] == "Interviewing Witnesses"
    assert submitted.facts["answers"]["volume"] == "40"
    assert walk.answer().status_code == 409
    assert walk.of(walk.proposer).get(f"/proposals/{walk.id}/edit").status_code == 409
    assert walk.submit().status_code == 409
    page = walk.text(walk.proposer)
    assert "Career Planning and Development act next: Cara Career" in page
    assert "0 of 1 vote" in page


def test_a_newly_loaded_programme_does_not_change_a_running_proposal(walk, session):
    walk.to_review()
    kept = session.scalars(select(Programme)).one()
    kept.rules = {**kept.rules, "route": [], "question": [], "review_criterion": []}
    session.commit()

    walk.carry(walk.seats.skills)

    assert walk.proposal.step.key == "unit_leader"
    assert "Employers ask for it." in walk.text(walk.proposer)


def test_only_its_proposer_changes_submits_or_withdraws_it(walk, session):
    walk.begin()
    colleague = factories.make_person(session, walk.world.course, Role.INSTRUCTOR, "Una Teacher")
    session.commit()

    theirs = walk.of(colleague)

    for method, path in (
        ("GET", ""),
        ("GET", "/edit"),
        ("POST", "/edit"),
        ("POST", "/submit"),
        ("POST", "/withdraw"),
        ("POST", "/documents"),
    ):
        page = theirs.open(f"/proposals/{walk.id}{path}", method=method)
        assert page.status_code == 404, (method, path)
    assert theirs.get("/proposals").text.count("Interviewing") == 0


def test_an_administrator_sees_it_but_does_not_write_it(walk, admin):
    walk.begin()

    assert "Interviewing Witnesses" in walk.text(admin)
    assert walk.of(admin).post(f"/proposals/{walk.id}/edit").status_code == 409
    assert walk.of(admin).post(f"/proposals/{walk.id}/submit").status_code == 403
    assert "Interviewing Witnesses" in walk.of(admin).get("/admin/proposals").text
    assert "None with this status" in walk.of(admin).get("/admin/proposals?status=declined").text


def test_another_institution_sees_nothing(walk, app, session, browser):
    walk.to_review()
    elsewhere = factories.make_world(session, app.extensions["assay.vault"], "elsewhere")
    make_administrator(session, elsewhere.instructor)
    stranger = browser(elsewhere.instructor)

    assert stranger.get(f"/proposals/{walk.id}").status_code == 404
    assert stranger.post(f"/proposals/{walk.id}/withdraw").status_code == 404
    assert "No proposal yet" in stranger.get("/admin/proposals").text
    version_id = walk.proposal.version_id
    assert stranger.get(f"/proposals/versions/{version_id}/register").status_code == 404


def test_who_is_no_reviewer_cannot_begin_outside_a_course(walk):
    assert walk.of(walk.proposer).get("/proposals/new").status_code == 403
    assert "from inside a course" in walk.of(walk.proposer).get("/proposals").text


def test_a_reviewer_and_an_administrator_begin_outside_a_course(walk, admin):
    for person in (walk.seats.skills, admin):
        page = walk.of(person).post("/proposals/new", data=BEGIN)
        assert page.status_code == 303
        walk.id = int(page.location.split("/")[2])
        assert walk.proposal.course_id is None


def test_a_withdrawn_one_is_over_and_its_draft_stays(walk):
    walk.to_review()

    page = walk.of(walk.proposer).post(f"/proposals/{walk.id}/withdraw", data={"note": "Too early"})

    assert page.status_code == 303
    proposal = walk.proposal
    assert proposal.status is ProposalStatus.WITHDRAWN
    assert proposal.version.status is VersionStatus.DRAFT
    assert "Too early" in walk.text(walk.proposer)
    assert walk.of(walk.proposer).post(f"/proposals/{walk.id}/withdraw").status_code == 409
    assert walk.vote(walk.seats.skills).status_code == 409
    assert walk.answer().status_code == 409


def test_a_change_of_an_approved_one_goes_the_same_way_and_shows_what_differs(walk, session):
    achievement = walk.world.level_1.achievement
    page = walk.of(walk.proposer).post(
        f"/courses/{walk.world.course.id}/proposals/new/change",
        data={"change-achievement": achievement.id, "change-audience": "students"},
    )
    walk.id = int(page.location.split("/")[2])
    walk.write_content(issuing_unit="Department of Examples", description="Another one.")
    walk.answer()
    walk.submit()

    shown = walk.text(walk.seats.skills, "/review")

    assert "Since the approved version 1" in shown
    assert "Description: changed" in shown
    assert "Issuing unit: added" in shown
    assert "Criterion" not in shown[shown.index("Since the approved") :][:600]
    walk.to_last_step()
    walk.carry(walk.seats.executive)
    statuses = session.scalars(
        select(AchievementVersion.status)
        .where(AchievementVersion.achievement_id == achievement.id)
        .order_by(AchievementVersion.number)
    ).all()
    assert statuses == [VersionStatus.SUPERSEDED, VersionStatus.APPROVED]


def test_two_changes_at_a_time_are_refused_and_a_free_draft_is_taken_up(walk, session, admin):
    achievement = walk.world.level_1.achievement
    there = f"/courses/{walk.world.course.id}/proposals/new/change"
    said = {"change-achievement": achievement.id, "change-audience": "students"}
    first = walk.of(walk.proposer).post(there, data=said)

    assert walk.of(walk.proposer).post(there, data=said).status_code == 409

    walk.id = int(first.location.split("/")[2])
    version_id = walk.proposal.version_id
    walk.of(walk.proposer).post(f"/proposals/{walk.id}/withdraw")
    stranger = walk.of(walk.seats.skills).post("/proposals/new/change", data=said)
    assert stranger.status_code == 403
    again = walk.of(walk.proposer).post(there, data=said)
    walk.id = int(again.location.split("/")[2])
    assert walk.proposal.version_id == version_id
    assert session.scalars(select(Achievement)).all()


def test_an_instructor_who_is_a_learner_elsewhere_is_only_that_there(walk, session):
    other = factories.make_course(session, walk.world.deployment, "course-2", "Other")
    enrol(session, other, walk.proposer, Role.LEARNER)
    session.commit()

    assert walk.of(walk.proposer).get(f"/courses/{other.id}/proposals/new").status_code == 403
