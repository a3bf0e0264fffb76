"""Commands: the keys with which an issuer signs, and who endorses for the committee."""

import click
from flask import current_app
from sqlalchemy.orm import Session

from app.awards.editions import reissue
from app.awards.endorsing import appoint_endorser
from app.awards.signing_keys import (
    count_signed_with,
    list_to_sign_again,
    retire_signing_key,
)
from app.awards.status_lists import resign_lists
from app.awards.status_models import EditionReason
from app.cli.border import Words, current_actor, json_option, print_rows
from app.cli.issuers import get_issuer, issuers
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.programme.issuer_keys import (
    activate_key,
    get_issuer_key,
    list_issuer_keys,
    list_published_jwks,
    prepare_key,
    revoke_key,
)
from app.programme.jobs import make_missing_keys
from app.programme.models import IssuerProfile, KeyKind
from app.programme.service import list_issuers

# A thumbprint may begin with a hyphen and is no option then.
TAKES_KEY = {"ignore_unknown_options": True}

issuer_argument = click.argument("slug", metavar="ISSUER", type=Words(60))
key_argument = click.argument("name", metavar="KEY", type=Words(100))
token_option = click.option(
    "--tokens",
    "kind",
    flag_value=KeyKind.RSA.value,
    help="The key of its tokens, not of its credentials.",
)


@issuers.command("keys")
@issuer_argument
@json_option
def list_keys(slug: str, *, as_json: bool) -> None:
    """List an issuer's keys, and how many awards that hold each signed.

    Next, active and retiring ones stand in its DID document.
    """
    session = db.session()
    issuer = get_issuer(session, slug)
    rows = [
        {
            "key": key.multikey,
            "signs": "tokens" if key.kind is KeyKind.RSA else "credentials",
            "status": key.status.value,
            "made": key.created_at.strftime("%Y-%m-%dT%H:%MZ"),
            "awards": count_signed_with(session, key, now=utcnow()),
        }
        for key in list_issuer_keys(session, issuer.id)
    ]
    print_rows(rows, as_json=as_json, nothing="The issuer has no key.")


@issuers.command("prepare-key")
@issuer_argument
@token_option
def prepare(slug: str, *, kind: str | None) -> None:
    """Publish the key with which an issuer will sign next."""
    with transaction() as session:
        key = prepare_key(
            session,
            get_issuer(session, slug),
            KeyKind(kind or KeyKind.ED25519),
            actor=current_actor(),
            vault=current_app.extensions["assay.vault"],
            now=utcnow(),
        )
        name = key.multikey
    click.echo(f"Published the next key {name}.")


@issuers.command("activate-key")
@issuer_argument
@token_option
def activate(slug: str, *, kind: str | None) -> None:
    """Let the next key sign; the one before stays published, for what it signed."""
    with transaction() as session:
        issuer = get_issuer(session, slug)
        key = activate_key(
            session,
            issuer,
            KeyKind(kind or KeyKind.ED25519),
            actor=current_actor(),
            now=utcnow(),
        )
        _resign_lists(session, issuer)
        name = key.multikey
    click.echo(f"The key {name} signs now.")


@issuers.command("retire-key", context_settings=TAKES_KEY)
@issuer_argument
@key_argument
def retire(slug: str, name: str) -> None:
    """Publish a key no longer with which nothing that holds was signed."""
    with transaction() as session:
        issuer = get_issuer(session, slug)
        key = get_issuer_key(session, issuer.id, name)
        _resign_lists(session, issuer)
        retire_signing_key(session, issuer, key, actor=current_actor(), now=utcnow())
    click.echo(f"The key {name} is retired.")


@issuers.command("revoke-key", context_settings=TAKES_KEY)
@issuer_argument
@key_argument
def revoke(slug: str, name: str) -> None:
    """Withdraw a key at once, because somebody else may have it; another takes over.

    Nothing that it signed verifies any more: run “issuers sign-again” next.
    """
    with transaction() as session:
        issuer = get_issuer(session, slug)
        key = get_issuer_key(session, issuer.id, name)
        successor = revoke_key(
            session,
            issuer,
            key,
            actor=current_actor(),
            vault=current_app.extensions["assay.vault"],
            now=utcnow(),
        )
        _resign_lists(session, issuer)
        said = f" The key {successor.multikey} signs now." if successor else ""
        waiting = count_signed_with(session, key, now=utcnow())
    click.echo(f"The key {name} is revoked.{said}")
    if waiting:
        click.echo(
            f"{waiting} awards no longer verify. Next: flask --app app issuers sign-again {slug}",
            err=True,
        )


@issuers.command("sign-again")
@issuer_argument
def sign_again_all(slug: str) -> None:
    """Sign the awards anew whose key was revoked; the same ids, valid from now.

    It may be stopped and run again.
    """
    signed = 0
    while True:
        with transaction() as session:
            now = utcnow()
            awards = list_to_sign_again(session, get_issuer(session, slug), now=now)
            for award in awards:
                reissue(
                    session,
                    award,
                    reason=EditionReason.KEY,
                    actor=current_actor(),
                    vault=current_app.extensions["assay.vault"],
                    base_url=current_app.extensions["assay.settings"].base_url,
                    now=now,
                )
        if not awards:
            break
        signed += len(awards)
    click.echo(f"Signed {signed} awards again.")


@issuers.command("token-keys")
def make_token_keys() -> None:
    """Make the key of its tokens for every issuer that has none; harmless to run again."""
    make_missing_keys(utcnow())
    session = db.session()
    for issuer in list_issuers(session):
        for jwk in list_published_jwks(session, issuer.id):
            click.echo(f"{issuer.slug}: {jwk['kid']}")


@issuers.command("endorser")
@issuer_argument
def endorser(slug: str) -> None:
    """Let an issuer speak for the committee: awards of the others carry its endorsement.

    It endorses what is approved, and what is approved later.
    """
    with transaction() as session:
        appoint_endorser(session, get_issuer(session, slug), actor=current_actor(), now=utcnow())
    click.echo(f"“{slug}” endorses what the committee approves.")


def _resign_lists(session: Session, issuer: IssuerProfile) -> None:
    """Sign the issuer's status lists with the key that signs now: each needs one that stands."""
    resign_lists(
        session,
        issuer,
        vault=current_app.extensions["assay.vault"],
        base_url=current_app.extensions["assay.settings"].base_url,
        now=utcnow(),
    )
