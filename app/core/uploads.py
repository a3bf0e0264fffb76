"""Request bodies: small by default; files stream to disk and stop growing at their limit."""

import tempfile
from collections.abc import Callable
from typing import IO, Any, TypeVar, cast

from flask import Flask, Request, request

View = TypeVar("View", bound=Callable[..., Any])

DEFAULT_BODY_BYTES = 1024 * 1024
UPLOAD_BODY_BYTES = 4 * 1024 * 1024 * 1024
# What is typed beside the files: more than is accepted, so that the refusal stands at its field.
TYPED_BYTES = 4 * 1024 * 1024
MEMORY_BYTES = 64 * 1024


class CappedFile(tempfile.SpooledTemporaryFile[bytes]):
    """A temporary file that keeps at most `limit` bytes and remembers that more came.

    The rest of a body that is too large is read and dropped, so that the other
    fields of the form, which may follow the file, are not lost.
    """

    def __init__(self, limit: int) -> None:
        """Units: `limit` in bytes."""
        super().__init__(max_size=MEMORY_BYTES, mode="w+b")
        self._limit = limit
        self._kept = 0
        self.is_too_large = False

    def write(self, data: Any) -> int:
        """Keep what fits; drop the rest and note it."""
        if self._kept + len(data) > self._limit:
            self.is_too_large = True
            return len(data)
        self._kept += len(data)
        return super().write(data)


class AssayRequest(Request):
    """A request whose uploaded files are capped, each by `ASSAY_MAX_UPLOAD_MB`."""

    max_file_bytes = DEFAULT_BODY_BYTES

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        del total_content_length, content_type, filename, content_length
        return cast("IO[bytes]", CappedFile(self.max_file_bytes))


def accepts_uploads(view: View) -> View:
    """Let this view's requests be large; each file is still capped."""
    view.accepts_uploads = True  # type: ignore[attr-defined]
    return view


def install_uploads(app: Flask, *, max_file_bytes: int) -> None:
    """Set the limits; call it after `install_access`, so that strangers upload nothing."""
    app.request_class = type("Request", (AssayRequest,), {"max_file_bytes": max_file_bytes})
    app.config["MAX_CONTENT_LENGTH"] = DEFAULT_BODY_BYTES

    def widen() -> None:
        view = app.view_functions.get(request.endpoint or "")
        if getattr(view, "accepts_uploads", False):
            request.max_content_length = UPLOAD_BODY_BYTES
            request.max_form_memory_size = TYPED_BYTES

    app.before_request_funcs.setdefault(None, []).insert(1, widen)
