"""Commands: achievements, approved elsewhere or as drafts, in and out."""

from pathlib import Path

import click
from flask import current_app

from app.catalog.achievement_files import read_achievements
from app.catalog.document import read_document
from app.catalog.draft_import import import_drafts, plan_drafts, what_is_known
from app.catalog.exporting import FORMATS, export_all, list_achievement_ids
from app.catalog.service import (
    find_approved_version,
    get_achievement,
    import_achievements,
    list_achievements,
)
from app.cli.border import (
    CommandGroup,
    Words,
    choose_institution,
    current_actor,
    institution_option,
    json_option,
    print_rows,
)
from app.cli.plans import dry_run_option, print_counts, print_plan, read_bytes
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


@achievements.command("draft")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--level", default="", metavar="KEY", help="Level of badges that say none.")
@click.option("--issuer", default="", metavar="SLUG", help="Issuer of badges that say none.")
@dry_run_option
@institution_option
def import_as_drafts(
    file: Path, level: str, issuer: str, institution_slug: str | None, *, dry_run: bool
) -> None:
    """Import achievements from a FILE as drafts, all of them or none.

    The file is our document, a table (CSV), or Open Badges 2.0 or 3.0 as JSON.
    Nothing comes in approved; what is there unchanged stays as it is.
    """
    raw = read_bytes(file)
    if dry_run:
        session = db.session()
        institution = choose_institution(session, institution_slug)
        known = what_is_known(session, institution.id, level=level, issuer=issuer)
        print_plan(plan_drafts(session, institution.id, read_achievements(raw, known)))
        return
    with transaction() as write:
        institution = choose_institution(write, institution_slug)
        known = what_is_known(write, institution.id, level=level, issuer=issuer)
        plan = import_drafts(
            write,
            institution.id,
            read_achievements(raw, known),
            proposed_by=None,
            actor=current_actor(),
            now=utcnow(),
        )
    print_counts(plan)


@achievements.command("export")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(list(FORMATS)),
    default="document",
    show_default=True,
    help="Our document, a table, or Open Badges 3.0 or 2.0.",
)
@click.option("--slug", "slugs", multiple=True, help="Only this achievement; may be repeated.")
@institution_option
def export(file_format: str, slugs: tuple[str, ...], institution_slug: str | None) -> None:
    """Print achievements as one file: of each the approved version, else the newest."""
    session = db.session()
    institution = choose_institution(session, institution_slug)
    ids = list_achievement_ids(session, institution.id)
    if slugs:
        ids = [get_achievement(session, slug, institution_id=institution.id).id for slug in slugs]
    base_url = current_app.extensions["assay.settings"].base_url
    for piece in export_all(session, institution.id, ids, file_format, base_url=base_url):
        click.echo(piece, nl=False)
