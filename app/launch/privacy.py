"""Data privacy launches: who may see what is held about whom, and what that is."""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.assessment.models import Assessment
from app.awards.models import Award
from app.awards.service import list_awards
from app.catalog.models import AchievementVersion
from app.core import audit
from app.core.errors import NotFoundError
from app.core.principal import Principal
from app.courses.models import Course, Enrolment, LtiUser, Person, RosterEntry
from app.courses.privacy import find_sub
from app.courses.roles import is_lms_administrator
from app.evidence.models import Attempt, Submission
from app.launch import claims as rules
from app.launch.landing import Landing
from app.launch.models import LaunchSession, PrivacyVisit
from app.launch.pylti import Launch
from app.launch.refusal import LaunchRefusedError, Mender
from app.mapping.models import Assignment
from app.passback.models import GradebookCell
from app.programme.models import GrantorAppointment
from app.retention.about import describe_records

VISIT_LASTS = timedelta(minutes=30)


@dataclass(frozen=True)
class Membership:
    """One course of a person: what a launch and the LMS's roster made them there."""

    course: str
    role: str | None
    last_launched_at: datetime | None
    listed_role: str | None
    listed_status: str | None


@dataclass(frozen=True)
class Holdings:
    """What Assay holds about one person at one platform."""

    person: Person
    subs: list[str]
    memberships: list[Membership]
    submissions: list[Submission]
    awards: list[Award]
    counts: dict[str, int]


def admit(session: Session, launch: Launch, viewer_id: int, *, now: datetime) -> Landing:
    """Let the launch's person see one person's page: their own, or anybody's if they run the LMS.

    Source: LTI data privacy launch (draft): claim `for_user`, no context, no resource link.
    Raises: `LaunchRefusedError` if it is somebody else's and they do not.
    """
    own = launch.body["sub"]
    told = rules.part(launch.body, f"{rules.CLAIM}for_user").get("user_id")
    sub = rules.identifier(told) or own
    may_see_all = is_lms_administrator(launch.body[f"{rules.CLAIM}roles"])
    if sub != own and not may_see_all:
        raise LaunchRefusedError(
            "These are somebody else’s data. You can see your own; those of others, only "
            "somebody who runs the LMS can.",
            cause="privacy_of_somebody_else",
            mender=Mender.LMS_ADMINISTRATOR,
            title="You may not see this",
        )
    subject_id = find_sub(session, platform_id=launch.platform.id, sub=sub)
    token = _begin_visit(
        session,
        institution_id=launch.platform.institution_id,
        platform_id=launch.platform.id,
        viewer_id=viewer_id,
        subject_id=subject_id,
        is_administrator=may_see_all,
        now=now,
    )
    return Landing("launch.privacy", {"token": token})


def open_own_visit(session: Session, viewer: Principal, *, now: datetime) -> str:
    """Let somebody see what is held about themselves; return the visit's token.

    Raises: `NotFoundError` for whoever no LMS has told us of.
    """
    platform_id = viewer.platform_id or session.scalar(
        select(LtiUser.platform_id)
        .where(LtiUser.person_id == viewer.person_id)
        .order_by(LtiUser.id)
        .limit(1)
    )
    if platform_id is None:
        raise NotFoundError("No LMS knows you here. Ask the programme what is held about you.")
    return _begin_visit(
        session,
        institution_id=viewer.institution_id,
        platform_id=platform_id,
        viewer_id=viewer.person_id,
        subject_id=viewer.person_id,
        is_administrator=False,
        now=now,
    )


def get_visit(session: Session, token: str, *, viewer_id: int, now: datetime) -> PrivacyVisit:
    """Return what a launch allowed this viewer a little while ago.

    Raises: `NotFoundError`.
    """
    visit = session.scalar(
        select(PrivacyVisit).where(
            PrivacyVisit.token == token,
            PrivacyVisit.viewer_id == viewer_id,
            PrivacyVisit.expires_at > now,
        )
    )
    if visit is None:
        raise NotFoundError("This page has run out, or is not yours. Open it again from the LMS.")
    return visit


def find_holdings(session: Session, visit: PrivacyVisit) -> Holdings | None:
    """Return what is held about the person of a visit; `None` if they are not known."""
    person = session.get(Person, visit.subject_id) if visit.subject_id else None
    if person is None:
        return None
    submissions = _list_submissions(session, person.id)
    return Holdings(
        person=person,
        subs=list(session.scalars(select(LtiUser.sub).where(LtiUser.person_id == person.id))),
        memberships=_list_memberships(session, person.id),
        submissions=submissions,
        awards=list_awards(session, person.id),
        counts={
            "submissions": len(submissions),
            "artifacts": sum(
                len(each.artifacts) for work in submissions for each in work.held_attempts
            ),
            "sessions": _count(session, LaunchSession.person_id == person.id),
            "grades_told": _count(session, GradebookCell.person_id == person.id),
            "assessments_made": _count(session, Assessment.grantor_id == person.id),
            "appointments": _count(session, GrantorAppointment.person_id == person.id),
        },
    )


