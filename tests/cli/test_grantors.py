"""The commands about grantors: who is known by platform and LTI user id, never by e-mail."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry
from app.courses.models import LtiUser, Person
from app.platforms.models import Deployment
from app.programme.models import GrantorAppointment
from tests.factories import make_course

Command = Callable[..., str]
SLUG = "literature-search-and-synthesis"


def appoint(done: Command, *words: str, sub: str = "grantor-1") -> str:
    return done(
        "grantors", "appoint", "--achievement", SLUG, "--platform", "1", "--sub", sub, *words
    )


def rows(done: Command) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(done("grantors", "list", "--json"))
    return listed


def test_somebody_who_never_launched_is_appointed(installation: Command, session: Session) -> None:
    appoint(installation, "--name", "Gloria Grantor", "--trained-on", "2026-09-01")

    user = session.scalars(select(LtiUser)).one()
    assert (user.platform_id, user.sub, user.person.name) == (1, "grantor-1", "Gloria Grantor")
    [row] = rows(installation)
    assert row["achievement"] == SLUG
    assert (row["person"], row["lti_users"]) == ("Gloria Grantor", ["1:grantor-1"])
    assert (row["state"], row["ends"], row["trained_on"]) == ("running", None, "2026-09-01")
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.actor, entry.action) == ("command:grantors appoint", "grantor.appointed")
    assert "Gloria" not in json.dumps(entry.facts)


def test_appointing_twice_makes_one_appointment(installation: Command, session: Session) -> None:
    first = appoint(installation)

    assert appoint(installation) == first

    for table in (GrantorAppointment, Person, LtiUser):
        assert session.scalar(select(func.count(table.id))) == 1


def test_the_last_day_is_included(installation: Command) -> None:
    appoint(installation, "--from", "2030-01-01", "--until", "2030-05-31")

    [row] = rows(installation)
    assert (row["state"], row["from"], row["ends"]) == (
        "to come",
        "2030-01-01T00:00Z",
        "2030-06-01T00:00Z",
    )


def test_an_appointment_is_ended(installation: Command, refused: Command) -> None:
    appoint(installation)

    installation("grantors", "end", "1")

    assert rows(installation)[0]["state"] == "ended"
    assert "ended already" in refused("grantors", "end", "1")
    assert "no appointment 9" in refused("grantors", "end", "9")


def test_a_name_cannot_steer_the_terminal(installation: Command, session: Session) -> None:
    appoint(installation)
    session.scalars(select(Person)).one().name = "Eve\x1b[2J\u202eroot"
    session.commit()

    table = installation("grantors", "list")

    assert "Eve?[2J?root" in table
    assert "\x1b" not in table


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--achievement", "none", "--platform", "1", "--sub", "g"), "no achievement “none”"),
        (("--achievement", SLUG, "--platform", "9", "--sub", "g"), "no platform 9"),
        (
            (
                *("--achievement", SLUG, "--platform", "1", "--sub", "g"),
                *("--from", "2030-02-01", "--until", "2030-01-01"),
            ),
            "end before it starts",
        ),
    ],
)
def test_a_wrong_appointment_is_refused_and_writes_nothing(
    installation: Command,
    refused: Command,
    session: Session,
    words: tuple[str, ...],
    said: str,
) -> None:
    assert said in refused("grantors", "appoint", *words)
    assert session.scalar(select(func.count(Person.id))) == 0


@pytest.mark.parametrize("day", ["31.12.2030", "2030-02-30", "", "tomorrow"])
def test_a_day_has_one_spelling(
    installation: Command, run: Callable[..., Result], day: str
) -> None:
    result = run(
        *("grantors", "appoint", "--achievement", SLUG, "--platform", "1", "--sub", "g"),
        *("--until", day),
    )

    assert result.exit_code == 2
    assert "write it as 2026-11-24" in result.stderr


def test_a_platform_of_another_institution_is_not_seen(
    installation: Command, refused: Command
) -> None:
    installation("institutions", "add", "--slug", "other", "--name", "Other")
    words = ("--achievement", SLUG, "--platform", "1", "--sub", "g")

    assert "no achievement" in refused("grantors", "appoint", *words, "--institution", "other")
    assert "no appointment 1" in refused("grantors", "end", "1", "--institution", "other")


def test_a_grantor_is_appointed_for_some_courses_only(
    installation: Command, session: Session
) -> None:
    deployment = session.scalars(select(Deployment)).first()
    assert deployment is not None
    course = make_course(session, deployment)
    session.commit()

    appoint(installation, "--course", str(course.id), "--note", "Taught it for ten years.")

    [row] = rows(installation)
    assert row["courses"] == [str(course.id)]
    appointment = session.scalars(select(GrantorAppointment)).one()
    assert (appointment.is_limited, appointment.note) == (True, "Taught it for ten years.")
    assert [each.id for each in appointment.courses] == [course.id]


def test_a_course_that_is_not_there_appoints_nobody(
    installation: Command, refused: Command, session: Session
) -> None:
    said = refused(
        *("grantors", "appoint", "--achievement", SLUG, "--platform", "1", "--sub", "x"),
        *("--course", "999"),
    )

    assert "There is no such course" in said
    assert session.scalars(select(GrantorAppointment)).all() == []
