"""Loading a preset in place of another: what changes, and what open work keeps."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.core.audit import AuditEntry
from app.core.principal import Role
from app.programme.models import Level, ReviewerAppointment
from app.programme.preset import read_preset
from app.programme.rules import ProgrammeRules
from app.programme.service import compare_programme, get_rules, list_levels, load_programme
from tests import campus
from tests.factories import NOON

FOLDER = Path(__file__).parents[2] / "lti_config/programme"
FIRST = read_preset(FOLDER / "kennesaw_state.toml")
SECOND = read_preset(FOLDER / "college.toml")


@pytest.fixture
def institution(session):
    return campus.make_institution(session)


@pytest.fixture
def load(session, institution):
    def load_preset(preset, now=NOON):
        return load_programme(session, institution.id, preset, actor="command:test", now=now)

    return load_preset


@pytest.fixture
def seat(session, institution):
    """Put somebody into a group of reviewers."""
    _, deployment = campus.make_platform(session, institution)
    course = campus.make_course(session, deployment)

    def sit(group, *, ends_at=None):
        person = campus.make_person(session, course, Role.INSTRUCTOR, f"Of {group}")
        session.add(
            ReviewerAppointment(
                institution_id=institution.id,
                group_key=group,
                unit=None,
                person_id=person.id,
                starts_at=NOON,
                ends_at=ends_at,
                created_at=NOON,
            )
        )
        session.flush()

    return sit


def part(change, name):
    return next(item for item in change.parts if item.part == name)


def test_comparing_says_what_loading_does_and_changes_nothing(load, session, institution):
    change = compare_programme(session, institution.id, FIRST, now=NOON)

    assert session.scalar(select(func.count(Level.id))) == 0
    assert session.scalar(select(func.count(AuditEntry.id))) == 0
    assert load(FIRST) == change
    again = compare_programme(session, institution.id, FIRST, now=NOON)
    assert (again.added, again.changed, again.kept) == ((), (), ())
    assert all(item.is_empty for item in again.parts)


def test_the_fields_that_change_are_named(load, session, institution):
    load(FIRST)
    renamed = FIRST.levels[1].model_copy(update={"name": "Ribbon", "family": "gold"})
    changed = FIRST.model_copy(update={"levels": (FIRST.levels[0], renamed, *FIRST.levels[2:])})

    change = compare_programme(session, institution.id, changed, now=NOON)

    assert change.fields == {"badge_1": ("name", "family")}
    assert list_levels(session, institution.id)[1].name == "Badge Level I"


def test_a_level_that_stays_keeps_the_way_by_which_it_is_approved(load, session, institution):
    load(FIRST)

    change = load(SECOND)

    rules = get_rules(session, institution.id)
    for level in list_levels(session, institution.id):
        route = rules.find_route(level.approval_route)
        assert route is not None, level.key
        groups = {group.key for group in rules.group}
        audiences = {audience.key for audience in rules.audience}
        assert all(step.group in groups for step in route.step)
        assert all(key in audiences for step in route.step for key in step.audiences)
    assert set(change.kept) == {level.key for level in FIRST.levels}
    assert set(part(change, "route").kept) == {"committee", "light_request"}
    assert [item.key for item in rules.question] == [item.key for item in SECOND.rules.question]


def test_a_level_that_the_preset_lost_is_the_same_row_as_before(load, session, institution):
    load(FIRST)
    before = list_levels(session, institution.id)[1]

    load(SECOND)

    after = next(level for level in list_levels(session, institution.id) if level.key == "badge_1")
    assert after is before
    assert after.is_mappable
    assert after.pass_rules == ["all_required", "k_of_n", "weighted"]


def test_an_empty_seat_keeps_nothing(load, session, institution, seat):
    load(SECOND)
    seat("employers", ends_at=NOON + timedelta(days=1))
    rules = SECOND.rules.model_dump()
    rules["group"] = [item for item in rules["group"] if item["key"] != "employers"]
    rules["route"][1]["step"] = rules["route"][1]["step"][::2]
    without = SECOND.model_copy(update={"rules": ProgrammeRules.model_validate(rules)})

    kept = load(without, now=NOON)
    dropped = load(without, now=NOON + timedelta(days=2))

    assert part(kept, "group").kept == ("employers",)
    assert part(kept, "route").changed == ("council",)
    assert part(dropped, "group").dropped == ("employers",)
    assert "employers" not in {group.key for group in get_rules(session, institution.id).group}


def test_another_institution_keeps_its_own_rules(load, session, institution):
    other = campus.make_institution(session, "other")
    load_programme(session, other.id, SECOND, actor="command:test", now=NOON)

    load(FIRST)

    assert get_rules(session, other.id) == SECOND.rules
    assert get_rules(session, institution.id) == FIRST.rules
