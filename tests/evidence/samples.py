"""Small real files, made here."""

import io
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
