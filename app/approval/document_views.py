"""Documents of a proposal: attach, remove, download."""

from flask import current_app, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.approval.blueprint import bp
from app.approval.documents import (
    ReceivedDocument,
    add_document,
    get_document,
    is_kept,
    receive_document,
    remove_document,
    require_safe,
)
from app.approval.eligibility import require_proposer
from app.approval.forms import ActForm, DocumentForm
from app.approval.proposal_views import edit_page
from app.approval.queries import get_proposal, lock_proposal
from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError, NotFoundError
from app.core.principal import current_principal
from app.core.uploads import accepts_uploads
from app.evidence.intake import SentFile
from app.evidence.scanning import first_state
from app.evidence.sending import send_guarded
from app.evidence.storage import Storage, open_storage
from app.settings import Settings


@bp.post("/proposals/<int:proposal_id>/documents")
@accepts_uploads
@signed_in
def attach(proposal_id: int) -> ResponseReturnValue:
    """Attach a document, if its bytes are what its name says."""
    principal, form = current_principal(), DocumentForm()
    form.validate()
    proposal = get_proposal(db.session(), proposal_id, principal=principal, now=utcnow())
    require_proposer(proposal, principal)
    received = None
    try:
        received = receive(form.document.data)
        if received is None:
            form.document.errors = [_("Choose a file first")]
        else:
            with transaction() as write:
                locked = lock_proposal(write, proposal_id, principal=principal, now=utcnow())
                add_document(write, locked, received, principal, now=utcnow())
    except InvalidError as error:
        form.document.errors = [str(error)]
    finally:
        forget_unused(received)
    if form.errors:
        return edit_page(proposal, documents=form), form.status
    flash(_("The document is attached."))
    return redirect(url_for(".edit", proposal_id=proposal_id, _anchor="documents"), 303)


@bp.post("/proposals/<int:proposal_id>/documents/<int:document_id>/remove")
@signed_in
def remove(proposal_id: int, document_id: int) -> ResponseReturnValue:
    """Take a document out."""
    principal = current_principal()
    ActForm().validate()
    with transaction() as write:
        lock_proposal(write, proposal_id, principal=principal, now=utcnow())
        document = get_document(write, document_id, principal=principal, now=utcnow())
        if document.proposal_id != proposal_id:
            raise NotFoundError("There is no such document in this proposal.")
        unused_key = remove_document(write, document, principal, now=utcnow())
    if unused_key is not None:
        storage().delete(unused_key)
    flash(_("The document is removed."))
    return redirect(url_for(".edit", proposal_id=proposal_id, _anchor="documents"), 303)


@bp.get("/proposals/documents/<int:document_id>")
@signed_in
def document(document_id: int) -> ResponseReturnValue:
    """Send a document, to be downloaded: nothing in it is shown in place."""
    principal = current_principal()
    found = get_document(db.session(), document_id, principal=principal, now=utcnow())
    require_safe(found, person_id=principal.person_id)
    return send_guarded(
        storage().open(found.storage_key),
        media_type=found.media_type,
        name=found.file_name,
        is_inline=False,
    )


def receive(sent: SentFile | None) -> ReceivedDocument | None:
    """Judge and keep the file that was sent; `None` if none was.

    Raises: `InvalidError` naming what is wrong with it.
    """
    if sent is None or not sent.filename:
        return None
    settings = _settings()
    return receive_document(
        storage(),
        sent,
        max_file_bytes=settings.max_upload_bytes,
        scan_state=first_state(settings),
    )


def forget_unused(received: ReceivedDocument | None) -> None:
    """Delete a file that came, but that in the end no row names."""
    if received is not None and not is_kept(db.session(), received.stored.key):
        storage().delete(received.stored.key)


def storage() -> Storage:
    """Return where files are kept."""
    return open_storage(_settings())


def _settings() -> Settings:
    settings: Settings = current_app.extensions["assay.settings"]
    return settings
