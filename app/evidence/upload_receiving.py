"""What is done with an upload that is there in whole, and with those that nobody wants."""

from datetime import datetime

from flask import current_app

from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError, InvalidError
from app.evidence.drafts import list_unused_keys
from app.evidence.intake import ReceivedFile
from app.evidence.scanning import first_state
from app.evidence.sniffing import find_media_type
from app.evidence.storage import Storage, open_storage
from app.evidence.upload_models import Upload
from app.evidence.uploads import accept_upload, end_upload, list_spent
from app.mapping.artifact_kinds import extensions_of
from app.mapping.service import get_assignment


def finish_upload(
    storage: Storage, upload_id: int, claim: str, course_id: int, assignment_id: int
) -> None:
    """Join the parts, look at what it is, and put it into the learner's draft.

    A file that can never be taken is deleted at once. One that cannot be taken
    now (the work was handed in meanwhile, the draft is full) is kept until the
    upload runs out, so that an empty piece can try again.
    Raises: as `accept_upload`; `InvalidError` if it is not what its name says.
    """
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    upload = db.session().get_one(Upload, upload_id)
    name, key, criterion_id = upload.file_name, upload.storage_key, upload.criterion_id
    extensions, parts = extensions_of(assignment.file_kinds), upload.parts
    db.session().rollback()  # joining gigabytes takes time: nothing is held open meanwhile
    stored = storage.finish(key, parts)
    try:
        with storage.open(key) as stream:
            media_type = find_media_type(stream, name, extensions=extensions)
    except InvalidError:
        with transaction() as session:
            end_upload(session, session.get_one(Upload, upload_id), now=utcnow())
        storage.delete(key)
        raise
    state = first_state(current_app.extensions["assay.settings"])
    file = ReceivedFile(name, media_type, stored, criterion_id, scan_state=state)
    try:
        _accept(upload_id, claim, file, course_id, assignment_id)
    except ConflictError:  # another window began the draft in this very moment, or it is so
        _accept(upload_id, claim, file, course_id, assignment_id)
    for unused in list_unused_keys(db.session(), frozenset({key})):
        storage.delete(unused)  # the same file was in the draft already


def tidy_uploads(now: datetime) -> None:
    """Delete uploads that have run out: first what is kept of them, then the row that names it."""
    storage = open_storage(current_app.extensions["assay.settings"])
    spent = [(upload.id, upload.storage_key) for upload in list_spent(db.session(), now=now)]
    for upload_id, key in spent:
        storage.drop_parts(key)
        for unused in list_unused_keys(db.session(), frozenset({key})):
            storage.delete(unused)
        with transaction() as session:
            session.delete(session.get_one(Upload, upload_id))


def _accept(
    upload_id: int, claim: str, file: ReceivedFile, course_id: int, assignment_id: int
) -> None:
    with transaction() as session:
        assignment = get_assignment(session, assignment_id, course_id=course_id)
        accept_upload(session, assignment, upload_id, claim, file, now=utcnow())
