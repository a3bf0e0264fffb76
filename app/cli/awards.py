"""Commands: the credentials that were awarded."""

import click

from app.awards.service import get_award_by_public_id, revoke_award
from app.cli.border import CommandGroup, Words, current_actor
from app.core.clock import utcnow
from app.core.db import transaction

awards = CommandGroup("awards", help="The credentials that were awarded.")


@awards.command()
@click.argument("public_id", type=Words(40))
@click.option(
    "--reason", required=True, type=Words(1000), help="Shown on the public page and in the LMS."
)
def revoke(public_id: str, reason: str) -> None:
    """Revoke the award whose address ends in PUBLIC_ID; the gradebook is told."""
    with transaction() as session:
        award = get_award_by_public_id(session, public_id)
        revoke_award(session, award, reason=reason, actor=current_actor(), now=utcnow())
    click.echo(f"Revoked the award {public_id}.")
