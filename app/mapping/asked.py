"""What an LMS asks for in a deep-linking request. Pure.

Source: LTI Deep Linking 2.0 §4.4.1 (deep linking settings).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

RESOURCE_LINK = "ltiResourceLink"
PLACEMENT_CLAIM = "https://www.instructure.com/placement"
# Where Canvas opens the tool from its text editor: nothing graded is wanted there.
EDITOR = "editor_button"
# Kept beside the LMS's own settings, under names that no LMS uses.
PLACEMENT_KEY = "assay_placement"


@dataclass(frozen=True)
class Asked:
    """A request's settings, read.

    `is_multiple`: several items may come back. `takes_columns`: an item may bring
    a gradebook column. `media_types`: of files; empty takes all. `target`: how the
    item may be opened, `iframe` before `window`; empty if the LMS says neither.
    """

    types: frozenset[str]
    is_multiple: bool
    takes_columns: bool
    media_types: tuple[str, ...]
    target: str
    placement: str

    @property
    def takes_assignments(self) -> bool:
        """Whether an assignment can be the answer."""
        return RESOURCE_LINK in self.types

    @property
    def takes_links(self) -> bool:
        """Whether something can be linked to that is not graded."""
        return bool(self.types & {RESOURCE_LINK, "link", "html"})

    @property
    def wants_links(self) -> bool:
        """Whether the LMS wants a plain link rather than an assignment."""
        is_plain = bool(self.types & {"link", "html"})
        is_ungraded = self.placement == EDITOR or not self.takes_columns
        return is_plain and (is_ungraded or not self.takes_assignments)

    @property
    def takes_work(self) -> bool:
        """Whether a learner's file or link can be the answer."""
        return bool(self.types & {"file", "link"})

    def takes_file(self, media_type: str | None) -> bool:
        """Return whether a file of this kind is taken."""
        if "file" not in self.types:
            return False
        found = (media_type or "application/octet-stream").lower()
        return not self.media_types or any(fnmatchcase(found, each) for each in self.media_types)


def read_asked(settings: Mapping[str, Any]) -> Asked:
    """Return what a request asks for; what is misshapen asks for nothing."""
    targets = _texts(settings.get("accept_presentation_document_targets"))
    return Asked(
        types=frozenset(_texts(settings.get("accept_types"))),
        is_multiple=settings.get("accept_multiple") is True,
        takes_columns=settings.get("accept_lineitem") is not False,
        media_types=tuple(_media_types(settings.get("accept_media_types"))),
        target=next((each for each in ("iframe", "window") if each in targets), ""),
        placement=str(settings.get(PLACEMENT_KEY) or ""),
    )


def _texts(raw: Any) -> list[str]:
    return [each for each in raw if isinstance(each, str)] if isinstance(raw, list) else []


def _media_types(raw: Any) -> list[str]:
    """Read a list of media types, or the same in one text with commas; `*/*` asks for all."""
    parts = raw.split(",") if isinstance(raw, str) else _texts(raw)
    found = [part.strip().lower().replace("[", "") for part in parts]
    return [] if "*/*" in found else [each for each in found if each]
