"""Plain makers of rows, and one small university that most tests share."""

import uuid
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from typing import get_type_hints

from joserfc.jwk import RSAKey
from sqlalchemy.orm import Session

from app import ROOMS_WITH_MODELS
from app.catalog.models import (
    Achievement,
    AchievementVersion,
    Alignment,
    Criterion,
    RubricLevel,
    VersionStatus,
)
from app.core.crypto import Vault
from app.core.principal import Role
from app.courses.models import Course, Person, ResourceLink
from app.credentials.keys import generate_private_key, public_multikey
from app.mapping.models import Assignment, GradeRule
from app.platforms.models import Deployment, Institution, KeyStatus, Platform, ToolKey
from app.programme.models import GrantorAppointment, IssuerKey, IssuerProfile, Level
from tests.campus import (
    AGS_SCOPES,
    NOON,
    enrol,
    make_course,
    make_institution,
    make_link,
    make_person,
    make_platform,
    make_session,
)

__all__ = [
    "AGS_SCOPES",
    "NOON",
    "enrol",
    "make_course",
    "make_institution",
    "make_link",
    "make_person",
    "make_platform",
    "make_session",
]

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'


def import_models() -> None:
    """Fill the metadata with every table."""
    for room in ROOMS_WITH_MODELS:
        import_module(f"app.{room}")


@dataclass(frozen=True)
class World:
    """The rows of one small university.

    `grantor` may assess `level_1` only, `second_grantor` both achievements,
    `grader` has the LMS role alone. Everybody is in `course`.
    """

    institution: Institution
    platform: Platform
    deployment: Deployment
    course: Course
    link: ResourceLink
    issuer: IssuerProfile
    level_1: AchievementVersion
    level_2: AchievementVersion
    instructor: Person
    assistant: Person
    learner: Person
    other_learner: Person
    grantor: Person
    second_grantor: Person
    grader: Person

    def keys(self) -> dict[str, int]:
        """Return the id of each row by its name."""
        return {field.name: getattr(self, field.name).id for field in fields(self)}


def find_world(session: Session, keys: dict[str, int]) -> World:
    """Return the world whose rows have these ids."""
    types = get_type_hints(World)
    return World(**{name: session.get_one(types[name], key) for name, key in keys.items()})


def make_issuer(session: Session, institution: Institution, vault: Vault) -> IssuerProfile:
    is_first = session.query(IssuerProfile).count() == 0
    issuer = IssuerProfile(
        institution_id=institution.id,
        slug="college",
        did_path="" if is_first else f"issuers:college-{institution.slug}",
        name="College of Examples",
        url="https://college.test",
        email=None,
        description=None,
        created_at=NOON,
    )
    session.add(issuer)
    session.flush()
    private = generate_private_key()
    session.add(
        IssuerKey(
            issuer_id=issuer.id,
            multikey=public_multikey(private),
            private_key_sealed=vault.seal(private),
            status=KeyStatus.ACTIVE,
            created_at=NOON,
        )
    )
    session.flush()
    return issuer


def make_level(session: Session, institution: Institution, key: str) -> Level:
    gold = key == "badge_2"
    level = Level(
        institution_id=institution.id,
        key=key,
        position=2 if gold else 1,
        name="Badge Level II" if gold else "Badge Level I",
        short_name="Level II" if gold else "Level I",
        description="Mastery." if gold else "Introduction.",
        environment="professional" if gold else "simulated",
        needs_artifact=True,
        shares_evidence=gold,
        award_by="grantor",
        approval_route="committee",
        achievement_type="Badge",
        family="gold" if gold else "silver",
        image_svg=SVG,
    )
    session.add(level)
    session.flush()
    return level


def make_version(
    session: Session,
    issuer: IssuerProfile,
    level: Level,
    *,
    slug: str,
    name: str,
    criteria: int = 2,
    status: VersionStatus = VersionStatus.APPROVED,
) -> AchievementVersion:
    """Make an achievement: per criterion three levels (0, 1, 3 points), the second is enough."""
    achievement = Achievement(
        institution_id=issuer.institution_id,
        issuer_id=issuer.id,
        level_id=level.id,
        slug=slug,
        created_at=NOON,
    )
    session.add(achievement)
    session.flush()
    approved = status is VersionStatus.APPROVED
    version = AchievementVersion(
        institution_id=issuer.institution_id,
        achievement_id=achievement.id,
        public_id=uuid.uuid4().hex,
        number=1,
        name=name,
        description=f"What {name} is about.",
        criteria_narrative="Show it.",
        image_alt=f"{level.name}: {name}",
        tags=["research"],
        status=status,
        approved_at=NOON if approved else None,
        approval_reference="MCC-1" if approved else None,
        created_at=NOON,
    )
    session.add(version)
    session.flush()
    for position in range(criteria):
        criterion = Criterion(
            version_id=version.id,
            position=position,
            key=f"c{position + 1}",
            name=f"Criterion {position + 1}",
            description="What is to be shown.",
            is_required=True,
            required_position=1,
        )
        session.add(criterion)
        session.flush()
        for step, (label, points) in enumerate(
            (("Not yet", 0), ("Demonstrated", 1), ("Exceeds", 3))
        ):
            session.add(
                RubricLevel(
                    criterion_id=criterion.id,
                    position=step,
                    name=label,
                    description=f"{label}, as can be seen.",
                    points=points,
                )
            )
    session.add(
        Alignment(
            version_id=version.id,
            target_name="conduct scholarly research",
            target_url="http://data.europa.eu/esco/skill/00000000-0000-0000-0000-000000000000",
            target_framework="ESCO",
            target_type="ext:ESCOSkill",
        )
    )
    session.flush()
    return version


