"""Files sent piece by piece, by a script: the tus protocol, each answer for a script."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from socket import socket
from threading import BoundedSemaphore, Lock
from typing import IO, NoReturn, cast

import structlog
from flask import Blueprint, Response, current_app, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import (
    BadRequest,
    LengthRequired,
    PreconditionFailed,
    ServiceUnavailable,
    UnsupportedMediaType,
)
from werkzeug.http import http_date

from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.principal import Role, current_principal
from app.core.problems import answers_problems, problem
from app.core.uploads import accepts_uploads
from app.evidence import tus
from app.evidence.intake import MEGABYTE, largest_file_bytes
from app.evidence.pieces import CHECKSUMS, Checksum, Piece, watched
from app.evidence.storage import Storage, StorageUnavailableError, open_storage
from app.evidence.upload_models import Upload
from app.evidence.upload_receiving import finish_upload
from app.evidence.uploads import (
    Announced,
    OffsetError,
    UploadBusyError,
    begin_upload,
    claim_upload,
    count_piece,
    end_upload,
    get_upload,
    give_claim_back,
    renew_claim,
)
from app.mapping.models import Assignment
from app.mapping.service import get_assignment
from app.settings import Settings

log = structlog.get_logger()
bp = Blueprint("uploads", __name__)

UPLOADS = "/courses/<int:course_id>/assignments/<int:assignment_id>/uploads"
UPLOAD = f"{UPLOADS}/<token>"
# Of one web process: fewer than it has threads (deploy/gunicorn.conf.py), or no page would come.
MAX_STREAMS = 4
# A line that brings nothing for so long is given up; what came is kept.
SILENT_SECONDS = 20
AGAIN_SECONDS = 2

# Of these, of one learner: nobody keeps the others waiting.
MAX_STREAMS_EACH = 2

_streams = BoundedSemaphore(MAX_STREAMS)
_of_each: Counter[int] = Counter()
_counting = Lock()


@bp.app_template_global()
def largest_upload_mb(assignment: Assignment) -> int:
    """Return how large a file may be that a script sends, for the page that says so."""
    return largest_file_bytes(assignment, _settings().max_resumable_bytes) // MEGABYTE


@bp.before_request
def check_version() -> None:
    """Refuse a script that speaks another version of the protocol."""
    if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != tus.VERSION:
        raise PreconditionFailed(f"Tus-Resumable must be {tus.VERSION}.")


@bp.after_request
def say_version(response: Response) -> Response:
    """Say the version in every answer, refusals too."""
    response.headers["Tus-Resumable"] = tus.VERSION
    response.headers["Tus-Version"] = tus.VERSION
    return response


@bp.route(UPLOADS, methods=["OPTIONS"])
@answers_problems
@requires(Role.LEARNER)
def options(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Say what of the protocol is spoken here."""
    get_assignment(db.session(), assignment_id, course_id=course_id)
    return _answer(
        204,
        {
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Max-Size": _settings().max_resumable_bytes,
            "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
        },
    )


