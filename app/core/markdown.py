"""Markdown written by people, as HTML that can do no harm."""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_RENDERER = MarkdownIt("commonmark", {"html": False, "linkify": False})
TAGS = {
    *("p", "br", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "a"),
    *("h2", "h3", "h4", "h5", "h6"),
}


@lru_cache(maxsize=512)
def render_markdown(text: str) -> Markup:
    """Return the text as safe HTML: no raw HTML, no images, only http(s) and mail links.

    A heading of the text stands below the page's own: `#` becomes `h2`.
    """
    html = _RENDERER.render(text).replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    return Markup(  # noqa: S704 (nh3 let nothing else through)
        nh3.clean(
            html,
            tags=TAGS,
            attributes={"a": {"href"}},
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer nofollow",
        )
    )