def hand_out(
    session: Session, visit: PrivacyVisit, *, base_url: str, actor: str, now: datetime
) -> tuple[int, dict[str, Any]]:
    """Return the number of a visit's person and what is held about them, and write that down.

    Raises: `NotFoundError` if nothing is held.
    """
    holdings = find_holdings(session, visit)
    if holdings is None:
        raise NotFoundError("Assay holds nothing about this person.")
    held = export(holdings, base_url=base_url)
    held |= describe_records(session, holdings.person.id)
    audit.record(
        session,
        visit.institution_id,
        actor=actor,
        action="privacy.exported",
        subject=f"person:{holdings.person.id}",
        now=now,
    )
    return holdings.person.id, held


def export(holdings: Holdings, *, base_url: str) -> dict[str, Any]:
    """Return what is held as plain data, without what files and texts contain."""
    return {
        "person": {
            "number": holdings.person.id,
            "name": holdings.person.name,
            "email": holdings.person.email,
            "lms_user_ids": holdings.subs,
            "known_since": holdings.person.created_at,
            "forgotten_at": holdings.person.forgotten_at,
        },
        "courses": [asdict(membership) for membership in holdings.memberships],
        "submissions": [_describe_submission(work) for work in holdings.submissions],
        "awards": [
            {
                "achievement": award.version.name,
                "awarded_at": award.awarded_at,
                "revoked_at": award.revoked_at,
                "suspended_at": award.suspended_at,
                "edition": award.edition,
                "name_shown": award.recipient_name,
                "address": f"{base_url}/credentials/{award.public_id}",
            }
            for award in holdings.awards
        ],
        "counts": holdings.counts,
    }


def _describe_submission(work: Submission) -> dict[str, Any]:
    return {
        "assignment": work.assignment.title,
        "course": work.assignment.course.display_title,
        "achievement": work.assignment.version.name,
        "status": work.status.value,
        "since": work.status_changed_at,
        "attempts": [
            {
                "number": attempt.number,
                "submitted_at": attempt.submitted_at,
                "artifacts": [
                    {
                        "kind": artifact.kind.value,
                        "file_name": artifact.file_name,
                        "size_bytes": artifact.size_bytes,
                        "sha256": artifact.sha256,
                    }
                    for artifact in attempt.artifacts
                ],
            }
            for attempt in work.held_attempts
        ],
    }


def _list_submissions(session: Session, person_id: int) -> list[Submission]:
    assignment = joinedload(Submission.assignment)
    return list(
        session.scalars(
            select(Submission)
            .where(Submission.learner_id == person_id)
            .options(
                assignment.joinedload(Assignment.course),
                assignment.joinedload(Assignment.version).joinedload(
                    AchievementVersion.achievement
                ),
                selectinload(Submission.attempts).selectinload(Attempt.artifacts),
                selectinload(Submission.lead)
                .selectinload(Submission.attempts)
                .selectinload(Attempt.artifacts),
            )
            .order_by(Submission.id)
        )
    )


def _list_memberships(session: Session, person_id: int) -> list[Membership]:
    rows = session.execute(
        select(Course, Enrolment, RosterEntry)
        .outerjoin(
            Enrolment, (Enrolment.course_id == Course.id) & (Enrolment.person_id == person_id)
        )
        .outerjoin(
            RosterEntry, (RosterEntry.course_id == Course.id) & (RosterEntry.person_id == person_id)
        )
        .where(Enrolment.id.is_not(None) | RosterEntry.id.is_not(None))
        .order_by(Course.id)
    )
    return [
        Membership(
            course=course.display_title,
            role=launched.role.value if launched else None,
            last_launched_at=launched.last_launched_at if launched else None,
            listed_role=listed.role.value if listed else None,
            listed_status=listed.status.value if listed else None,
        )
        for course, launched, listed in rows
    ]


def _count(session: Session, condition: Any) -> int:
    return session.scalar(select(func.count()).where(condition)) or 0


def _begin_visit(
    session: Session,
    *,
    institution_id: int,
    platform_id: int,
    viewer_id: int,
    subject_id: int | None,
    is_administrator: bool,
    now: datetime,
) -> str:
    visit = PrivacyVisit(
        token=secrets.token_urlsafe(32),
        institution_id=institution_id,
        platform_id=platform_id,
        viewer_id=viewer_id,
        subject_id=subject_id,
        is_administrator=is_administrator,
        created_at=now,
        expires_at=now + VISIT_LASTS,
    )
    session.add(visit)
    audit.record(
        session,
        institution_id,
        actor=f"person:{viewer_id}",
        action="privacy.opened",
        subject=f"person:{subject_id}" if subject_id else "person:unknown",
        now=now,
    )
    return visit.token
