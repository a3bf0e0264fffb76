"""Fill an installation for the queue's benchmark: a grantor, and very much that waits for them.

Rows go in by the driver, past the models: a million would take an hour with them.
"""

import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from app.catalog.models import Achievement, AchievementVersion, VersionStatus
from app.core.db import transaction
from app.courses.models import Course, LtiUser, Person
from app.evidence.models import NO_PROMISE
from app.launch.models import LaunchSession
from app.launch.service import hash_secret
from app.mapping.models import Assignment, GradeRule
from app.platforms.models import Deployment
from app.programme.models import AssessingRole, GrantorAppointment, IssuerProfile, Level

ACHIEVEMENTS, COURSES, LEARNERS = 12, 300, 5_000
PROMISE_DAYS = 7
SUBMISSION = (
    *("id", "institution_id", "course_id", "assignment_id", "achievement_id", "learner_id"),
    *("status", "status_changed_at", "submitted_at", "assessor_id", "promised_at", "queue_at"),
    *("asked_at", "created_at"),
)
ATTEMPT = ("id", "submission_id", "number", "created_at", "submitted_at", "revision")
# Of every ten thousand works: who has begun on them, and how. The others wait.
BEGUN = {0: "mine", 1: "others", 2: "others", 3: "recommended", 4: "another", 5: "disputed"}


@dataclass(frozen=True)
class Stage:
    """What the rows refer to. `sid`: the secret of the grantor's session."""

    institution_id: int
    grantor_id: int
    other_ids: Sequence[int]
    assignments: Sequence[tuple[int, int, int]]
    learner_ids: Sequence[int]
    appointment_id: int
    sid: str


def set_stage(session: Session, now: datetime) -> Stage:
    """Make achievements, courses, assignments and people; appoint the grantor for all."""
    deployment = session.scalars(select(Deployment)).one()
    issuer = session.scalars(select(IssuerProfile).order_by(IssuerProfile.id)).first()
    level = session.scalars(select(Level).where(Level.award_by == "grantor").limit(1)).one()
    if issuer is None:
        raise SystemExit("the example has no issuer")
    place = {"institution_id": deployment.institution_id}
    people = [
        Person(**place, name=f"Learner {number:05}", created_at=now) for number in range(LEARNERS)
    ]
    grantors = [Person(**place, name=f"Grantor {number}", created_at=now) for number in range(3)]
    courses = [
        Course(
            **place,
            platform_id=deployment.platform_id,
            deployment_pk=deployment.id,
            context_id=f"bench-{number}",
            title=f"Research methods, section {number}",
            ags_scopes=[],
            created_at=now,
        )
        for number in range(COURSES)
    ]
    session.add_all([*people, *grantors, *courses])
    session.flush()
    versions = [
        _make_version(session, issuer, level, number, now) for number in range(ACHIEVEMENTS)
    ]
    assignments = [
        _make_assignment(course, version, grantors[0], now)
        for version in versions
        for course in courses
    ]
    session.add_all(assignments)
    appointments = [
        GrantorAppointment(
            **place,
            achievement_id=version.achievement_id,
            person_id=grantors[0].id,
            role=AssessingRole.MODERATOR,
            starts_at=now - timedelta(days=100),
            created_at=now,
        )
        for version in versions
    ]
    session.add_all(appointments)
    user = LtiUser(platform_id=deployment.platform_id, sub="bench", person_id=grantors[0].id)
    sid = secrets.token_urlsafe(16)
    signed_in = LaunchSession(
        **place,
        sid_hash=hash_secret(sid),
        platform_id=deployment.platform_id,
        person_id=grantors[0].id,
        created_at=now,
        expires_at=now + timedelta(hours=12),
    )
    session.add_all([user, signed_in])
    session.flush()
    achievement_of = {version.id: version.achievement_id for version in versions}
    return Stage(
        institution_id=deployment.institution_id,
        grantor_id=grantors[0].id,
        other_ids=[grantors[1].id, grantors[2].id],
        assignments=[
            (each.id, each.course_id, achievement_of[each.version_id]) for each in assignments
        ],
        learner_ids=[person.id for person in people],
        appointment_id=appointments[0].id,
        sid=sid,
    )


