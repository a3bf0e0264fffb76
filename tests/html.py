"""What every page must satisfy, whoever opens it: strict HTML5, and the basics of access."""

import re
from xml.etree.ElementTree import Element

import html5lib

XHTML = "{http://www.w3.org/1999/xhtml}"
# html5lib's tokenizer knows no XML in HTML; these say nothing about our pages.
CONTROLS = ("input", "select", "textarea")


def assert_accessible(page: str) -> None:
    """Fail with a sentence if a page breaks one of the rules."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    root = parser.parse(page)
    everything = [node for node in root.iter() if isinstance(node.tag, str)]
    ids = [node.get("id") for node in everything if node.get("id")]
    assert len(ids) == len(set(ids)), (
        f"ids occur twice: {sorted(i for i in ids if ids.count(i) > 1)}"
    )
    assert root.get("lang"), "the page does not say its language"
    assert len(root.findall(".//h1")) == 1, "a page has one h1"
    assert (root.findtext(".//title") or "").strip(), "a page has a title"
    for node in everything:
        _check_references(node, set(ids))
        handlers = [name for name in node.attrib if re.match(r"on[a-z]+$", name)]
        assert not handlers, f"inline handler on <{node.tag}>: {handlers}"
        assert not node.get("style"), f"inline style on <{node.tag}>"
        if node.tag == "img":
            assert node.get("alt") is not None, f"image without alt: {node.get('src')}"
        if node.tag == "th":
            assert node.get("scope"), "a header cell says its scope"
        if node.tag == "table":
            assert node.find("caption") is not None, "a table has a caption"
    _check_labels(root, everything)


def _check_references(node: Element, ids: set[str | None]) -> None:
    for name in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
        for reference in (node.get(name) or "").split():
            assert reference in ids, f"{name}={reference} names nothing on the page"
    link = node.get("href") or ""
    if node.tag == "a" and link.startswith("#") and len(link) > 1:
        assert link[1:] in ids, f"the link {link} leads nowhere"


def _check_labels(root: Element, everything: list[Element]) -> None:
    labelled = {node.get("for") for node in everything if node.tag == "label"}
    wrapped = {id(inner) for label in root.iter("label") for inner in label.iter()}
    for node in everything:
        if node.tag not in CONTROLS or node.get("type") in {"hidden", "submit", "button"}:
            continue
        has_label = node.get("id") in labelled or id(node) in wrapped
        assert has_label or node.get("aria-label"), f"no label: {node.get('name')}"
