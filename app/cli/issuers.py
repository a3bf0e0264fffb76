"""Commands: the organisations in whose name awards are made."""

import click
from flask import current_app
from sqlalchemy.orm import Session

from app.cli.border import (
    CommandGroup,
    Words,
    choose_institution,
    current_actor,
    if_missing_option,
    institution_option,
    json_option,
    print_rows,
)
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError, NotFoundError
from app.programme.issuer_keys import ensure_token_key
from app.programme.models import IssuerProfile
from app.programme.service import add_issuer, find_issuer, issuer_did, list_issuers

issuers = CommandGroup("issuers", help="The organisations in whose name awards are made.")


@issuers.command()
@institution_option
@click.option("--slug", required=True, type=Words(60), help="Its short name: a-z, 0-9, hyphens.")
@click.option("--name", required=True, type=Words(200))
@click.option("--url", required=True, type=Words(1000), help="Its own web page.")
@click.option("--email", type=Words(320), help="Where the public may write to.")
@click.option("--description", type=str)
@if_missing_option
def add(
    *,
    institution_slug: str | None,
    slug: str,
    name: str,
    url: str,
    email: str | None,
    description: str | None,
    if_missing: bool,
) -> None:
    """Add an issuer and make its keys, for credentials and for tokens.

    The first issuer of the installation is known by the tool's own address
    (/.well-known/did.json), so add the main one first.
    """
    with transaction() as session:
        institution = choose_institution(session, institution_slug)
        known = find_issuer(session, slug)
        if if_missing and known is not None:
            if known.institution_id != institution.id:
                raise ConflictError(f"Another institution has the issuer “{slug}”.")
            click.echo(f"There is an issuer “{slug}” already.", err=True)
            return
        issuer = add_issuer(
            session,
            institution.id,
            slug=slug,
            name=name,
            url=url,
            email=email,
            description=description,
            vault=current_app.extensions["assay.vault"],
            actor=current_actor(),
            now=utcnow(),
        )
        ensure_token_key(
            session,
            issuer,
            current_app.extensions["assay.vault"],
            utcnow(),
            actor=current_actor(),
        )
        did = issuer_did(current_app.extensions["assay.settings"].base_url, issuer)
    click.echo(f"Added the issuer “{slug}”: {did}")


@issuers.command("list")
@institution_option
@json_option
def list_all(institution_slug: str | None, *, as_json: bool) -> None:
    """List an institution's issuers."""
    session = db.session()
    institution = choose_institution(session, institution_slug)
    base_url = current_app.extensions["assay.settings"].base_url
    rows = [
        {
            "slug": issuer.slug,
            "name": issuer.name,
            "url": issuer.url,
            "did": issuer_did(base_url, issuer),
        }
        for issuer in list_issuers(session)
        if issuer.institution_id == institution.id
    ]
    print_rows(rows, as_json=as_json, nothing="There is no issuer yet.")


def get_issuer(session: Session, slug: str) -> IssuerProfile:
    """Return the issuer of this slug.

    Raises: `NotFoundError`.
    """
    issuer = find_issuer(session, slug)
    if issuer is None:
        raise NotFoundError(f"There is no issuer “{slug}”.")
    return issuer
