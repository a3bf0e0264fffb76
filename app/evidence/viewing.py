"""How large an artifact is shown, and how much of it, as its address asks. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.evidence.showing import ShownArtifact, Viewer

FIT = "fit"
# In the order in which a page offers them.
PAGE_ZOOMS = (FIT, "150", "200")
IMAGE_ZOOMS = (FIT, "natural", "150")


@dataclass(frozen=True)
class View:
    """`zooms`: what there is to choose from; none: there is nothing to enlarge.

    `only_page`: the number of the one page of a document that is shown; `None`: all.
    """

    zoom: str
    zooms: tuple[str, ...] = ()
    only_page: int | None = None


def choose_view(item: ShownArtifact, asked: Mapping[str, str]) -> View:
    """Return how an artifact is shown; what the address asks and there is not, is passed over."""
    zooms: tuple[str, ...] = ()
    if not item.withheld and item.viewer is Viewer.IMAGE:
        zooms = IMAGE_ZOOMS
    elif item.pages:
        zooms = PAGE_ZOOMS
    zoom = asked.get("zoom", FIT)
    only_page = _whole(asked.get("page", ""))
    return View(
        zoom=zoom if zoom in zooms else FIT,
        zooms=zooms,
        only_page=only_page if 1 <= only_page <= len(item.pages) else None,
    )


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0
