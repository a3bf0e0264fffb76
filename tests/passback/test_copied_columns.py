"""The gradebook column of a copied assignment: adopted by its old identity, never made twice."""

import pytest

from app.mapping.models import AssignmentCopy
from tests.factories import NOON, make_assignment

OLD, OLDER = "11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def copied(assignment, session, lms):
    """The assignment is a copy of a copy, and its column is not known yet."""
    assignment.lineitem_url = None
    assignment.copied = AssignmentCopy(
        source_version_id=assignment.version_id,
        source_course="Methods (autumn)",
        earlier_uuids=[OLD, OLDER],
        copied_at=NOON,
    )
    lms.items.clear()
    session.commit()


@pytest.fixture
def column(session, assignment):
    def read():
        session.rollback()
        session.refresh(assignment)
        return assignment.lineitem_url

    return read


def made(lms):
    return [call for call in lms.calls("/lineitems") if call.method == "POST"]


def made_items(lms):
    return [item for key, item in lms.items.items() if key.startswith("made")]


@pytest.mark.parametrize("identity", [OLD, OLDER])
@pytest.mark.parametrize("ignores_filters", [False, True])
def test_the_copied_column_is_adopted(tell, run, lms, column, identity, ignores_filters):
    lms.ignores_filters = ignores_filters
    lms.add_item("7", resourceId="something else", tag="badge")
    lms.add_item("8", resourceId=identity, tag="badge", resourceLinkId="other-link")
    url = lms.add_item("9", resourceId=identity, tag="badge")
    tell()

    run()

    assert column() == url
    assert made(lms) == []


def test_the_links_own_column_comes_first(tell, run, lms, column):
    lms.add_item("8", resourceId=OLD, tag="badge")
    url = lms.add_item("9", resourceId=OLD, tag="badge", resourceLinkId="link-1")
    tell()

    run()

    assert column() == url


def test_of_two_old_identities_the_nearer_counts(tell, run, lms, column):
    lms.add_item("8", resourceId=OLDER, tag="badge")
    url = lms.add_item("9", resourceId=OLD, tag="badge")
    tell()

    run()

    assert column() == url


def test_a_column_of_an_original_in_the_same_course_stays_its_own(
    tell, run, lms, column, session, world, assignment
):
    original = make_assignment(session, world.course, world.level_1, link=None)
    assignment.copied.earlier_uuids = [original.uuid]
    session.commit()
    lms.add_item("8", resourceId=original.uuid, tag="badge")
    tell()

    run()

    assert column() == made_items(lms)[0]["id"]
    assert made(lms)[0].json()["resourceId"] == assignment.uuid


def test_a_column_that_another_assignment_has_is_not_taken(tell, run, lms, column, session, world):
    other = make_assignment(session, world.course, world.level_2, link=None)
    other.lineitem_url = lms.add_item("8", resourceId=OLD, tag="badge")
    session.commit()
    tell()

    run()

    assert column() == made_items(lms)[0]["id"]