def fill(engine: Engine, stage: Stage, count: int, now: datetime) -> None:
    """Put in the works that wait, with their attempts, and what was done about some of them."""
    bulk = Bulk(engine)
    bulk.put("submission", SUBMISSION, _submissions(stage, count, now))
    bulk.put(
        "attempt",
        ATTEMPT,
        ((row[0], row[0], 1, row[8], row[8], 1) for row in _submissions(stage, count, now)),
    )
    _put_assessments(bulk, stage, count, now)
    mine = range(10, count, max(count // 200, 1))
    bulk.put(
        "allocation",
        ("institution_id", "submission_id", "person_id", "allocated_at", "note"),
        ((stage.institution_id, each, stage.grantor_id, now, "") for each in mine),
    )
    bulk.analyse()


class Bulk:
    """Rows straight into a table, by what each driver does fastest."""

    def __init__(self, engine: Engine) -> None:
        """Take the database."""
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"

    def put(self, table: str, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
        """Put rows into a table."""
        names = ", ".join(columns)
        raw: Any = self._engine.raw_connection()
        try:
            if self._is_sqlite:
                marks = ", ".join("?" * len(columns))
                written = (tuple(map(_as_text, row)) for row in rows)
                raw.cursor().executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", written)
            else:
                with raw.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            raw.commit()
        finally:
            raw.close()

    def analyse(self) -> None:
        """Let the planner know what there is, as PostgreSQL does by itself after a while."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE" if self._is_sqlite else "VACUUM ANALYZE"))


def _submissions(stage: Stage, count: int, now: datetime) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(7)  # the same works at every run, and for the attempts
    span = timedelta(days=21).total_seconds()
    for number in range(count):
        assignment_id, course_id, achievement_id = stage.assignments[
            number % len(stage.assignments)
        ]
        learner_id = stage.learner_ids[(number // len(stage.assignments)) % LEARNERS]
        at = now - timedelta(seconds=chance.random() * span)
        has_promise = bool(achievement_id % 3)
        promised_at = at + timedelta(days=PROMISE_DAYS) if has_promise else None
        begun = BEGUN.get(number % 10_000)
        assessor_id = {"mine": stage.grantor_id, "others": stage.other_ids[0]}.get(begun or "")
        yield (
            *(number + 1, stage.institution_id, course_id, assignment_id, achievement_id),
            *(learner_id, "in_assessment" if begun else "submitted", at, at, assessor_id),
            *(promised_at, promised_at or at + NO_PROMISE),
            *(None if number % 2_000 else at, at),
        )


def _put_assessments(bulk: Bulk, stage: Stage, count: int, now: datetime) -> None:
    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(count):
            kind = BEGUN.get(number % 10_000)
            for person_id, capacity, decision in _said(kind, stage):
                yield (
                    *(stage.institution_id, number + 1, person_id, stage.appointment_id),
                    *(capacity, decision, False, 1, 2, now),
                )

    bulk.put(
        "assessment",
        (
            *("institution_id", "attempt_id", "grantor_id", "appointment_id", "capacity"),
            *("decision", "states_no_conflict", "points", "max_points", "assessed_at"),
        ),
        rows(),
    )


def _said(kind: str | None, stage: Stage) -> list[tuple[int, str, str]]:
    first, second = stage.other_ids
    return {
        "recommended": [(first, "assessor", "met")],
        "another": [(first, "grantor", "met")],
        "disputed": [(first, "grantor", "met"), (second, "grantor", "not_met")],
    }.get(kind or "", [])


def _as_text(value: Any) -> Any:
    """Write a moment as SQLAlchemy has SQLite keep it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return value


def _make_version(
    session: Session, issuer: IssuerProfile, level: Level, number: int, now: datetime
) -> AchievementVersion:
    achievement = Achievement(
        institution_id=issuer.institution_id,
        issuer_id=issuer.id,
        level_id=level.id,
        slug=f"bench-{number}",
        created_at=now,
    )
    session.add(achievement)
    session.flush()
    version = AchievementVersion(
        institution_id=issuer.institution_id,
        achievement_id=achievement.id,
        public_id=secrets.token_hex(16),
        number=1,
        name=f"Literature search, part {number}",
        description="One of many.",
        criteria_narrative="Show it.",
        image_alt="A picture",
        tags=[],
        status=VersionStatus.APPROVED,
        approved_at=now,
        approval_reference="bench",
        grantors_needed=2,
        created_at=now,
    )
    session.add(version)
    session.flush()
    return version


def _make_assignment(
    course: Course, version: AchievementVersion, creator: Person, now: datetime
) -> Assignment:
    return Assignment(
        institution_id=course.institution_id,
        course_id=course.id,
        uuid=secrets.token_hex(16),
        version_id=version.id,
        title="Literature review",
        instructions="",
        max_files=1,
        file_kinds=["pdf"],
        accepts_link=False,
        accepts_text=True,
        grade_rule=GradeRule.RUBRIC,
        max_points=2,
        created_by=creator.id,
        created_at=now,
    )


def stage_in(engine: Engine, count: int, now: datetime) -> Stage:
    """Set the stage in a transaction of its own, and fill it."""
    with transaction() as session:
        stage = set_stage(session, now)
    fill(engine, stage, count, now)
    return stage
