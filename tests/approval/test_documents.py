"""Documents attached to a proposal: hostile until proven."""

from io import BytesIO

import pytest

from app.approval.documents import MAX_DOCUMENTS
from app.evidence.models import ScanState
from tests.clamd import EICAR

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def attach(walk, content=PDF, name="letter.pdf", person=None):
    return walk.of(person or walk.proposer).post(
        f"/proposals/{walk.id}/documents", data={"document": (BytesIO(content), name)}
    )


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (PDF, "letter.exe", "not accepted"),
        (b"MZ\x90\x00" + b"\0" * 60, "letter.pdf", "not what its name says"),
        (b"", "letter.pdf", "is empty"),
        (b"<svg onload='x()'/>", "picture.svg", "not accepted"),
        (b"", "", "Choose a file first"),
    ],
)
def test_a_document_that_is_not_what_it_says_is_refused(walk, settings, content, name, words):
    walk.begin()

    page = attach(walk, content, name)

    assert page.status_code == 422
    assert words in page.text
    assert walk.proposal.documents == []
    kept = [each for each in settings.storage_dir.rglob("*") if each.is_file()]
    assert kept == []


def test_a_document_is_kept_and_served_as_a_download_to_those_who_may_see_it(walk, settings):
    walk.begin()
    assert attach(walk, name="../Brief von Ünal.pdf").status_code == 303
    [document] = walk.proposal.documents
    address = f"/proposals/documents/{document.id}"

    sent = walk.of(walk.proposer).get(address)

    assert sent.data == PDF
    assert document.file_name == "Brief von Ünal.pdf"
    assert sent.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in sent.headers["Content-Security-Policy"]
    assert walk.of(walk.seats.skills).get(address).status_code == 404, "not submitted yet"
    assert walk.of(walk.world.learner).get(address).status_code == 404
    walk.write_content()
    walk.answer()
    walk.submit()
    assert walk.of(walk.seats.skills).get(address).data == PDF
    assert attach(walk).status_code == 409


def test_a_document_taken_out_is_gone_unless_somebody_decided_on_it(walk, settings):
    walk.begin()
    attach(walk)
    [document] = walk.proposal.documents
    there = f"/proposals/{walk.id}/documents/{document.id}/remove"
    assert walk.of(walk.seats.skills).post(there).status_code == 404

    walk.of(walk.proposer).post(there)

    assert walk.proposal.documents == []
    assert [each for each in settings.storage_dir.rglob("*") if each.is_file()] == []

    attach(walk)
    walk.write_content()
    walk.answer()
    walk.submit()
    walk.close(walk.seats.skills, "return", "Say more.")
    [document] = walk.proposal.documents
    walk.of(walk.proposer).post(f"/proposals/{walk.id}/documents/{document.id}/remove")
    [document] = walk.proposal.documents
    assert document.removed_at is not None
    assert walk.proposal.current_documents == []
    assert walk.of(walk.proposer).get(f"/proposals/documents/{document.id}").data == PDF


def test_too_many_documents_are_refused(walk):
    walk.begin()
    for _ in range(MAX_DOCUMENTS):
        attach(walk)

    page = attach(walk)

    assert page.status_code == 422
    assert f"At most {MAX_DOCUMENTS}" in page.text


def test_a_document_is_its_proposers_alone_until_it_was_checked(walk, scanner, scan):
    walk.begin()
    attach(walk)
    walk.write_content()
    walk.answer()
    walk.submit()
    [document] = walk.proposal.documents
    address = f"/proposals/documents/{document.id}"
    assert document.scan_state is ScanState.WAITING
    assert walk.of(walk.proposer).get(address).status_code == 200
    refused = walk.of(walk.seats.skills).get(address)
    assert refused.status_code == 503
    assert "still being checked for malware" in refused.text

    assert scan()

    assert walk.of(walk.seats.skills).get(address).data == PDF
    page = walk.of(walk.seats.skills).get(f"/proposals/{walk.id}/review")
    assert "No malware found" in page.text


def test_an_infected_document_is_opened_by_nobody_and_both_sides_are_told(walk, scanner, scan):
    walk.begin()
    attach(walk, PDF + EICAR)
    walk.write_content()
    walk.answer()
    walk.submit()

    assert scan()

    [document] = walk.proposal.documents
    assert document.scan_state is ScanState.INFECTED
    for person in (walk.proposer, walk.seats.skills):
        refused = walk.of(person).get(f"/proposals/documents/{document.id}")
        assert refused.status_code == 403
        assert "locked away" in refused.text
        assert "Malware found" in walk.of(person).get(f"/proposals/{walk.id}").text


def test_nothing_infected_is_submitted(walk, settings, scanner, scan):
    walk.begin()
    attach(walk, PDF + EICAR)
    assert scan()
    walk.write_content()
    walk.answer()

    refused = walk.submit()

    assert (
        "malware was found in it" in walk.of(walk.proposer).get(f"/proposals/{walk.id}/edit").text
    )
    assert refused.status_code == 422
    assert walk.proposal.round == 0
    [document] = walk.proposal.documents
    walk.of(walk.proposer).post(f"/proposals/{walk.id}/documents/{document.id}/remove")
    assert [each for each in settings.storage_dir.rglob("*") if each.is_file()] == []
    assert walk.submit().status_code == 303
