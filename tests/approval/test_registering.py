"""Approvals that were made elsewhere."""

from datetime import timedelta
from io import BytesIO

import pytest

from app.approval.models import ProposalStatus
from app.catalog.drafts import start_next_version
from app.catalog.models import VersionStatus
from app.core.clock import utcnow
from tests.approval.test_documents import PDF

SAID = {
    "reference": "Curriculog 2026-118",
    "decided_on": "2026-10-01",
    "decided_by": "Undergraduate Curriculum Committee",
    "until": "2030-12-31",
}


def register(walk, person, **changes):
    data = SAID | changes
    if "document" not in changes:
        data["document"] = (BytesIO(PDF), "decision.pdf")
    return walk.of(person).post(
        f"/proposals/versions/{walk.proposal.version_id}/register", data=data
    )


def test_an_administrator_registers_it_in_the_middle_of_a_review(walk, admin):
    walk.to_review()
    walk.carry(walk.seats.skills)

    page = register(walk, admin)

    assert page.status_code == 303
    proposal = walk.proposal
    assert proposal.status is ProposalStatus.APPROVED
    version = proposal.version
    assert (version.status, version.approval_reference) == (
        VersionStatus.APPROVED,
        "Curriculog 2026-118",
    )
    assert f"{version.approved_until:%Y-%m-%d}" == "2031-01-01", "the last day is included"
    shown = walk.text(walk.proposer)
    for words in (
        "The approval was made elsewhere",
        "Curriculog 2026-118",
        "Undergraduate Curriculum Committee",
        "Oct 1, 2026",
        "Dec 31, 2030",
        "Nobody Inparticular",
        "decision.pdf",
    ):
        assert words in shown, words
    assert walk.vote(walk.seats.leader).status_code == 409
    assert register(walk, admin).status_code == 409


def test_a_draft_that_nobody_proposed_gets_a_proposal_that_says_so(walk, session, admin):
    version = start_next_version(
        session,
        walk.world.level_1.achievement,
        proposed_by=None,
        actor="test",
        now=utcnow(),
    )
    session.commit()

    page = walk.of(admin).post(f"/proposals/versions/{version.id}/register", data=SAID)

    assert page.status_code == 303
    session.expire_all()
    assert version.status is VersionStatus.APPROVED
    assert walk.world.level_1.status is VersionStatus.SUPERSEDED
    assert "The approval was made elsewhere" in walk.of(admin).get(page.location).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reference": ""}, "Give the reference"),
        ({"reference": "a\u202eb"}, "reading direction"),
        ({"decided_on": "yesterday"}, "Not a valid date"),
        ({"decided_on": f"{utcnow() + timedelta(days=2):%Y-%m-%d}"}, "still to come"),
        ({"decided_by": ""}, "Say who decided"),
        ({"until": "2020-01-01"}, "expired already"),
        ({"document": (BytesIO(b"MZ\0\0"), "decision.pdf")}, "not what its name says"),
    ],
)
def test_what_cannot_be_registered_says_why_and_keeps_nothing(
    walk, admin, settings, changes, words
):
    walk.to_review()

    page = register(walk, admin, **changes)

    assert page.status_code == 422
    assert words in page.text
    assert walk.proposal.status is ProposalStatus.IN_REVIEW
    assert [each for each in settings.storage_dir.rglob("*") if each.is_file()] == []


def test_an_incomplete_draft_is_not_approved_by_registering(walk, admin):
    walk.begin()

    page = register(walk, admin)

    assert page.status_code == 422
    assert "is missing" in page.text
    assert walk.proposal.version.status is VersionStatus.DRAFT


def test_nobody_but_an_administrator_registers(walk):
    walk.to_review()

    for person in (walk.proposer, walk.seats.skills, walk.seats.executive):
        assert register(walk, person).status_code == 403
    assert walk.proposal.status is ProposalStatus.IN_REVIEW