@bp.post(UPLOADS)
@answers_problems
@requires(Role.LEARNER)
def create(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Make room for a file that is going to be sent."""
    announced = _announced()
    with transaction() as session:
        upload = begin_upload(
            session,
            get_assignment(session, assignment_id, course_id=course_id),
            announced,
            learner_id=current_principal().person_id,
            max_bytes=_settings().max_resumable_bytes,
            quota_bytes=_settings().learner_quota_bytes,
            now=utcnow(),
        )
        headers, token = _facts(upload), upload.token
    place = url_for(".add", course_id=course_id, assignment_id=assignment_id, token=token)
    return _answer(201, {**headers, "Location": place})


@bp.route(UPLOAD, methods=["HEAD"])
@answers_problems
@requires(Role.LEARNER)
def look(course_id: int, assignment_id: int, token: str) -> ResponseReturnValue:
    """Say how much has arrived."""
    upload = _own(db.session(), course_id, assignment_id, token)
    return _answer(200, {**_facts(upload), "Cache-Control": "no-store"})


@bp.patch(UPLOAD)
@answers_problems
@accepts_uploads
@requires(Role.LEARNER)
def add(course_id: int, assignment_id: int, token: str) -> ResponseReturnValue:
    """Keep a piece as it arrives; with the last one the file becomes part of the draft."""
    if request.mimetype != tus.PIECE_TYPE:
        raise UnsupportedMediaType(f"A piece is sent as {tus.PIECE_TYPE}.")
    if request.content_length is None:
        raise LengthRequired("A piece says how long it is.")
    offset = _number("Upload-Offset")
    checksum = _checksum()
    with _one_stream(current_principal().person_id):
        try:
            claimed = _claim(course_id, assignment_id, token, offset)
        except UploadBusyError as error:
            return _later(423, "In use", str(error))
        except OffsetError as error:
            answer = problem(409, "Not the next piece", str(error), offset=error.offset)
            answer.headers["Upload-Offset"] = str(error.offset)
            return answer
        if claimed.claim is None:  # it was finished before, and the answer was lost on its way
            return _answer(204, claimed.headers)
        return _keep(claimed, claimed.claim, course_id, assignment_id, checksum)


@bp.delete(UPLOAD)
@answers_problems
@requires(Role.LEARNER)
def end(course_id: int, assignment_id: int, token: str) -> ResponseReturnValue:
    """Forget an upload that is not wanted any more; its bytes are deleted by the next tidying."""
    with transaction() as session:
        end_upload(session, _own(session, course_id, assignment_id, token), now=utcnow())
    return _answer(204, {})


@dataclass(frozen=True)
class Claimed:
    """What is known of an upload while a piece of it is read: no transaction is open then.

    `claim`: `None` if it was finished before. `number`: of the next part.
    """

    upload_id: int
    claim: str | None
    storage_key: str
    number: int
    headers: dict[str, object]


def _claim(course_id: int, assignment_id: int, token: str, offset: int) -> Claimed:
    with transaction() as session:
        now = utcnow()
        upload = _own(session, course_id, assignment_id, token)
        claim = None
        if upload.finished_at is None or offset != upload.size_bytes:
            size = request.content_length or 0
            claim = claim_upload(session, upload, offset=offset, size_bytes=size, now=now)
        number = upload.parts + 1
        return Claimed(upload.id, claim, upload.storage_key, number, _facts(upload))


def _keep(
    claimed: Claimed, claim: str, course_id: int, assignment_id: int, checksum: Checksum | None
) -> Response:
    upload_id, is_held = claimed.upload_id, True

    def renew() -> None:
        with transaction() as session:
            renew_claim(session, upload_id, claim, now=utcnow())

    size = request.content_length or 0
    piece = Piece(request.stream, size, renew=renew, checksum=checksum)
    try:
        body = cast("IO[bytes]", piece)
        with watched(piece, _line()):
            kept = _storage().put_part(claimed.storage_key, claimed.number, body) if size else 0
        if not piece.is_sound:
            return problem(tus.CHECKSUM_MISMATCH, "Checksum mismatch", "Send this piece again.")
        with transaction() as session:
            upload = count_piece(session, upload_id, claim, kept_bytes=kept, now=utcnow())
            headers, is_held = _facts(upload), upload.claim is not None
        if is_held:
            finish_upload(_storage(), upload_id, claim, course_id, assignment_id)
            is_held = False
    except (OSError, StorageUnavailableError) as error:
        errno = error.errno if isinstance(error, OSError) else None
        log.warning("storage failed", cause=type(error).__name__, errno=errno)
        words = "The storage does not take anything just now. What arrived before is safe."
        return _later(503, "Storage unavailable", f"{words} The sending goes on by itself.")
    finally:
        if is_held:
            with transaction() as session:
                give_claim_back(session, upload_id, claim)
    answer = _answer(204, headers)
    if piece.is_cut:
        answer.headers["Connection"] = "close"  # or the server reads what it has given up
    return answer


@contextmanager
def _one_stream(person_id: int) -> Iterator[None]:
    """Take one of the places of this process, and do not wait for a line that is dead."""
    with _counting:
        if _of_each[person_id] >= MAX_STREAMS_EACH or not _streams.acquire(blocking=False):
            raise ServiceUnavailable(
                "Many files are being sent just now. Yours goes on in a moment.",
                retry_after=AGAIN_SECONDS,
            )
        _of_each[person_id] += 1
    line = _line()
    before = line.gettimeout() if line is not None else None
    try:
        if line is not None:
            line.settimeout(SILENT_SECONDS)
        yield
    finally:
        if line is not None:
            line.settimeout(before)
        _streams.release()
        with _counting:
            _of_each[person_id] -= 1
            if not _of_each[person_id]:
                del _of_each[person_id]


def _line() -> socket | None:
    """Return the connection itself, where the server gives it away."""
    environ = request.environ
    return environ.get("gunicorn.socket") or environ.get("werkzeug.socket")


def _own(session: Session, course_id: int, assignment_id: int, token: str) -> Upload:
    assignment = get_assignment(session, assignment_id, course_id=course_id)
    learner_id = current_principal().person_id
    return get_upload(
        session, token, assignment_id=assignment.id, learner_id=learner_id, now=utcnow()
    )


def _announced() -> Announced:
    size = _number("Upload-Length")
    try:
        metadata = tus.read_metadata(request.headers.get("Upload-Metadata"))
        criterion = metadata.get("criterion")
        criterion_id = tus.read_number("criterion", criterion) if criterion else None
    except tus.HeaderError as error:
        _refuse(error)
    return Announced(metadata.get("filename", ""), size, criterion_id)


def _number(name: str) -> int:
    try:
        return tus.read_number(name, request.headers.get(name))
    except tus.HeaderError as error:
        _refuse(error)


def _checksum() -> Checksum | None:
    header = request.headers.get("Upload-Checksum")
    try:
        return Checksum(header) if header else None
    except ValueError as error:
        raise BadRequest(f"Upload-Checksum: {error}.") from error


def _refuse(error: tus.HeaderError) -> NoReturn:
    raise BadRequest(str(error)) from error


def _facts(upload: Upload) -> dict[str, object]:
    headers: dict[str, object] = {
        "Upload-Offset": upload.received_bytes,
        "Upload-Length": upload.size_bytes,
    }
    if upload.finished_at is None:
        headers["Upload-Expires"] = http_date(upload.expires_at)
    return headers


def _answer(status: int, headers: dict[str, object]) -> Response:
    response = Response(status=status)
    for name, value in headers.items():
        response.headers[name] = str(value)
    return response


def _later(code: int, title: str, message: str) -> Response:
    answer = problem(code, title, message)
    answer.headers["Retry-After"] = str(AGAIN_SECONDS)
    return answer


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["assay.settings"])


def _storage() -> Storage:
    return open_storage(_settings())
