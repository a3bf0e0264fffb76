"""An assignment by criterion: artifacts for each; only the parts named are revised."""

import io
from datetime import timedelta

import pytest

from app.assessment.models import Decision
from app.assessment.recording import Judgement
from app.assessment.releasing import record_and_settle
from app.evidence.carrying import begin_revision
from app.evidence.models import Submission, SubmissionStatus
from tests.assessment.work import ratings
from tests.evidence import samples
from tests.factories import NOON

PDF = samples.pdf()


@pytest.fixture
def assignment(assignment, session):
    assignment.is_by_criterion = True
    session.commit()
    return assignment


@pytest.fixture
def keys(assignment):
    """The names of the parts of both criteria."""
    return [f"c{criterion.id}" for criterion in assignment.criteria]


@pytest.fixture
def revise(app, session, world, submissions):
    """As the grantor, ask to have these parts revised."""

    def ask(*criterion_ids):
        submission = session.get(Submission, submissions()[0].id)
        judgement = Judgement(
            attempt_id=submission.attempts[-1].id,
            ratings=ratings(submission, "below", "enough"),
            decision=Decision.REVISION,
            reason="Cite.",
            parts=frozenset(criterion_ids),
            states_no_conflict=True,
        )
        record_and_settle(
            session,
            submission,
            judgement,
            grantor=world.grantor,
            undo_for=timedelta(),
            vault=app.extensions["assay.vault"],
            base_url="https://tool.test",
            now=NOON,
        )
        session.commit()

    return ask


def by_part(artifacts, attempt_id=None):
    return [
        (row.criterion_id, row.file_name or row.url or row.text)
        for row in artifacts()
        if attempt_id in {None, row.attempt_id}
    ]


def test_each_criterion_has_a_section_with_its_rubric(desk, keys):
    page = desk.page()

    for key in keys:
        assert f'name="{key}-text"' in page.text
        assert f'name="{key}-files"' in page.text
        assert f'name="{key}-link"' in page.text
    assert 'name="text"' not in page.text
    assert page.text.count("How it is rated") == 2, "once, beside the fields"


def test_what_is_sent_for_a_criterion_belongs_to_it(desk, keys, assignment, artifacts):
    one, two = (criterion.id for criterion in assignment.criteria)

    page = desk.send(
        **{f"{keys[0]}-text": "one", f"{keys[1]}-text": "two", f"{keys[1]}-link": "https://x.org"},
        **{f"{keys[0]}-files": [(io.BytesIO(PDF), "essay.pdf")]},
    )

    assert page.status_code == 200
    assert by_part(artifacts) == [
        (one, "essay.pdf"), (one, "one"), (two, "https://x.org"), (two, "two"),
    ]  # fmt: skip
    assert "Criterion 2 · Link" in page.text, "the receipt says so"


def test_each_part_takes_as_many_files_as_the_assignment_says(
    desk, keys, session, assignment, artifacts
):
    assignment.max_files = 1
    session.commit()
    files = {
        f"{key}-files": [(io.BytesIO(b"a"), "a.txt"), (io.BytesIO(b"b"), "b.txt")] for key in keys
    }

    page = desk.send(**files, button="save")

    assert page.status_code == 422
    assert page.text.count("“b.txt” was not taken") == 4, "at both fields and in the summary"
    assert len(artifacts()) == 2


@pytest.mark.parametrize("key", ["c999999", "", "cx", "c-1", "c1 OR 1"])
def test_a_forged_criterion_takes_nothing(desk, key, artifacts, stored_files):
    name = f"{key}-text" if key else "text"
    page = desk.send(
        **{name: "forged", f"{key}-files": [(io.BytesIO(PDF), "x.pdf")]}, button="save"
    )

    assert "nothing to save" in page.text
    assert artifacts() == []
    assert stored_files() == []


def test_the_whole_assignments_fields_are_none_where_it_is_not_by_criterion(
    desk, keys, session, assignment, artifacts
):
    assignment.is_by_criterion = False
    session.commit()

    desk.send(**{f"{keys[0]}-text": "forged", "text": "mine"}, button="save")

    assert by_part(artifacts) == [(None, "mine")]


def test_a_preview_is_of_one_part(desk, keys):
    page = desk.send(**{f"{keys[1]}-text": "**two**"}, preview=keys[1], button="")

    assert f'<div id="{keys[1]}-preview" role="status">' in page.text
    assert page.text.count("How your text will look") == 1


@pytest.fixture
def revision(desk, keys, assignment, revise):
    """Work for both criteria, of which the first is to be revised."""
    desk.send(
        **{f"{keys[0]}-text": "one", f"{keys[1]}-text": "two"},
        **{f"{keys[1]}-files": [(io.BytesIO(PDF), "two.pdf")]},
    )
    revise(assignment.criteria[0].id)


def test_a_revision_of_parts_begins_by_itself_with_all_of_the_last_attempt(
    desk, keys, revision, attempts, artifacts, assignment
):
    page = desk.page()

    draft = attempts()[1]
    assert draft.open_parts == [assignment.criteria[0].id]
    one, two = (criterion.id for criterion in assignment.criteria)
    assert set(by_part(artifacts, draft.id)) == {(one, "one"), (two, "two"), (two, "two.pdf")}
    assert "To be revised" in page.text
    assert "Not to be revised: this stays as you handed it in" in page.text
    assert f'name="{keys[0]}-text"' in page.text
    assert f'name="{keys[1]}-text"' not in page.text


