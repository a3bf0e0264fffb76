"""A small file that promises a huge picture is downloaded, and drawn by nobody's browser."""

import io
import struct
import zlib

import pytest
from PIL import Image

from app.evidence.picture_sizes import MAX_PIXELS, find_pixels
from tests.evidence import samples


def huge_png(width=50_000, height=50_000):
    """A PNG that says how large it is, and holds next to nothing."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 6251)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def webp(**options):
    target = io.BytesIO()
    Image.new("RGBA" if options.get("exact") else "RGB", (20, 10)).save(target, "WEBP", **options)
    return target.getvalue()


def jpeg_with_much_before_its_size():
    target = io.BytesIO()
    Image.new("RGB", (20, 10)).save(target, "JPEG", icc_profile=b"x" * 200_000)
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        *(samples.picture(kind) for kind in ("PNG", "JPEG", "GIF", "WEBP")),
        webp(lossless=True),
        webp(exact=True),
        jpeg_with_much_before_its_size(),
    ],
)
def test_the_size_is_read_from_the_beginning(content):
    assert find_pixels(io.BytesIO(content)) == 200


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_of_a_picture_that_is_cut_off_nothing_is_known(kind):
    assert find_pixels(io.BytesIO(samples.picture(kind)[:12])) is None


def test_a_frame_larger_than_the_screen_counts():
    content = bytearray(samples.picture("GIF"))
    content[6:10] = struct.pack("<HH", 1, 1)

    assert find_pixels(io.BytesIO(bytes(content))) == 200


@pytest.mark.parametrize(("size", "is_drawn"), [((5000, 5000), True), ((50_000, 50_000), False)])
def test_a_huge_picture_is_only_downloaded(desk, artifacts, size, is_drawn):
    content = huge_png(*size)
    assert desk.send(("huge.png", content)).status_code == 200
    (artifact,) = artifacts()
    address = f"/files/artifacts/{artifact.id}"

    page, sent = desk.client.get(f"/artifacts/{artifact.id}"), desk.client.get(address)

    assert len(content) < MAX_PIXELS / 1000
    assert (f'src="{address}' in page.text) is is_drawn
    assert sent.headers["Content-Disposition"].startswith("inline") is is_drawn
    assert sent.data == content


def test_the_size_is_kept_and_goes_with_the_file(desk, artifacts, stored_files):
    desk.send(("huge.png", huge_png()), button="save")
    (artifact,) = artifacts()
    desk.client.get(f"/artifacts/{artifact.id}")
    assert any(path.name.endswith("picture.json") for path in stored_files())

    desk.send(button="", remove=str(artifact.id))

    assert stored_files() == []
