"""What the room does by itself, in time; each is an entry point and has a command, too."""

from datetime import datetime, timedelta

from flask import current_app

from app.core.db import transaction
from app.platforms.keys import rotate_keys

ACTOR = "job:keys"


def rotate_tool_keys(now: datetime) -> None:
    """Publish, activate and retire the tool's keys as their time comes; once a day is enough."""
    settings = current_app.extensions["assay.settings"]
    with transaction() as session:
        rotate_keys(
            session,
            current_app.extensions["assay.vault"],
            every=timedelta(days=settings.key_rotation_days),
            actor=ACTOR,
            now=now,
        )
