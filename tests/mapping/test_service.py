"""Mapping without pages: what the service refuses, finds and counts."""

import threading
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from app.core.db import transaction
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.mapping.models import GradeRule
from app.mapping.service import (
    MappingFacts,
    bind_link,
    edit_assignment,
    find_assignment_for_link,
    get_assignment,
    list_assignments,
    list_unmapped_criteria,
    map_assignment,
)
from app.mapping.sources import find_unbound
from tests import factories
from tests.factories import NOON


@pytest.fixture
def facts(world):
    return MappingFacts(
        version_id=world.level_1.id,
        criterion_ids=frozenset(item.id for item in world.level_1.criteria),
        title="Literature review",
        instructions="",
        max_files=1,
        file_kinds=["pdf"],
        accepts_link=False,
        accepts_text=False,
        grade_rule=GradeRule.MET,
    )


@pytest.fixture
def map_it(session, world):
    def act(facts, *, link=None):
        return map_assignment(
            session,
            course=world.course,
            resource_link=link,
            facts=facts,
            created_by=world.instructor.id,
            now=NOON,
        )

    return act


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"criterion_ids": frozenset()}, "at least one criterion"),
        ({"criterion_ids": frozenset({1, 10**6})}, "criteria of this achievement only"),
        ({"max_files": -1}, "0 to 20 files"),
        ({"max_files": 21}, "0 to 20 files"),
        ({"file_kinds": ["pdf", "exe"]}, "kinds of file from the list"),
        ({"max_files": 0}, "both which kinds"),
        ({"file_kinds": []}, "both which kinds"),
        ({"max_files": 0, "file_kinds": []}, "what is to be handed in"),
        ({"title": ""}, "Give a title"),
        ({"title": "x" * 301}, "Give a title"),
        ({"instructions": "x" * 20_001}, "instructions"),
    ],
)
def test_what_makes_no_sense_is_refused_without_a_form_too(map_it, facts, changes, message):
    with pytest.raises(InvalidError, match=message):
        map_it(replace(facts, **changes))


def test_a_criterion_of_another_version_is_refused(map_it, facts, world):
    foreign = {world.level_1.criteria[0].id, world.level_2.criteria[0].id}

    with pytest.raises(InvalidError, match="of this achievement only"):
        map_it(replace(facts, criterion_ids=frozenset(foreign)))


def test_an_achievement_of_another_institution_is_not_found(map_it, facts, app, session):
    foreign = factories.make_world(session, app.extensions["assay.vault"], "other")

    with pytest.raises(NotFoundError):
        map_it(replace(facts, version_id=foreign.level_1.id))


def test_one_link_is_mapped_once(map_it, facts, world):
    map_it(facts, link=world.link)

    with pytest.raises(ConflictError, match="Somebody else has just set up this activity"):
        map_it(facts, link=world.link)


def test_a_broken_reference_is_a_bug_and_no_conflict(session, world, facts):
    with pytest.raises(IntegrityError):
        map_assignment(
            session,
            course=world.course,
            resource_link=None,
            facts=facts,
            created_by=10**6,
            now=NOON,
        )


def test_of_two_instructors_at_once_one_is_told(app, facts, world, assignments):
    start, outcomes = threading.Barrier(2), []

    def act():
        with app.app_context():
            start.wait()
            try:
                with transaction() as session:
                    map_assignment(
                        session,
                        course=world.course,
                        resource_link=world.link,
                        facts=facts,
                        created_by=world.instructor.id,
                        now=NOON,
                    )
                outcomes.append("mapped")
            except ConflictError:
                outcomes.append("told")

    threads = [threading.Thread(target=act) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(outcomes) == ["mapped", "told"]
    assert len(assignments()) == 1


def test_a_deep_linked_assignment_takes_the_column_of_its_link(map_it, facts, session, world):
    assignment = map_it(facts)

    bind_link(session, assignment, world.link)

    assert find_assignment_for_link(session, world.link.id) is assignment
    assert assignment.lineitem_url == world.link.lineitem_url


def test_binding_again_changes_nothing_and_another_link_is_refused(map_it, facts, session, world):
    assignment = map_it(facts, link=world.link)

    bind_link(session, assignment, world.link)
    with pytest.raises(ConflictError):
        bind_link(session, assignment, factories.make_link(session, world.course, "link-2"))

    assert assignment.resource_link_pk == world.link.id


def test_an_assignment_is_found_in_its_own_course_only(map_it, facts, session, world):
    assignment = map_it(facts)
    other = factories.make_course(session, world.deployment, "course-2", "Statistics")

    assert find_unbound(session, assignment.uuid, course_id=world.course.id)
    assert find_unbound(session, assignment.uuid, course_id=other.id) is None
    assert find_unbound(session, str(uuid4()), course_id=world.course.id) is None
    assert get_assignment(session, assignment.id, course_id=world.course.id) is assignment
    with pytest.raises(NotFoundError):
        get_assignment(session, assignment.id, course_id=other.id)
    assert list_assignments(session, world.course.id) == [assignment]
    assert list_assignments(session, other.id) == []


def test_unmapped_are_the_required_criteria_that_no_assignment_of_the_course_shows(session, world):
    version = world.level_2
    first, second, third = version.criteria
    other = factories.make_course(session, world.deployment, "course-2", "Statistics")
    third.is_required = False
    session.flush()

    assert list_unmapped_criteria(session, version, course_id=world.course.id) == [first, second]

    factories.make_assignment(session, other, version, link=None, criterion_positions=(0, 1))
    assert list_unmapped_criteria(session, version, course_id=world.course.id) == [first, second]

    factories.make_assignment(session, world.course, version, link=None, criterion_positions=(1,))
    assert list_unmapped_criteria(session, version, course_id=world.course.id) == [first]

    factories.make_assignment(session, world.course, version, link=None, criterion_positions=(0,))
    assert list_unmapped_criteria(session, version, course_id=world.course.id) == []


def test_editing_refuses_words_that_a_form_would_refuse(map_it, facts, session, world):
    assignment = map_it(facts)

    for title, instructions in (("", ""), ("x" * 301, ""), ("x", "x" * 20_001)):
        with pytest.raises(InvalidError):
            edit_assignment(
                session,
                assignment,
                title=title,
                instructions=instructions,
                edited_by=world.instructor.id,
                now=NOON,
            )
    assert assignment.title == "Literature review"