def test_no_request_changes_a_part_that_is_not_to_be_revised(
    desk, keys, revision, artifacts, attempts, stored_files
):
    draft = attempts()[1]
    before = by_part(artifacts, draft.id)
    locked = next(row for row in artifacts() if row.attempt_id == draft.id and row.file_name)

    page = desk.send(
        **{f"{keys[0]}-text": "one", f"{keys[1]}-text": "changed"},
        **{f"{keys[1]}-link": "https://x.org"},
        **{f"{keys[1]}-files": [(io.BytesIO(samples.pdf(1)), "more.pdf")]},
        button="save",
    )  # fmt: skip
    removed = desk.send(button="", remove=locked.id)

    assert page.status_code == 200
    assert removed.status_code == 409
    assert "is not to be revised" in removed.text
    assert sorted(by_part(artifacts, draft.id)) == sorted(before)
    assert len(stored_files()) == 1


def test_the_revised_part_and_the_others_are_handed_in_together(
    desk, keys, revision, artifacts, attempts, submissions
):
    page = desk.send(**{f"{keys[0]}-text": "better"})

    assert "Attempt 2, handed in" in page.text
    assert submissions()[0].status is SubmissionStatus.SUBMITTED
    texts = {text for _part, text in by_part(artifacts, attempts()[1].id)}
    assert texts == {"better", "two", "two.pdf"}


def test_parts_of_an_assignment_as_a_whole_leave_all_of_it_open(
    desk, session, assignment, revise, attempts, artifacts
):
    assignment.is_by_criterion = False
    session.commit()
    desk.send(text="all of it")
    revise(assignment.criteria[1].id)

    page = desk.page()

    assert "Criterion 2</li>" in page.text
    assert "all of it</textarea>" in page.text
    assert desk.send(text="better").status_code == 200
    assert [row.text for row in artifacts()] == ["all of it", "better"]


def test_a_revision_without_parts_begins_as_ever(desk, keys, revise, attempts):
    desk.send(**{f"{key}-text": "work" for key in keys})
    revise()

    assert len(attempts()) == 1
    assert "Start from what you handed in before" in desk.page().text


def test_a_draft_is_begun_once(session, revision, submissions, assignment, attempts):
    submission = session.get(Submission, submissions()[0].id)

    assert begin_revision(session, submission, assignment.criteria, now=NOON) is None
    assert len(attempts()) == 2


def test_what_an_earlier_draft_holds_for_the_whole_can_be_taken_out(
    desk, session, assignment, artifacts
):
    assignment.is_by_criterion = False
    session.commit()
    desk.send(text="for all", button="save")
    assignment.is_by_criterion = True
    session.commit()

    page = desk.page()
    assert "For the whole assignment" in page.text
    desk.send(button="", remove=artifacts()[0].id)

    assert artifacts() == []


def test_a_revision_begins_with_the_reason_and_the_fields(desk, keys, revision):
    page = desk.page().text

    places = [page.index(words) for words in ("Cite.", 'id="hand-in"', 'id="receipt"', "SHA-256")]
    assert places == sorted(places)
    receipts = page[page.index('id="receipt"') :]
    assert receipts.index("<details") < receipts.index("SHA-256"), "closed until asked for"


def test_what_was_taken_back_is_changed_first_and_its_receipt_closed(desk, keys, attempts):
    desk.send(**{f"{key}-text": "work" for key in keys})
    desk.client.post(desk.url.replace("/work", "/withdraw"), data={"attempt": attempts()[0].id})

    page = desk.page().text

    assert page.index('id="hand-in"') < page.index('id="receipt"') < page.index("SHA-256")
    assert "What is to be revised, and why" not in page


def test_a_required_criterion_without_anything_is_not_handed_in(
    desk, keys, submissions, artifacts, assignment
):
    page = desk.send(**{f"{keys[0]}-text": "one"})

    assert page.status_code == 422
    assert f'<a href="#{keys[1]}-files">There is nothing for “Criterion 2” yet' in page.text
    assert "There is nothing for “Criterion 1” yet" not in page.text
    assert submissions()[0].status is SubmissionStatus.DRAFT
    assert by_part(artifacts) == [(assignment.criteria[0].id, "one")], "kept as a draft"
    assert (
        desk.send(**{f"{keys[0]}-text": "one", f"{keys[1]}-text": "two"}, seen="1.1").status_code
        == 200
    )
    assert submissions()[0].status is SubmissionStatus.SUBMITTED


def test_a_criterion_to_choose_from_may_be_left_out(desk, keys, session, assignment, submissions):
    assignment.criteria[1].is_required = False
    session.commit()

    assert "you may leave it out" in desk.page().text
    desk.send(**{f"{keys[0]}-text": "one"})

    assert submissions()[0].status is SubmissionStatus.SUBMITTED


def test_what_is_removed_while_handing_in_leaves_its_criterion_empty(
    desk, keys, artifacts, submissions
):
    desk.send(
        **{f"{keys[0]}-text": "one", f"{keys[1]}-files": [(io.BytesIO(PDF), "two.pdf")]},
        button="save",
    )
    file = next(row for row in artifacts() if row.file_name)

    page = desk.send(**{f"{keys[0]}-text": "one"}, remove=file.id)

    assert page.status_code == 422
    assert submissions()[0].status is SubmissionStatus.DRAFT


def test_everything_that_is_missing_is_said_at_once(desk, keys, session, assignment):
    assignment.statement = "My own work."
    session.commit()

    page = desk.send()

    assert page.status_code == 422
    summary = page.text[page.text.index('id="error-summary"') : page.text.index("</ul>")]
    assert "There is nothing for “Criterion 1” yet" in summary
    assert "There is nothing for “Criterion 2” yet" in summary
    assert "Sign the statement to hand in your work" in summary
