"""What is known of malware in the files that are kept, and whom that keeps from which of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, func, select, text, update
from sqlalchemy.orm import Session, aliased

from app.core import audit
from app.core.errors import ForbiddenError, InvalidError, NotFoundError, UnavailableError
from app.evidence.models import UNSCANNED, Artifact, Attempt, ScannedFile, ScanState
from app.evidence.scanning import Finding

SCANNER = "scanner"


class InfectedWorkError(InvalidError):
    """Something harmful would be handed in."""


@dataclass(frozen=True)
class Backlog:
    """How many files of an institution wait to be checked, and since when the first does."""

    count: int
    oldest_at: datetime | None


def list_file_tables() -> list[type[ScannedFile]]:
    """Return every table whose rows name stored files, artifacts first."""
    return ScannedFile.__subclasses__()


def list_unscanned_keys(session: Session, *, limit: int) -> list[str]:
    """Return storage keys that a scanner has not looked at, what somebody waits for first.

    Two rows may share one stored file; it is looked at once.
    """
    keys: dict[str, None] = {}
    for state in (ScanState.WAITING, ScanState.INFECTED, ScanState.NOT_SCANNED):
        for table in list_file_tables():
            found = session.scalars(
                select(table.storage_key)
                .where(text(UNSCANNED), table.scan_state == state, table.is_kept())
                .order_by(table.id)
                .limit(limit)
            )
            keys.update(dict.fromkeys(key for key in found if key is not None))
    return list(keys)[:limit]


def record_finding(session: Session, key: str, finding: Finding, *, now: datetime) -> None:
    """Write down what a scanner said of a stored file, for every row that names it.

    What is found, and what turns out to be harmless after all, is audited.
    """
    for table in list_file_tables():
        files = session.scalars(
            select(table).where(table.storage_key == key).order_by(table.id).with_for_update()
        ).all()
        for file in files:
            was = file.finding
            file.scan_state = finding.state
            file.scanned_at = now
            file.finding = finding.name or None
            if file.finding != was:
                _audit_finding(session, file, finding.name, was, now=now)
    session.flush()


def ask_again(
    session: Session,
    kind: str,
    file_id: int,
    *,
    institution_id: int,
    actor: str,
    now: datetime,
) -> None:
    """Let the scanner look again at a file that it took for malware.

    `kind`: see `ScannedFile.scanned_as`.
    Raises: `NotFoundError`; `InvalidError` if it is not in quarantine.
    """
    table = next((each for each in list_file_tables() if each.scanned_as == kind), None)
    file = session.get(table, file_id) if table else None
    if table is None or file is None or file.institution_id != institution_id:
        raise NotFoundError("There is no such file.")
    if file.scan_state is not ScanState.INFECTED:
        raise InvalidError("This file is not in quarantine; there is nothing to check again.")
    session.execute(
        # It stays what it is to everybody until the scanner has said otherwise.
        update(table).where(table.storage_key == file.storage_key).values(scanned_at=None)
    )
    audit.record(
        session,
        institution_id,
        actor=actor,
        action=f"{kind}.checked_again",
        subject=f"{kind}:{file.id}",
        facts={"sha256": file.sha256, "finding": file.finding},
        now=now,
    )


def list_quarantined(
    session: Session, *, institution_id: int, limit: int = 100
) -> list[ScannedFile]:
    """Return the files of an institution that are in quarantine, the newest first."""
    found: list[ScannedFile] = []
    for table in list_file_tables():
        found += session.scalars(
            select(table)
            .where(
                table.institution_id == institution_id,
                table.scan_state == ScanState.INFECTED,
                table.is_kept(),
            )
            .order_by(table.id.desc())
            .limit(limit)
        )
    return sorted(found, key=lambda file: (file.created_at, file.id), reverse=True)[:limit]


def find_backlog(session: Session, *, institution_id: int) -> Backlog:
    """Return how many files wait to be checked."""
    backlog = Backlog(0, None)
    for table in list_file_tables():
        count, oldest_at = session.execute(
            select(func.count(), func.min(table.created_at)).where(
                text(UNSCANNED), table.institution_id == institution_id, table.is_kept()
            )
        ).one()
        moments = [at for at in (backlog.oldest_at, oldest_at) if at is not None]
        backlog = Backlog(backlog.count + count, min(moments, default=None))
    return backlog


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


def _audit_finding(
    session: Session, file: ScannedFile, name: str, was: str | None, *, now: datetime
) -> None:
    audit.record(
        session,
        file.institution_id,
        actor=SCANNER,
        action=f"{file.scanned_as}.{'quarantined' if name else 'released'}",
        subject=file.scan_subject,
        facts={f"{file.scanned_as}_id": file.id, "sha256": file.sha256, "finding": name or was},
        now=now,
    )
