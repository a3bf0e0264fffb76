"""From the form to a learner's redacted copies: checked first, kept once all else is right."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from flask import current_app

from app.assessment.consent_forms import COPY, SHOWN, ShareForm
from app.assessment.consents import Choice, prepare_records
from app.assessment.shareable import Candidate, get_own_award
from app.awards.models import Award
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.evidence.allowance import require_allowance
from app.evidence.consent_models import ShownAs
from app.evidence.redacting import (
    CheckedCopy,
    check_copy,
    drop_unsigned,
    find_same,
    is_named,
    keep_copy,
    list_unswept_copies,
    map_copies,
    sweep_copies,
)
from app.evidence.scanning import first_state
from app.evidence.storage import Storage, StoredFile, open_storage
from app.settings import Settings

UNWANTED = (
    "You sent a redacted copy of “{name}”: choose “A redacted copy” for it, or leave the file out."
)


def check_copies(form: ShareForm, *, person_id: int) -> list[CheckedCopy]:
    """Return the redacted copies that were sent; what is wrong is said at the form."""
    checked: list[CheckedCopy] = []
    for each in form.candidates:
        sent = form[f"{COPY}{each.artifact.id}"].data
        if not sent or not getattr(sent, "filename", ""):
            continue
        if form[f"{SHOWN}{each.artifact.id}"].data != ShownAs.REDACTED.value:
            form.form_errors.append(UNWANTED.format(name=each.name))
            continue
        try:
            copy = check_copy(sent, each.artifact)
            require_allowance(
                db.session(),
                person_id,
                file_name=copy.file_name,
                size_bytes=sum(other.size_bytes for other in (copy, *checked)),
                quota_bytes=_settings().learner_quota_bytes,
            )
            checked.append(copy)
        except InvalidError as error:
            form.form_errors.append(str(error))
    return checked


def keep_choices(
    award: Award, form: ShareForm, checked: Sequence[CheckedCopy], *, now: datetime
) -> list[Choice]:
    """Keep the copies that were sent, and return what was chosen; all of it, or nothing.

    Bytes are stored before anything is locked; what no row names in the end goes again.
    Raises: as `consents.prepare_records`; then no copy is kept.
    """
    storage = _storage()
    stored: dict[int, StoredFile] = {}
    try:
        for copy in checked:
            stored[copy.artifact.id] = storage.put(copy.stream)
        with transaction() as session:
            own = get_own_award(session, award.public_id, person_id=award.person_id)
            copies = map_copies(
                session, own.person_id, [each.artifact.id for each in form.candidates]
            )
            for copy in checked:
                copies[copy.artifact.id] = find_same(
                    session, copy, person_id=own.person_id
                ) or keep_copy(
                    session,
                    copy,
                    stored[copy.artifact.id],
                    person_id=own.person_id,
                    scan_state=first_state(_settings()),
                    now=now,
                )
            choices = form.choices(copies)
            prepare_records(session, own, choices)
    finally:
        for file in stored.values():
            if not is_named(db.session(), file.key):
                storage.delete(file.key)
    sweep_own(award.person_id)
    return choices


def forget_unsigned(award: Award, candidates: Iterable[Candidate], *, now: datetime) -> None:
    """Delete the copies of an award's work that were sent and not signed for."""
    with transaction() as session:
        drop_unsigned(
            session,
            [each.artifact.id for each in candidates],
            person_id=award.person_id,
            now=now,
        )
    sweep_own(award.person_id)


def sweep_own(person_id: int) -> None:
    """Delete the bytes of somebody's copies that are given up."""
    if list_unswept_copies(db.session(), person_id=person_id):
        with transaction() as session:
            sweep_copies(session, _storage(), list_unswept_copies(session, person_id=person_id))


def _storage() -> Storage:
    return open_storage(_settings())


def _settings() -> Settings:
    settings: Settings = current_app.extensions["assay.settings"]
    return settings
