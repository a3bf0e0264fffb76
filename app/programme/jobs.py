"""What the room does by itself, in time; each is an entry point and has a command, too."""

from datetime import datetime

from flask import current_app

from app.core.db import transaction
from app.programme.issuer_keys import ensure_token_key
from app.programme.service import list_issuers


def make_missing_keys(now: datetime) -> None:
    """Make the key of its tokens for every issuer that has none: one from before there were any."""
    with transaction() as session:
        for issuer in list_issuers(session):
            ensure_token_key(session, issuer, current_app.extensions["assay.vault"], now)
