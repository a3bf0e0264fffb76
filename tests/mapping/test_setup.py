"""An instructor says what an activity counts towards and what it shows: by the front door."""

from datetime import UTC, datetime

import pytest
from lxml import html
from sqlalchemy import select

from app.catalog.models import VersionStatus
from app.core.audit import AuditEntry, find_broken_entry
from app.core.principal import Role
from app.mapping.models import GradeRule
from tests import factories


def overview(assignment):
    return f"/courses/{assignment.course_id}/assignments/{assignment.id}"


def test_the_first_screen_offers_what_is_approved(desk, world):
    page = desk.choose()

    assert page.status_code == 200
    assert "“Literature review”" in page.text
    assert "Research Literacy" in page.text
    assert "Clinical Communication" in page.text
    assert "What Research Literacy is about." in page.text
    assert "2 criteria" in page.text
    assert "Badge Level II" in page.text
    assert f"/achievements/{world.level_1.public_id}/image.svg" in page.text
    assert f'href="{desk.url}/{world.level_1.id}"' in page.text


def test_without_an_approved_achievement_the_screen_says_who_can_help(desk, session, world):
    for version in (world.level_1, world.level_2):
        version.achievement.retired_at = factories.NOON
    session.commit()

    page = desk.choose()

    assert "Nothing is approved yet" in page.text
    assert "programme’s administrator" in page.text


def test_the_second_screen_starts_with_sensible_choices(desk, world):
    page = desk.page(world.level_1)

    assert page.status_code == 200
    assert 'value="Literature review"' in page.text
    for criterion in world.level_1.criteria:
        assert f'value="{criterion.id}" checked' in page.text
    assert "Demonstrated, as can be seen." in page.text
    assert "png, jpg, jpeg, gif, webp" in page.text
    assert "Up to 6 with all of 2 criteria: 2 × 3." in page.text
    assert "All or nothing: 6 with all of 2 criteria" in page.text


def test_the_title_is_the_achievements_where_the_link_has_none(desk, session, world):
    world.link.title = None
    session.commit()

    assert 'value="Research Literacy"' in desk.page(world.level_1).text


def test_an_activity_is_mapped_and_the_class_list_follows(desk, world, assignments):
    answer = desk.send(world.level_1, accepts_link="y")

    (assignment,) = assignments()
    assert answer.status_code == 303
    assert answer.location == overview(assignment)
    assert assignment.resource_link_pk == world.link.id
    assert assignment.course_id == world.course.id
    assert assignment.institution_id == world.institution.id
    assert assignment.version_id == world.level_1.id
    assert [item.key for item in assignment.criteria] == ["c1", "c2"]
    assert assignment.title == "Literature review"
    assert assignment.instructions == "Write **one** page."
    assert (assignment.max_files, assignment.file_kinds) == (3, ["pdf", "image"])
    assert assignment.accepts_link
    assert assignment.accepts_text
    assert assignment.grade_rule is GradeRule.RUBRIC
    assert assignment.max_points == 6
    assert assignment.lineitem_url == world.link.lineitem_url
    assert assignment.created_by == world.instructor.id
    assert len(assignment.uuid) == 36
    assert "The assignment is set up." in desk.client.get(answer.location).text


def test_mapping_is_audited_without_anybodys_words(desk, session, world, assignments):
    desk.send(world.level_1, grade_rule="met")

    entry = session.scalars(select(AuditEntry)).one()
    assert entry.action == "assignment.mapped"
    assert entry.actor == f"person:{world.instructor.id}"
    assert entry.subject == f"assignment:{assignments()[0].id}"
    assert entry.facts == {
        "version_id": world.level_1.id,
        "criterion_ids": [item.id for item in world.level_1.criteria],
        "grade_rule": "met",
    }
    assert find_broken_entry(session, world.institution.id) is None


def test_fewer_criteria_mean_fewer_points_and_a_hint_at_what_is_missing(desk, world, assignments):
    first, second, third = world.level_2.criteria

    answer = desk.send(world.level_2, criteria=[first.id, third.id])

    (assignment,) = assignments()
    assert assignment.criteria == [first, third]
    assert assignment.max_points == 6
    page = desk.client.get(answer.location).text
    assert "does not show enough criteria yet" in page
    assert f"<li>{second.name}</li>" in page
    assert f"<li>{first.name}</li>" not in page


