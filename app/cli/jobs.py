"""The periodic jobs of an installation: what, how often. The worker and `timers run` do them."""

from datetime import datetime, time, timedelta

from flask import current_app

from app.assessment.allocation_jobs import allocate_work
from app.assessment.release_jobs import release_decisions
from app.awards.certificate_jobs import list_overlooked, look_at_expired
from app.awards.edition_jobs import owe_editions, resign_all_lists
from app.awards.endorsement_jobs import endorse_approved
from app.catalog.models import AchievementVersion
from app.catalog.stacks import owe_awards
from app.cli.pictures import draw_pictures
from app.cli.roster import refresh_rosters
from app.core.db import db, transaction
from app.evidence.scan_jobs import JOB_NAME, scan_files
from app.evidence.upload_receiving import tidy_uploads
from app.launch.service import purge_expired
from app.outbox.timers import Job
from app.passback.comparison import owe_comparisons
from app.platforms.jobs import rotate_tool_keys
from app.programme.jobs import make_missing_keys
from app.retention.jobs import delete_each_night
from app.staff.sessions import purge_staff


def tidy(now: datetime) -> None:
    """Delete logins, sessions and selections that have run out."""
    with transaction() as session:
        purge_expired(session, now=now)
        purge_staff(session, now=now)


def compare(now: datetime) -> None:
    """Owe the comparison of what the gradebooks hold with what they were told."""
    with transaction() as session:
        owe_comparisons(session, now=now)


def sweep_certificates(now: datetime) -> None:
    """Look at certificates of which a part has run out, and owe those that somebody is due."""
    with transaction() as session:
        look_at_expired(
            session,
            vault=current_app.extensions["assay.vault"],
            base_url=current_app.extensions["assay.settings"].base_url,
            now=now,
        )
    # Who is due takes time to find: that is read without the lock of a writer.
    overlooked = list_overlooked(db.session(), now=now)
    with transaction() as session:
        for version_id in overlooked:
            owe_awards(session, session.get_one(AchievementVersion, version_id), now=now)


def renew_credentials(now: datetime) -> None:
    """Owe credentials that have no status, or an untrusted key; sign lists with the present key."""
    with transaction() as session:
        owe_editions(session, now=now)
        resign_all_lists(
            session,
            vault=current_app.extensions["assay.vault"],
            base_url=current_app.extensions["assay.settings"].base_url,
            now=now,
        )


JOBS = (
    Job("tidy", timedelta(hours=1), tidy),
    Job("uploads", timedelta(hours=1), tidy_uploads),
    Job("release", timedelta(seconds=15), release_decisions),
    Job(JOB_NAME, timedelta(seconds=15), scan_files),
    Job("allocate", timedelta(minutes=1), allocate_work),
    Job("rosters", timedelta(minutes=10), refresh_rosters),
    Job("keys", timedelta(days=1), rotate_tool_keys, at=time(1, 30)),
    Job("issuer keys", timedelta(days=1), make_missing_keys, at=time(1, 45)),
    Job("endorsements", timedelta(minutes=1), endorse_approved),
    Job("pictures", timedelta(minutes=1), draw_pictures),
    Job("compare", timedelta(days=1), compare, at=time(2, 30)),
    Job("retention", timedelta(days=1), delete_each_night, at=time(4, 30)),
    Job("credentials", timedelta(hours=1), renew_credentials),
    Job("certificates", timedelta(days=1), sweep_certificates, at=time(3, 30)),
)