def make_assignment(
    session: Session,
    course: Course,
    version: AchievementVersion,
    *,
    link: ResourceLink | None,
    criterion_positions: tuple[int, ...] = (0, 1),
    grade_rule: GradeRule = GradeRule.RUBRIC,
    title: str = "Literature review",
) -> Assignment:
    criteria = [version.criteria[position] for position in criterion_positions]
    creator = session.query(Person).filter_by(institution_id=course.institution_id).first()
    assert creator is not None
    assignment = Assignment(
        institution_id=course.institution_id,
        course_id=course.id,
        resource_link_pk=link.id if link else None,
        uuid=str(uuid.uuid4()),
        version_id=version.id,
        title=title,
        instructions="Write **one** page.",
        max_files=3,
        file_kinds=["pdf", "image", "text"],
        accepts_link=True,
        accepts_text=True,
        grade_rule=grade_rule,
        max_points=sum(criterion.max_points for criterion in criteria),
        lineitem_url=link.lineitem_url if link else None,
        created_by=creator.id,
        created_at=NOON,
        criteria=criteria,
    )
    session.add(assignment)
    session.flush()
    return assignment


def appoint(
    session: Session,
    person: Person,
    version: AchievementVersion,
    *,
    ends_at: datetime | None = None,
) -> GrantorAppointment:
    appointment = GrantorAppointment(
        institution_id=person.institution_id,
        achievement_id=version.achievement_id,
        person_id=person.id,
        starts_at=NOON - timedelta(days=100),
        ends_at=ends_at,
        created_at=NOON,
    )
    session.add(appointment)
    session.flush()
    return appointment


@cache
def _tool_key() -> RSAKey:
    """Generate the tool's key once per process: it is the slow part."""
    return RSAKey.generate_key(2048)


def make_tool_key(vault: Vault) -> ToolKey:
    key = _tool_key()
    kid = key.thumbprint()
    return ToolKey(
        kid=kid,
        public_jwk={**key.as_dict(private=False), "kid": kid, "alg": "RS256", "use": "sig"},
        private_key_sealed=vault.seal(key.as_pem(private=True)),
        status=KeyStatus.ACTIVE,
        created_at=NOON,
    )


def make_world(session: Session, vault: Vault, slug: str = "main") -> World:
    """Make and commit one university; call it again with another slug for a second one."""
    if slug == "main":
        session.add(make_tool_key(vault))
    institution = make_institution(session, slug)
    platform, deployment = make_platform(
        session, institution, "https://lms.test" if slug == "main" else f"https://{slug}.test"
    )
    course = make_course(session, deployment)
    issuer = make_issuer(session, institution, vault)
    level_1 = make_version(
        session,
        issuer,
        make_level(session, institution, "badge_1"),
        slug="research-literacy",
        name="Research Literacy",
    )
    level_2 = make_version(
        session,
        issuer,
        make_level(session, institution, "badge_2"),
        slug="clinical-communication",
        name="Clinical Communication",
        criteria=3,
    )
    people = {
        "instructor": make_person(session, course, Role.INSTRUCTOR, "Ines Instructor"),
        "assistant": make_person(session, course, Role.TEACHING_ASSISTANT, "Tariq Assistant"),
        "learner": make_person(
            session, course, Role.LEARNER, "Mei Student", email="Mei@University.example"
        ),
        "other_learner": make_person(session, course, Role.LEARNER, "Jonas Student"),
        "grantor": make_person(session, course, Role.GRADER, "Priya Grantor"),
        "second_grantor": make_person(session, course, Role.GRADER, "Luis Grantor"),
        "grader": make_person(session, course, Role.GRADER, "Nora Grader"),
    }
    link = make_link(session, course)
    appoint(session, people["grantor"], level_1)
    appoint(session, people["second_grantor"], level_1)
    appoint(session, people["second_grantor"], level_2)
    session.commit()
    return World(
        institution=institution,
        platform=platform,
        deployment=deployment,
        course=course,
        link=link,
        issuer=issuer,
        level_1=level_1,
        level_2=level_2,
        **people,
    )
