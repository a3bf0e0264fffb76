"""Somebody's own bank of comments."""

import pytest

from app.assessment.comments import keep_comment
from app.assessment.desk_models import AssessmentDraft, SavedComment
from app.core.clock import utcnow
from tests.assessment.desk import draft_data, rows, url

BANK = "/assessment/comments"


@pytest.fixture
def keep(session, world):
    """Put a comment into Priya's bank."""

    def put(text, *, person=None, version=world.level_1):
        person = person or world.grantor
        comment = keep_comment(
            session,
            text,
            institution_id=person.institution_id,
            person_id=person.id,
            achievement_id=version.achievement_id if version else None,
            now=utcnow(),
        )
        session.commit()
        return comment

    return put


def test_the_comment_of_a_criterion_is_kept_and_nothing_else_is_lost(
    browser, session, world, submission
):
    criterion = submission.assignment.criteria[0]
    data = draft_data(submission, "best", "below", reason="Half a reason", keep=criterion.id)

    page = browser(world.grantor).post(url(submission, "draft"), data=data, follow_redirects=True)

    assert "Kept among your comments." in page.text
    assert "Half a reason" in page.text
    (comment,) = rows(session, SavedComment)
    assert (comment.text, comment.person_id) == ("About Criterion 1", world.grantor.id)
    assert comment.achievement_id == world.level_1.achievement_id


def test_a_saved_comment_is_inserted_after_what_was_typed(
    browser, session, world, submission, keep
):
    first, second = submission.assignment.criteria
    comment = keep("Say which databases.")
    data = draft_data(submission, "best", "below", reason="Half a reason", insert=second.id)
    data[f"saved_{second.id}"] = comment.id

    page = browser(world.grantor).post(url(submission, "draft"), data=data)

    assert page.status_code == 303
    assert page.location.endswith(f"#comment_{second.id}")
    (draft,) = rows(session, AssessmentDraft)
    assert draft.content[f"comment_{second.id}"] == "About Criterion 2\nSay which databases."
    assert draft.content[f"comment_{first.id}"] == "About Criterion 1"
    assert draft.content["reason"] == "Half a reason"
    assert comment.uses == 1


def test_inserting_nothing_says_so_and_keeps_the_draft(browser, session, world, submission):
    criterion = submission.assignment.criteria[0]
    data = draft_data(submission, "best", "best", insert=criterion.id)

    page = browser(world.grantor).post(url(submission, "draft"), data=data, follow_redirects=True)

    assert "Choose one of your comments first" in page.text
    assert len(rows(session, AssessmentDraft)) == 1


def test_an_empty_comment_is_not_kept(browser, session, world, submission):
    criterion = submission.assignment.criteria[0]
    data = draft_data(submission, "best", "best", keep=criterion.id)
    data[f"comment_{criterion.id}"] = " \x07 "

    page = browser(world.grantor).post(url(submission, "draft"), data=data, follow_redirects=True)

    assert "Write the comment first" in page.text
    assert rows(session, SavedComment) == []


def test_somebody_elses_comment_is_neither_offered_nor_inserted(
    browser, session, world, submission, keep
):
    foreign = keep("Luis's words", person=world.second_grantor)
    criterion = submission.assignment.criteria[0]
    data = draft_data(submission, "best", "best", insert=criterion.id)
    data[f"saved_{criterion.id}"] = foreign.id
    client = browser(world.grantor)

    assert "Luis" not in client.get(url(submission)).text
    assert client.post(url(submission, "draft"), data=data).status_code == 404
    assert "Luis" not in str(rows(session, AssessmentDraft)[0].content)
    assert client.get(f"{BANK}/{foreign.id}").status_code == 404
    assert client.post(f"{BANK}/{foreign.id}/delete").status_code == 404


def test_only_what_fits_the_badge_is_offered_and_most_used_comes_first(
    browser, session, world, submission, keep
):
    keep("Seldom used")
    often = keep("Often used")
    often.uses = 7
    keep("For every badge", version=None)
    keep("For the other badge", version=world.level_2)
    session.commit()

    text = browser(world.grantor).get(url(submission)).text

    assert "For the other badge" not in text
    assert "For every badge" in text
    assert text.index("Often used") < text.index("Seldom used")


def test_the_bank_is_filtered_changed_and_emptied(browser, session, world, keep):
    one = keep("First words", person=world.second_grantor)
    keep("Other words", person=world.second_grantor, version=world.level_2)
    client = browser(world.second_grantor)

    filtered = client.get(BANK, query_string={"achievement": world.level_2.achievement_id}).text
    changed = client.post(
        f"{BANK}/{one.id}", data={"text": "Better words", "achievement": 0}, follow_redirects=True
    )

    assert "Other words" in filtered
    assert "First words" not in filtered
    assert "Better words" in changed.text
    assert "Every micro-credential" in changed.text
    assert client.post(f"{BANK}/{one.id}/delete").status_code == 303
    assert client.post(f"{BANK}/{one.id}/delete").status_code == 404
    assert [comment.text for comment in rows(session, SavedComment)] == ["Other words"]


def test_an_empty_bank_teaches_and_takes_a_first_one(browser, session, world):
    client = browser(world.grantor)

    assert "No comment is kept here yet" in client.get(BANK).text
    page = client.post(
        BANK,
        data={"text": "New\0 words", "achievement": world.level_1.achievement_id},
        follow_redirects=True,
    )

    assert "New words" in page.text
    assert "not inserted yet" in page.text


@pytest.mark.parametrize(
    "data",
    [
        {"text": "", "achievement": 0},
        {"text": "\x07", "achievement": 0},
        {"text": "x" * 4001, "achievement": 0},
        {"text": "Fine", "achievement": 999},
        {"text": "Fine", "achievement": "x"},
    ],
)
def test_what_is_no_comment_is_refused(browser, session, world, data):
    page = browser(world.grantor).post(BANK, data=data)

    assert page.status_code == 422
    assert rows(session, SavedComment) == []


def test_a_badge_that_one_does_not_assess_is_no_choice(browser, session, world):
    data = {"text": "Fine", "achievement": world.level_2.achievement_id}

    assert browser(world.grantor).post(BANK, data=data).status_code == 422


@pytest.mark.parametrize("shown", ["x", "999", "-1", str(2**40)])
def test_a_filter_that_means_nothing_shows_everything(browser, world, keep, shown):
    keep("Some words")

    page = browser(world.grantor).get(BANK, query_string={"achievement": shown})

    assert page.status_code == 200
    assert "Some words" in page.text


def test_the_same_words_are_kept_once(browser, session, world):
    client, data = browser(world.grantor), {"text": "Twice", "achievement": 0}
    client.post(BANK, data=data)
    client.post(BANK, data=data)

    assert len(rows(session, SavedComment)) == 1
