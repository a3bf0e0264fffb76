"""Fill an installation for the scores benchmark.

`python bench/scores_filling.py fill LMS SCORES` makes one course with ten
assignments and owes so many first decisions; `… again SCORES` owes a newer
decision to so many of the same learners. Settings come from the environment.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "deploy")]

from run import run_commands  # noqa: E402 (deploy/ is no package)
from sqlalchemy import select  # noqa: E402
from sqlalchemy.orm import Session  # noqa: E402

from app import create_app  # noqa: E402
from app.catalog.service import list_mappable_versions  # noqa: E402
from app.core.clock import utcnow  # noqa: E402
from app.core.db import transaction  # noqa: E402
from app.courses.models import Course, LtiUser  # noqa: E402
from app.courses.service import ensure_person  # noqa: E402
from app.mapping.models import Assignment, GradeRule  # noqa: E402
from app.mapping.service import MappingFacts, map_assignment  # noqa: E402
from app.passback.service import queue_status  # noqa: E402
from app.platforms.models import Deployment  # noqa: E402
from deploy.example import example_commands  # noqa: E402

ASSIGNMENTS = 10
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCOPES = [AGS + name for name in ("lineitem", "result.readonly", "score")]


def fill(lms: str, scores: int) -> None:
    """Migrate, load the example, make the course; owe the first decisions."""
    run_commands([("db", "upgrade"), *example_commands(lms)])
    with create_app().app_context():
        with transaction() as session:
            make_course(session, lms, scores // ASSIGNMENTS)
        owe(scores, points=1)


def make_course(session: Session, lms: str, learners: int) -> None:
    now = utcnow()
    deployment = session.scalars(select(Deployment)).one()
    place = {
        "institution_id": deployment.institution_id,
        "platform_id": deployment.platform_id,
    }
    for number in range(learners):
        ensure_person(session, sub=f"learner-{number}", name=f"L {number}", now=now, **place)
    teacher = ensure_person(session, sub="teacher", name="Ines", now=now, **place)
    course = Course(
        **place,
        deployment_pk=deployment.id,
        context_id="bench",
        title="Research methods",
        lineitems_url=f"{lms}/lineitems",
        ags_scopes=SCOPES,
        created_at=now,
    )
    session.add(course)
    session.flush()
    version = list_mappable_versions(session, deployment.institution_id, now=now)[0]
    for number in range(ASSIGNMENTS):
        facts = MappingFacts(
            version_id=version.id,
            criterion_ids=frozenset(criterion.id for criterion in version.criteria),
            title=f"Assignment {number}",
            instructions="",
            max_files=0,
            file_kinds=[],
            accepts_link=False,
            accepts_text=True,
            grade_rule=GradeRule.RUBRIC,
        )
        made = map_assignment(
            session, course=course, resource_link=None, facts=facts, created_by=teacher.id, now=now
        )
        made.lineitem_url = f"{lms}/li/{made.id}"


def owe(scores: int, *, points: int) -> None:
    """Owe decisions, as grantors make them: assignment by assignment, learner by learner."""
    with transaction() as session:
        learners = session.scalars(
            select(LtiUser).where(LtiUser.sub.startswith("learner-")).order_by(LtiUser.id)
        ).all()
        owed = 0
        for assignment in session.scalars(select(Assignment).order_by(Assignment.id)).all():
            for learner in learners:
                if owed == scores:
                    return
                now = utcnow()
                queue_status(
                    session,
                    assignment,
                    person_id=learner.person_id,
                    status="met",
                    points=points,
                    comment="1 of 2 criteria of Literature Search and Synthesis met",
                    occurred_at=now,
                    submitted_at=now,
                    scored_by=None,
                )
                owed += 1


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        fill(sys.argv[2], int(sys.argv[3]))
    else:
        with create_app().app_context():
            owe(int(sys.argv[2]), points=2)
