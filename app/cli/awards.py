"""Commands: the credentials that were awarded."""

from typing import Any

import click
from flask import current_app

from app.awards.revocation_requests import request_revocation
from app.awards.revoking import needs_second, revoke_award
from app.awards.service import get_award_by_public_id
from app.awards.suspending import resume_award, suspend_award
from app.cli.border import CommandGroup, Words, current_actor
from app.core.clock import utcnow
from app.core.db import transaction

awards = CommandGroup("awards", help="The credentials that were awarded.")
public_id_argument = click.argument("public_id", type=Words(40))


@awards.command()
@public_id_argument
@click.option(
    "--reason", required=True, type=Words(1000), help="Shown on the public page and in the LMS."
)
def revoke(public_id: str, reason: str) -> None:
    """Revoke the award whose address ends in PUBLIC_ID; the gradebook is told.

    One that shows assessed work is not revoked by one person: the command asks
    for it, and an administrator confirms it on the award's page in the administration.
    """
    with transaction() as session:
        award = get_award_by_public_id(session, public_id)
        if needs_second(award):
            request_revocation(
                session, award, reason=reason, person_id=None, actor=current_actor(), now=utcnow()
            )
            told = f"Asked to revoke the award {public_id}: an administrator has to confirm it."
        else:
            revoke_award(session, award, reason=reason, actor=current_actor(), **_means())
            told = f"Revoked the award {public_id}."
    click.echo(told)


@awards.command()
@public_id_argument
@click.option("--reason", required=True, type=Words(1000), help="Shown on the public page.")
def suspend(public_id: str, reason: str) -> None:
    """Suspend the award whose address ends in PUBLIC_ID until it is given back."""
    with transaction() as session:
        award = get_award_by_public_id(session, public_id)
        suspend_award(session, award, reason=reason, actor=current_actor(), **_means())
    click.echo(f"Suspended the award {public_id}.")


@awards.command()
@public_id_argument
def resume(public_id: str) -> None:
    """Give a suspended award back."""
    with transaction() as session:
        award = get_award_by_public_id(session, public_id)
        resume_award(session, award, actor=current_actor(), **_means())
    click.echo(f"The award {public_id} is valid again.")


def _means() -> dict[str, Any]:
    """Return what signing needs, and the time."""
    return {
        "vault": current_app.extensions["assay.vault"],
        "base_url": current_app.extensions["assay.settings"].base_url,
        "now": utcnow(),
    }
