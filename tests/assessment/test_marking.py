"""What may be shown with an award can be marked afterwards; a learner asks for it."""

import pytest

from app.assessment.models import Assessment
from app.core.audit import AuditEntry
from tests.assessment.consent import make_shown_work
from tests.assessment.desk import rows, url
from tests.factories import appoint


@pytest.fixture
def unmarked(session, world, storage):
    return make_shown_work(session, world, storage, is_marked=False)


@pytest.fixture
def work(unmarked):
    return unmarked[1][0].attempt.submission


def marked(session):
    return [artifact.id for each in rows(session, Assessment) for artifact in each.shown_artifacts]


def test_whoever_decided_marks_more_of_the_work(browser, session, world, unmarked, work):
    award, (text, picture) = unmarked
    luis = browser(world.second_grantor)
    assert "poster.png" in luis.get(url(work)).text.partition("To be shown with the award")[2]

    answer = luis.post(url(work, "marks"), data={"marked": [picture.id]})

    assert answer.status_code == 303
    assert marked(session) == [picture.id]
    (entry,) = [each for each in rows(session, AuditEntry) if each.action == "evidence.marked"]
    assert entry.facts["marked"] == [picture.id]
    mei = browser(world.learner).get(f"/my/credentials/{award.public_id}/evidence").text
    assert "Choose what is shown" in mei
    assert f"shown_{picture.id}" in mei
    assert f"shown_{text.id}" not in mei


@pytest.mark.parametrize("what", ["nothing", "twice", "of another work"])
def test_only_what_can_be_marked_is(browser, session, world, unmarked, work, what):
    picture = unmarked[1][1]
    luis = browser(world.second_grantor)
    chosen = {"nothing": [], "twice": [picture.id], "of another work": [2**31 - 1]}[what]
    if what == "twice":
        luis.post(url(work, "marks"), data={"marked": chosen})
    before = marked(session)

    answer = luis.post(url(work, "marks"), data={"marked": chosen})

    assert answer.status_code == 422
    assert marked(session) == before


def test_who_did_not_decide_marks_nothing(browser, session, world, unmarked, work):
    appoint(session, world.grantor, world.level_2)
    session.commit()
    priya = browser(world.grantor)

    page = priya.get(url(work)).text
    answer = priya.post(url(work, "marks"), data={"marked": [unmarked[1][1].id]})

    assert "To be shown with the award" not in page
    assert answer.status_code in {403, 422}
    assert marked(session) == []


def test_a_learner_with_nothing_to_show_is_led_to_ask(browser, world, unmarked, work):
    award = unmarked[0]
    mei = browser(world.learner)

    page = mei.get(f"/my/credentials/{award.public_id}/evidence").text

    asked = f"/courses/{work.course_id}/assignments/{work.assignment_id}/questions"
    assert f'href="{asked}"' in page
    assert mei.post(asked, data={"body": "May I show the poster?"}).status_code == 303
