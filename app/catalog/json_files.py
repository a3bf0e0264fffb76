"""JSON that people hand in: read with every limit, and refused in words. Pure."""

import json
from typing import Any, Final

from app.catalog.document import MAX_DOCUMENT_BYTES, unique_names
from app.core.errors import InvalidError

MAX_DEPTH: Final = 40


def read_json(raw: bytes, *, max_bytes: int = MAX_DOCUMENT_BYTES) -> Any:
    """Read a JSON file; no name twice in one place, and not too deep.

    Raises: `InvalidError` saying what is wrong, and where.
    """
    if len(raw) > max_bytes:
        raise InvalidError(f"The file is larger than {max_bytes // 2**20} MB.")
    try:
        document = json.loads(
            raw.decode("utf-8-sig"), object_pairs_hook=unique_names, parse_constant=_no_constant
        )
    except UnicodeDecodeError as error:
        raise InvalidError("The file is not UTF-8 text.") from error
    except json.JSONDecodeError as error:
        raise InvalidError(f"The file is not valid JSON: {error.msg}, line {error.lineno}.") from (
            error
        )
    except (ValueError, RecursionError) as error:
        raise InvalidError(f"The file cannot be read: {error}.") from error
    if _is_deeper(document, MAX_DEPTH):
        raise InvalidError(f"The file is nested more than {MAX_DEPTH} levels deep.")
    return document


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _is_deeper(document: Any, most: int) -> bool:
    layer = [document]
    for _ in range(most):
        layer = [
            inner
            for item in layer
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not layer:
            return False
    return True
