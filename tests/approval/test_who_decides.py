"""Who decides in a step, and what waits for them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.approval.models import ProposalStatus
from app.catalog.models import VersionStatus
from app.core.clock import utcnow
from app.programme.models import ReviewerAppointment
from tests.approval.conftest import UNIT, seat


def test_only_the_group_of_the_step_decides(walk, admin):
    walk.to_review()
    seats = walk.seats
    for person in (seats.leader, seats.committee[0], seats.executive):
        assert walk.of(person).get(f"/proposals/{walk.id}/review").status_code == 403
        assert walk.vote(person).status_code == 403, person.name
        assert walk.close(person, "return", "No.").status_code == 403
    assert walk.vote(seats.owl_life).status_code == 404, "not in its route at all"
    assert walk.vote(admin).status_code == 403, "an administrator sees, and does not vote"
    assert walk.vote(walk.world.learner).status_code == 403
    assert len(walk.events) == 2

    walk.carry(seats.skills)

    assert walk.vote(seats.other_leader).status_code == 404, "of another unit: not theirs to see"
    assert walk.vote(seats.skills).status_code == 403
    assert walk.vote(seats.leader).status_code == 303


def test_a_proposal_of_another_institution_is_not_theirs(walk, app, session, browser):
    from tests import factories

    walk.to_review()
    elsewhere = factories.make_world(session, app.extensions["assay.vault"], "elsewhere")
    seat(session, elsewhere.grader, "career_planning")
    session.commit()
    stranger = browser(elsewhere.grader)

    assert stranger.get(f"/proposals/{walk.id}/review").status_code == 404
    assert "Nothing waits for you" in stranger.get("/reviews").text


@pytest.mark.parametrize("ends", ["ended", "to come"])
def test_an_appointment_that_does_not_run_gives_no_right(walk, session, ends):
    walk.to_review()
    found = session.scalars(
        select(ReviewerAppointment).where(ReviewerAppointment.person_id == walk.seats.skills.id)
    ).one()
    assert walk.of(walk.seats.skills).get(f"/proposals/{walk.id}/review").status_code == 200
    if ends == "ended":
        found.ends_at = utcnow()
    else:
        found.starts_at = utcnow() + timedelta(days=1)
    session.commit()

    assert walk.vote(walk.seats.skills).status_code == 403, "the page was still open"
    assert walk.of(walk.seats.skills).get("/reviews").status_code == 403
    assert "nobody who may decide is appointed" in walk.text(walk.proposer)


def test_nobody_decides_on_their_own_proposal_or_content(walk, session):
    seat(session, walk.proposer, "career_planning")
    session.commit()
    walk.to_review()

    page = walk.vote(walk.proposer)

    assert page.status_code == 403
    assert "your own proposal" in page.text
    assert "Nothing waits for you" in walk.of(walk.proposer).get("/reviews").text
    version = walk.proposal.version
    version.proposed_by = walk.seats.skills.id
    session.commit()
    assert walk.vote(walk.seats.skills).status_code == 403


@pytest.mark.parametrize(
    ("audience", "decides", "does_not"),
    [("students", "owl_life", "curriculog"), ("staff", "curriculog", "owl_life")],
)
def test_a_souvenir_takes_the_light_route_of_its_audience(walk, audience, decides, does_not):
    walk.begin(level="souvenir", audience=audience, name="Open Day")
    walk.write_content(criteria=[], alignments=[])
    walk.of(walk.proposer).post(
        f"/proposals/{walk.id}/edit",
        data={"question_participation": "A day.", "question_volume": "300"},
    )
    assert walk.submit().status_code == 303

    assert walk.vote(walk.seats.committee[0]).status_code == 404, "not the committee's"
    assert walk.vote(getattr(walk.seats, does_not)).status_code == 404
    walk.carry(getattr(walk.seats, decides))

    assert walk.proposal.status is ProposalStatus.APPROVED
    assert walk.proposal.version.status is VersionStatus.APPROVED


def test_the_list_says_what_waits_and_what_was_voted_on(walk, session):
    skills = walk.of(walk.seats.skills)
    assert "Nothing waits for you" in skills.get("/reviews").text
    assert "Your votes will be listed here" in skills.get("/reviews").text
    walk.to_review()

    page = skills.get("/reviews").text
    assert "1 proposal waits for you" in page
    assert "Interviewing Witnesses" in page
    assert "0 of 1" in page
    assert "Nothing waits for you" in walk.of(walk.seats.leader).get("/reviews").text

    walk.vote(walk.seats.skills)
    page = skills.get("/reviews").text
    assert "can be closed" in page
    walk.close(walk.seats.skills)
    page = skills.get("/reviews").text
    assert "the step is open" not in page
    assert "Skills consultation" in page
    assert "Interviewing" in walk.of(walk.seats.leader).get("/reviews").text
    assert "Nothing waits for you" in walk.of(walk.seats.other_leader).get("/reviews").text


def test_a_reviewer_finds_the_reviews_from_the_course(walk):
    home = f"/courses/{walk.world.course.id}/home"

    assert "/reviews" in walk.of(walk.seats.skills).get(home).text
    assert "/reviews" not in walk.of(walk.world.learner).get(home).text
    assert "/reviews" not in walk.of(walk.world.assistant).get(home).text


def test_the_unit_counts_however_its_capitals_and_spaces_are_written(walk):
    walk.to_review(unit="  DEPARTMENT  of examples ")
    walk.carry(walk.seats.skills)

    assert walk.proposal.unit != UNIT
    assert walk.vote(walk.seats.leader).status_code == 303


def test_a_step_with_its_quorum_waits_until_somebody_closes_it(walk):
    walk.to_review()
    skills = walk.seats.skills
    walk.vote(skills)

    assert "still has to be closed" in walk.text(skills, "/review")
    page = walk.of(skills).get("/reviews").text
    waiting = page[page.index('id="waiting"') : page.index('id="voted"')]
    assert "Interviewing Witnesses" in waiting
    assert "can be closed" in waiting
    assert "1 proposal waits for you" in page
    assert "You voted, and the step is open" not in page


def test_a_vote_short_of_the_quorum_says_nothing_of_closing(walk):
    walk.to_review()
    walk.to_committee()
    member = walk.seats.committee[0]
    walk.vote(member)

    assert "still has to be closed" not in walk.text(member, "/review")
    assert "You voted, and the step is open" in walk.of(member).get("/reviews").text


def test_the_queue_of_work_says_how_many_proposals_wait(walk, session):
    seat(session, walk.world.grantor, "career_planning")
    session.commit()
    grantor = walk.of(walk.world.grantor)
    assert "for you)" not in grantor.get("/assessment/queue").text
    walk.to_review()

    assert "Reviews of proposals (1 waits for you)" in grantor.get("/assessment/queue").text


def test_a_unit_without_a_leader_is_told_before_submitting_and_flagged_after(walk, admin):
    walk.begin(unit="Department of Nowhere")
    walk.write_content(issuing_unit="Department of Nowhere")
    walk.answer()

    page = walk.text(walk.proposer, "/edit")
    assert "Nobody can decide these steps now" in page
    assert "(Department of Nowhere)" in page
    assert "Units for which somebody decides: Department of Examples" in page

    assert walk.submit().status_code == 303, "a warning, no refusal"
    assert "nobody is appointed" not in walk.of(admin).get("/admin/proposals").text
    walk.carry(walk.seats.skills)
    assert "nobody is appointed" in walk.of(admin).get("/admin/proposals").text


def test_a_route_with_somebody_in_every_step_is_warned_of_nothing(walk):
    walk.begin()
    walk.write_content()

    assert "Nobody can decide these steps now" not in walk.text(walk.proposer, "/edit")


def test_the_form_offers_and_remembers_only_units_that_somebody_decides_for(walk):
    new = f"/courses/{walk.world.course.id}/proposals/new"
    walk.begin(unit="Department of Nowhere")
    page = walk.of(walk.proposer).get(new).text
    assert f'<option value="{UNIT}">' in page
    assert "Department of Nowhere" not in page

    walk.begin(name="Another", unit="department of examples")
    assert f'value="{UNIT}"' in walk.of(walk.proposer).get(new).text.split('name="unit"')[1][:200]
