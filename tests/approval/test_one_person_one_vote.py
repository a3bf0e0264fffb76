"""Nobody counts twice, and nobody decides on what they wrote."""

import pytest
from sqlalchemy import select

from app.catalog.editing import ABOUT, digest_section
from app.core.audit import AuditEntry
from app.core.principal import Role
from tests import factories
from tests.approval.conftest import seat
from tests.campus import make_administrator
from tests.staff.twins import become_one


@pytest.fixture
def twin(session, world):
    """Somebody from the second LMS, with a seat in the committee."""
    platform, deployment = factories.make_platform(
        session, world.institution, "https://second.test"
    )
    platform.name = "Second LMS"
    course = factories.make_course(session, deployment, "other-1", "Methods abroad")
    person = factories.make_person(session, course, Role.NONE, "Somebody Again")
    seat(session, person, "committee")
    session.commit()
    return person


def test_two_votes_of_whom_turns_out_to_be_one_person_count_once(walk, browser, seats, twin):
    walk.to_review()
    walk.to_committee()
    for person in (seats.committee[0], twin, seats.committee[1]):
        assert walk.vote(person).status_code == 303

    become_one(browser(seats.committee[0]), browser(twin))

    assert "2 of 3 votes" in walk.text(seats.committee[1])
    for act in ("carry", "decline"):
        assert walk.close(seats.committee[1], act, "No.").status_code == 409
    assert walk.proposal.step.key == "committee"
    assert walk.vote(seats.committee[2]).status_code == 303
    assert walk.close(seats.committee[1]).status_code == 303


def test_a_vote_of_whom_turns_out_to_be_the_proposer_does_not_count(walk, browser, seats, twin):
    walk.to_review()
    walk.to_committee()
    for person in (twin, *seats.committee[:2]):
        assert walk.vote(person).status_code == 303

    become_one(browser(walk.proposer), browser(twin))

    assert "2 of 3 votes" in walk.text(seats.committee[1])
    assert walk.close(seats.committee[1]).status_code == 409


def test_who_wrote_in_a_draft_does_not_vote_on_it(walk, session, seats):
    member = seats.committee[0]
    make_administrator(session, member)
    walk.begin()
    walk.write_content()
    walk.answer()
    _write(walk, member, "Written by a member.")
    assert walk.submit().status_code == 303
    walk.to_committee()

    page = walk.vote(member)

    assert page.status_code == 403
    assert "you wrote its content" in page.text
    assert member.display_name not in walk.text(walk.proposer).split("act next")[1][:120]


def test_who_wrote_in_a_draft_as_somebody_else_does_not_vote_either(
    walk, session, browser, seats, twin
):
    make_administrator(session, twin)
    walk.begin()
    walk.write_content()
    walk.answer()
    _write(walk, twin, "Written by a member.")
    assert walk.submit().status_code == 303
    walk.to_committee()

    become_one(browser(seats.committee[0]), browser(twin))

    assert walk.vote(seats.committee[0]).status_code == 403


def test_each_save_that_changes_something_is_written_down(walk, session, admin):
    walk.begin()
    walk.write_content()
    _write(walk, admin, "Another description.")
    _write(walk, admin, "Another description.")

    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "achievement.draft_edited")
    ).all()

    version = walk.proposal.version
    assert [(entry.actor, entry.subject) for entry in entries] == [
        (f"person:{admin.id}", f"achievement:{version.achievement_id}")
    ]
    assert (entries[0].facts["section"], entries[0].facts["version"]) == ("about", 1)


def _write(walk, person, description):
    """Change what the draft says, in its editor."""
    version = walk.proposal.version
    address, draft = f"/catalog/versions/{version.id}/edit", version.draft
    names = ("name", "criteria_narrative", "image_alt", "issuing_unit")
    data = {name: draft.get(name) or "" for name in names} | {
        "description": description,
        "tags": ", ".join(draft.get("tags") or ()),
        "seen": digest_section(draft, ABOUT),
    }
    assert walk.of(person).post(address, data=data).status_code == 303
    walk.session.rollback()
