"""A group's work in what is kept about people: exported to each, erased for one, never merged."""

import pytest

from app.core.errors import ConflictError
from app.courses.models import LtiUser
from app.evidence.models import Artifact
from app.launch.models import PrivacyVisit
from app.launch.privacy import find_holdings
from app.retention.about import describe_records
from app.retention.erasing import erase_records
from app.staff.merging import refuse_pair
from tests.factories import NOON


@pytest.fixture
def shared(team, world):
    """A draft of Mei's and Jonas's."""
    team.send(world.learner, button="save", text="our draft")
    team.gather(world.learner, world.other_learner)
    return team


def test_each_author_is_given_the_work(shared, world, session):
    for person in (world.learner, world.other_learner):
        (work,) = describe_records(session, person.id)["work"]
        texts = [each["text"] for attempt in work["attempts"] for each in attempt["artifacts"]]
        assert texts == ["our draft"]


def test_a_privacy_page_counts_the_work_of_the_group(shared, world, session):
    visit = PrivacyVisit(subject_id=world.other_learner.id)

    holdings = find_holdings(session, visit)

    assert (holdings.counts["submissions"], holdings.counts["artifacts"]) == (1, 1)


def test_erasing_who_began_leaves_the_others_draft(shared, world, session, artifacts):
    erase_records(session, world.learner, now=NOON)
    session.commit()

    assert [each.text for each in artifacts()] == ["our draft"]
    assert "our draft</textarea>" in shared.page(world.other_learner).text


def test_the_draft_of_one_alone_is_erased(team, world, session, rows):
    team.send(world.learner, button="save", text="my draft")

    erase_records(session, world.learner, now=NOON)
    session.commit()

    assert [each.text for each in rows(Artifact)] == [None]


def test_two_of_one_group_do_not_turn_out_to_be_one(shared, world, session):
    session.query(LtiUser).filter_by(person_id=world.other_learner.id).delete()

    with pytest.raises(ConflictError, match="in one group"):
        refuse_pair(session, world.learner, world.other_learner)
