"""Commands: the audit log."""

import click

from app.cli.border import CommandGroup
from app.core.audit import find_broken_entry
from app.core.db import db
from app.platforms.service import list_institutions

audit = CommandGroup("audit", help="The audit log, whose entries are chained by hash.")


@audit.command()
def verify() -> None:
    """Check every institution's chain; exit code 1 if an entry was changed or is missing."""
    session = db.session()
    broken = []
    for institution in list_institutions(session):
        number = find_broken_entry(session, institution.id)
        if number is None:
            click.echo(f"{institution.slug}: unbroken.")
        else:
            broken.append(f"{institution.slug}: entry {number} was changed or is missing.")
    if broken:
        raise click.ClickException(" ".join(broken))
