"""What an assessment says of parts, of evidence, and of itself; and what it may not say."""

import re
from datetime import UTC, datetime

import pytest

from app.assessment.models import Assessment, EvidenceMark
from app.evidence.models import ScanState
from tests import factories
from tests.assessment.desk import add_artifact, draft_data, rows, url
from tests.assessment.work import form_data, hand_in

NOW = datetime.now(UTC)


@pytest.fixture
def level_2_work(session, world):
    """Mei's work for the Level II badge, whose artifacts may be shown."""
    assignment = factories.make_assignment(
        session, world.course, world.level_2, link=None, criterion_positions=(0, 1, 2)
    )
    return hand_in(session, assignment, world.learner)


def test_artifacts_are_marked_to_be_shown_where_the_level_shares_evidence(
    browser, session, world, level_2_work
):
    artifact = level_2_work.attempts[-1].artifacts[0]
    client = browser(world.second_grantor)
    assert "What may be shown with the award" in client.get(url(level_2_work)).text
    data = form_data(level_2_work, "best", "best", "best") | {"shown_artifacts": artifact.id}

    page = client.post(url(level_2_work), data=data, follow_redirects=True)

    assert "May be shown with the award" in page.text
    assert [mark.artifact_id for mark in rows(session, EvidenceMark)] == [artifact.id]


def test_level_1_work_is_never_marked(browser, session, world, submission):
    artifact = submission.attempts[-1].artifacts[0]
    client = browser(world.grantor)
    assert "What may be shown" not in client.get(url(submission)).text
    data = form_data(submission, "best", "best") | {"shown_artifacts": artifact.id}

    page = client.post(url(submission), data=data)

    assert page.status_code == 422
    assert rows(session, Assessment) == []


def test_an_artifact_of_another_submission_is_not_marked(
    browser, session, world, submission, level_2_work
):
    foreign = submission.attempts[-1].artifacts[0]
    data = form_data(level_2_work, "best", "best", "best") | {"shown_artifacts": foreign.id}

    page = browser(world.second_grantor).post(url(level_2_work), data=data)

    assert page.status_code == 422
    assert rows(session, Assessment) == []


@pytest.mark.parametrize(
    "facts",
    [{"scan_state": ScanState.INFECTED}, {"scan_state": ScanState.WAITING}, {"deleted_at": NOW}],
)
def test_what_is_not_known_to_be_clean_is_not_marked(browser, session, world, level_2_work, facts):
    suspect = add_artifact(session, level_2_work.attempts[-1], **facts)
    session.commit()
    client = browser(world.second_grantor)
    data = form_data(level_2_work, "best", "best", "best") | {"shown_artifacts": suspect.id}

    assert f'value="{suspect.id}"' not in client.get(url(level_2_work)).text
    assert client.post(url(level_2_work), data=data).status_code == 422
    assert rows(session, Assessment) == []


def test_marks_count_only_for_what_is_met(browser, session, world, level_2_work):
    artifact = level_2_work.attempts[-1].artifacts[0]
    data = form_data(level_2_work, "best", "best", "below", decision="revision", reason="More.")

    browser(world.second_grantor).post(
        url(level_2_work), data=data | {"shown_artifacts": artifact.id}
    )

    assert len(rows(session, Assessment)) == 1
    assert rows(session, EvidenceMark) == []


def test_what_is_below_its_level_is_named_for_revision_unless_one_says_otherwise(
    browser, session, world, submission
):
    client = browser(world.grantor)
    first, second = submission.assignment.criteria
    data = draft_data(submission, "below", "best")
    del data["decision"]
    client.post(url(submission, "draft"), data=data)

    page = client.get(url(submission)).text

    assert re.search(rf'name="parts" value="{first.id}" checked', page)
    assert not re.search(rf'name="parts" value="{second.id}" checked', page)
    assert f'data-tally="criterion_{first.id}" data-state="below"' in page
    assert f'data-tally="criterion_{second.id}" data-state="met"' in page


def test_named_parts_are_kept_and_read_by_the_learner(browser, session, world, submission):
    second = submission.assignment.criteria[1]
    data = form_data(submission, "best", "below", decision="revision", reason="Cite it.")

    browser(world.grantor).post(url(submission), data=data | {"parts": second.id})

    (assessment,) = rows(session, Assessment)
    assert [part.id for part in assessment.parts] == [second.id]
    course, assignment = submission.course_id, submission.assignment_id
    told = browser(world.learner).get(f"/courses/{course}/assignments/{assignment}/feedback").text
    assert "To be revised: Criterion 2." in " ".join(told.split())


def test_parts_of_another_assignment_are_refused(browser, session, world, submission):
    foreign = world.level_2.criteria[0].id
    data = form_data(submission, "best", "below", decision="revision", reason="Cite it.")

    page = browser(world.grantor).post(url(submission), data=data | {"parts": foreign})

    assert page.status_code == 422
    assert "Cite it." in page.text
    assert rows(session, Assessment) == []


def test_a_level_of_another_criterion_is_refused(browser, session, world, submission):
    first, second = submission.assignment.criteria
    data = form_data(submission, "best", "best")
    data[f"criterion_{first.id}"] = second.rubric_levels[2].id

    page = browser(world.grantor).post(url(submission), data=data)

    assert page.status_code == 422
    assert rows(session, Assessment) == []


@pytest.mark.parametrize("field", ["comment", "reason", "staff_note"])
def test_4001_characters_are_too_many_and_are_not_lost(browser, session, world, submission, field):
    data = form_data(submission, "best", "best")
    name = f"comment_{submission.assignment.criteria[0].id}" if field == "comment" else field

    page = browser(world.grantor).post(url(submission), data=data | {name: "x" * 4001})

    assert page.status_code == 422
    assert "Keep it under 4000 characters." in page.text
    assert "x" * 4001 in page.text
    assert rows(session, Assessment) == []


def test_without_the_statement_on_conflicts_nothing_is_recorded(
    browser, session, world, submission
):
    data = form_data(submission, "best", "best")
    del data["states_no_conflict"]

    page = browser(world.grantor).post(url(submission), data=data)

    assert page.status_code == 422
    assert '<a href="#states_no_conflict">Say that you have no conflict' in page.text
    assert rows(session, Assessment) == []
