"""Commands: whom an LMS has sent here, by which user id, and who wants to be forgotten."""

from pathlib import Path

import click
from flask import current_app
from sqlalchemy import func, select

from app.cli.border import (
    CommandGroup,
    Words,
    choose_institution,
    current_actor,
    institution_option,
    json_option,
    print_rows,
)
from app.core import audit
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import NotFoundError
from app.courses.models import Enrolment, LtiUser, Person
from app.courses.privacy import find_sub, list_open_requests
from app.courses.service import add_lti_user, get_person
from app.evidence.storage import open_storage
from app.launch.erasure import erase_names
from app.platforms.service import get_platform, get_platform_of
from app.retention.about import describe_records, list_files, write_archive

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


@people.command("known-as")
@click.option("--platform", "platform_pk", required=True, metavar="ID", type=int)
@click.option("--sub", required=True, type=Words(255), help="The person's id in that LMS.")
@click.option("--also-platform", "other_pk", required=True, metavar="ID", type=int)
@click.option("--also-sub", "other_sub", required=True, type=Words(255), help="And in this one.")
def known_as(*, platform_pk: int, sub: str, other_pk: int, other_sub: str) -> None:
    """Say that somebody known from one LMS is known in another by another id.

    Before that LMS has sent them: two who were both seen become one by a code of their own.
    """
    with transaction() as session:
        platform = get_platform(session, platform_pk)
        other = get_platform_of(session, other_pk, institution_id=platform.institution_id)
        person_id = find_sub(session, platform_id=platform.id, sub=sub)
        if person_id is None:
            raise NotFoundError(f"This platform knows nobody as “{sub}”.")
        person = get_person(session, person_id, institution_id=platform.institution_id)
        if add_lti_user(session, person, platform_id=other.id, sub=other_sub):
            audit.record(
                session,
                platform.institution_id,
                actor=current_actor(),
                action="person.known_as",
                subject=f"person:{person_id}",
                facts={"platform": other.id},
                now=utcnow(),
            )
    click.echo(f"Person {person_id} is known on platform {other_pk} too.")


@people.command("export")
@click.option("--platform", "platform_pk", required=True, metavar="ID", type=int)
@click.option("--sub", required=True, metavar="USER_ID", help="The user id that the LMS tells.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--staff-notes",
    is_flag=True,
    help="With what was written for the staff alone: notes and recommendations.",
)
def export_person(*, platform_pk: int, sub: str, out: Path, staff_notes: bool) -> None:
    """Write everything that is held about somebody's work, with its files, into a ZIP."""
    session = db.session()
    platform = get_platform(session, platform_pk)
    person_id = find_sub(session, platform_id=platform.id, sub=sub)
    if person_id is None:
        raise NotFoundError(f"This platform knows nobody as “{sub}”.")
    storage = open_storage(current_app.extensions["assay.settings"])
    with out.open("xb") as target:
        held = describe_records(session, person_id, with_staff_notes=staff_notes)
        write_archive(target, storage, held, list_files(session, person_id))
    with transaction() as writing:
        audit.record(
            writing,
            platform.institution_id,
            actor=current_actor(),
            action="privacy.exported",
            subject=f"person:{person_id}",
            now=utcnow(),
        )
    click.echo(f"Wrote {out}.")


@people.command("erasure-requests")
@institution_option
@json_option
def erasure_requests(*, institution_slug: str | None, as_json: bool) -> None:
    """List whose name and e-mail are to be erased, the oldest request first."""
    session = db.session()
    institution = choose_institution(session, institution_slug)
    rows = [
        {
            "platform": request.platform_id,
            "sub": session.scalar(
                select(LtiUser.sub).where(
                    LtiUser.person_id == request.person_id,
                    LtiUser.platform_id == request.platform_id,
                )
            ),
            "name": request.person.name,
            "requested_at": request.requested_at.isoformat(timespec="seconds"),
        }
        for request in list_open_requests(session, institution_id=institution.id)
    ]
    print_rows(rows, as_json=as_json, nothing="Nobody has asked to be forgotten.")


@people.command()
@click.option("--platform", "platform_pk", required=True, metavar="ID", type=int)
@click.option("--sub", required=True, type=Words(255), help="The LMS's id of the person.")
def forget(*, platform_pk: int, sub: str) -> None:
    """Erase one person's name and e-mail, also from the pages of their awards.

    Their work, its assessments and the awards stay under a number, as the
    institution's records do; a new launch of theirs tells their name again.
    """
    now = utcnow()
    with transaction() as session:
        platform = get_platform(session, platform_pk)
        person_id = find_sub(session, platform_id=platform.id, sub=sub)
        if person_id is None:
            raise NotFoundError(f"This platform knows nobody as “{sub}”.")
        person = get_person(session, person_id, institution_id=platform.institution_id)
        awards = erase_names(session, person, actor=current_actor(), now=now)
    click.echo(f"Person {person_id} has no name and no e-mail here any more.")
    click.echo(f"Their work and {awards} awards stay, without the name.")
