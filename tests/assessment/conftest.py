"""Handed-in work, and the grantor's form filled in."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.evidence.models import Submission
from app.mapping.models import Assignment
from tests.assessment import work
from tests.factories import World, make_assignment


@pytest.fixture
def assignment(session: Session, world: World) -> Assignment:
    """An assignment that shows both criteria of the Level I badge."""
    assignment = make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    return assignment


@pytest.fixture
def submission(session: Session, world: World, assignment: Assignment) -> Submission:
    """Mei's work, handed in."""
    return work.hand_in(session, assignment, world.learner)


@pytest.fixture
def rate() -> Callable[..., dict[str, Any]]:
    return work.form_data
