"""The university's programme, and people in every seat of its route."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.core.principal import Role
from app.courses.models import Person
from app.programme.models import ReviewerAppointment
from app.programme.preset import read_preset
from app.programme.service import load_programme
from tests import factories
from tests.approval.walk import Walk
from tests.campus import NOON, make_administrator, make_person
from tests.conftest import Browser
from tests.factories import World

PRESET = Path(__file__).parents[2] / "lti_config" / "programme" / "kennesaw_state.toml"
UNIT = "Department of Examples"


@dataclass(frozen=True)
class Seats:
    """Who decides: one person per group, four in the committee; and who decides nothing."""

    skills: Person
    leader: Person
    other_leader: Person
    committee: tuple[Person, ...]
    executive: Person
    owl_life: Person
    curriculog: Person
    nobody: Person


@pytest.fixture
def programme(session: Session, world: World) -> World:
    """The university with the programme that ships."""
    preset = read_preset(PRESET)
    load_programme(session, world.institution.id, preset, actor="test", now=NOON)
    session.commit()
    return world


@pytest.fixture
def seats(session: Session, programme: World) -> Seats:
    """A person in every seat of the programme's routes."""

    def person(name: str, group: str | None = None, unit: str | None = None) -> Person:
        made = make_person(session, programme.course, Role.NONE, name)
        if group:
            seat(session, made, group, unit=unit)
        return made

    found = Seats(
        skills=person("Cara Career", "career_planning"),
        leader=person("Lee Leader", "unit_leaders", UNIT),
        other_leader=person("Otto Leader", "unit_leaders", "Department of Others"),
        committee=tuple(person(f"Member {number}", "committee") for number in range(1, 5)),
        executive=person("Eve Executive", "executive"),
        owl_life=person("Ola Life", "owl_life"),
        curriculog=person("Curt Log", "curriculog"),
        nobody=person("Nobody Inparticular"),
    )
    session.commit()
    return found


@pytest.fixture
def admin(session: Session, seats: Seats) -> Person:
    """The administrator, who holds no seat."""
    make_administrator(session, seats.nobody)
    return seats.nobody


@pytest.fixture
def walk(session: Session, browser: Callable[..., Browser], programme: World, seats: Seats) -> Walk:
    """A proposal's way, driven through the pages."""
    return Walk(session, browser, programme, seats)


def seat(session: Session, person: Person, group: str, **facts: Any) -> ReviewerAppointment:
    """Give somebody a seat since long."""
    made = ReviewerAppointment(
        **{
            "institution_id": person.institution_id,
            "group_key": group,
            "unit": None,
            "person_id": person.id,
            "starts_at": NOON.replace(year=2020),
            "ends_at": None,
            "created_at": NOON,
        }
        | facts
    )
    session.add(made)
    session.flush()
    return made


__all__ = ["UNIT", "Seats", "factories", "seat"]
