"""Certificates for tests: a level that a rule awards, sets of parts, and awards of the parts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from app.awards.issuing import issue_award
from app.awards.models import Award
from app.catalog.models import AchievementVersion
from app.catalog.stack_models import StackGroup, StackPart
from app.courses.models import Person
from app.programme.models import Level
from tests.conftest import BASE_URL
from tests.factories import NOON, SVG, World, make_version


def make_rule_level(
    session: Session, world: World, *, key: str = "certificate", **facts: Any
) -> Level:
    """Make a level that is awarded by rule."""
    level = Level(
        **{
            "institution_id": world.institution.id,
            "key": key,
            "position": 3,
            "name": "Digital Certificate",
            "short_name": "Certificate",
            "description": "A set.",
            "environment": None,
            "needs_artifact": False,
            "shares_evidence": False,
            "award_by": "rule",
            "approval_route": "committee",
            "achievement_type": "MicroCredential",
            "family": "gold",
            "image_svg": SVG,
        }
        | facts
    )
    session.add(level)
    session.flush()
    return level


def make_badge(session: Session, world: World, slug: str) -> AchievementVersion:
    """Make one more approved Level I badge, without criteria."""
    level = world.level_1.achievement.level
    return make_version(session, world.issuer, level, slug=slug, name=slug.title(), criteria=0)


def make_certificate(
    session: Session,
    world: World,
    level: Level,
    *groups: Sequence[AchievementVersion] | tuple[int, Sequence[AchievementVersion]],
    slug: str = "foundations",
    **part_facts: Any,
) -> AchievementVersion:
    """Make an approved certificate; a group is its parts (all of them), or (needed, parts)."""
    version = make_version(session, world.issuer, level, slug=slug, name=slug.title(), criteria=0)
    for number, group in enumerate(groups):
        needed, parts = group if isinstance(group[0], int) else (len(group), group)
        session.add(
            StackGroup(
                version_id=version.id,
                position=number,
                needed=needed,
                group_count=len(groups),
                parts=[
                    StackPart(position=place, achievement_id=part.achievement_id, **part_facts)
                    for place, part in enumerate(parts)
                ],
            )
        )
    session.flush()
    session.expire(version, ["part_groups"])
    return version


def give(
    app: Flask,
    session: Session,
    person: Person,
    version: AchievementVersion,
    *,
    now: datetime = NOON,
) -> Award:
    """Award a badge to somebody."""
    return issue_award(
        session,
        person=person,
        version=version,
        awarded_by=None,
        actor="command:test",
        vault=app.extensions["assay.vault"],
        base_url=BASE_URL,
        now=now,
    )
