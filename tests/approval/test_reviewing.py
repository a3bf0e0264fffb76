"""The reviewers' side: who decides, votes, quorum, closing, returning, conditions, approval."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from app.approval.models import ProposalStatus
from app.catalog.models import VersionStatus
from app.catalog.service import list_mappable_versions
from app.core.clock import utcnow
from app.core.months import add_months
from app.programme.models import Programme
from tests.approval.conftest import seat
from tests.campus import NOON


def test_a_proposal_walks_through_every_step_and_is_approved(walk, session):
    walk.to_review()
    institution_id = walk.world.institution.id
    walk.to_last_step()
    assert walk.proposal.version.status is VersionStatus.IN_REVIEW
    walk.carry(walk.seats.executive)

    proposal = walk.proposal
    assert proposal.status is ProposalStatus.APPROVED
    assert proposal.step is None
    version = proposal.version
    assert version.status is VersionStatus.APPROVED
    assert version.approval_reference == f"Proposal 1, {utcnow():%Y-%m-%d}"
    assert version.approved_until is None, "the committee's route sets no end"
    assert version in list_mappable_versions(session, institution_id, now=utcnow())
    page = walk.text(walk.proposer)
    for words in ("Cara Career", "Lee Leader", "Member 1", "Eve Executive", "Approved"):
        assert words in page


def test_a_route_with_months_sets_when_the_approval_ends(walk, session):
    kept = session.scalars(select(Programme)).one()
    routes = [{**route, "months": 24} for route in kept.rules["route"]]
    kept.rules = {**kept.rules, "route": routes}
    session.commit()
    walk.to_review()
    walk.to_last_step()
    walk.carry(walk.seats.executive)

    until = walk.proposal.version.approved_until
    assert until == add_months(walk.proposal.version.approved_at, 24)


@pytest.mark.parametrize(
    ("moment", "months", "day"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2026-11-24", 14, "2028-01-24"),
    ],
)
def test_months_end_on_a_day_that_there_is(moment, months, day):
    start = NOON.fromisoformat(f"{moment}T12:00:00+00:00")

    assert f"{add_months(start, months):%Y-%m-%d}" == day


def test_a_vote_is_cast_once_and_not_changed(walk):
    walk.to_review()
    walk.vote(walk.seats.skills, reason="Rooted in NACE.")

    again = walk.vote(walk.seats.skills, "against", reason="No, after all.")

    assert again.status_code == 409
    votes = [event for event in walk.events if event.kind == "voted"]
    assert [vote.facts["vote"] for vote in votes] == ["for"]
    assert "You have voted" in walk.text(walk.seats.skills, "/review")
    assert "Rooted in NACE." in walk.text(walk.proposer)


def test_a_vote_after_closing_is_refused(walk, session):
    walk.to_review()
    seat(session, walk.seats.leader, "career_planning")
    session.commit()
    old = walk.seen()
    walk.carry(walk.seats.skills)

    page = walk.vote(walk.seats.leader, **old)

    assert page.status_code == 409
    assert "closed" in page.text
    assert [event.kind.value for event in walk.events][-1] == "step_carried"


def test_two_who_close_at_once_close_it_once(walk, session):
    walk.to_review()
    seat(session, walk.seats.executive, "career_planning")
    session.commit()
    walk.vote(walk.seats.skills)
    people = [walk.seats.skills, walk.seats.executive]
    seen, barrier, codes = walk.seen("close-"), Barrier(2), []
    browsers = [walk.of(person) for person in people]

    def close(there):
        barrier.wait()
        data = {**seen, "act": "carry"}
        codes.append(there.post(f"/proposals/{walk.id}/close", data=data).status_code)

    threads = [Thread(target=close, args=(there,)) for there in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert codes.count(303) == 1
    assert set(codes) <= {303, 403, 409}
    assert [event.kind.value for event in walk.events].count("step_carried") == 1
    assert walk.proposal.step.key == "unit_leader"


def test_without_the_quorum_nothing_is_carried(walk):
    walk.to_review()
    walk.to_committee()
    first, second, third, fourth = walk.seats.committee
    walk.vote(first)
    walk.vote(second, "abstain")

    page = walk.close(first)

    assert page.status_code == 409
    assert "2 of 3 votes" in page.text
    walk.vote(third)
    assert walk.close(fourth).status_code == 303, "any member of the group may close it"
    assert walk.proposal.step.key == "executive"


def test_a_tie_is_not_carried_and_can_be_declined_for_good(walk):
    walk.to_review()
    walk.to_committee()
    first, second, third, _fourth = walk.seats.committee
    walk.vote(first)
    walk.vote(second, "against", reason="Belongs to another level.")
    assert walk.close(first, "decline", "Too early").status_code == 409, "no quorum yet"
    walk.vote(third, "abstain")
    assert walk.close(first).status_code == 409

    assert walk.close(first, "decline").status_code == 422, "without a reason"
    page = walk.close(first, "decline", "It belongs to another level.")

    assert page.status_code == 303
    proposal = walk.proposal
    assert (proposal.status, proposal.version.status) == (
        ProposalStatus.DECLINED,
        VersionStatus.DECLINED,
    )
    shown = walk.text(walk.proposer)
    assert "It belongs to another level." in shown
    assert "Belongs to another level." in shown


def test_what_is_carried_cannot_be_declined(walk):
    walk.to_review()
    walk.vote(walk.seats.skills)

    assert walk.close(walk.seats.skills, "decline", "I changed my mind.").status_code == 409
    assert walk.close(walk.seats.skills, "explode").status_code == 422


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"vote": ""}, "Choose how you vote"),
        ({"vote": "perhaps"}, "Not a valid choice"),
        ({"vote": "against"}, "Say why you are against it"),
        ({"vote": "for_with_conditions"}, "at least one condition"),
        ({"vote": "for", "conditions": "Name a grantor"}, "Conditions belong to the vote"),
        ({"vote": "for", "score_fit": ""}, "Score “Fit to the taxonomy”"),
        ({"vote": "for", "score_fit": "7"}, "Choose from this list only"),
        ({"vote": "for", "reason": "x" * 4001}, "at most 4000 characters"),
    ],
)
def test_a_vote_that_is_not_whole_says_what_is_missing(walk, said, words):
    walk.to_review()
    walk.to_committee()
    before = len(walk.events)

    page = walk.vote(walk.seats.committee[0], **said)

    assert page.status_code == 422
    assert words in page.text
    assert len(walk.events) == before


def test_the_committee_scores_the_rubric_and_everybody_reads_it(walk):
    walk.to_review()
    walk.to_committee()
    member = walk.seats.committee[0]

    page = walk.vote(member, score_fit="1", note_fit="The setting is missing.")

    assert page.status_code == 303
    scores = walk.events[-1].facts["scores"]
    assert scores["fit"] == {"position": 1, "note": "The setting is missing."}
    assert len(scores) == 5
    shown = walk.text(walk.proposer)
    assert "Partly – The setting is missing." in shown
    assert walk.vote(walk.seats.committee[1], "abstain", score_fit="").status_code == 303


def test_returned_for_changes_it_comes_back_and_takes_all_steps_again(walk):
    walk.to_review()
    walk.carry(walk.seats.skills)
    assert walk.close(walk.seats.leader, "return").status_code == 422

    walk.close(walk.seats.leader, "return", "Name the second grantor.")

    proposal = walk.proposal
    assert proposal.status is ProposalStatus.RETURNED
    assert proposal.version.status is VersionStatus.DRAFT
    page = walk.text(walk.proposer, "/edit")
    assert "Name the second grantor." in page
    assert "All steps are taken again" in page
    walk.write_content(description="It says more now.")
    walk.answer(question_grantors="Two, with names.")
    assert walk.submit().status_code == 303
    proposal = walk.proposal
    assert (proposal.round, proposal.step.key) == (2, "skills")
    review = walk.text(walk.seats.skills, "/review")
    assert "Since it was last submitted" in review
    assert "Description: changed" in review
    assert walk.vote(walk.seats.skills).status_code == 303, "a new round is voted on anew"


def test_the_vote_of_an_earlier_round_does_not_count(walk):
    walk.to_review()
    old = walk.seen()
    walk.vote(walk.seats.skills)
    walk.close(walk.seats.skills, "return", "A typing error.")
    walk.submit()

    assert walk.close(walk.seats.skills).status_code == 409
    assert walk.vote(walk.seats.skills, **old).status_code == 409, "the page of the first round"


def test_conditions_are_ticked_before_the_last_step_is_closed(walk):
    walk.to_review()
    walk.vote(
        walk.seats.skills,
        "for_with_conditions",
        conditions="Align the second criterion\n\n  Name the standard  ",
    )
    walk.close(walk.seats.skills)
    walk.carry(walk.seats.leader)
    walk.carry(*walk.seats.committee[:3])
    walk.vote(walk.seats.executive)

    page = walk.close(walk.seats.executive)

    assert page.status_code == 409
    assert "Conditions are open (2)" in page.text
    number = next(event.number for event in walk.events if event.kind == "voted")
    there = f"/proposals/{walk.id}/conditions/{number}"
    assert walk.of(walk.proposer).post(f"{there}.0").status_code == 403
    assert walk.of(walk.seats.skills).post(f"{there}.2").status_code == 404
    data = {f"c{number}.0-note": "Seen on 24 November"}
    assert walk.of(walk.seats.skills).post(f"{there}.0", data=data).status_code == 303
    assert walk.of(walk.seats.skills).post(f"{there}.0").status_code == 409
    assert walk.of(walk.seats.executive).post(f"{there}.1").status_code == 303
    shown = walk.text(walk.proposer)
    assert "Ticked by Cara Career" in shown
    assert "Seen on 24 November" in shown

    assert walk.close(walk.seats.executive).status_code == 303
    assert walk.proposal.status is ProposalStatus.APPROVED


def test_what_is_retired_meanwhile_is_not_approved(walk, session):
    walk.to_review()
    walk.to_last_step()
    walk.proposal.version.achievement.retired_at = utcnow()
    session.commit()
    walk.vote(walk.seats.executive)

    assert walk.close(walk.seats.executive).status_code == 409
    assert walk.proposal.status is ProposalStatus.IN_REVIEW


def test_no_service_can_change_or_delete_what_happened(walk, app, session):
    walk.to_review()
    told = {event.id: _whole(event) for event in walk.events}
    walk.carry(walk.seats.skills)
    walk.close(walk.seats.leader, "return", "More.")
    walk.submit()
    walk.of(walk.proposer).post(f"/proposals/{walk.id}/withdraw")

    now = {event.id: _whole(event) for event in walk.events}
    assert {number: now[number] for number in told} == told
    assert len(now) == len(told) + 5
    event = walk.events[0]
    event.facts = {"reason": "something else"}
    with pytest.raises(RuntimeError, match="never changed"):
        session.flush()
    session.rollback()
    session.delete(walk.events[0])
    with pytest.raises(RuntimeError, match="never cut"):
        session.flush()
    session.rollback()
    page = walk.text(walk.proposer)
    for words in (
        "Begun",
        "Submitted for review",
        "Skills consultation: voted “For”",
        "Skills consultation: carried",
        "Unit leader: returned for changes",
        "Withdrawn",
        "round 2",
    ):
        assert words in page, words


def _whole(event):
    return (
        event.number,
        event.at,
        event.person_id,
        event.kind,
        event.round,
        event.step_key,
        event.once,
        dict(event.facts),
    )
