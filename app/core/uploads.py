"""Request bodies: small by default; files stream to disk and stop growing at their limit."""

import io
import tempfile
from collections.abc import Callable
from typing import IO, Any, TypeVar, cast

from flask import Flask, Request, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.http import parse_cookie
from werkzeug.utils import cached_property

View = TypeVar("View", bound=Callable[..., Any])

DEFAULT_BODY_BYTES = 1024 * 1024
UPLOAD_BODY_BYTES = 4 * 1024 * 1024 * 1024
# What is typed beside the files: more than is accepted, so that the refusal stands at its field.
TYPED_BYTES = 4 * 1024 * 1024
MEMORY_BYTES = 64 * 1024
# One more than any form takes, so that the form itself can say that it was one too many.
MAX_FILES = 21
# All files of a request together, in files of the largest size.
FULL_FILES = 4
MAX_PARTS = 200


class Allowance:
    """How much the files of one request may still take on disk, together.

    A body is read before anybody knows whether the form's token is right, so it
    must not be able to fill the disk.
    """

    def __init__(self, *, max_bytes: int, max_files: int) -> None:
        """Units: `max_bytes` of all files together."""
        self._bytes_left = max_bytes
        self._files_left = max_files

    def take_file(self) -> bool:
        """Take one file; say whether there was room for one."""
        self._files_left -= 1
        return self._files_left >= 0

    def take_bytes(self, count: int) -> bool:
        """Take so many bytes, or none if they are not there; say which."""
        if count > self._bytes_left:
            return False
        self._bytes_left -= count
        return True

    def give_back(self, count: int) -> None:
        """Give back the bytes of a file that was given up."""
        self._bytes_left += count


class CappedFile(tempfile.SpooledTemporaryFile[bytes]):
    """A temporary file of at most `limit` bytes: empty if more came, and it remembers that.

    The rest of a body that is too large is read and dropped, so that the other
    fields of the form, which may follow the file, are not lost.
    `is_too_large`: it alone is more than a file may have. `is_left_out`: the
    files before it left no room.
    """

    def __init__(self, limit: int, allowance: Allowance) -> None:
        """Units: `limit` in bytes."""
        super().__init__(max_size=MEMORY_BYTES, mode="w+b")
        self._limit = limit
        self._allowance = allowance
        self._kept = 0
        self.is_too_large = False
        self.is_left_out = not allowance.take_file()

    def write(self, data: Any) -> int:
        """Keep what fits; once something does not, the file is nothing that anybody keeps."""
        if self.is_too_large or self.is_left_out:
            return len(data)
        if self._kept + len(data) > self._limit:
            self.is_too_large = True
        elif not self._allowance.take_bytes(len(data)):
            self.is_left_out = True
        else:
            self._kept += len(data)
            return super().write(data)
        self._empty()
        return len(data)

    def _empty(self) -> None:
        self.seek(0)
        self.truncate()
        self._allowance.give_back(self._kept)
        self._kept = 0


class AssayRequest(Request):
    """A request whose uploaded files are capped: each by `ASSAY_MAX_UPLOAD_MB`, and together.

    The form is not known while the body is read, nor the field that a file is
    sent in, so files that no field asked for count as the others do.
    """

    max_file_bytes = DEFAULT_BODY_BYTES
    is_kept_in_memory = False
    _allowance: Allowance | None = None

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """Read the cookies, straight from where the server puts them."""
        return parse_cookie(self.environ, self.dict_storage_class)  # type: ignore[return-value]

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        del total_content_length, content_type, filename, content_length
        if self.is_kept_in_memory:
            return io.BytesIO()
        if self._allowance is None:
            self._allowance = Allowance(
                max_bytes=FULL_FILES * self.max_file_bytes, max_files=MAX_FILES
            )
        return cast("IO[bytes]", CappedFile(self.max_file_bytes, self._allowance))


def accepts_uploads(view: View) -> View:
    """Let this view's requests be large; each file is still capped, and all of them together."""
    view.accepts_uploads = True  # type: ignore[attr-defined]
    return view


def keeps_uploads_in_memory(view: View) -> View:
    """Let nothing that this view is sent touch the disk; its whole body is small."""
    view.keeps_uploads_in_memory = True  # type: ignore[attr-defined]
    return view


def install_uploads(app: Flask, *, max_file_bytes: int) -> None:
    """Set the limits; call it after `install_access`, so that strangers upload nothing."""
    app.request_class = type("Request", (AssayRequest,), {"max_file_bytes": max_file_bytes})
    app.config["MAX_CONTENT_LENGTH"] = DEFAULT_BODY_BYTES
    app.config["MAX_FORM_PARTS"] = MAX_PARTS

    def widen() -> None:
        view = app.view_functions.get(request.endpoint or "")
        if getattr(view, "accepts_uploads", False):
            request.max_content_length = UPLOAD_BODY_BYTES
            request.max_form_memory_size = TYPED_BYTES
        if getattr(view, "keeps_uploads_in_memory", False):
            request.is_kept_in_memory = True  # type: ignore[attr-defined]

    app.before_request_funcs.setdefault(None, []).insert(1, widen)
