"""Commands: the audit log."""

import click
from flask import current_app

from app.cli.border import CommandGroup, choose_institution, current_actor, institution_option
from app.core.audit import (
    SealState,
    find_broken_entry,
    find_head,
    find_seal_state,
    record,
    seal_head,
)
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError
from app.platforms.service import list_institutions

audit = CommandGroup("audit", help="The audit log, whose entries are chained by hash.")

TOLD = {
    SealState.TRUE: "Its end is sealed.",
    SealState.MISSING: "Its end is NOT sealed: `audit seal` does that, once you trust it.",
    SealState.FALSE: "The seal of its end is false: the end was moved by something else than the "
    "program, or ASSAY_SECRET_KEY is another one.",
}


@audit.command()
def verify() -> None:
    """Check every institution's chain; exit code 1 if an entry was changed or is missing.

    Keep the printed end of each chain elsewhere: whoever can write to the
    database could write a whole chain anew, but not one that ends the same.
    """
    session, vault = db.session(), current_app.extensions["assay.vault"]
    broken = []
    for institution in list_institutions(session):
        number = find_broken_entry(session, institution.id)
        head = find_head(session, institution.id)
        if number is None and head is not None:
            state = find_seal_state(head, vault)
            click.echo(
                f"{institution.slug}: unbroken; {head.number} entries, the last is {head.hash}. "
                f"{TOLD[state]}"
            )
            if state is SealState.FALSE:
                broken.append(f"{institution.slug}: {TOLD[state]}")
        else:
            broken.append(f"{institution.slug}: entry {number or 1} was changed or is missing.")
    if broken:
        raise click.ClickException(" ".join(broken))


@audit.command()
@institution_option
@click.option("--anew", is_flag=True, help="Also if the present seal is false.")
def seal(institution_slug: str | None, *, anew: bool) -> None:
    """Seal the end of an unbroken chain that has no seal yet: once, after an upgrade.

    Compare it first with an end that you have kept elsewhere. What follows is sealed by itself.
    """
    vault = current_app.extensions["assay.vault"]
    with transaction() as session:
        institution = choose_institution(session, institution_slug)
        head = find_head(session, institution.id)
        number = find_broken_entry(session, institution.id)
        if number is not None or head is None:
            raise ConflictError(f"Entry {number or 1} was changed or is missing: nothing sealed.")
        state = find_seal_state(head, vault)
        if state is SealState.FALSE and not anew:
            raise ConflictError(f"{TOLD[state]} If you know why, add --anew.")
        record(
            session,
            institution.id,
            actor=current_actor(),
            action="audit.sealed",
            subject=f"institution:{institution.id}",
            facts={"before": state.value},
            now=utcnow(),
        )
        seal_head(session, institution.id, vault)
    click.echo("Sealed.")
