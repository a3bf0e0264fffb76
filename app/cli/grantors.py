"""Commands: who may assess for an achievement and award it."""

from datetime import datetime

import click
from sqlalchemy.orm import Session

from app.catalog.service import get_achievement, list_achievements
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
from app.courses.service import ensure_person, find_lti_sub, get_course
from app.platforms.models import Platform
from app.platforms.service import get_platform_of, list_platforms
from app.programme.models import AssessingRole, GrantorAppointment
from app.programme.service import (
    appoint_grantor,
    end_appointment,
    get_appointment,
    list_appointments,
)

grantors = CommandGroup("grantors", help="Who may assess for an achievement and award it.")


@grantors.command()
@institution_option
@click.option("--achievement", "achievement_slug", required=True, metavar="SLUG", type=Words(80))
@click.option("--platform", "platform_pk", required=True, metavar="ID", type=int)
@click.option("--sub", required=True, type=Words(255), help="The person's LTI user id there.")
@click.option("--name", type=Words(255), help="For somebody who has never launched.")
@click.option("--from", "starts_at", type=Day(), help="The first day (UTC); today if not given.")
@click.option("--until", "last_day", type=Day(), help="The last day (UTC); open if not given.")
@click.option("--trained-on", type=Day(), help="The day of the grantor's training.")
@click.option(
    "--course",
    "course_ids",
    metavar="ID",
    type=int,
    multiple=True,
    help="Only in this course (repeat for several); in every course if not given.",
)
@click.option(
    "--role",
    type=click.Choice([role.value for role in AssessingRole]),
    help="An assessor recommends, a grantor decides, a moderator also settles; grantor at first.",
)
@click.option("--note", type=Words(1000), help="On the grantor's qualification.")
def appoint(
    *,
    institution_slug: str | None,
    achievement_slug: str,
    platform_pk: int,
    sub: str,
    name: str | None,
    starts_at: datetime | None,
    last_day: datetime | None,
    trained_on: datetime | None,
    course_ids: tuple[int, ...],
    role: str | None,
    note: str | None,
) -> None:
    """Appoint a person as grantor of one achievement.

    The person is named by platform and LTI user id, never by e-mail, because
    an e-mail in an LMS can be changed by its owner. Appointing again changes
    what is said and makes no second appointment.
    """
    now = utcnow()
    with transaction() as session:
        institution = choose_institution(session, institution_slug)
        achievement = get_achievement(session, achievement_slug, institution_id=institution.id)
        platform = get_platform_of(session, platform_pk, institution_id=institution.id)
        person = ensure_person(
            session,
            institution_id=institution.id,
            platform_id=platform.id,
            sub=sub,
            name=name,
            now=now,
        )
        appointment = appoint_grantor(
            session,
            institution.id,
            achievement_id=achievement.id,
            person_id=person.id,
            starts_at=starts_at,
            ends_at=end_of(last_day),
            trained_on=trained_on,
            courses=[
                get_course(session, course_id, institution_id=institution.id)
                for course_id in course_ids
            ]
            or None,
            note=note,
            role=AssessingRole(role) if role else None,
            actor=current_actor(),
            now=now,
        )
        said = f"Appointment {appointment.id}: {person.display_name} for “{achievement.slug}”."
    click.echo(said)


@grantors.command()
@click.argument("appointment_id", type=int)
@institution_option
def end(appointment_id: int, institution_slug: str | None) -> None:
    """End an appointment now; APPOINTMENT_ID is in the list. What was decided stands."""
    with transaction() as session:
        institution = choose_institution(session, institution_slug)
        appointment = get_appointment(session, appointment_id, institution_id=institution.id)
        end_appointment(session, appointment, actor=current_actor(), now=utcnow())
    click.echo(f"Ended the appointment {appointment_id}.")


@grantors.command("list")
@institution_option
@json_option
def list_all(institution_slug: str | None, *, as_json: bool) -> None:
    """List the appointments, ended ones too."""
    session = db.session()
    institution = choose_institution(session, institution_slug)
    slugs = {item.id: item.slug for item in list_achievements(session, institution.id)}
    platforms = list_platforms(session, institution_id=institution.id)
    now = utcnow()
    rows = [
        {
            "id": appointment.id,
            "achievement": slugs[appointment.achievement_id],
            "person": appointment.person.display_name,
            "role": appointment.role.value,
            "lti_users": _lti_users(session, appointment, platforms),
            "state": _state(appointment, now=now),
            "from": _day(appointment.starts_at),
            "ends": _day(appointment.ends_at),
            "courses": [str(course.id) for course in appointment.courses]
            if appointment.is_limited
            else ["all"],
            "trained_on": f"{appointment.trained_on:%Y-%m-%d}" if appointment.trained_on else None,
        }
        for appointment in list_appointments(session, institution.id)
    ]
    print_rows(rows, as_json=as_json, nothing="Nobody is appointed yet.")


def _lti_users(
    session: Session, appointment: GrantorAppointment, platforms: list[Platform]
) -> list[str]:
    subs = {
        platform.id: find_lti_sub(session, platform_id=platform.id, person_id=appointment.person_id)
        for platform in platforms
    }
    return [f"{platform_id}:{sub}" for platform_id, sub in subs.items() if sub]


def _state(appointment: GrantorAppointment, *, now: datetime) -> str:
    if appointment.ends_at is not None and appointment.ends_at <= now:
        return "ended"
    return "running" if appointment.starts_at <= now else "to come"


def _day(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%MZ") if moment else None
