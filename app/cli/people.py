"""Commands: whom an LMS has sent here, and by which user id."""

import click
from sqlalchemy import func, select

from app.cli.border import CommandGroup, json_option, print_rows
from app.core.db import db
from app.courses.models import Enrolment, LtiUser, Person
from app.platforms.service import get_platform

people = CommandGroup("people", help="Whom an LMS has sent here, and by which user id.")


@people.command("list")
@click.option("--platform", "platform_pk", required=True, metavar="ID", type=int)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@json_option
def list_all(*, platform_pk: int, limit: int, as_json: bool) -> None:
    """List the people of one LMS, the latest launch first, with the id that `--sub` wants."""
    platform = get_platform(db.session(), platform_pk)
    last_launch = func.max(Enrolment.last_launched_at)
    found = db.session().execute(
        select(LtiUser.sub, Person.name, Person.email, last_launch)
        .join(Person, Person.id == LtiUser.person_id)
        .outerjoin(Enrolment, Enrolment.person_id == Person.id)
        .where(LtiUser.platform_id == platform.id)
        .group_by(LtiUser.sub, Person.name, Person.email)
        .order_by(last_launch.is_(None), last_launch.desc(), LtiUser.sub)
        .limit(limit)
    )
    rows = [
        {
            "sub": sub,
            "name": name,
            "email": email,
            "last_launch": launched.isoformat(timespec="seconds") if launched else None,
        }
        for sub, name, email, launched in found
    ]
    print_rows(rows, as_json=as_json, nothing="Nobody has launched from this platform yet.")
