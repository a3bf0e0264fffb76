"""The commands about reviewers: who has a seat, by platform and LTI user id."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.programme.models import ReviewerAppointment

Command = Callable[..., str]
WHO = ("--platform", "1", "--sub", "member-1", "--name", "Mena Member")


def appoint(done: Command, *words: str, group: str = "committee") -> str:
    return done("reviewers", "appoint", "--group", group, *WHO, *words)


def rows(done: Command) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(done("reviewers", "list", "--json"))
    return listed


def test_a_seat_is_given_once_and_changed(installation: Command, session: Session) -> None:
    first = appoint(installation)

    assert appoint(installation, "--until", "2030-05-31") == first

    assert session.scalar(select(func.count(ReviewerAppointment.id))) == 1
    [row] = rows(installation)
    assert (row["group"], row["person"], row["unit"]) == ("committee", "Mena Member", None)
    assert (row["state"], row["ends"]) == ("running", "2030-06-01T00:00Z")
    assert row["lti_users"] == ["1:member-1"]


def test_a_group_by_unit_wants_a_unit(installation: Command) -> None:
    said = appoint(installation, "--unit", "Nursing", group="unit_leaders")

    assert "for “Nursing”" in said


@pytest.mark.parametrize(
    ("group", "words", "says"),
    [
        ("unit_leaders", (), "for which unit"),
        ("committee", ("--unit", "Nursing"), "leave the unit empty"),
        ("senate", (), "There is no group “senate” (known: career_planning"),
        ("committee", ("--until", "2020-01-01"), "end before it starts"),
    ],
)
def test_what_cannot_be_is_one_line(
    installation: Command,
    refused: Callable[..., str],
    session: Session,
    group: str,
    words: tuple[str, ...],
    says: str,
) -> None:
    said = refused("reviewers", "appoint", "--group", group, *WHO, *words)

    assert says in said
    assert session.scalar(select(func.count(ReviewerAppointment.id))) == 0


def test_a_seat_is_ended_once(installation: Command, refused: Callable[..., str]) -> None:
    appoint(installation)
    [row] = rows(installation)

    installation("reviewers", "end", str(row["id"]))

    assert rows(installation)[0]["state"] == "ended"
    assert "ended already" in refused("reviewers", "end", str(row["id"]))
    assert "no appointment 99" in refused("reviewers", "end", "99")
