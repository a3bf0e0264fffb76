"""Uploaded pictures: what is taken is built anew, what could harm is refused by name."""

import io
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from app.core.errors import InvalidError
from app.credentials.mounting import mount_png, mount_svg
from app.credentials.photographs import rewrite_png
from app.credentials.sanitising import sanitise_svg
from app.credentials.svg import write_svg

NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
SHAPE = '<path d="M0 0h9v9z"/>'


def svg(content: str = SHAPE, head: str = 'viewBox="0 0 9 9"', before: str = "") -> bytes:
    return f"{before}<svg {NS} {head}>{content}</svg>".encode()


def cleaned(content: str) -> str:
    return write_svg(sanitise_svg(svg(content)).group)


def png(size: tuple[int, int] = (300, 300), **options) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "#0a6").save(target, "PNG", **options)
    return target.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


BILLION_LAUGHS = (
    '<!DOCTYPE svg [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {n} "{f"&{m};" * 10}">' for m, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (svg("<script>alert(1)</script>"), "<script> is refused"),
        (svg('<path d="M0 0h9" onclick="alert(1)"/>'), "onclick is refused"),
        (svg(SHAPE, head='viewBox="0 0 9 9" onload="alert(1)"'), "onload is refused"),
        (svg('<path d="M0 0" ONLOAD="x"/>'), "ONLOAD is refused"),
        (svg("<foreignObject><p/></foreignObject>"), "<foreignObject> is refused"),
        (svg('<image href="https://evil.example/x.png"/>'), "<image> is refused"),
        (svg('<use href="https://evil.example/x.svg#a"/>'), "outside itself"),
        (svg('<use xlink:href="//evil.example/x.svg#a"/>'), "outside itself"),
        (svg('<path d="M0 0" fill="url(https://evil.example/#a)"/>'), "outside itself"),
        (svg('<path d="M0 0" style="fill:url(//evil.example)"/>'), "outside itself"),
        (svg('<path d="M0 0" style="fill:u\\72l(x)"/>'), "outside itself"),
        (svg('<path d="M0 0" style="fill"/>'), "style attribute"),
        (svg('<g id="a"><path d="M0 0"/></g><g id="a"><use href="#a"/></g>'), "the same id"),
        (svg("<style>@import url(//evil.example);</style>"), "<style> is refused"),
        (svg('<a href="javascript:alert(1)"><path d="M0 0"/></a>'), "<a> is refused"),
        (svg("<text>Hello</text>"), "turn texts into paths"),
        (svg('<animate attributeName="d"/>'), "<animate> is refused"),
        (svg("<filter/>"), "<filter> is refused"),
        (svg("&lol;", before='<!DOCTYPE svg [<!ENTITY lol "x">]>'), "document type"),
        (svg("&x;", before='<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "document"),
        (svg("&i;", before=BILLION_LAUGHS), "document type|not well-formed"),
        (svg(before='<!DOCTYPE svg SYSTEM "https://evil.example/x.dtd">'), "document type"),
        (svg("<g>" * 60 + SHAPE + "</g>" * 60), "nested more than 40"),
        (svg("<g>" * 5000 + "</g>" * 5000), "nested|not well-formed"),
        (svg(SHAPE * 5001), "more than 5000 elements"),
        (svg(head='viewBox="0 0 1e9 1e9"'), "viewBox"),
        (svg(head='viewBox="0 0 nan 9"'), "viewBox"),
        (svg(head='viewBox="0 0 inf inf"'), "viewBox"),
        (svg(head='viewBox="0 0 0 0"'), "viewBox"),
        (svg(head='viewBox="0 0 -5 9"'), "viewBox"),
        (svg(head=""), "needs a viewBox"),
        (svg(head='viewBox="0 0 90 9"'), "about square"),
        (svg("<g/>"), "shows nothing"),
        (svg(f'<path d="{"M0 0" * 80_000}"/>'), "too many points"),
        (b"<html><body/></html>", "not an SVG picture"),
        (b"<svg", "not well-formed"),
        (svg(SHAPE) + b"x" * 600_000, "larger than 512 kB"),
        (
            svg('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>' + SHAPE),
            "repeats another",
        ),
        (svg(f'<g id="a">{SHAPE * 900}</g>' + '<use href="#a"/>' * 30), "repeats too many"),
        (svg(f'<g id="a">{SHAPE}<use href="#a"/></g>'), "repeats"),
    ],
)
def test_an_svg_that_could_harm_is_refused_by_name(file, said):
    with pytest.raises(InvalidError, match=said):
        sanitise_svg(file)


def test_what_only_an_editor_needs_is_left_behind():
    group = cleaned(
        '<metadata><x/></metadata><title>t</title><sodipodi:x xmlns:sodipodi="urn:s"/>'
        '<!-- note --><?php echo 1 ?><path d="M0 0h9" class="x" data-x="y" sodipodi:y="1" '
        'xmlns:sodipodi="urn:s" fill="#fff"/>'
    )

    assert group == ('<g xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9" fill="#fff"/></g>')


def test_gradients_and_copies_keep_their_references_under_new_names():
    group = cleaned(
        '<linearGradient id="paint"><stop offset="0" style="stop-color:#fff;stop-opacity:.5"/>'
        '</linearGradient><path id="p" d="M0 0h9" style="fill:url(#paint)"/><use xlink:href="#p"/>'
        '<path d="M1 1h1" fill="url(#nowhere)"/>'
    )

    assert 'id="u0"' in group
    assert 'fill="url(#u0)"' in group
    assert 'href="#u1"' in group
    assert 'stop-color="#fff" stop-opacity=".5"' in group
    assert "nowhere" not in group
    assert "paint" not in group


@pytest.mark.parametrize("family", [None, "white", "silver", "gold"])
def test_an_uploaded_picture_stands_on_its_square(family):
    picture = mount_svg(sanitise_svg(svg()), alt="Owl & <star>", family=family)

    assert "Owl &amp; &lt;star&gt;" in picture
    assert 'viewBox="0 0 512 512"' in picture
    assert ("frame-rim" in picture) == (family is not None)


def test_a_png_is_written_anew_without_anything_but_pixels():
    about = PngInfo()
    about.add_text("Author", "Somebody Private")
    polyglot = png(pnginfo=about) + b"<script>alert(1)</script>PK\x03\x04"

    rewritten = rewrite_png(polyglot)

    assert b"Somebody" not in rewritten
    assert b"script" not in rewritten
    with Image.open(io.BytesIO(rewritten)) as image:
        assert image.size == (300, 300)
        assert image.getpixel((9, 9)) == (0, 170, 102, 255)


def test_a_large_png_is_kept_no_larger_than_it_is_shown():
    noise = Image.effect_noise((1600, 1600), 90)
    target = io.BytesIO()
    noise.save(target, "PNG")

    rewritten = rewrite_png(target.getvalue())

    assert len(rewritten) < 2 * 1024 * 1024
    with Image.open(io.BytesIO(rewritten)) as image:
        assert max(image.size) <= 800
    assert "data:image/png" in mount_png(rewritten, alt="Noise", family="gold")


def bomb(width: int, height: int) -> bytes:
    """A few bytes that would unpack to a huge picture."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1_000_000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def animated() -> bytes:
    target = io.BytesIO()
    frames = [Image.new("RGB", (300, 300), colour) for colour in ("red", "blue")]
    frames[0].save(target, "PNG", save_all=True, append_images=frames[1:])
    return target.getvalue()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (bomb(60_000, 60_000), "broken"),
        (bomb(9000, 9000), "at most 4096 pixels"),
        (bomb(2**31 - 1, 2**31 - 1), "broken"),
        (bomb(3000, 3000), "broken"),
        (png()[:200], "broken"),
        (png()[:-300], "broken"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 500, "broken"),
        (b"GIF89a" + b"\0" * 500, "broken"),
        (animated(), "animated"),
        (png((150, 150)), "at least 200 pixels"),
        (png((900, 300)), "about square"),
        (png() + b"\0" * (4 * 1024 * 1024), "larger than 4 MB"),
    ],
)
def test_a_png_that_is_not_what_it_should_be_is_refused(file, said):
    with pytest.raises(InvalidError, match=said):
        rewrite_png(file)
