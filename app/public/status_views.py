"""Status lists: whether an award was revoked or suspended, for any verifier to read."""

from flask.typing import ResponseReturnValue

from app.awards.status_lists import get_signed_list
from app.core.access import public
from app.core.db import db
from app.public import responses
from app.public.blueprint import bp


@bp.get("/status/<public_id>")
@public
def status_list(public_id: str) -> ResponseReturnValue:
    """Send a signed status list as it was stored; it may be kept for a minute.

    Source: W3C Bitstring Status List 1.0, section 2.2.
    """
    return responses.document(get_signed_list(db.session(), public_id), responses.CREDENTIAL)
