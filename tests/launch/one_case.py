"""One university, and an achievement of it that is brought into a state."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from app.catalog.models import AchievementVersion, VersionStatus
from app.catalog.service import import_achievements
from app.core.clock import utcnow
from app.evidence.models import Submission
from app.mapping.models import Assignment
from tests import factories
from tests.assessment.work import hand_in


def document(version: AchievementVersion, *, name: str) -> dict[str, Any]:
    """Say what the next version of an achievement is, with criteria of the same keys."""
    levels = [
        {"name": "No", "description": "Not shown.", "points": 0},
        {"name": "Yes", "description": "Shown.", "points": 1},
    ]
    rest = {"description": "What is to be shown.", "required_level": "Yes", "levels": levels}
    achievement = {
        "slug": version.achievement.slug,
        "issuer": version.achievement.issuer.slug,
        "level": version.achievement.level.key,
        "name": name,
        "description": "What it is about.",
        "criteria_narrative": "Show it.",
        "image_alt": "A badge.",
        "criteria": [{"key": key, "name": key.upper(), **rest} for key in ("c1", "c2")],
    }
    return {"achievements": [achievement]}


@dataclass
class Case:
    """One university; `change()` brings the achievement into the state."""

    app: Any
    session: Any
    world: Any
    browser: Any
    lms: Any
    tool_key: Any
    launch_copy: Any
    mapped: Any
    state: str
    newer: Any = None

    def change(self) -> None:
        version = self.world.level_1
        if self.state == "superseded":
            (self.newer,) = import_achievements(
                self.session,
                version.institution_id,
                document(version, name="The newer one"),
                approved_by="MCC 8",
                actor="command:test",
                now=utcnow(),
            )
        elif self.state == "expired":
            version.approved_until = utcnow() - timedelta(seconds=1)
        elif self.state == "retired":
            version.achievement.retired_at = utcnow() - timedelta(seconds=1)
        else:
            version.status = VersionStatus(self.state)
        self.session.commit()

    def count(self, model: type, *conditions: Any) -> int:
        self.session.rollback()
        return self.session.scalar(select(func.count(model.id)).where(*conditions)) or 0

    def assignment(self) -> Assignment:
        made = factories.make_assignment(
            self.session, self.world.course, self.world.level_1, link=self.world.link
        )
        self.session.commit()
        return made

    def submission(self) -> Submission:
        return hand_in(self.session, self.assignment(), self.world.learner)

    def work_url(self, assignment: Assignment) -> str:
        return f"/courses/{self.world.course.id}/assignments/{assignment.id}/work"
