"""The certificate as PDF: for the archive, for everybody's eyes, with the credential inside."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pypdfium2
import pytest
from pypdf import PdfReader

from app.core.errors import InvalidError
from app.credentials.certificate_pdf import (
    ATTACHMENT,
    UNKNOWN,
    CertificateFacts,
    CertificateWords,
    draw_certificate,
)

CREDENTIAL = '{"name":"Ü 😀 \\u2028 \\\\ <b>","proof":[]}'
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><circle cx="50" cy="50" r="40"/>'
    "{}</svg>"
)
WORDS = CertificateWords(
    lang="en",
    certifies="This is to certify that",
    earned="has earned",
    skills="Skills:",
    verify="Verify it at",
    attachment="The credential is attached.",
    attached="The signed credential",
    code="QR code of the address",
)
FACTS = CertificateFacts(
    holder="Mei Student",
    name="Research Literacy",
    description="Finds, reads and judges sources.",
    level="Badge Level I",
    family="gold",
    issuer="Example University",
    skills=("Finding sources", "Citing"),
    dates=(("Awarded", "November 2, 2026"), ("Valid until", "November 2, 2028")),
    awarded_at=datetime(2026, 11, 2, 12, tzinfo=UTC),
    signed_at=datetime(2026, 11, 2, 12, tzinfo=UTC),
    address="https://tool.test/credentials/abc_DEF-123",
    picture=PICTURE.format(""),
    picture_alt="A golden disc",
)


def draw(**changes):
    return draw_certificate(replace(FACTS, **changes), WORDS, CREDENTIAL)


def read(pdf):
    return PdfReader(io.BytesIO(pdf), strict=True)


def text_of(reader):
    return " ".join(reader.pages[0].extract_text().replace("\u200b", "").split())


def test_it_is_for_the_archive_tagged_and_not_encrypted():
    reader = read(draw())

    said = reader.xmp_metadata.stream.get_data().decode() if reader.xmp_metadata else ""
    assert "<pdfaid:part>3</pdfaid:part>" in said
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in said
    assert "<pdfuaid:part>1</pdfuaid:part>" in said
    assert not reader.is_encrypted
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert reader.metadata.title == "Research Literacy – Mei Student"
    assert len(reader.pages) == 1


def test_the_credential_is_attached_byte_for_byte():
    reader = read(draw())

    assert reader.attachments == {ATTACHMENT: [CREDENTIAL.encode()]}
    (attached,) = reader.trailer["/Root"]["/AF"]
    assert attached.get_object()["/AFRelationship"] == "/Data"
    assert attached.get_object()["/Desc"] == WORDS.attached


def test_the_page_says_who_earned_what_of_whom_when_and_where_to_check():
    reader = read(draw())

    text = text_of(reader)
    for words in (
        *(FACTS.holder, FACTS.name, FACTS.description, FACTS.level, FACTS.issuer, FACTS.address),
        *("Finding sources · Citing", "Awarded November 2, 2026", "Valid until November 2, 2028"),
        *("This is to certify that", "has earned"),
    ):
        assert words in text
    (link,) = [note.get_object() for note in reader.pages[0]["/Annots"]]
    assert link["/A"]["/URI"] == FACTS.address


def test_the_same_award_gives_the_same_bytes():
    assert draw() == draw()


@pytest.mark.parametrize(
    "name",
    [
        '#set page(width: 1pt) $x$ *b* _i_ `c` @a <l> // " \\ [ ] #panic()',
        "李小龍 日本 한국어 مرحبا שלום प्रिया ภาษาไทย",
        "Zoë e\u0301\u0323 q\u0301 \u200b\u202e \u2028 \x07 \x00 \ud800 \ufffe",
        "👩‍👩‍👧 🇩🇪 😀 fi ﷺ",
    ],
)
def test_no_name_is_markup_and_none_breaks_the_page(name):
    reader = read(draw(holder=name, name=name, description=name, issuer=name, skills=(name,)))

    assert len(reader.pages) == 1
    assert "This is to certify that" in text_of(reader)


def test_markup_stands_there_as_it_was_written():
    text = text_of(read(draw(holder="#let a = 1; *Bo* $x$ <b>")))

    assert "#let a = 1; *Bo* $x$ <b>" in text


def test_what_no_font_has_is_replaced():
    text = text_of(read(draw(name="Music 𝄞 and ᚠ runes")))

    assert f"Music {UNKNOWN} and {UNKNOWN} runes" in text


@pytest.mark.parametrize(
    ("holder", "name", "description"),
    [
        ("Maria del Carmen " * 15, "Interdisciplinary Research Literacy " * 6, "Reads. " * 9000),
        ("W" * 255, "M" * 200, "d" * 64_000),
        ("明" * 255, "漢字" * 100, "あ" * 4000),
    ],
)
def test_the_longest_words_stay_on_their_page(holder, name, description):
    pdf = draw(holder=holder, name=name, description=description, skills=("Skill " * 30,) * 3)

    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 1
    page = document[0]
    image = page.render(scale=1).to_pil().convert("L")
    width, height = image.size
    frame = 31  # points: the double line around the page
    outside = [
        image.crop((0, 0, width, 20)),
        image.crop((0, height - 20, width, height)),
        image.crop((width - frame - 30, frame, width - frame, height - frame)),
    ]
    assert [part.getextrema() for part in outside] == [(255, 255)] * 3
    page.close()
    document.close()


def test_a_picture_with_text_of_its_own_is_drawn_as_pixels():
    words = '<text x="10" y="50" font-size="20">A 𝄞</text>'

    reader = read(draw(picture=PICTURE.format(words)))

    assert len(reader.pages) == 1
    assert "𝄞" not in text_of(reader)


def test_a_picture_that_is_none_is_refused_in_words():
    with pytest.raises(InvalidError, match="cannot be drawn"):
        draw(picture="no picture")
