"""What the worker does for the committee."""

from datetime import datetime

from flask import current_app

from app.awards.endorsing import endorse_version, list_to_endorse
from app.core.db import transaction


def endorse_approved(now: datetime) -> None:
    """Endorse what was approved since, where an institution has an endorser."""
    with transaction() as session:
        for version, endorser in list_to_endorse(session):
            endorse_version(
                session,
                version,
                endorser,
                vault=current_app.extensions["assay.vault"],
                base_url=current_app.extensions["assay.settings"].base_url,
                now=now,
            )
