"""Commands: the institutions of this installation."""

import click

from app.cli.border import (
    CommandGroup,
    Words,
    current_actor,
    if_missing_option,
    json_option,
    print_rows,
)
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.platforms.service import create_institution, find_institution, list_institutions

institutions = CommandGroup("institutions", help="The institutions of this installation.")


@institutions.command()
@click.option("--slug", required=True, type=Words(60), help="Its short name: a-z, 0-9, hyphens.")
@click.option("--name", required=True, type=Words(200))
@if_missing_option
def add(slug: str, name: str, *, if_missing: bool) -> None:
    """Add an institution: it owns platforms, programme, people and awards."""
    with transaction() as session:
        if if_missing and find_institution(session, slug) is not None:
            click.echo(f"There is an institution “{slug}” already.", err=True)
            return
        create_institution(session, slug=slug, name=name, actor=current_actor(), now=utcnow())
    click.echo(f"Added the institution “{slug}”.")


@institutions.command("list")
@json_option
def list_all(*, as_json: bool) -> None:
    """List the institutions."""
    rows = [
        {"id": item.id, "slug": item.slug, "name": item.name}
        for item in list_institutions(db.session())
    ]
    print_rows(rows, as_json=as_json, nothing="There is no institution yet.")
