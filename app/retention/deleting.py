"""Delete what has been kept long enough, and leave the proof.

Rows say first that their content is gone, then the bytes go: whoever is stopped
half way leaves bytes that the next run takes, and never a row that promises what
is not there.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.assessment.dialogue_models import Appeal, SubmissionMessage
from app.assessment.models import Assessment, Rating
from app.core import audit
from app.core.errors import ConflictError, NotFoundError
from app.evidence.consent_models import Disclosure, RedactedCopy
from app.evidence.hold_models import HeldArtifact
from app.evidence.holding import find_hold
from app.evidence.models import Artifact, Attempt, Submission
from app.evidence.storage import Storage
from app.retention.holds import take_turn
from app.retention.models import DeletionProof, DeletionRun
from app.retention.planning import Due, digest_plan, iterate_due

CHUNK = 200


@dataclass(frozen=True)
class Plan:
    """What would be deleted now, and what is held. `digest`: over what would be deleted."""

    due: tuple[Due, ...]
    digest: str

    @property
    def free(self) -> list[Due]:
        """What nothing holds."""
        return [each for each in self.due if not each.held]


def make_plan(session: Session, institution_id: int, *, now: datetime) -> Plan:
    """Return what has been kept long enough; reads only."""
    due = tuple(iterate_due(session, institution_id, now=now))
    return Plan(due, digest_plan(due))


def delete_due(
    session: Session,
    institution_id: int,
    *,
    confirmed: str | None,
    actor: str,
    now: datetime,
) -> DeletionRun | None:
    """Delete everything that is due and not held; `None` if there is nothing.

    Two that run at once take turns, and the second finds what the first has left.

    `confirmed`: the digest of the plan that somebody has looked at; `None` where the
    institution lets the worker do it. Bytes are left to `sweep_bytes`.
    Raises: `ConflictError` if the plan is another one by now.
    """
    take_turn(session, institution_id)
    plan = make_plan(session, institution_id, now=now)
    if confirmed is not None and plan.digest != confirmed:
        raise ConflictError(
            "What is due has changed since the plan was made. Make a new plan, look at it, and "
            "confirm that one."
        )
    if not plan.free:
        return None
    counts: dict[str, int] = {}
    for each in plan.free:
        counts[each.class_key] = counts.get(each.class_key, 0) + 1
    run = DeletionRun(institution_id=institution_id, at=now, counts=counts, digest=plan.digest)
    session.add(run)
    session.flush()
    free = plan.free
    for start in range(0, len(free), CHUNK):
        _delete(session, run, free[start : start + CHUNK], now=now)
    audit.record(
        session,
        institution_id,
        actor=actor,
        action="retention.deleted",
        subject=f"deletion_run:{run.id}",
        facts={"digest": run.digest, "counts": counts},
        now=now,
    )
    return run


def list_unswept(session: Session, *, limit: int = 1000) -> Sequence[Artifact]:
    """Return artifacts whose content is deleted and whose bytes may still be there."""
    return session.scalars(
        select(Artifact)
        .where(Artifact.deleted_at.is_not(None), Artifact.storage_key.is_not(None))
        .order_by(Artifact.id)
        .limit(limit)
    ).all()


def sweep_bytes(session: Session, storage: Storage, artifacts: Iterable[Artifact]) -> int:
    """Delete the bytes of deleted artifacts; return how many files went.

    A stored file that another artifact refers to goes with the last one.
    """
    gone = 0
    for artifact in artifacts:
        key = artifact.storage_key or ""
        if not _is_referred_to(session, key):
            storage.delete(key)
            gone += 1
        artifact.storage_key = None
        session.flush()
    return gone


def drop_released(session: Session, storage: Storage) -> int:
    """Delete what learners took out of drafts under holds that are lifted; return how many files.

    They have deleted it themselves, so there is no proof of it.
    """
    gone = 0
    for submission_id in session.scalars(select(HeldArtifact.submission_id).distinct()).all():
        if find_hold(session, session.get_one(Submission, submission_id)) is not None:
            continue
        held = session.scalars(
            select(HeldArtifact).where(HeldArtifact.submission_id == submission_id)
        ).all()
        for each in held:
            session.delete(each)
            session.flush()
            if each.storage_key and not _is_referred_to(session, each.storage_key):
                storage.delete(each.storage_key)
                gone += 1
    return gone


def prove(session: Session, run_id: int, *, institution_id: int) -> DeletionRun:
    """Return a run whose proofs come to the digest that was written down.

    Raises: `NotFoundError`; `ConflictError` if they do not.
    """
    run = session.get(DeletionRun, run_id)
    if run is None or run.institution_id != institution_id:
        raise NotFoundError("There is no such run.")
    digest = hashlib.sha256()
    for proof in session.scalars(
        select(DeletionProof).where(DeletionProof.run_id == run.id).order_by(DeletionProof.id)
    ):
        line = f"{proof.class_key}\t{proof.subject}\t{proof.sha256 or '-'}\n"
        digest.update(line.encode())
    if digest.hexdigest() != run.digest:
        raise ConflictError("The proofs of this run do not come to its digest: one was changed.")
    return run


def _delete(session: Session, run: DeletionRun, chunk: Sequence[Due], *, now: datetime) -> None:
    session.add_all(
        DeletionProof(
            run_id=run.id,
            class_key=each.class_key,
            subject=each.subject,
            sha256=each.sha256,
            due_at=each.due_at,
        )
        for each in chunk
    )
    by_kind: dict[str, list[int]] = {}
    for each in chunk:
        by_kind.setdefault(each.subject.partition(":")[0], []).append(each.row_id)
    session.execute(
        update(Artifact)
        .where(Artifact.id.in_(by_kind.get("artifact", [])))
        .values(deleted_at=now, text=None, url=None, title=None, note=None, final_host=None)
    )
    session.execute(
        # A copy goes with its artifact.
        update(RedactedCopy)
        .where(
            or_(
                RedactedCopy.id.in_(by_kind.get("redacted_copy", [])),
                RedactedCopy.artifact_id.in_(by_kind.get("artifact", [])),
            ),
            RedactedCopy.deleted_at.is_(None),
        )
        .values(deleted_at=now)
    )
    _empty_words(session, by_kind.get("submission", []))
    session.execute(delete(Disclosure).where(Disclosure.id.in_(by_kind.get("disclosure", []))))
    session.flush()


def _empty_words(session: Session, submission_ids: list[int]) -> None:
    """Take the words out of assessments, questions and appeals; levels and decisions stay."""
    attempts = select(Attempt.id).where(Attempt.submission_id.in_(submission_ids))
    assessments = select(Assessment.id).where(Assessment.attempt_id.in_(attempts))
    session.execute(update(Rating).where(Rating.assessment_id.in_(assessments)).values(comment=""))
    session.execute(
        update(Assessment)
        .where(Assessment.attempt_id.in_(attempts))
        .values(reason=None, staff_note=None)
    )
    session.execute(
        update(SubmissionMessage)
        .where(SubmissionMessage.submission_id.in_(submission_ids))
        .values(body="")
    )
    session.execute(
        update(Appeal).where(Appeal.submission_id.in_(submission_ids)).values(reason="")
    )


def _is_referred_to(session: Session, key: str) -> bool:
    artifacts = select(func.count()).where(
        Artifact.storage_key == key, Artifact.deleted_at.is_(None)
    )
    copies = select(func.count()).where(RedactedCopy.storage_key == key)
    held = select(func.count()).where(HeldArtifact.storage_key == key)
    return any(session.scalar(each) for each in (artifacts, copies, held))
