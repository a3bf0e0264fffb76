"""Where a link and its course come from, and its dates, as a launch's `custom` tells. Pure.

Source: LTI 1.3 core, appendix B (`ResourceLink.id.history`, `Context.id.history`: URL-encoded
ids with commas between them, newest first).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from app.platforms.variables import (
    CANVAS_HISTORY_KEY,
    CLOSES_KEY,
    CONTEXT_HISTORY_KEY,
    DUE_KEY,
    LINK_HISTORY_KEY,
    OPENS_KEY,
)

UUID_KEY = "assay_assignment"
MAX_IDS = 50
MAX_LIST_LENGTH = 20_000
MAX_ID_LENGTH = 255
MAX_UUID_LENGTH = 36
MAX_MOMENT_LENGTH = 40


@dataclass(frozen=True)
class Origins:
    """What a launch says about where its link comes from.

    `uuid`: of the assignment that was put into the first of them, or `None`.
    `link_ids`, `context_ids`: of the links and courses it was copied from, newest first.
    """

    uuid: str | None = None
    link_ids: tuple[str, ...] = ()
    context_ids: tuple[str, ...] = ()


def read_origins(custom: Mapping[str, Any]) -> Origins:
    """Return where the link comes from; junk says nothing."""
    uuid = custom.get(UUID_KEY)
    is_told = isinstance(uuid, str) and 0 < len(uuid) <= MAX_UUID_LENGTH and uuid[0] != "$"
    return Origins(
        uuid=uuid if is_told else None,
        link_ids=read_history(custom.get(LINK_HISTORY_KEY)),
        context_ids=read_history(custom.get(CONTEXT_HISTORY_KEY))
        or read_history(custom.get(CANVAS_HISTORY_KEY)),
    )


def read_history(raw: Any) -> tuple[str, ...]:
    """Return the ids of a history, newest first, each once; at most the newest fifty."""
    if not isinstance(raw, str) or raw.startswith("$"):
        return ()
    whole = raw[:MAX_LIST_LENGTH]
    if len(whole) < len(raw):
        whole = whole.rpartition(",")[0]
    ids = (unquote(part).strip() for part in whole.split(","))
    return tuple(dict.fromkeys(each for each in ids if is_id(each)))[:MAX_IDS]


def is_id(text: Any) -> bool:
    """Return whether this can be an id of the LMS's: short text that shows, and no variable."""
    return (
        isinstance(text, str)
        and 0 < len(text) <= MAX_ID_LENGTH
        and text.isprintable()
        and not text.startswith("$")
        and "\ufffd" not in text
    )


def read_dates(custom: Mapping[str, Any]) -> dict[str, datetime | None]:
    """Return the dates that the LMS tells, by the assignment's names of them.

    One that is there but empty was taken away: `None`. One that is not sent, that the
    LMS does not know, or that cannot be read is left out.
    """
    told = {}
    for name, key in (("opens_at", OPENS_KEY), ("due_at", DUE_KEY), ("closes_at", CLOSES_KEY)):
        raw = custom.get(key)
        moment = None if raw == "" else read_moment(raw)
        if raw == "" or moment is not None:
            told[name] = moment
    return told


def read_moment(raw: Any) -> datetime | None:
    """Return an ISO 8601 moment as aware UTC; one without a zone says too little."""
    if not isinstance(raw, str) or len(raw) > MAX_MOMENT_LENGTH:
        return None
    try:
        moment = datetime.fromisoformat(raw.strip())
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
