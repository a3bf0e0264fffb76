"""An administrator, an author who is none, a reviewer, and drafts under their hands."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.catalog.drafts import create_achievement_draft
from app.catalog.models import AchievementVersion
from app.programme.models import ReviewerAppointment
from tests import factories
from tests.campus import make_administrator
from tests.conftest import Browser
from tests.factories import NOON

EXAMPLE = Path(__file__).parents[2] / "lti_config/example/achievements.json"


@pytest.fixture
def admin(world: factories.World, session: Session, browser: Callable[..., Browser]) -> Browser:
    """The browser of an administrator of the world's institution."""
    make_administrator(session, world.instructor)
    opened: Browser = browser(world.instructor)
    return opened


@pytest.fixture
def author(world: factories.World, browser: Callable[..., Browser]) -> Browser:
    """The browser of somebody who began a draft and holds no office."""
    opened: Browser = browser(world.assistant)
    return opened


@pytest.fixture
def reviewer(world: factories.World, session: Session, browser: Callable[..., Browser]) -> Browser:
    """The browser of a member of the committee."""
    session.add(
        ReviewerAppointment(
            institution_id=world.institution.id,
            group_key="committee",
            unit=None,
            person_id=world.grader.id,
            starts_at=NOON - timedelta(days=1),
            ends_at=None,
            created_at=NOON,
        )
    )
    session.commit()
    opened: Browser = browser(world.grader)
    return opened


@pytest.fixture
def draft(world: factories.World, session: Session) -> AchievementVersion:
    """An empty draft that the assistant began."""
    version = create_achievement_draft(
        session,
        world.institution.id,
        slug="handover",
        level=world.level_1.achievement.level,
        issuer=world.issuer,
        draft={"name": "Safe Handover"},
        proposed_by=world.assistant.id,
        actor="test",
        now=NOON,
    )
    session.commit()
    return version


@pytest.fixture
def again(session: Session) -> Callable[[AchievementVersion], AchievementVersion]:
    """A version as committed now."""

    def read(version: AchievementVersion) -> AchievementVersion:
        session.rollback()
        session.expire_all()
        return session.get_one(AchievementVersion, version.id)

    return read


@pytest.fixture
def document() -> dict[str, Any]:
    """The example's two achievements, for the world's issuer, with everything said."""
    data: dict[str, Any] = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    for item in data["achievements"]:
        item["issuer"] = "college"
    data["achievements"][0] |= {
        "issuing_unit": "=School of Nursing",
        "validity_months": 24,
        "renewal": "Once\nmore.",
    }
    return data
