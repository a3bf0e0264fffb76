"""The periodic jobs of an installation: what, how often. The worker and `timers run` do them."""

from datetime import datetime, timedelta

from app.core.db import transaction
from app.launch.service import purge_expired
from app.outbox.timers import Job


def tidy(now: datetime) -> None:
    """Delete logins, sessions and selections that have run out."""
    with transaction() as session:
        purge_expired(session, now=now)


JOBS = (Job("tidy", timedelta(hours=1), tidy),)
