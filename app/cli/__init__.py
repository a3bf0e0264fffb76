"""The commands of an operator: `flask --app app <group> <command>`."""

from flask import Flask

from app.cli import issuer_keys  # noqa: F401 (adds its commands to “issuers”)
from app.cli.achievements import achievements
from app.cli.administrators import administrators
from app.cli.audit import audit
from app.cli.awards import awards
from app.cli.certificates import certificates
from app.cli.evidence import evidence
from app.cli.grantors import grantors
from app.cli.institutions import institutions
from app.cli.issuers import issuers
from app.cli.keys import keys
from app.cli.outbox import outbox
from app.cli.passback import passback
from app.cli.people import people
from app.cli.platforms import platforms
from app.cli.programme import programme
from app.cli.retention import retention
from app.cli.reviewers import reviewers
from app.cli.roster import roster
from app.cli.skills import skills
from app.cli.souvenirs import souvenirs
from app.cli.storage import storage
from app.cli.timers import timers

GROUPS = (
    institutions,
    issuers,
    programme,
    achievements,
    skills,
    grantors,
    reviewers,
    administrators,
    platforms,
    keys,
    people,
    roster,
    outbox,
    passback,
    timers,
    storage,
    awards,
    certificates,
    souvenirs,
    retention,
    audit,
    evidence,
)


def install(app: Flask) -> None:
    """Give the application its commands."""
    for group in GROUPS:
        app.cli.add_command(group)
