"""Every address of the site, as each kind of person and as a stranger, against the access table."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app.core.orm import Base
from app.core.principal import Role
from app.courses.models import Person
from app.platforms.models import Deployment, DeploymentStatus, Platform, PlatformStatus
from app.programme.models import Administrator, GrantorAppointment, ReviewerAppointment
from tests import campus, factories
from tests.access_table import ACCESS
from tests.assessment import work
from tests.conftest import Browser

# What the door says, whatever stands behind it; no service uses these words.
REFUSALS = (
    "Your role in this course does not allow this.",
    "You are not appointed as a grantor today.",
    "You are not an administrator of Assay.",
    "You are not appointed as a reviewer today.",
    "There is no such course, or you have not opened it from the LMS.",
)
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
OFFICES = ("stranger", "administrator", "reviewer", "grantor", *(str(role) for role in Role))


@pytest.fixture
def submission(session: Session, world: factories.World) -> int:
    """Handed-in work, so that there is something to be refused."""
    assignment = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    return work.hand_in(session, assignment, world.learner).id


@pytest.fixture
def person(
    request: pytest.FixtureRequest, session: Session, world: factories.World
) -> Person | None:
    """Somebody of one kind, and of no other."""
    return _make(session, world, request.param)


def _make(session: Session, world: factories.World, kind: str) -> Person | None:
    if kind == "stranger":
        return None
    role = Role(kind) if kind in set(Role) else Role.NONE
    person = factories.make_person(session, world.course, role, f"Some {kind}")
    if kind == "administrator":
        campus.make_administrator(session, person)
    if kind == "grantor":
        factories.appoint(session, person, world.level_1)
    if kind == "reviewer":
        session.add(
            ReviewerAppointment(
                institution_id=world.institution.id,
                group_key="committee",
                unit=None,
                person_id=person.id,
                starts_at=factories.NOON - timedelta(days=1),
                ends_at=None,
                created_at=factories.NOON,
            )
        )
    session.commit()
    return person


def _begin_again(session: Session) -> None:
    session.rollback()
    session.execute(update(Platform).values(status=PlatformStatus.ACTIVE))
    session.execute(update(Deployment).values(status=DeploymentStatus.ACTIVE))
    session.execute(update(Administrator).values(ended_at=None))
    session.execute(update(ReviewerAppointment).values(ends_at=None))
    session.execute(update(GrantorAppointment).values(ends_at=None))
    session.commit()


def list_addresses(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Return every rule with each method and an address; every number in it is of the world."""
    for rule in app.url_map.iter_rules():
        address = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?\w+>", "1", rule.rule)
        for method in sorted((rule.methods or set()) & METHODS):
            yield rule, method, address


def names_a_row(rule: Rule) -> bool:
    """Return whether an address names something by its number."""
    return "<int:" in rule.rule


def is_allowed(word: str, kind: str) -> bool:
    """Return whether the access table lets somebody of this kind come in."""
    if word == "public":
        return True
    if kind == "stranger":
        return False
    if word == "signed in":
        return True
    if word == "reviewer":
        return kind in {"reviewer", "administrator"}
    if word in {"grantor", "administrator"}:
        return kind == word
    role = kind if kind in set(Role) else str(Role.NONE)
    return role in word.split()


def count_rows(session: Session) -> dict[str, int]:
    """Return how many rows each table has."""
    session.rollback()
    return {
        table.name: session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
        if table.name != "launch_session"
    }


@pytest.mark.parametrize(("person", "kind"), [(o, o) for o in OFFICES], indirect=["person"])
def test_nobody_comes_in_where_the_table_does_not_say_so(
    app: Flask,
    browser: Callable[..., Browser],
    session: Session,
    submission: int,
    person: Person | None,
    kind: str,
) -> None:
    somebody, before = browser(person), count_rows(session)
    refused = 0
    for rule, method, address in list_addresses(app):
        if is_allowed(ACCESS[rule.endpoint], kind):
            continue
        answer = somebody.open(address, method=method)
        where = f"{method} {address} as {kind}: {answer.status}"
        if kind == "stranger":
            assert answer.status_code == 401, where
        else:
            assert answer.status_code in {403, 404}, where
            assert any(words in answer.text for words in REFUSALS), where
        refused += 1

    assert refused or kind == "designer"
    assert count_rows(session) == before, "what is refused writes nothing"


@pytest.mark.parametrize(("person", "kind"), [(o, o) for o in OFFICES], indirect=["person"])
def test_whom_the_table_lets_in_the_door_does_not_refuse(
    app: Flask,
    browser: Callable[..., Browser],
    session: Session,
    submission: int,
    person: Person | None,
    kind: str,
) -> None:
    for rule, method, address in list_addresses(app):
        if not is_allowed(ACCESS[rule.endpoint], kind):
            continue
        # What an address ended is begun again, a session too: the next one is asked afresh.
        _begin_again(session)
        answer = browser(person).open(address, method=method)
        where = f"{method} {address} as {kind}: {answer.status}"
        assert answer.status_code < 500 or answer.status_code == 503, where
        assert not any(words in answer.text for words in REFUSALS), where
        if ACCESS[rule.endpoint] != "public":
            assert answer.status_code != 401, where


@pytest.mark.parametrize("kind", [kind for kind in OFFICES if kind != "stranger"])
def test_what_belongs_to_one_institution_is_not_there_for_another(
    app: Flask,
    browser: Callable[..., Browser],
    session: Session,
    world: factories.World,
    submission: int,
    kind: str,
) -> None:
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    for each in OFFICES:  # so that number 1 of everything is the first institution's
        _make(session, world, each)
    somebody = browser(_make(session, other, kind))
    before = count_rows(session)

    for rule, method, address in list_addresses(app):
        if ACCESS[rule.endpoint] == "public" or not names_a_row(rule):
            continue
        answer = somebody.open(address, method=method)
        assert answer.status_code in {403, 404}, f"{method} {address} as {kind}: {answer.status}"

    assert count_rows(session) == before
