"""Of redacted copies only what is signed for is kept, and only as long as it is needed."""

from io import BytesIO

import pytest
from sqlalchemy import event, select

from app.core.clock import utcnow
from app.evidence.consent_models import RedactedCopy
from app.evidence.hold_models import LegalHold
from tests.assessment.consent import PIXEL, choose, sign


@pytest.fixture
def mei(browser, world):
    return browser(world.learner)


@pytest.fixture
def send(mei, here, shown):
    """Send a redacted copy of the picture, and what is chosen."""
    text, picture = shown[1]

    def run(content=PIXEL + b"\0", *, name="public.png", way="redacted", **more):
        copy = {f"copy_{picture.id}": (BytesIO(content), name)}
        ways = {f"shown_{text.id}": "no", f"shown_{picture.id}": way, "audience": "public"}
        return mei.post(here, data={**ways, **copy, **more})

    return run


@pytest.fixture
def kept(session, settings, shown):
    """Return the names of the copies that are kept, and how many files lie beside the work's."""

    def look():
        session.rollback()
        session.expire_all()
        copies = session.scalars(select(RedactedCopy).order_by(RedactedCopy.id)).all()
        files = [each for each in settings.storage_dir.rglob("*") if each.is_file()]
        return [copy.file_name for copy in copies], len(files) - 1

    return look


def test_an_invalid_form_keeps_no_file(mei, send, kept, here, shown):
    picture = shown[1][1].id
    missing = {f"copy_{picture}": (BytesIO(PIXEL + b"\0"), "public.png")}

    answers = [
        mei.post(here, data=missing),
        send(audience=""),
        send(has_third_parties="y"),
        send(audience="link", link_ends_on="2020-01-01"),
        send(**{f"shown_{shown[1][0].id}": "description"}),
    ]

    assert [answer.status_code for answer in answers] == [422] * 5
    assert kept() == ([], 0)


def test_a_copy_that_is_not_to_be_shown_is_not_taken(send, kept):
    refused = send(way="full")

    assert refused.status_code == 422
    assert "You sent a redacted copy of “poster.png”" in refused.text
    assert kept() == ([], 0)


def test_another_copy_takes_the_place_of_one_that_nobody_signed_for(send, kept):
    assert send(name="first.png").status_code == 200

    assert send(PIXEL + b"\0\0", name="second.png").status_code == 200

    assert kept() == (["second.png"], 1)


def test_the_same_copy_is_kept_once(session, send, kept):
    send()
    first = session.scalars(select(RedactedCopy.id)).one()

    send()

    assert kept() == (["public.png"], 1)
    assert session.scalars(select(RedactedCopy.id)).one() == first


def test_what_was_signed_for_stays_beside_a_new_one(mei, send, kept, here):
    sign(mei, here, send(name="signed.png"))

    send(PIXEL + b"\0\0", name="next.png")

    assert kept() == (["signed.png", "next.png"], 2)


def test_signing_ends_what_was_sent_and_not_signed_for(mei, send, kept, here, shown):
    send()

    page = mei.post(here, data=choose(shown[1], "full", "no"))
    assert sign(mei, here, page).status_code == 303

    assert kept() == ([], 0)


def test_a_copy_that_could_not_be_written_down_leaves_no_file(send, kept):
    def fail(*_args):
        raise RuntimeError("the database goes away")

    event.listen(RedactedCopy, "before_insert", fail)
    try:
        assert send().status_code == 500
    finally:
        event.remove(RedactedCopy, "before_insert", fail)

    assert kept() == ([], 0)


@pytest.mark.parametrize("on_the_work", [True, False])
def test_a_copy_that_is_replaced_stays_while_a_legal_hold_stands(
    send, kept, session, world, shown, on_the_work
):
    artifact = session.get_one(type(shown[1][1]), shown[1][1].id)
    who = (
        {"submission_id": artifact.attempt.submission_id}
        if on_the_work
        else {"person_id": world.learner.id}
    )
    hold = LegalHold(
        institution_id=world.institution.id,
        reason="Case 2026-117",
        placed_by=world.learner.id,
        placed_at=utcnow(),
        **who,
    )
    session.add(hold)
    session.commit()

    send(PIXEL + b"1", name="first.png")
    send(PIXEL + b"2", name="second.png")
    held = kept()
    session.get_one(LegalHold, hold.id).lifted_at = utcnow()
    session.commit()
    send(PIXEL + b"3", name="third.png")

    assert held == (["first.png", "second.png"], 2)
    assert kept() == (["third.png"], 1)


def test_a_copy_for_which_no_room_is_left_is_not_taken(app, send, kept, settings):
    app.extensions["assay.settings"] = settings.model_copy(update={"learner_quota_gb": 0})

    answer = send(name="one-too-many.png")

    assert answer.status_code == 422
    assert "one-too-many.png" in answer.text
    assert kept() == ([], 0)
