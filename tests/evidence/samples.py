"""Small real files, made here."""

import io
import random
import zipfile

import pypdfium2
from PIL import Image


def pdf(pages: int = 2) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(612, 792)
    target = io.BytesIO()
    document.save(target)
    document.close()
    return target.getvalue()


def nested_forms(*, levels: int, fan: int) -> bytes:
    """One page that draws a form `fan` times, that draws a form `fan` times, and so on."""
    last = 4 + levels
    forms = [
        _stream(
            b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</XObject<</F %d 0 R>>>>"
            % (number + 1),
            b"/F Do " * fan,
        )
        for number in range(5, last)
    ]
    leaf = b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]"
    return _one_page(
        b"/MediaBox[0 0 600 800]/Resources<</XObject<</F 5 0 R>>>>",
        _stream(b"", b"/F Do"),
        *forms,
        _stream(leaf, b"0 0 m 600 800 l S " * fan),
    )


def written_pdf(*pages: str, more: bytes = b"", first: bytes = b"") -> bytes:
    """Pages with a line of text each. `first`: entries of the catalog; `more`: of every page."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(len(pages)))
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % first,
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(pages)),
        font,
    ]
    for number, text in enumerate(pages):
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R"
            b"/Resources<</Font<</F 3 0 R>>>>%s>>" % (5 + 2 * number, more)
        )
        objects.append(_stream(b"", b"BT /F 24 Tf 72 700 Td (%s) Tj ET" % text.encode("latin-1")))
    return _document(*objects)


def endless_pdf(pages: int) -> bytes:
    """A document that says it has so many pages: the same one again and again."""
    return _document(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (b"3 0 R " * pages, pages),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>",
    )


def noise_pdf() -> bytes:
    """One page that is a picture of noise: what PNG cannot make small."""
    pixels = random.Random(1).randbytes(1200 * 1553 * 3)
    kind = b"/Type/XObject/Subtype/Image/Width 1200/Height 1553"
    return _one_page(
        b"/MediaBox[0 0 612 792]/Resources<</XObject<</F 5 0 R>>>>",
        _stream(b"", b"q 612 0 0 792 0 0 cm /F Do Q"),
        _stream(kind + b"/ColorSpace/DeviceRGB/BitsPerComponent 8", pixels),
    )


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(content), content)


def _one_page(entries: bytes, *objects: bytes) -> bytes:
    """Write a PDF whose page's content is object 4; the others follow."""
    return _document(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R%s>>" % entries,
        *objects,
    )


def _document(*objects: bytes) -> bytes:
    """Write a PDF of these objects, of which the first is the catalog."""
    body = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(offsets) + 1
    return (
        body
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Root 1 0 R/Size %d>>\n"
        % (
            size,
            table,
            size,
        )
        + b"startxref\n%d\n%%%%EOF\n" % len(body)
    )


# A PDF whose encryption dictionary asks for a password that nobody has.
ENCRYPTED_PDF = (
    b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    b"2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    b"3 0 obj\n<</Filter/Standard/V 1/R 2/O<" + b"41" * 32 + b">/U<" + b"42" * 32 + b">/P -4>>\n"
    b"endobj\ntrailer\n<</Root 1 0 R/Encrypt 3 0 R/ID[<00><00>]/Size 4>>\n%%EOF\n"
)


def picture(kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (20, 10), "silver").save(target, kind)
    return target.getvalue()


def archive(*names: str, first: tuple[str, str] | None = None) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        if first:
            out.writestr(zipfile.ZipInfo(first[0]), first[1])
        for name in names:
            out.writestr(name, "<x/>")
    return target.getvalue()


def word() -> bytes:
    return archive("[Content_Types].xml", "_rels/.rels", "word/document.xml")


def open_document() -> bytes:
    mime = "application/vnd.oasis.opendocument.text"
    return archive("content.xml", "META-INF/manifest.xml", first=("mimetype", mime))
