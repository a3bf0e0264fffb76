"""Commands: the achievements that the committee approved."""

from pathlib import Path

import click

from app.catalog.document import read_document
from app.catalog.service import find_approved_version, import_achievements, list_achievements
from app.cli.border import (
    CommandGroup,
    Words,
    choose_institution,
    current_actor,
    institution_option,
    json_option,
    print_rows,
)
from app.cli.pictures import BATCH, draw_undrawn
from app.core.clock import utcnow
from app.core.db import db, transaction

achievements = CommandGroup("achievements", help="The achievements that can be awarded.")


@achievements.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--approved-by",
    required=True,
    type=Words(200),
    metavar="REFERENCE",
    help="Where the approval is on record, such as the committee's minutes.",
)
@institution_option
def import_file(file: Path, approved_by: str, institution_slug: str | None) -> None:
    """Import approved achievements from a FILE (JSON), all of them or none.

    What is imported again unchanged stays as it is; what has changed becomes
    the next version.
    """
    document = read_document(file)
    now = utcnow()
    with transaction() as session:
        institution = choose_institution(session, institution_slug)
        versions = import_achievements(
            session,
            institution.id,
            document,
            approved_by=approved_by,
            actor=current_actor(),
            now=now,
        )
        lines = [
            f"{version.achievement.slug}: version {version.number}"
            + ("" if version.approved_at == now else ", as before")
            for version in versions
        ]
    for line in lines:
        click.echo(line)


@achievements.command()
@institution_option
def draw(institution_slug: str | None) -> None:
    """Draw and keep the pictures that are not drawn yet; the worker does it too."""
    institution = choose_institution(db.session(), institution_slug)
    drawn, now = 0, utcnow()
    while some := draw_undrawn(institution_id=institution.id, limit=BATCH, now=now):
        drawn += some
    click.echo(f"Pictures drawn: {drawn}." if drawn else "Every picture is drawn.")


@achievements.command("list")
@institution_option
@json_option
def list_all(institution_slug: str | None, *, as_json: bool) -> None:
    """List the achievements with their approved version."""
    session = db.session()
    institution = choose_institution(session, institution_slug)
    rows = []
    for achievement in list_achievements(session, institution.id):
        version = find_approved_version(achievement)
        rows.append(
            {
                "slug": achievement.slug,
                "level": achievement.level.key,
                "issuer": achievement.issuer.slug,
                "version": version.number if version else None,
                "name": version.name if version else None,
                "approved_by": version.approval_reference if version else None,
                "retired": achievement.retired_at.isoformat() if achievement.retired_at else None,
            }
        )
    print_rows(rows, as_json=as_json, nothing="There is no achievement yet.")
