"""Commands: the audit log."""

import click

from app.cli.border import CommandGroup
from app.core.audit import find_broken_entry, find_head
from app.core.db import db
from app.platforms.service import list_institutions

audit = CommandGroup("audit", help="The audit log, whose entries are chained by hash.")


@audit.command()
def verify() -> None:
    """Check every institution's chain; exit code 1 if an entry was changed or is missing.

    Keep the printed end of each chain elsewhere: whoever can write to the
    database could write a whole chain anew, but not one that ends the same.
    """
    session = db.session()
    broken = []
    for institution in list_institutions(session):
        number = find_broken_entry(session, institution.id)
        head = find_head(session, institution.id)
        if number is None and head is not None:
            click.echo(
                f"{institution.slug}: unbroken; {head.number} entries, the last is {head.hash}."
            )
        else:
            broken.append(f"{institution.slug}: entry {number or 1} was changed or is missing.")
    if broken:
        raise click.ClickException(" ".join(broken))
