"""Drafts that are there already, such as imported ones: proposed, and led to from the catalogue."""

import pytest

from app.approval.models import Proposal, ProposalStatus
from app.catalog.drafts import create_achievement_draft
from app.core.clock import utcnow


@pytest.fixture
def draft(walk, session):
    """A draft that the instructor wrote in the catalogue, and nobody proposed."""
    achievement = walk.world.level_1.achievement
    version = create_achievement_draft(
        session,
        achievement.institution_id,
        slug="left-lying",
        level=achievement.level,
        issuer=achievement.issuer,
        draft={"name": "Left lying"},
        proposed_by=walk.proposer.id,
        actor="test",
        now=utcnow(),
    )
    session.commit()
    return version


def there(version):
    return f"/proposals/versions/{version.id}"


def test_a_draft_is_proposed_by_who_wrote_it_and_then_found_again(walk, draft, session):
    writer = walk.of(walk.proposer)
    assert "Nobody has proposed this draft" in writer.get(there(draft)).text
    assert writer.post(there(draft)).status_code == 422, "for whom, was not said"

    page = writer.post(there(draft), data={"audience": "staff"})

    assert page.location.endswith("/edit")
    assert writer.get(there(draft)).location == page.location
    walk.id = int(page.location.split("/")[2])
    assert (walk.proposal.version_id, walk.proposal.audience) == (draft.id, "staff")
    assert writer.post(there(draft), data={"audience": "staff"}).status_code == 409


def test_after_it_was_withdrawn_it_can_be_proposed_again(walk, draft, session):
    writer = walk.of(walk.proposer)
    first = writer.post(there(draft), data={"audience": "staff"}).location
    writer.post(first.replace("/edit", "/withdraw"))

    assert "Nobody has proposed this draft" in writer.get(there(draft)).text
    assert writer.post(there(draft), data={"audience": "students"}).status_code == 303

    proposals = session.query(Proposal).order_by(Proposal.number).all()
    assert [each.status for each in proposals] == [ProposalStatus.WITHDRAWN, ProposalStatus.DRAFT]
    assert [each.number for each in proposals] == [1, 2]


def test_somebody_else_neither_sees_nor_proposes_it(walk, draft, session, admin):
    assert walk.of(walk.world.assistant).get(there(draft)).status_code == 404
    page = walk.of(walk.seats.skills).get(there(draft))
    assert "There is no proposal to show you" in page.text, "a reviewer reads it, no more"
    said = {"audience": "staff"}
    assert walk.of(walk.seats.skills).post(there(draft), data=said).status_code == 403
    assert session.query(Proposal).count() == 0

    page = walk.of(admin).get(there(draft))

    assert "Register an approval made elsewhere" in page.text
    assert walk.of(admin).post(there(draft), data=said).status_code == 303


def test_an_approved_version_leads_to_the_proposal_that_brought_it(walk):
    walk.to_review()
    walk.to_last_step()
    walk.carry(walk.seats.executive)
    version = walk.proposal.version

    assert walk.of(walk.proposer).get(there(version)).location == f"/proposals/{walk.id}"
    page = walk.of(walk.world.learner).get(there(version))
    assert "There is no proposal to show you" in page.text
    assert there(version) in walk.of(walk.proposer).get(f"/catalog/versions/{version.id}").text


def test_a_draft_with_a_proposal_is_not_deleted_from_under_it(walk, draft):
    writer = walk.of(walk.proposer)
    writer.post(there(draft), data={"audience": "staff"})

    assert writer.post(f"/catalog/versions/{draft.id}/delete").status_code == 409


def test_the_proposal_of_a_certificate_leads_to_its_set(walk, draft, session):
    draft.achievement.level.award_by = "rule"
    session.commit()
    writer = walk.of(walk.proposer)

    page = writer.post(there(draft), data={"audience": "staff"})

    text = writer.get(page.location).text
    assert f"/catalog/versions/{draft.id}/edit/parts#add-group" in text
    assert "The set is empty: say what it is made of." in text
    assert "edit/criteria" not in text
