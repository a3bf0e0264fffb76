"""What the worker does with files that wait to be checked for malware."""

import time
from datetime import datetime

from flask import current_app
from structlog import get_logger

from app.core.db import db, transaction
from app.core.errors import NotFoundError
from app.evidence.models import ScanState
from app.evidence.quarantine import list_unscanned_keys, record_finding
from app.evidence.scanning import Finding, OddAnswerError, Scanner, check_file, find_scanner
from app.evidence.storage import Storage, open_storage

log = get_logger()

JOB_NAME = "scan"
# In one turn; more are left to the next, so that other jobs have theirs.
BATCH = 200
TURN_SECONDS = 20.0


def scan_files(now: datetime) -> None:
    """Look at the files that nobody has looked at, and lock away what is harmful.

    Without a scanner nothing is done. One that was configured later looks at
    all that came before it, too.
    Raises: `ScannerUnavailableError`, `StorageUnavailableError`; what was not
        looked at waits for the next turn.
    """
    settings = current_app.extensions["assay.settings"]
    scanner = find_scanner(settings)
    if scanner is None:
        return
    storage = open_storage(settings)
    keys = list_unscanned_keys(db.session(), limit=BATCH)
    db.session().rollback()  # looking takes time: nothing is held open meanwhile
    ends_at = time.monotonic() + TURN_SECONDS
    stumbled: OddAnswerError | None = None
    for key in keys:
        if time.monotonic() >= ends_at:
            break
        try:
            finding = _look_at(storage, scanner, key)
        except OddAnswerError as error:
            log.warning("file cannot be scanned", storage_key=key, answer=str(error))
            stumbled = error
            continue
        with transaction() as session:
            record_finding(session, key, finding, now=now)
        if finding.state is ScanState.INFECTED:
            log.warning("malware found", storage_key=key, finding=finding.name)
    if stumbled is not None:
        raise stumbled


def _look_at(storage: Storage, scanner: Scanner, key: str) -> Finding:
    """Check one file, and move it to where it belongs before anybody is told.

    It may lie in quarantine: a second look was asked for, or the program died
    between moving it and writing that down.
    """
    try:
        stream = storage.open(key)
        is_locked = False
    except NotFoundError:
        try:
            stream = storage.open_quarantined(key)
        except NotFoundError:
            log.warning("file to be scanned is missing", storage_key=key)
            return Finding(ScanState.NOT_SCANNED)
        is_locked = True
    with stream:
        finding = check_file(scanner, stream)
    if finding.state is ScanState.INFECTED and not is_locked:
        storage.quarantine(key)
    if finding.state is ScanState.CLEAN and is_locked:
        storage.release(key)
    return finding
