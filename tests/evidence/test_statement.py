"""The statement that a learner signs when handing in, and the receipt that says so."""

import hashlib
import json

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.errors import InvalidError
from app.evidence.completing import UnsignedError
from app.evidence.intake import SentPart, Work
from app.evidence.models import SubmissionStatus
from app.evidence.service import submit_attempt
from tests.factories import NOON

WORDS = "This is my own work.\nI named my <sources>."


@pytest.fixture
def assignment(assignment, session):
    assignment.statement = WORDS
    session.commit()
    return assignment


def test_the_statement_stands_above_the_button(desk):
    page = desk.page()

    assert "I named my &lt;sources&gt;." in page.text
    assert 'name="signs"' in page.text


def test_unsigned_work_is_saved_but_not_handed_in(desk, submissions, artifacts):
    page = desk.send(text="my work")

    assert page.status_code == 422
    assert '<a href="#signs">Sign the statement to hand in your work' in page.text
    assert "my work</textarea>" in page.text
    assert [row.text for row in artifacts()] == ["my work"]
    assert submissions()[0].status is SubmissionStatus.DRAFT


def test_saving_a_draft_asks_for_no_signature(desk):
    assert "Your draft is saved" in desk.send(text="x", button="save").text


def test_the_exact_words_are_kept_with_who_signed_and_when(desk, attempts, world):
    page = desk.send(text="my work", signs="y")

    (attempt,) = attempts()
    assert (attempt.statement, attempt.signed_by) == (WORDS, world.learner.id)
    assert attempt.signed_at == attempt.submitted_at
    assert "Signed by you" in page.text
    assert "I named my &lt;sources&gt;." in page.text


def test_the_audit_log_has_a_digest_of_the_words_and_no_name(desk, session):
    desk.send(text="my work", signs="y")

    entry = session.scalars(select(AuditEntry)).one()
    assert entry.facts["signed_statement_sha256"] == hashlib.sha256(WORDS.encode()).hexdigest()
    assert "Mei" not in json.dumps(entry.facts)


@pytest.mark.parametrize("signed", ["", "Other words."])
def test_the_service_itself_asks_for_these_very_words(session, assignment, world, signed):
    with pytest.raises(UnsignedError):
        submit_attempt(
            session,
            assignment,
            Work([SentPart(text="x")]),
            learner_id=world.learner.id,
            signed_statement=signed,
            now=NOON,
        )
    assert issubclass(UnsignedError, InvalidError)


def test_an_assignment_without_statement_asks_for_nothing(desk, session, assignment, attempts):
    assignment.statement = ""
    session.commit()

    page = desk.send(text="x")

    assert 'name="signs"' not in desk.page().text
    assert attempts()[0].statement is None
    assert "Signed" not in page.text


def test_a_receipt_of_one_attempt_can_be_printed(desk, world):
    work = desk.send(
        text="my work", link="https://example.org/film", link_note="The film", signs="y"
    )
    address = desk.url.replace("/work", "/receipts/1")

    page = desk.client.get(address)

    assert f'href="{address}"' in work.text
    for words in (
        "Literature review", "Research Literacy", "Mei Student", "The film",
        "https://example.org/film", "Signed by you", "I named my &lt;sources&gt;.",
    ):  # fmt: skip
        assert words in page.text, words
    digest = hashlib.sha256(b"my work").hexdigest()
    assert all(digest[start : start + 8] in page.text for start in range(0, 64, 8))


@pytest.mark.parametrize("number", [2, 0, 999])
def test_there_is_no_receipt_of_what_was_not_handed_in(desk, browser, world, number):
    desk.send(text="draft", button="save")
    address = desk.url.replace("/work", f"/receipts/{number}")

    assert desk.client.get(address).status_code == 404
    assert desk.client.get(desk.url.replace("/work", "/receipts/1")).status_code == 404
    assert browser(world.other_learner).get(address).status_code == 404


def test_empty_work_is_told_of_beside_the_statement(desk):
    page = desk.send()

    assert page.status_code == 422
    assert '<a href="#files">Nothing has been added yet' in page.text
    assert '<a href="#signs">Sign the statement to hand in your work' in page.text


def test_an_empty_assignment_for_links_alone_says_so_at_its_row(desk, session, assignment):
    assignment.max_files, assignment.accepts_text = 0, False
    session.commit()

    page = desk.send(signs="y")

    assert 'id="link-error"' in page.text
    assert page.text.count("Nothing has been added yet") == 2, "above, and at the row"
