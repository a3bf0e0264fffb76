"""Reading and writing SVG: no entities, no document type, nothing from outside. Pure."""

from typing import Any, Final

from lxml import etree

from app.core.errors import InvalidError

NAMESPACE: Final = "http://www.w3.org/2000/svg"
_PREFIX: Final = f"{{{NAMESPACE}}}"


def parse_svg(svg: str | bytes) -> Any:
    """Return the root element of a picture.

    Raises: `InvalidError` if it is not well-formed, has a document type, or is no SVG.
    """
    data = svg.encode() if isinstance(svg, str) else svg
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,  # the depth and the amplification of a document are limited
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InvalidError(f"it is not well-formed SVG ({str(error)[:200]}).") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise InvalidError("an SVG with a document type is refused; save it as plain SVG.")
    if root.tag != f"{_PREFIX}svg":
        raise InvalidError("it is not an SVG picture.")
    return root


def tag(name: str) -> str:
    """Return the tag of an SVG element as lxml names it."""
    return _PREFIX + name


def local_name(element: Any) -> str:
    """Return an element's name without its namespace; empty if it is no SVG element."""
    name = element.tag
    if not isinstance(name, str) or not name.startswith(_PREFIX):
        return ""
    return name.removeprefix(_PREFIX)


def write_svg(root: Any) -> str:
    """Return the picture as text: the same tree gives the same bytes."""
    etree.cleanup_namespaces(root)
    text: str = etree.tostring(root, encoding="unicode")
    return text