def test_the_second_screen_says_what_other_assignments_leave_out(desk, session, world):
    other = factories.make_link(session, world.course, "link-2")
    factories.make_assignment(
        session, world.course, world.level_2, link=other, criterion_positions=(0, 2)
    )
    session.commit()

    page = " ".join(desk.page(world.level_2).text.split())

    assert "shows yet: <strong>Criterion 2</strong>" in page


def test_the_second_screen_says_when_others_show_everything(desk, session, world):
    other = factories.make_link(session, world.course, "link-2")
    factories.make_assignment(session, world.course, world.level_1, link=other)
    session.commit()

    assert "is enough for the award already" in desk.page(world.level_1).text


def test_a_criterion_that_an_award_can_do_without_is_marked(desk, session, world):
    world.level_1.criteria[1].is_required = False
    session.commit()

    assert desk.page(world.level_1).text.count("Not required for the award.") == 1


def test_work_without_files_asks_for_none(desk, world, assignments):
    answer = desk.send(world.level_1, file_kinds=None, max_files="3")

    (assignment,) = assignments()
    assert answer.status_code == 303
    assert (assignment.max_files, assignment.file_kinds) == (0, [])


def test_an_empty_number_is_fine_without_files(desk, world, assignments):
    answer = desk.send(world.level_1, file_kinds=None, max_files="")

    assert answer.status_code == 303
    assert assignments()[0].max_files == 0


