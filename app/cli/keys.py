"""Commands: the keys with which the tool signs towards platforms."""

import click
from flask import current_app

from app.cli.border import CommandGroup, Words, current_actor, json_option, print_rows
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.platforms.jobs import rotate_tool_keys
from app.platforms.keys import (
    activate_key,
    get_key,
    list_keys,
    prepare_key,
    retire_key,
    revoke_key,
)

# A key id may begin with a hyphen and is no option then.
TAKES_KEY_ID = {"ignore_unknown_options": True}

keys = CommandGroup("keys", help="The keys with which the tool signs towards platforms.")


@keys.command("list")
@json_option
def list_all(*, as_json: bool) -> None:
    """List the keys, those that are over too. Next, active and retiring ones are published."""
    rows = [
        {
            "kid": key.kid,
            "status": key.status.value,
            **{
                name: moment.strftime("%Y-%m-%dT%H:%MZ") if moment else None
                for name, moment in (
                    ("published", key.created_at),
                    ("active", key.active_at),
                    ("retiring", key.retiring_at),
                )
            },
        }
        for key in list_keys(db.session())
    ]
    print_rows(rows, as_json=as_json, nothing="There is no key yet: register a platform first.")


@keys.command()
def prepare() -> None:
    """Publish the key that will sign next, at least a day before it does."""
    with transaction() as session:
        key = prepare_key(
            session, current_app.extensions["assay.vault"], actor=current_actor(), now=utcnow()
        )
        kid = key.kid
    click.echo(f"Published the next key {kid}.")


@keys.command()
def activate() -> None:
    """Let the next key sign; the one that signed until now stays published."""
    with transaction() as session:
        kid = activate_key(session, actor=current_actor(), now=utcnow()).kid
    click.echo(f"The key {kid} signs now.")


@keys.command(context_settings=TAKES_KEY_ID)
@click.argument("kid", type=Words(100))
def retire(kid: str) -> None:
    """Publish a key no longer that signs no more, or a next one that is not wanted."""
    with transaction() as session:
        retire_key(session, get_key(session, kid), actor=current_actor(), now=utcnow())
    click.echo(f"The key {kid} is retired.")


@keys.command(context_settings=TAKES_KEY_ID)
@click.argument("kid", type=Words(100))
def revoke(kid: str) -> None:
    """Withdraw a key at once, because somebody else may have it; another takes over."""
    with transaction() as session:
        successor = revoke_key(
            session,
            current_app.extensions["assay.vault"],
            get_key(session, kid),
            actor=current_actor(),
            now=utcnow(),
        )
        said = f" The key {successor.kid} signs now." if successor else ""
    click.echo(f"The key {kid} is revoked.{said}")


@keys.command()
def rotate() -> None:
    """Do what is due in the life of the keys; safe to run at any time, as a daily job."""
    rotate_tool_keys(utcnow())
