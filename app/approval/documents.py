"""Documents attached to a proposal: hostile until proven, kept as the learners' files are."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.approval.eligibility import may_see, require_proposer
from app.approval.history import add_event
from app.approval.models import EventKind, Proposal, ProposalDocument
from app.core.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from app.core.principal import Principal
from app.evidence.intake import SentFile
from app.evidence.models import ScanState
from app.evidence.sniffing import find_media_type
from app.evidence.storage import Storage, StoredFile
from app.evidence.texts import clean_file_name
from app.mapping.artifact_kinds import extensions_of

KINDS = ("pdf", "image", "text", "office")
EXTENSIONS = extensions_of(KINDS)
MAX_DOCUMENTS = 20


@dataclass(frozen=True)
class ReceivedDocument:
    """A file that was accepted and is in storage, but in no row yet."""

    file_name: str
    media_type: str
    stored: StoredFile
    scan_state: ScanState


def receive_document(
    storage: Storage, sent: SentFile, *, max_file_bytes: int, scan_state: ScanState
) -> ReceivedDocument:
    """Judge a file by its bytes, and keep it.

    `scan_state`: how a file begins here (`scanning.first_state`).
    Raises: `InvalidError` naming the file and what is wrong with it.
    """
    name = clean_file_name(sent.filename or "")
    if getattr(sent.stream, "is_too_large", False) or getattr(sent.stream, "is_left_out", False):
        megabytes = max_file_bytes // (1024 * 1024)
        raise InvalidError(f"“{name}” is too large: a document may have {megabytes} MB at most.")
    media_type = find_media_type(sent.stream, name, extensions=EXTENSIONS)
    return ReceivedDocument(name, media_type, storage.put(sent.stream), scan_state)


def add_document(
    session: Session,
    proposal: Proposal,
    received: ReceivedDocument,
    principal: Principal,
    *,
    now: datetime,
) -> ProposalDocument:
    """Attach a document to one's own proposal while it can be changed.

    Raises: `ForbiddenError`, `ConflictError`; `InvalidError` if there are too many.
    """
    require_proposer(proposal, principal)
    if not proposal.is_editable:
        raise ConflictError("This proposal is in review or over, so nothing can be attached.")
    if len(proposal.current_documents) >= MAX_DOCUMENTS:
        raise InvalidError(f"At most {MAX_DOCUMENTS} documents can be attached: remove one first.")
    return attach(session, proposal, received, principal, now=now)


def attach(
    session: Session,
    proposal: Proposal,
    received: ReceivedDocument,
    principal: Principal,
    *,
    now: datetime,
) -> ProposalDocument:
    """Write down that a document belongs to a proposal; who may do so is the caller's to say."""
    document = ProposalDocument(
        institution_id=proposal.institution_id,
        proposal_id=proposal.id,
        round=proposal.round,
        file_name=received.file_name,
        media_type=received.media_type,
        size_bytes=received.stored.size_bytes,
        storage_key=received.stored.key,
        sha256=received.stored.sha256,
        scan_state=received.scan_state,
        added_by=principal.person_id,
        created_at=now,
    )
    session.add(document)
    add_event(
        session,
        proposal,
        EventKind.DOCUMENT_ADDED,
        person_id=principal.person_id,
        facts={"name": document.file_name, "sha256": document.sha256},
        now=now,
    )
    session.expire(proposal, ["documents"])
    return document


def remove_document(
    session: Session, document: ProposalDocument, principal: Principal, *, now: datetime
) -> str | None:
    """Take a document out; return the key of the file that nobody needs any more.

    What was submitted once stays, for somebody decided on it: it is only no
    longer attached, and `None` is returned.
    Raises: `ForbiddenError`, `ConflictError`.
    """
    proposal = document.proposal
    require_proposer(proposal, principal)
    if not proposal.is_editable or document.removed_at is not None:
        raise ConflictError("This document cannot be removed any more. Load the page again.")
    add_event(
        session,
        proposal,
        EventKind.DOCUMENT_REMOVED,
        person_id=principal.person_id,
        facts={"name": document.file_name, "sha256": document.sha256},
        now=now,
    )
    if document.round < proposal.round:
        document.removed_at = now
        return None
    session.delete(document)
    session.flush()
    session.expire(proposal, ["documents"])
    return document.storage_key


def get_document(
    session: Session, document_id: int, *, principal: Principal, now: datetime
) -> ProposalDocument:
    """Return a document to those who may see its proposal.

    Raises: `NotFoundError`, whether it does not exist or is not theirs to see.
    """
    document = session.get(ProposalDocument, document_id)
    if document is None or not may_see(session, document.proposal, principal, now=now):
        raise NotFoundError("There is no such document, or it is not yours to see.")
    return document


def require_safe(document: ProposalDocument, *, person_id: int) -> None:
    """Refuse a document that may not be opened: by anybody, or by others than who sent it.

    Raises: `ForbiddenError` if malware was found in it; `UnavailableError` while it
        waits to be checked.
    """
    if document.scan_state is ScanState.INFECTED:
        raise ForbiddenError(
            f"“{document.file_name}” is locked away: the malware scanner found something harmful "
            "in it. Nobody can open it. Whoever attached it can attach a clean copy."
        )
    if document.scan_state is ScanState.WAITING and document.added_by != person_id:
        raise UnavailableError(
            f"“{document.file_name}” is still being checked for malware, which usually takes less "
            "than a minute. Until then only who attached it can open it. Load the page again in a "
            "moment."
        )


def is_kept(session: Session, storage_key: str) -> bool:
    """Return whether a row names a stored file: one that none names is an orphan."""
    found = session.scalar(
        select(ProposalDocument.id).where(ProposalDocument.storage_key == storage_key).limit(1)
    )
    return found is not None
