"""“Next” keeps going, within what the queue is narrowed to; and what a grantor decided."""

from datetime import UTC, datetime, timedelta

import pytest

from app.assessment.models import Assessment
from app.core.principal import Role
from tests import factories
from tests.assessment.work import form_data, hand_in

NOW = datetime.now(UTC)


@pytest.fixture
def works(session, world, assignment):
    """Four works, oldest first; the second and the fourth are of another course."""
    elsewhere = factories.make_course(session, world.deployment, "course-2", "Writing")
    other = factories.make_assignment(session, elsewhere, world.level_1, link=None, title="Essay")
    made = []
    for number in range(4):
        learner = factories.make_person(session, world.course, Role.LEARNER, f"Learner {number}")
        at = NOW - timedelta(days=9 - number)
        made.append(hand_in(session, other if number % 2 else assignment, learner, at=at))
    return made


def url(submission, query=""):
    return f"/assessment/submissions/{submission.id}{query}"


def test_after_recording_next_stays_in_the_filter(browser, world, works):
    query = f"?course={works[1].course_id}"
    client = browser(world.grantor)

    recorded = client.post(url(works[1], query), data=form_data(works[1], "best", "best"))
    decided = client.get(recorded.location)

    assert recorded.location.endswith(url(works[1], query))
    assert f'href="{url(works[3], query)}">Assess next' in decided.text
    assert f'href="/assessment/queue{query}">Back to the queue' in decided.text


def test_next_leads_on_from_here_and_at_the_end_to_the_first(browser, world, works):
    client = browser(world.grantor)
    client.post(url(works[3]), data=form_data(works[3], "best", "best"))

    assert f'href="{url(works[0])}">Assess next' in client.get(url(works[3])).text


def beside(client, submission, query=""):
    """Return where “Previous” or “Skip to the next” leads; the links stand on the workbench."""
    return client.get(url(submission, f"/beside{query}")).location


def test_the_workbench_leads_back_and_on(browser, world, works):
    client = browser(world.grantor)

    page = client.get(url(works[2]))

    assert f'href="{url(works[2], "/beside?way=previous")}"' in page.text
    assert f'href="{url(works[2], "/beside")}"' in page.text
    assert beside(client, works[2], "?way=previous").endswith(url(works[1]))
    assert beside(client, works[2]).endswith(url(works[3]))


def test_skipping_leaves_out_what_others_have_or_was_given_to_them(browser, session, world, works):
    works[1].assessor_id = world.second_grantor.id
    session.commit()

    assert beside(browser(world.grantor), works[0]).endswith(url(works[2]))


def test_the_last_one_leads_back_to_the_queue(browser, world, works):
    client, query = browser(world.grantor), f"course={works[3].course_id}"

    assert beside(client, works[3], f"?{query}").endswith(f"/assessment/queue?{query}")
    previous = beside(client, works[3], f"?way=previous&{query}")
    assert previous.endswith(url(works[1], f"?{query}"))


def test_nonsense_in_the_workbench_address_is_dropped(browser, world, works):
    client, query = browser(world.grantor), "?course=x&state=%27&promise=9"

    assert client.get(url(works[0], query)).status_code == 200
    assert beside(client, works[0], query).endswith(url(works[1]))


def test_one_has_no_next_among_what_one_has_assessed(browser, session, world, works):
    world.level_1.grantors_needed = 2
    session.commit()
    client = browser(world.grantor)
    for work in works:
        client.post(url(work), data=form_data(work, "best", "best"))

    page = client.get("/assessment/queue")

    assert "you have assessed it; it waits for another" in page.text
    assert "Assess next" not in page.text


def test_what_one_decided_is_listed_newest_first(browser, world, works):
    client = browser(world.grantor)
    assert "Nothing decided yet" in client.get("/assessment/decided").text
    for work in works[:2]:
        client.post(url(work), data=form_data(work, "best", "best"))

    page = client.get("/assessment/decided")

    assert page.text.index("Learner 1") < page.text.index("Learner 0")
    assert "undo until" not in page.text
    assert "Learner 0" not in browser(world.second_grantor).get("/assessment/decided").text


def test_what_can_still_be_undone_stands_on_top(browser, app, world, works):
    settings = app.extensions["assay.settings"]
    app.extensions["assay.settings"] = settings.model_copy(update={"undo_minutes": 10})
    client = browser(world.grantor)
    client.post(url(works[0]), data=form_data(works[0], "best", "best"))

    page = client.get("/assessment/decided")

    assert "Not told yet" in page.text
    assert "undo until" in page.text
    assert "Learner 0" not in client.get("/assessment/queue").text


def test_the_list_of_decisions_has_pages_both_ways(browser, session, world, works):
    client = browser(world.grantor)
    client.post(url(works[0]), data=form_data(works[0], "best", "best"))
    first = session.query(Assessment).one()
    facts = {
        name: getattr(first, name)
        for name in (
            *("institution_id", "grantor_id", "appointment_id", "capacity", "decision"),
            *("points", "max_points", "assessed_at"),
        )
    }
    for number in range(29):
        learner = factories.make_person(session, world.course, Role.LEARNER, f"Person {number:02}")
        made = hand_in(session, works[0].assignment, learner)
        session.add(Assessment(**facts, attempt_id=made.attempts[-1].id))
        session.flush()
    session.commit()

    newest = client.get("/assessment/decided")
    older = client.get(f"/assessment/decided?after={place(newest.text, 'next', 'after')}")
    again = client.get(f"/assessment/decided?before={place(older.text, 'prev', 'before')}")

    assert "Person 28" in newest.text
    assert "Person 03" not in newest.text
    assert "Person 03" in older.text
    assert "Learner 0" in older.text
    assert [n for n in range(29) if f"Person {n:02}" in again.text] == list(range(4, 29))


def place(text, rel, name):
    return text.partition(f'rel="{rel}" href="/assessment/decided?{name}=')[2].partition('"')[0]


@pytest.mark.parametrize("place", ["x", "-1", "9" * 99, "٣"])
@pytest.mark.parametrize("name", ["after", "before"])
def test_a_place_among_decisions_that_is_none_is_the_first_page(browser, world, works, name, place):
    client = browser(world.grantor)
    client.post(url(works[0]), data=form_data(works[0], "best", "best"))

    page = client.get("/assessment/decided", query_string={name: place})

    assert page.status_code == 200
    assert "Learner 0" in page.text
