"""Commands: who reviews proposals, and in which group."""

from datetime import datetime

import click

from app.cli.border import (
    CommandGroup,
    Day,
    Words,
    choose_institution,
    current_actor,
    end_of,
    institution_option,
    json_option,
    print_rows,
)
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import NotFoundError
from app.courses.service import ensure_person, find_lti_sub
from app.platforms.service import get_platform_of, list_platforms
from app.programme.models import ReviewerAppointment
from app.programme.reviewers import appoint_reviewer, end_seat, get_seat, list_seats
from app.programme.rules import ProgrammeRules, ReviewerGroup
from app.programme.service import get_rules

reviewers = CommandGroup("reviewers", help="Who reviews proposals, and in which group.")


@reviewers.command()
@institution_option
@click.option("--group", "group_key", required=True, metavar="KEY", type=Words(60))
@click.option("--unit", type=Words(200), help="For a group whose members decide for one unit each.")
@click.option("--platform", "platform_pk", required=True, metavar="ID", type=int)
@click.option("--sub", required=True, type=Words(255), help="The person's LTI user id there.")
@click.option("--name", type=Words(255), help="For somebody who has never launched.")
@click.option("--from", "starts_at", type=Day(), help="The first day (UTC); today if not given.")
@click.option("--until", "last_day", type=Day(), help="The last day (UTC); open if not given.")
def appoint(
    *,
    institution_slug: str | None,
    group_key: str,
    unit: str | None,
    platform_pk: int,
    sub: str,
    name: str | None,
    starts_at: datetime | None,
    last_day: datetime | None,
) -> None:
    """Give a person a seat in a group of reviewers.

    The groups are the programme's. The person is named by platform and LTI user
    id, as a grantor is. Appointing again changes what is said and makes no
    second seat.
    """
    now = utcnow()
    with transaction() as session:
        institution = choose_institution(session, institution_slug)
        group = _get_group(get_rules(session, institution.id), group_key)
        platform = get_platform_of(session, platform_pk, institution_id=institution.id)
        person = ensure_person(
            session,
            institution_id=institution.id,
            platform_id=platform.id,
            sub=sub,
            name=name,
            now=now,
        )
        seat = appoint_reviewer(
            session,
            institution.id,
            group=group,
            unit=unit,
            person_id=person.id,
            starts_at=starts_at,
            ends_at=end_of(last_day),
            actor=current_actor(),
            now=now,
        )
        where = f"“{group.name}”" + (f" for “{seat.unit}”" if seat.unit else "")
        said = f"Seat {seat.id}: {person.display_name} in {where}."
    click.echo(said)


@reviewers.command()
@click.argument("seat_id", type=int)
@institution_option
def end(seat_id: int, institution_slug: str | None) -> None:
    """End a seat now; SEAT_ID is in the list. What was voted stands."""
    with transaction() as session:
        institution = choose_institution(session, institution_slug)
        seat = get_seat(session, seat_id, institution_id=institution.id)
        end_seat(session, seat, actor=current_actor(), now=utcnow())
    click.echo(f"Ended the seat {seat_id}.")


@reviewers.command("list")
@institution_option
@json_option
def list_all(institution_slug: str | None, *, as_json: bool) -> None:
    """List the seats, ended ones too."""
    session = db.session()
    institution = choose_institution(session, institution_slug)
    platforms = list_platforms(session, institution_id=institution.id)
    now = utcnow()
    rows = [
        {
            "id": seat.id,
            "group": seat.group_key,
            "unit": seat.unit,
            "person": seat.person.display_name,
            "lti_users": [
                f"{platform.id}:{sub}"
                for platform in platforms
                if (sub := find_lti_sub(session, platform_id=platform.id, person_id=seat.person_id))
            ],
            "state": _state(seat, now=now),
            "from": seat.starts_at.strftime("%Y-%m-%dT%H:%MZ"),
            "ends": seat.ends_at.strftime("%Y-%m-%dT%H:%MZ") if seat.ends_at else None,
        }
        for seat in list_seats(session, institution.id)
    ]
    print_rows(rows, as_json=as_json, nothing="Nobody is appointed yet.")


def _get_group(rules: ProgrammeRules, key: str) -> ReviewerGroup:
    for group in rules.group:
        if group.key == key:
            return group
    known = ", ".join(group.key for group in rules.group) or "none; load a programme first"
    raise NotFoundError(f"There is no group “{key}” (known: {known}).")


def _state(seat: ReviewerAppointment, *, now: datetime) -> str:
    if seat.ends_at is not None and seat.ends_at <= now:
        return "ended"
    return "running" if seat.starts_at <= now else "to come"
