"""What is known of malware in learners' files, and whom that keeps from which of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, func, select, text, update
from sqlalchemy.orm import Session, aliased, joinedload

from app.core import audit
from app.core.errors import ForbiddenError, InvalidError, NotFoundError, UnavailableError
from app.evidence.models import UNSCANNED, Artifact, Attempt, ScanState, Submission
from app.evidence.scanning import Finding

SCANNER = "scanner"


class InfectedWorkError(InvalidError):
    """Something harmful would be handed in."""


@dataclass(frozen=True)
class Backlog:
    """How many files of an institution wait to be checked, and since when the first does."""

    count: int
    oldest_at: datetime | None


def list_unscanned_keys(session: Session, *, limit: int) -> list[str]:
    """Return storage keys that a scanner has not looked at, what somebody waits for first.

    Two artifacts may share one stored file; it is looked at once.
    """
    keys: dict[str, None] = {}
    for state in (ScanState.WAITING, ScanState.INFECTED, ScanState.NOT_SCANNED):
        found = session.scalars(
            select(Artifact.storage_key)
            .where(text(UNSCANNED), Artifact.scan_state == state, Artifact.deleted_at.is_(None))
            .order_by(Artifact.id)
            .limit(limit)
        )
        keys.update(dict.fromkeys(key for key in found if key is not None))
    return list(keys)[:limit]


def record_finding(session: Session, key: str, finding: Finding, *, now: datetime) -> None:
    """Write down what a scanner said of a stored file, for every artifact that names it.

    What is found, and what turns out to be harmless after all, is audited.
    """
    artifacts = list(
        session.scalars(
            select(Artifact)
            .where(Artifact.storage_key == key)
            .options(joinedload(Artifact.attempt))
            .order_by(Artifact.id)
            .with_for_update(of=Artifact)
        )
    )
    for artifact in artifacts:
        was = artifact.finding
        artifact.scan_state = finding.state
        artifact.scanned_at = now
        artifact.finding = finding.name or None
        if artifact.finding == was:
            continue
        audit.record(
            session,
            artifact.institution_id,
            actor=SCANNER,
            action="artifact.quarantined" if finding.name else "artifact.released",
            subject=f"submission:{artifact.attempt.submission_id}",
            facts={
                "artifact_id": artifact.id,
                "sha256": artifact.sha256,
                "finding": finding.name or was,
            },
            now=now,
        )
    session.flush()


def ask_again(
    session: Session, artifact_id: int, *, institution_id: int, actor: str, now: datetime
) -> None:
    """Let the scanner look again at a file that it took for malware.

    Raises: `NotFoundError`; `InvalidError` if it is not in quarantine.
    """
    artifact = session.scalar(
        select(Artifact).where(
            Artifact.id == artifact_id, Artifact.institution_id == institution_id
        )
    )
    if artifact is None:
        raise NotFoundError("There is no such file.")
    if artifact.scan_state is not ScanState.INFECTED:
        raise InvalidError("This file is not in quarantine; there is nothing to check again.")
    session.execute(
        # It stays what it is to everybody until the scanner has said otherwise.
        update(Artifact).where(Artifact.storage_key == artifact.storage_key).values(scanned_at=None)
    )
    audit.record(
        session,
        institution_id,
        actor=actor,
        action="artifact.checked_again",
        subject=f"artifact:{artifact.id}",
        facts={"sha256": artifact.sha256, "finding": artifact.finding},
        now=now,
    )


def list_quarantined(session: Session, *, institution_id: int, limit: int = 100) -> list[Artifact]:
    """Return the files of an institution that are in quarantine, the newest first."""
    return list(
        session.scalars(
            select(Artifact)
            .where(
                Artifact.institution_id == institution_id,
                Artifact.scan_state == ScanState.INFECTED,
                Artifact.deleted_at.is_(None),
            )
            .options(
                joinedload(Artifact.attempt)
                .joinedload(Attempt.submission)
                .joinedload(Submission.assignment)
            )
            .order_by(Artifact.id.desc())
            .limit(limit)
        )
    )


def find_backlog(session: Session, *, institution_id: int) -> Backlog:
    """Return how many files wait to be checked."""
    count, oldest_at = session.execute(
        select(func.count(), func.min(Artifact.created_at)).where(
            text(UNSCANNED),
            Artifact.institution_id == institution_id,
            Artifact.deleted_at.is_(None),
        )
    ).one()
    return Backlog(count, oldest_at)


def list_scan_marks(session: Session, submission_ids: Sequence[int]) -> dict[int, ScanState]:
    """Return, by submission, that malware was found in what was handed in last, or may still be.

    In one statement, for a page of a queue.
    """
    if not submission_ids:
        return {}
    later = aliased(Attempt)
    was_followed = exists().where(
        later.submission_id == Attempt.submission_id,
        later.number > Attempt.number,
        later.submitted_at.is_not(None),
        later.withdrawn_at.is_(None),
    )
    rows = session.execute(
        select(Attempt.submission_id, Artifact.scan_state)
        .join(Artifact, Artifact.attempt_id == Attempt.id)
        .where(
            Attempt.submission_id.in_(submission_ids),
            and_(Attempt.submitted_at.is_not(None), Attempt.withdrawn_at.is_(None)),
            ~was_followed,
            Artifact.scan_state.in_([ScanState.INFECTED, ScanState.WAITING]),
        )
        .distinct()
    )
    marks: dict[int, ScanState] = {}
    for submission_id, state in rows:
        if marks.get(submission_id) is not ScanState.INFECTED:
            marks[submission_id] = state
    return marks


def require_safe(artifact: Artifact, *, is_author: bool) -> None:
    """Refuse a file that may not be opened: by anybody, or by others than its authors.

    Raises: `ForbiddenError` if it is in quarantine; `UnavailableError` while it
        waits to be checked; `NotFoundError` if its content was deleted.
    """
    if artifact.deleted_at is not None:
        raise NotFoundError(
            "The content of this file was deleted as the rules for keeping work say; "
            "its name and its digest are kept."
        )
    if artifact.scan_state is ScanState.INFECTED:
        raise ForbiddenError(
            # No name: whoever assesses anonymously may not read the file's, either.
            "This file is locked away: the malware scanner found something harmful in it. "
            "Nobody can open it. Its learner can hand in a clean copy."
        )
    if artifact.scan_state is ScanState.WAITING and not is_author:
        raise UnavailableError(
            "This file is still being checked for malware, which usually takes less than a "
            "minute. Until then only the learner can open it, so that a harmful file reaches "
            "nobody else. Load the page again in a moment."
        )


def refuse_infected(artifacts: Sequence[Artifact]) -> None:
    """Refuse to hand in what is in quarantine. Raises: `InfectedWorkError` naming the files."""
    names = [f"“{a.file_name}”" for a in artifacts if a.scan_state is ScanState.INFECTED]
    if names:
        raise InfectedWorkError(
            f"The malware scanner found something harmful in {', '.join(names)}. "
            "Remove it from your draft and add a clean copy; the rest of your work is safe."
        )
