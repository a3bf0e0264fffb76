"""Reading the text files that administrators hand in."""

from pathlib import Path

from app.core.errors import InvalidError


def read_text(path: Path, *, max_bytes: int) -> str:
    """Return the text of a UTF-8 file, with or without a byte order mark.

    Raises: `InvalidError` if it cannot be read, is too large, or is no UTF-8 text.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InvalidError(f"{path.name or path} cannot be read: {reason}.") from error
    if len(raw) > max_bytes:
        raise InvalidError(f"{path.name} is larger than {max_bytes // 1024} kB.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError(f"{path.name} is not UTF-8 text.") from error
