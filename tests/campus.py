"""Plain makers of what an LMS tells: institutions, platforms, courses, people, sessions."""

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from app.core.crypto import hash_secret
from app.core.principal import Role
from app.courses.models import Course, Enrolment, LtiUser, Person, ResourceLink
from app.launch.models import LaunchSession
from app.platforms.models import (
    Deployment,
    DeploymentStatus,
    Institution,
    Platform,
    PlatformStatus,
)
from app.programme.models import Administrator

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
AGS_SCOPES = [
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
    "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/score",
]


def make_institution(session: Session, slug: str = "main") -> Institution:
    institution = Institution(slug=slug, name=f"University {slug}", created_at=NOON)
    session.add(institution)
    session.flush()
    return institution


def make_platform(
    session: Session, institution: Institution, issuer: str = "https://lms.test"
) -> tuple[Platform, Deployment]:
    platform = Platform(
        institution_id=institution.id,
        name="Test LMS",
        issuer=issuer,
        client_id="assay",
        auth_url=f"{issuer}/auth",
        token_url=f"{issuer}/token",
        jwks_url=f"{issuer}/jwks",
        status=PlatformStatus.ACTIVE,
        created_at=NOON,
    )
    session.add(platform)
    session.flush()
    deployment = Deployment(
        institution_id=institution.id,
        platform_id=platform.id,
        deployment_id="1",
        status=DeploymentStatus.ACTIVE,
        created_at=NOON,
    )
    session.add(deployment)
    session.flush()
    return platform, deployment


def make_course(
    session: Session, deployment: Deployment, context_id: str = "course-1", title: str = "Methods"
) -> Course:
    course = Course(
        institution_id=deployment.institution_id,
        platform_id=deployment.platform_id,
        deployment_pk=deployment.id,
        context_id=context_id,
        title=title,
        lineitems_url=f"https://lms.test/{context_id}/lineitems",
        ags_scopes=AGS_SCOPES,
        created_at=NOON,
    )
    session.add(course)
    session.flush()
    return course


def make_link(session: Session, course: Course, link_id: str = "link-1") -> ResourceLink:
    link = ResourceLink(
        course_id=course.id,
        resource_link_id=link_id,
        title="Literature review",
        lineitem_url=f"https://lms.test/li/{link_id}?type_id=1",
        created_at=NOON,
    )
    session.add(link)
    session.flush()
    return link


def make_person(
    session: Session,
    course: Course,
    role: Role,
    name: str,
    *,
    email: str | None = None,
    is_test_user: bool = False,
) -> Person:
    person = Person(institution_id=course.institution_id, name=name, email=email, created_at=NOON)
    session.add(person)
    session.flush()
    sub = f"sub-{name.lower().replace(' ', '-')}-{person.id}"
    session.add(LtiUser(platform_id=course.platform_id, sub=sub, person_id=person.id))
    enrol(session, course, person, role, is_test_user=is_test_user)
    return person


def enrol(
    session: Session, course: Course, person: Person, role: Role, *, is_test_user: bool = False
) -> Enrolment:
    enrolment = Enrolment(
        course_id=course.id,
        person_id=person.id,
        role=role,
        is_test_user=is_test_user,
        last_launched_at=datetime.now(UTC),
    )
    session.add(enrolment)
    session.flush()
    return enrolment


def make_administrator(session: Session, person: Person) -> Administrator:
    administrator = Administrator(
        institution_id=person.institution_id,
        person_id=person.id,
        begins_at=NOON - timedelta(days=1),
        created_at=NOON,
    )
    session.add(administrator)
    session.commit()
    return administrator


def make_session(session: Session, person: Person, *, hours: float = 1) -> str:
    """Sign a person in; return the secret for the cookie."""
    sid = secrets.token_urlsafe(16)
    user = session.query(LtiUser).filter_by(person_id=person.id).first()
    assert user is not None, "a person without LTI user cannot launch"
    now = datetime.now(UTC)
    session.add(
        LaunchSession(
            sid_hash=hash_secret(sid),
            institution_id=person.institution_id,
            platform_id=user.platform_id,
            person_id=person.id,
            frame_origin="https://lms.test",
            created_at=now,
            expires_at=now + timedelta(hours=hours),
        )
    )
    session.commit()
    return sid
