"""How the bytes of a learner's file leave the tool: nothing in it can act."""

import os
import unicodedata
from typing import BinaryIO
from urllib.parse import quote

from flask import current_app, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import dump_options_header
from werkzeug.utils import send_file
from werkzeug.wrappers import Response as BaseResponse

from app.evidence.picture_sizes import is_drawn
from app.evidence.storage import Storage
from app.evidence.texts import clean_file_name

# Whatever a file holds, opened by itself it runs nothing, loads nothing and is framed by nobody.
CONTENT_POLICY = (
    "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'none'"
)
# What browsers show by themselves, and what cannot hold script, whatever a program made of it.
INLINE_TYPES = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp"}
    | {"video/mp4", "video/webm", "audio/mpeg", "audio/mp4", "audio/wav", "audio/ogg"}
)
# What a browser would run or render, if it were sent under its own name.
ACTIVE_FAMILIES = ("html", "xml", "svg", "script", "multipart", "message", "x-shockwave", "mathml")
UNKNOWN_TYPE = "application/octet-stream"
# A link inside the LMS's frame. An LMS may allow no host in it but the tool's own (`frame-src`),
# so what is asked for there comes from the tool itself. Source: Fetch Metadata, Sec-Fetch-Dest.
FRAMES = frozenset({"iframe", "frame"})


def send_stored(
    storage: Storage, key: str, *, media_type: str | None, name: str, wants_inline: bool
) -> ResponseReturnValue:
    """Send a stored file, or say where its storage gives it out for the next minute."""
    sent_as = sent_type(media_type)
    is_inline = wants_inline and sent_as in INLINE_TYPES and may_draw(storage, key, sent_as)
    if request.headers.get("Sec-Fetch-Dest") not in FRAMES:
        disposition = disposition_of(name, is_inline=is_inline)
        url = storage.sign_download(key, media_type=sent_as, disposition=disposition)
        if url is not None:
            return guarded(redirect(url, 302))
    return send_guarded(storage.open(key), media_type=sent_as, name=name, is_inline=is_inline)


def may_draw(storage: Storage, key: str, media_type: str) -> bool:
    """Return whether a browser may unpack a file: of a picture, whether it is small enough."""
    return not media_type.startswith("image/") or is_drawn(storage, key)


def send_guarded(
    source: BinaryIO, *, media_type: str, name: str, is_inline: bool
) -> ResponseReturnValue:
    """Send a file, whole or the part that was asked for."""
    sent_as = sent_type(media_type)
    response = send_file(
        source,
        request.environ,
        mimetype=sent_as,
        response_class=current_app.response_class,
    )
    response.headers["Content-Disposition"] = disposition_of(
        name, is_inline=is_inline and sent_as in INLINE_TYPES
    )
    size_bytes = os.fstat(source.fileno()).st_size
    response.content_length = size_bytes
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=size_bytes)
    except RequestedRangeNotSatisfiable:
        response.close()
        response = current_app.response_class(status=416)
        response.headers["Content-Range"] = f"bytes */{size_bytes}"
    return guarded(response)


def guarded(response: BaseResponse) -> BaseResponse:
    """Let nothing in a learner's file act, be kept, be shown by another site, or tell of ours."""
    response.headers["Content-Security-Policy"] = CONTENT_POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def sent_type(media_type: str | None) -> str:
    """Return the type under which a file is sent: never one that a browser would run."""
    essence = (media_type or "").partition(";")[0].strip().lower()
    main, slash, sub = essence.partition("/")
    if not (main and slash and sub) or any(part in essence for part in ACTIVE_FAMILIES):
        # Office files have "xml" in their names, and nothing that a browser runs.
        is_office = essence.startswith("application/vnd.openxmlformats-officedocument.")
        return essence if is_office else UNKNOWN_TYPE
    return essence


def disposition_of(name: str, *, is_inline: bool) -> str:
    """Return the header that names a file, in whatever script.

    Source: RFC 6266, section 4.3, with RFC 8187 for what is not ASCII.
    """
    shown = clean_file_name(name)
    plain = unicodedata.normalize("NFKD", shown).encode("ascii", "ignore").decode()
    stem, dot, extension = plain.replace('"', "'").rpartition(".")
    # Of a name in another script often nothing but the extension is left.
    plain = f"{stem.strip(' .') or 'file'}.{extension}" if dot else extension.strip() or "file"
    options = {"filename": plain}
    if plain != shown:
        options["filename*"] = f"UTF-8''{quote(shown, safe='')}"
    return dump_options_header("inline" if is_inline else "attachment", options)
