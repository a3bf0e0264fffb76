"""A learner's own work and awards, handed over to the LMS by the learner's own act."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, contains_eager

from app.awards.models import Award
from app.awards.service import list_awards
from app.core import audit
from app.core.errors import NotFoundError
from app.evidence.groups import is_author
from app.evidence.models import Artifact, ArtifactKind, Attempt, ScanState, Submission
from app.launch.handover_models import Handover
from app.mapping.asked import Asked, read_asked
from app.mapping.models import DeepLinkRequest
from app.platforms.models import Deployment, DeploymentStatus, Platform, PlatformStatus

# Long enough for a click and a slow download, not for passing the address on.
FILE_LIFETIME = timedelta(minutes=10)
PURPOSE = "assay handed-over file"
ROW_ID = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class OwnWork:
    """One artifact that a learner can choose. `size_bytes`: `None` for a link."""

    artifact_id: int
    title: str
    assignment_title: str
    handed_in_at: datetime
    size_bytes: int | None


def list_own_work(
    session: Session, *, person_id: int, institution_id: int, asked: Asked
) -> list[OwnWork]:
    """Return the files and links that a learner has handed in and the LMS takes, newest first.

    What was handed in again unchanged is listed once.
    """
    artifacts = session.scalars(
        _own_artifacts(person_id, institution_id).order_by(
            Attempt.submitted_at.desc(), Artifact.id.desc()
        )
    )
    found: dict[tuple[int, str, str | None], OwnWork] = {}
    for artifact in artifacts:
        if not _is_taken(artifact, asked):
            continue
        attempt = artifact.attempt
        key = (attempt.submission_id, artifact.sha256, artifact.file_name)
        found.setdefault(
            key,
            OwnWork(
                artifact_id=artifact.id,
                title=artifact.file_name or artifact.url or "",
                assignment_title=attempt.submission.assignment.title,
                handed_in_at=attempt.submitted_at or attempt.created_at,
                size_bytes=artifact.size_bytes,
            ),
        )
    return list(found.values())


def list_own_awards(session: Session, *, person_id: int, asked: Asked) -> list[Award]:
    """Return the awards whose public page a learner can hand in, if the LMS takes links."""
    if "link" not in asked.types:
        return []
    return [award for award in list_awards(session, person_id) if award.revoked_at is None]


def hand_over(session: Session, request: DeepLinkRequest, item: str, *, now: datetime) -> Handover:
    """Hand over one's own artifact (`artifact-7`) or award (`award-3`), and write that down.

    Raises: `NotFoundError` if it is not the learner's own, or not what the LMS takes.
    """
    kind, _, number = item.partition("-")
    key = int(number) if ROW_ID.fullmatch(number) else 0
    asked = read_asked(request.settings)
    handover = Handover(
        institution_id=request.institution_id,
        request_id=request.id,
        person_id=request.person_id,
        created_at=now,
        expires_at=now + FILE_LIFETIME,
    )
    if kind == "artifact":
        handover.artifact = _get_own_artifact(session, request, key, asked)
    elif kind == "award":
        handover.award = _get_own_award(session, request, key, asked)
    else:
        raise _not_yours()
    session.add(handover)
    session.flush()
    audit.record(
        session,
        request.institution_id,
        actor=f"person:{request.person_id}",
        action=f"{kind}.handed_over",
        subject=f"{kind}:{key}",
        facts={"handover_id": handover.id, "course_id": request.course_id},
        now=now,
    )
    return handover


def get_handover(session: Session, handover_id: int, request: DeepLinkRequest) -> Handover:
    """Return what was chosen in this selection.

    Raises: `NotFoundError`.
    """
    found = session.get(Handover, handover_id)
    if found is None or found.request_id != request.id:
        raise NotFoundError("There is nothing like this in your selection. Choose again.")
    return found


def seal_file(handover: Handover, *, secret: str) -> str:
    """Return the part of a file's address that nobody can guess; it serves nothing else."""
    return str(URLSafeSerializer(secret, salt=PURPOSE).dumps(handover.id))


def get_sealed_file(session: Session, sealed: str, *, secret: str, now: datetime) -> Artifact:
    """Return the file behind such an address, as long as it is good.

    It ends with the connection to the LMS, too.
    Raises: `NotFoundError`, whether it was forged, has run out, or never was.
    """
    try:
        handover_id = URLSafeSerializer(secret, salt=PURPOSE).loads(sealed)
    except BadSignature as error:
        raise _run_out() from error
    found = session.scalar(
        select(Handover)
        .join(DeepLinkRequest, DeepLinkRequest.id == Handover.request_id)
        .join(Deployment, Deployment.id == DeepLinkRequest.deployment_pk)
        .join(Platform, Platform.id == Deployment.platform_id)
        .where(
            Handover.id == handover_id,
            Handover.expires_at > now,
            Deployment.status == DeploymentStatus.ACTIVE,
            Platform.status == PlatformStatus.ACTIVE,
        )
    )
    if found is None or found.artifact is None:
        raise _run_out()
    return found.artifact


def _own_artifacts(person_id: int, institution_id: int) -> Select[Artifact]:
    return (
        select(Artifact)
        .join(Artifact.attempt)
        .join(Attempt.submission)
        .where(
            is_author(person_id),
            Artifact.institution_id == institution_id,
            Artifact.scan_state != ScanState.INFECTED,
            Artifact.deleted_at.is_(None),
            Attempt.submitted_at.is_not(None),
        )
        .options(
            contains_eager(Artifact.attempt)
            .contains_eager(Attempt.submission)
            .joinedload(Submission.assignment)
        )
    )


def _is_taken(artifact: Artifact, asked: Asked) -> bool:
    if artifact.kind is ArtifactKind.FILE:
        return asked.takes_file(artifact.media_type)
    return artifact.kind is ArtifactKind.LINK and "link" in asked.types


def _get_own_artifact(
    session: Session, request: DeepLinkRequest, artifact_id: int, asked: Asked
) -> Artifact:
    own = _own_artifacts(request.person_id, request.institution_id)
    artifact = session.scalar(own.where(Artifact.id == artifact_id))
    if artifact is None or not _is_taken(artifact, asked):
        raise _not_yours()
    return artifact


def _get_own_award(
    session: Session, request: DeepLinkRequest, award_id: int, asked: Asked
) -> Award:
    own = list_own_awards(session, person_id=request.person_id, asked=asked)
    award = next((each for each in own if each.id == award_id), None)
    if award is None:
        raise _not_yours()
    return award


def _not_yours() -> NotFoundError:
    return NotFoundError("There is no such work of yours that this homework takes.")


def _run_out() -> NotFoundError:
    return NotFoundError("This address has run out. Choose the file again in the LMS.")
