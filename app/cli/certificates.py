"""Commands: the certificates that are awarded by rule."""

from datetime import datetime

import click
from flask import current_app
from sqlalchemy.orm import Session

from app.awards.certificate_jobs import (
    award_chunk,
    award_to,
    count_due,
    count_holders,
    list_certificates,
)
from app.awards.certificates import Due
from app.awards.held import find_trace
from app.awards.issuing import find_standing_award
from app.catalog.models import AchievementVersion
from app.catalog.service import find_approved_version, get_achievement
from app.catalog.stacks import ShownGroup, list_problems, show_parts
from app.catalog.usability import require_usable
from app.cli.border import (
    CommandGroup,
    choose_institution,
    current_actor,
    institution_option,
    json_option,
    print_rows,
)
from app.core import audit
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.courses.service import get_person

certificates = CommandGroup("certificates", help="The certificates that are awarded by rule.")


@certificates.command("list")
@institution_option
@json_option
def list_all(institution_slug: str | None, *, as_json: bool) -> None:
    """List the certificates with their parts, their holders, and how many are flagged."""
    session = db.session()
    institution = choose_institution(session, institution_slug)
    found = list_certificates(session, institution.id, now=utcnow())
    parts = show_parts(session, [version.id for version in found])
    rows = []
    for version in found:
        held = count_holders(session, version)
        rows.append(
            {
                "slug": version.achievement.slug,
                "version": version.number,
                "name": version.name,
                "parts": " and ".join(_say(group) for group in parts[version.id]),
                "holders": held.standing,
                "flagged": held.flagged,
            }
        )
    print_rows(rows, as_json=as_json, nothing="There is no certificate yet.")


@certificates.command()
@institution_option
@json_option
def check(institution_slug: str | None, *, as_json: bool) -> None:
    """Say which certificates cannot be earned any more, or not in every way, and why."""
    session = db.session()
    now = utcnow()
    institution = choose_institution(session, institution_slug)
    rows = [
        {"slug": version.achievement.slug, "version": version.number, "problem": problem}
        for version in list_certificates(session, institution.id, now=now)
        for problem in list_problems(session, version, now=now)
    ]
    print_rows(rows, as_json=as_json, nothing="Every certificate can be earned.")


@certificates.command()
@click.argument("slug")
@click.option("--dry-run", is_flag=True, help="Only say how many people would be awarded it now.")
@click.option(
    "--person",
    "person_id",
    type=click.IntRange(1),
    metavar="ID",
    help="Only this one; also somebody from whom it was taken by hand.",
)
@institution_option
def award(slug: str, person_id: int | None, institution_slug: str | None, *, dry_run: bool) -> None:
    """Award the certificate SLUG to everybody who holds its set; the worker does the rest."""
    now = utcnow()
    if dry_run:
        click.echo(_say_count(_count(db.session(), slug, institution_slug, person_id, now=now)))
        return
    with transaction() as session:
        version = _find(session, slug, institution_slug, now=now)
        made = _award(session, version, person_id, now=now)
        audit.record(
            session,
            version.institution_id,
            actor=current_actor(),
            action="certificate.awarded_to_holders",
            subject=f"achievement:{version.achievement_id}",
            facts={"version": version.id, "person": person_id, "awarded": made},
            now=now,
        )
    click.echo(f"Awarded to {made}. If there are more, the worker goes on.")


def _find(
    session: Session, slug: str, institution_slug: str | None, *, now: datetime
) -> AchievementVersion:
    institution = choose_institution(session, institution_slug)
    achievement = get_achievement(session, slug, institution_id=institution.id)
    version = find_approved_version(achievement)
    if version is None or not version.part_groups:
        raise InvalidError(f"“{slug}” is no certificate with parts that is approved.")
    require_usable(version, now=now)
    return version


def _find_due(
    session: Session, version: AchievementVersion, person_id: int, *, now: datetime
) -> Due:
    person = get_person(session, person_id, institution_id=version.institution_id)
    trace = find_trace(session, version, person_id=person.id, now=now)
    if trace is None:
        raise InvalidError("This person does not hold the whole set.")
    return Due(person.id, trace)


def _count(
    session: Session,
    slug: str,
    institution_slug: str | None,
    person_id: int | None,
    *,
    now: datetime,
) -> int:
    version = _find(session, slug, institution_slug, now=now)
    if person_id is None:
        return count_due(session, version, now=now)
    due = _find_due(session, version, person_id, now=now)
    held = find_standing_award(
        session, person_id=due.person_id, achievement_id=version.achievement_id, now=now
    )
    return 0 if held else 1


def _award(
    session: Session, version: AchievementVersion, person_id: int | None, *, now: datetime
) -> int:
    how = {
        "vault": current_app.extensions["assay.vault"],
        "base_url": current_app.extensions["assay.settings"].base_url,
        "now": now,
    }
    if person_id is None:
        return award_chunk(session, version, **how)
    due = _find_due(session, version, person_id, now=now)
    return 0 if award_to(session, version, due, **how) is None else 1


def _say(group: ShownGroup) -> str:
    names = ", ".join(part.achievement.slug for part in group.parts)
    if group.needed == len(group.parts):
        return names
    return f"any {group.needed} of ({names})"


def _say_count(count: int) -> str:
    return (
        "1 person would be awarded now." if count == 1 else f"{count} people would be awarded now."
    )
