"""Markdown written by people, as HTML that can do no harm."""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_OPTIONS = {"html": False, "linkify": False}
_RENDERER = MarkdownIt("commonmark", _OPTIONS).enable("table")
_OF_MESSAGES = MarkdownIt("commonmark", {**_OPTIONS, "breaks": True}).enable("table")
TAGS = {
    *("p", "br", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "a"),
    *("h2", "h3", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
# What a table owes to those who hear it.
_CAPTION = '<table><caption class="visually-hidden">Table</caption>'


@lru_cache(maxsize=512)
def render_markdown(text: str) -> Markup:
    """Return the text as safe HTML: no raw HTML, no images, only http(s) and mail links.

    A heading of the text stands below the page's own: `#` becomes `h2`.
    """
    return _clean(_RENDERER.render(text))


@lru_cache(maxsize=512)
def render_message(text: str) -> Markup:
    """Return what was typed quickly as safe HTML: as above, and each line stays a line."""
    return _clean(_OF_MESSAGES.render(text))


def _clean(html: str) -> Markup:
    safe = nh3.clean(
        html.replace("<h1>", "<h2>").replace("</h1>", "</h2>"),
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    # Nothing typed can hold these: it was escaped, and stays so.
    told = safe.replace("<table>", _CAPTION).replace("<th>", '<th scope="col">')
    return Markup(told)  # noqa: S704 (nh3 let nothing else through)
