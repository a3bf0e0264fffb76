"""Credentials in pictures: both generations in one file, and no broken file taken."""

import io
import json
import struct
import zlib

import pytest
from PIL import Image

from app.core.errors import InvalidError
from app.credentials.baking import Unbaked, bake_png, bake_svg, unbake
from app.credentials.openbadge import to_json
from app.credentials.png_chunks import read_chunks, write_text
from app.credentials.raster import draw_png
from app.credentials.svg import parse_svg
from tests.credentials.examples import make_signed

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" role="img"><title>Größe</title>'
    '<rect width="10" height="10" fill="#123"/></svg>'
)
PNG = draw_png(SVG, 64)
OB3 = '{"id":"https://a.example/1","name":"“ü” ]]> & < \\" 😀 \\u2028"}'
OB2 = '{"id":"https://a.example/ob2/1","type":"Assertion"}'
JWT = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"


def test_a_png_carries_both_generations_and_its_picture_stays_as_it_was():
    baked = bake_png(PNG, ob3=OB3, ob2=OB2)

    assert unbake(baked) == Unbaked(OB3, OB2)
    kept = [chunk for chunk in read_chunks(baked) if chunk.kind != b"iTXt"]
    assert [(chunk.kind, chunk.data) for chunk in kept] == [
        (chunk.kind, chunk.data) for chunk in read_chunks(PNG)
    ]
    with Image.open(io.BytesIO(baked)) as image:
        assert json.loads(image.text["openbadgecredential"]) == json.loads(OB3)
        assert image.text["openbadges"] == OB2


def test_baking_a_png_again_replaces_what_it_carried():
    baked = bake_png(bake_png(PNG, ob3=OB3, ob2=OB2), ob3=JWT, ob2=None)

    assert unbake(baked) == Unbaked(JWT, None)


def test_an_svg_carries_both_generations_first_of_its_elements():
    baked = bake_svg(SVG, ob3=OB3, ob2=OB2)

    read = unbake(baked.encode())
    assert json.loads(read.ob3 or "") == json.loads(OB3)
    assert read.ob2 == OB2
    root = parse_svg(baked)
    assert root.nsmap["openbadges"] == "https://purl.imsglobal.org/ob/v3p0"
    assert root[0].tag == "{https://purl.imsglobal.org/ob/v3p0}credential"
    assert root[1].tag == "{http://openbadges.org}assertion"
    assert root[1].get("verify") == "https://a.example/ob2/1"
    assert root.get("role") == "img"
    assert baked.count("<![CDATA[") == 2, "one section each, so every reader gets all of it"
    assert [child.tag for child in root[2:]] == [child.tag for child in parse_svg(SVG)]


def test_an_svg_carries_a_token_as_an_attribute_and_is_baked_again():
    baked = bake_svg(bake_svg(SVG, ob3=OB3, ob2=OB2), ob3=JWT, ob2=None)

    assert unbake(baked.encode()) == Unbaked(JWT, None)
    assert baked.count("openbadges:credential") == 1


def test_a_signed_credential_of_64_kilobytes_comes_back_whole():
    text = to_json(make_signed(description="“Ünïcode” ]]> 😀 " * 4000))
    assert len(text.encode()) > 64 * 1024

    assert unbake(bake_png(PNG, ob3=text, ob2=None)).ob3 == text
    again = unbake(bake_svg(SVG, ob3=text, ob2=None).encode()).ob3
    assert json.loads(again or "") == json.loads(text)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _after_header(chunk: bytes) -> bytes:
    return PNG[:33] + chunk + PNG[33:]


BAKED = bake_png(PNG, ob3=OB3, ob2=None)
BROKEN = {
    "no check sum is right": BAKED.replace(b"a.example", b"b.example"),
    "cut in the middle": BAKED[: len(BAKED) // 2],
    "cut before its end": BAKED[:-12],
    "its signature alone": BAKED[:8],
    "a length beyond the file": BAKED[:33] + b"\x7f\xff\xff\xff" + BAKED[37:],
    "bytes after the end": BAKED + b"more",
    "no header": BAKED[:8] + BAKED[33:],
    "two headers": BAKED[:33] + BAKED[8:33] + BAKED[33:],
    "a type of no letters": _after_header(_chunk(b"\0\0\0\0", b"")),
    "too many chunks": _after_header(_chunk(b"aaAa", b"") * 20_001),
    "a text without keyword": _after_header(_chunk(b"iTXt", b"openbadgecredential")),
    "a text cut off": _after_header(_chunk(b"iTXt", b"openbadgecredential\0\0\0en")),
    "a text that is no UTF-8": _after_header(
        _chunk(b"iTXt", b"openbadgecredential\0\0\0\0\0\xff\xfe")
    ),
    "two credentials": _after_header(2 * write_text("openbadgecredential", OB3)),
    "an empty credential": _after_header(write_text("openbadgecredential", "")),
    "a compressed credential": _after_header(
        _chunk(b"iTXt", b"openbadgecredential\0\1\0\0\0" + zlib.compress(b"x" * 1_000_000))
    ),
    "a compressed text": _after_header(
        _chunk(b"zTXt", b"openbadges\0\0" + zlib.compress(b"x" * 1_000_000))
    ),
    "a credential too large": _after_header(write_text("openbadgecredential", "x" * 600_000)),
    "nothing baked": PNG,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_png_that_is_broken_or_bare_is_refused(name):
    with pytest.raises(InvalidError):
        unbake(BROKEN[name])


@pytest.mark.parametrize("name", ["cut in the middle", "no check sum is right", "no header"])
def test_nothing_is_baked_into_a_broken_png(name):
    with pytest.raises(InvalidError):
        bake_png(BROKEN[name], ob3=OB3, ob2=None)


LAUGHS = (
    '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
OUTSIDE = '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "svg",
    [
        LAUGHS + bake_svg(SVG, ob3=OB3, ob2=None).replace("Größe", "&c;"),
        OUTSIDE + bake_svg(SVG, ob3=OB3, ob2=None).replace("Größe", "&a;"),
        bake_svg(SVG, ob3=OB3, ob2=None).replace("</svg>", ""),
        bake_svg(SVG, ob3=OB3, ob2=None).replace("http://www.w3.org/2000/svg", "urn:other"),
        SVG,
        "",
        "not a picture",
        "\0\0\0",
        bake_svg(SVG, ob3=OB3, ob2=None).replace(
            "<title>",
            '<openbadges:credential xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0" '
            'verify="a.b.c"/><title>',
        ),
    ],
)
def test_an_svg_that_is_broken_or_bare_or_has_entities_is_refused(svg):
    with pytest.raises(InvalidError):
        unbake(svg.encode())


def test_the_legacy_text_of_the_second_generation_is_read():
    legacy = _after_header(_chunk(b"tEXt", b"openbadges\0https://a.example/ob2/1"))

    assert unbake(legacy) == Unbaked(None, "https://a.example/ob2/1")