BAD = {
    "no criterion": ({"criteria": None}, "Choose at least one criterion"),
    "criterion is no number": ({"criteria": ["first"]}, "Choose from this list only"),
    "unknown criterion": ({"criteria": [10**30]}, "Choose from this list only"),
    "nothing wanted": (
        {"file_kinds": None, "accepts_text": None, "accepts_link": None},
        "Say what is to be handed in: files, a link or text",
    ),
    "no number of files": ({"max_files": ""}, "Give a whole number from 1 to 20"),
    "zero files": ({"max_files": "0"}, "Give a whole number from 1 to 20"),
    "minus files": ({"max_files": "-1"}, "Give a whole number from 1 to 20"),
    "too many files": ({"max_files": "21"}, "Give a whole number from 1 to 20"),
    "half a file": ({"max_files": "1.5"}, "Give a whole number from 1 to 20"),
    "words for a number": ({"max_files": "some"}, "Give a whole number from 1 to 20"),
    "unknown kind": ({"file_kinds": ["pdf", "exe"]}, "Choose from this list only"),
    "no title": ({"title": ""}, "Give the assignment a title"),
    "blank title": ({"title": "  \u200b\t "}, "Give the assignment a title"),
    "long title": ({"title": "x" * 301}, "Use at most 300 characters for the title"),
    "long instructions": (
        {"instructions": "x" * 20_001},
        "Use at most 20000 characters for the instructions",
    ),
    "largest file of nothing": ({"max_file_mb": "0"}, "Give a whole number from 1 to 2048"),
    "largest file of too much": ({"max_file_mb": "2049"}, "Give a whole number from 1 to 2048"),
    "largest file in words": ({"max_file_mb": "big"}, "Not a valid integer value"),
    "a group of nobody": ({"max_group_size": "0"}, "Give a whole number from 1 to 20"),
    "a group too large": ({"max_group_size": "21"}, "Give a whole number from 1 to 20"),
    "a group in words": ({"max_group_size": "many"}, "Give a whole number from 1 to 20"),
    "long statement": (
        {"statement": "x" * 2001},
        "Use at most 2000 characters for the statement",
    ),
    "no grade rule": ({"grade_rule": None}, "Choose what the gradebook shows"),
    "unknown grade rule": ({"grade_rule": "curve"}, "Not a valid choice"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_told_at_the_field_and_nothing_else_is_lost(
    desk, world, assignments, changes, message
):
    page = desk.send(world.level_1, **{"instructions": "Keep me.", "accepts_link": "y", **changes})

    assert page.status_code == 422
    assert assignments() == []
    assert page.text.count(message) >= 2, "in the summary and at the field"
    assert "<title>Error: " in " ".join(page.text.split())
    if "instructions" not in changes:
        assert "Keep me." in page.text
    if "accepts_link" not in changes:
        assert html.fromstring(page.text).xpath("//input[@name='accepts_link']/@checked")


def test_a_criterion_of_another_achievement_is_refused(desk, world, assignments):
    page = desk.send(
        world.level_1, criteria=[world.level_1.criteria[0].id, world.level_2.criteria[0].id]
    )

    assert page.status_code == 422
    assert "Choose from this list only" in page.text
    assert assignments() == []


def test_characters_that_show_nothing_are_dropped(desk, world, assignments):
    desk.send(
        world.level_1,
        title="Review\x00 of\r\nthe\u00a0\u202eliterature\x07 👩\u200d🔬",
        instructions="One\x00\r\n\r\n- two\x1b[31m\ttabs\u00a0stay\u202e",
    )

    (assignment,) = assignments()
    assert assignment.title == "Review of the literature 👩\u200d🔬"
    assert assignment.instructions == "One\n\n- two[31m\ttabs\u00a0stay"


def test_instructions_cannot_carry_scripts(desk, world, browser, session, assignments):
    desk.send(
        world.level_1,
        instructions="# Do\n\n<script>alert(1)</script> [go](javascript:alert(1)) **this**",
        accepts_link="y",
    )

    page = browser(world.learner).get(f"{overview(assignments()[0])}/work").text
    assert "<strong>this</strong>" in page
    assert "<script>alert" not in page
    assert 'href="javascript' not in page


def test_an_activity_that_is_set_up_leads_to_its_class_list(desk, world, assignments):
    desk.send(world.level_1)
    (assignment,) = assignments()

    assert desk.choose().location == overview(assignment)
    assert desk.page(world.level_1).location == f"{overview(assignment)}/edit"


def test_the_second_of_two_instructors_is_told_and_changes_nothing(
    desk, world, browser, assignments
):
    other = desk.with_client(browser(world.assistant))
    desk.send(world.level_1)

    answer = other.send(world.level_2, title="Mine")

    (assignment,) = assignments()
    assert assignment.title == "Literature review"
    assert answer.status_code == 303
    assert answer.location == overview(assignment)
    assert "what you sent was not saved" in other.client.get(answer.location).text


@pytest.mark.parametrize("who", ["learner", "grantor", "grader"])
def test_only_staff_set_up(desk, world, browser, who, assignments):
    other = desk.with_client(browser(getattr(world, who)))

    assert other.choose().status_code == 403
    assert other.page(world.level_1).status_code == 403
    assert other.send(world.level_1).status_code == 403
    assert assignments() == []


def test_a_stranger_is_asked_to_come_from_the_course(desk, browser, world):
    assert desk.with_client(browser(None)).choose().status_code == 401


def test_staff_of_another_course_cannot_set_up_here(desk, browser, session, world):
    course = factories.make_course(session, world.deployment, "course-2", "Statistics")
    stranger = factories.make_person(session, course, Role.INSTRUCTOR, "Otto Other")
    client = browser(stranger)

    assert desk.with_client(client).choose().status_code in {403, 404}
    own_course = f"/courses/{course.id}/links/{world.link.id}/setup"
    assert client.get(own_course).status_code == 404
    assert client.get(f"{own_course}/{world.level_1.id}").status_code == 404


def draft(session, world, app):
    world.level_1.status = VersionStatus.DRAFT


def superseded(session, world, app):
    world.level_1.status = VersionStatus.SUPERSEDED


def retired(session, world, app):
    world.level_1.achievement.retired_at = datetime(2026, 11, 3, tzinfo=UTC)


def without_artifact(session, world, app):
    world.level_1.achievement.level.needs_artifact = False


def awarded_by_rule(session, world, app):
    world.level_1.achievement.level.award_by = "rule"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (draft, 409),
        (superseded, 409),
        (retired, 409),
        (without_artifact, 404),
        (awarded_by_rule, 404),
    ],
)
def test_what_may_not_be_mapped_is_neither_offered_nor_taken(
    desk, session, world, app, change, status, assignments
):
    change(session, world, app)
    session.commit()

    assert "Research Literacy" not in desk.choose().text
    assert desk.page(world.level_1).status_code == status
    assert desk.send(world.level_1).status_code == status
    assert assignments() == []


def test_another_institutions_achievements_are_not_there(desk, session, app, world, assignments):
    foreign = factories.make_world(session, app.extensions["assay.vault"], "other")

    page = desk.choose()

    assert f'/{foreign.level_1.id}"' not in page.text
    assert desk.page(foreign.level_1).status_code == 404
    assert desk.send(foreign.level_1).status_code == 404
    assert desk.page(world.level_1).status_code == 200
    assert assignments() == []
