"""Commands: what is made of submitted files for showing."""

from datetime import timedelta

import click

from app.cli.border import CommandGroup
from app.core.clock import utcnow
from app.core.db import transaction
from app.evidence.preparing import owe_again

evidence = CommandGroup("evidence", help="Submitted files, made ready to be shown.")


@evidence.command()
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, 3650),
    help="How far back: handed in within so many days.",
)  # fmt: skip
def prepare(days: int) -> None:
    """Owe the worker another look at submitted files; after LibreOffice was installed, say."""
    now = utcnow()
    with transaction() as session:
        count = owe_again(session, since=now - timedelta(days=days), now=now)
    click.echo(f"The worker will look at {count} files." if count else "There is nothing to do.")
