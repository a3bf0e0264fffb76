"""From a learner's form to the draft: each field judged by itself, then kept as one."""

from collections.abc import Mapping

from flask_babel import gettext as _

from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.evidence.allowance import count_bytes
from app.evidence.drafts import (
    MAX_LINKS,
    TOO_MANY_LINKS,
    StaleDraftError,
    find_draft,
    list_files,
    list_unused_keys,
)
from app.evidence.forms import LinkRow, LinksField, PartForm, WorkForm, largest_file
from app.evidence.intake import SentLink, SentPart, Work, receive_files
from app.evidence.models import ArtifactKind, Attempt, ScanState, Submission
from app.evidence.parts import list_of_part
from app.evidence.service import begin_from_earlier, save_draft, submit_attempt
from app.evidence.signing import digest_of, sign
from app.evidence.storage import Storage
from app.evidence.texts import clean_link, clean_text, drop_controls
from app.mapping.models import Assignment

MAX_NOTE = 300
MAX_SHOWN = 200
CLOSED = (
    "Your work is already handed in, perhaps from another window; nothing of it was changed. "
    "What you typed here was not saved."
)


def receive(
    form: WorkForm,
    assignment: Assignment,
    submission: Submission | None,
    storage: Storage,
    *,
    learner_id: int,
    max_file_bytes: int,
    quota_bytes: int,
    scan_state: ScanState,
) -> Work:
    """Take what is right of what was sent; what is wrong is said at its field."""
    owner_id = submission.learner_id if submission else learner_id
    kept_bytes = count_bytes(db.session(), owner_id)
    draft = find_draft(submission)
    removed_id = form.remove.data
    removed = next((file for file in list_files(draft) if file.id == removed_id), None)
    most = largest_file(assignment, max_file_bytes)
    parts = []
    for part in form.parts:
        files = receive_files(
            storage,
            assignment,
            (part.files.data or []) if "files" in part else [],
            room=_room(assignment, draft, part, removed_id),
            max_file_bytes=most,
            quota_bytes=quota_bytes,
            kept_bytes=kept_bytes,
            scan_state=scan_state,
        )
        kept_bytes += sum(file.stored.size_bytes for file in files.files)
        form.is_unavailable = form.is_unavailable or files.is_storage_away
        if files.problems:
            part.files.errors = [*part.files.errors, " ".join(files.problems)]
        links, text = _read_links(part), _read_text(part)
        parts.append(SentPart(part.criterion_id, files.files, links, text))
    return Work(
        parts,
        removed_id,
        removed.storage_key if removed else None,
        seen=form.keep_mine.data or form.seen.data or None,
    )


def receive_typed(form: WorkForm) -> Work:
    """Take what was typed only, as it is saved while somebody types on."""
    parts = [
        SentPart(part.criterion_id, (), _read_links(part), _read_text(part)) for part in form.parts
    ]
    return Work(parts, seen=form.seen.data or None)


def keep(
    form: WorkForm, assignment: Assignment, sent: Work, storage: Storage, *, learner_id: int
) -> str:
    """Save or hand in, in one transaction; return what to tell the learner.

    Raises: as `service.save_draft` and `submit_attempt`; of a stale page's work
        (`StaleDraftError`) the files are kept, for a page cannot show them again.
    """
    message: str = _("Your draft is saved. Nobody sees it until you hand it in.")
    if sent.removed_id is not None:
        message = _("Removed from your draft.")
    try:
        with transaction() as session:
            now = utcnow()
            if form.hand_in.data and not form.errors:
                submit_attempt(
                    session,
                    assignment,
                    sent,
                    learner_id=learner_id,
                    signed_statement=assignment.statement,
                    without=form.without.data or () if "without" in form else (),
                    now=now,
                )
                message = _("Your work is handed in. The receipt is below.")
            elif form.keep_earlier.data:
                begin_from_earlier(session, assignment, sent, learner_id=learner_id, now=now)
                message = _("What you handed in before is in your draft. You can change it now.")
            elif not save_draft(session, assignment, sent, learner_id=learner_id, now=now):
                message = _("There is nothing to save yet.")
            elif form.sign.data and not form.errors:
                is_same = form.sign.data == digest_of(assignment.statement)
                words = assignment.statement if is_same else ""
                sign(session, assignment, learner_id=learner_id, statement=words, now=now)
                message = _("You have signed the statement for this attempt.")
    except StaleDraftError:
        if sent.files:
            with transaction() as session:
                only = sent.only_files()
                save_draft(session, assignment, only, learner_id=learner_id, now=utcnow())
        raise
    finally:
        for key in list_unused_keys(db.session(), sent.storage_keys):
            storage.delete(key)
    return message


def describe_unkept(form: WorkForm) -> str:
    """Say what of a form was not kept, with what was typed, to whoever goes on all the same."""
    typed = [
        part.link.data[index].url[:MAX_SHOWN]
        for part in form.parts
        if "link" in part
        for index in part.link.row_errors
        if index < len(part.link.data or ())
    ]
    said = [str(field.errors[0]) for field in form if field.errors]
    words: str = _("This was not kept in your draft: %(what)s", what=" ".join([*typed, *said]))
    return words


def has_typed(sent: Mapping[str, str]) -> bool:
    """Return whether a form holds words that would be lost if nobody showed them again."""
    return any(
        value.strip() and name.rpartition("-")[2] in {"text", "link", "link_note"}
        for name, value in sent.items()
    )


def _room(
    assignment: Assignment, draft: Attempt | None, part: PartForm, removed_id: int | None
) -> int:
    files = list_of_part(draft, ArtifactKind.FILE, part.criterion_id)
    return assignment.max_files - len([file for file in files if file.id != removed_id])


def _read_links(part: PartForm) -> list[SentLink] | None:
    """Read the rows; one bad row keeps the draft's links as they are, and the page all rows."""
    if "link" not in part:
        return None
    field: LinksField = part.link
    links: dict[str, SentLink] = {}
    for index, row in enumerate(field.data or ()):
        try:
            link = _read_row(row)
        except InvalidError as error:
            field.point_out(index, str(error))
        else:
            links.setdefault(link.url, link)
    if len(links) > MAX_LINKS:
        field.point_out(0, TOO_MANY_LINKS)
    return None if field.errors else list(links.values())


def _read_row(row: LinkRow) -> SentLink:
    note = " ".join(drop_controls(row.note).split())
    if len(note) > MAX_NOTE:
        raise InvalidError(f"What you call the link may be {MAX_NOTE} characters long at most.")
    if not row.url.strip():
        raise InvalidError("The link itself is missing.")
    return SentLink(clean_link(row.url), note)


def _read_text(part: PartForm) -> str | None:
    if "text" not in part or part.text.errors:
        return None
    try:
        return clean_text(part.text.data or "")
    except InvalidError as error:
        part.text.errors = [*part.text.errors, str(error)]
        return None
