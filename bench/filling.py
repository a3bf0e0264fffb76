"""Fill a fresh installation for the benchmark; `python bench/filling.py LMS COURSES`.

The commands are those of a real installation. Then the courses: in each, an
instructor has made one activity by deep linking that nobody has opened yet.
Prints the identities of these assignments, one a line. Settings come from the environment.
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
from app.courses.models import Course  # noqa: E402
from app.courses.service import ensure_person  # noqa: E402
from app.mapping.models import GradeRule  # noqa: E402
from app.mapping.service import MappingFacts, map_assignment  # noqa: E402
from app.platforms.models import Deployment  # noqa: E402
from deploy.example import example_commands  # noqa: E402


def fill(lms: str, courses: int) -> list[str]:
    """Migrate, load the example, add the courses; return the assignments' identities."""
    run_commands([("db", "upgrade"), *example_commands(lms)])
    with create_app().app_context(), transaction() as session:
        return [_add_course(session, number) for number in range(courses)]


def _add_course(session: Session, number: int) -> str:
    now = utcnow()
    deployment = session.scalars(select(Deployment)).one()
    instructor = ensure_person(
        session,
        institution_id=deployment.institution_id,
        platform_id=deployment.platform_id,
        sub="bench-instructor",
        name="Ines Instructor",
        now=now,
    )
    course = Course(
        institution_id=deployment.institution_id,
        platform_id=deployment.platform_id,
        deployment_pk=deployment.id,
        context_id=f"bench-course-{number}",
        title="Research methods in psychology",
        label="PSYC-2010",
        ags_scopes=[],
        created_at=now,
    )
    session.add(course)
    session.flush()
    version = list_mappable_versions(session, deployment.institution_id, now=now)[0]
    facts = MappingFacts(
        version_id=version.id,
        criterion_ids=frozenset(criterion.id for criterion in version.criteria),
        title="Literature review",
        instructions="Hand in your **search log** and a synthesis of two pages.",
        max_files=3,
        file_kinds=["pdf", "image", "text"],
        accepts_link=True,
        accepts_text=True,
        grade_rule=GradeRule.RUBRIC,
    )
    return map_assignment(
        session, course=course, resource_link=None, facts=facts, created_by=instructor.id, now=now
    ).uuid


if __name__ == "__main__":
    sys.stdout.write("\n".join(fill(sys.argv[1], int(sys.argv[2]))) + "\n")
