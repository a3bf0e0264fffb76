"""Uploads that nobody goes on with: they run out, make room, and are tidied away."""

from datetime import UTC, datetime, timedelta

from app.evidence.upload_models import Upload
from app.evidence.upload_receiving import tidy_uploads
from tests.evidence import samples
from tests.evidence.sending import Sender

PDF = samples.pdf()


def age(session, **facts):
    session.query(Upload).update(facts)
    session.commit()


def test_an_upload_that_has_run_out_is_not_there_and_is_tidied_away(
    app, session, sender, uploads, stored_files
):
    now = datetime.now(UTC)
    sender.announce("essay.pdf", len(PDF))
    sender.piece(PDF[:100])
    assert stored_files()
    age(session, expires_at=now - timedelta(seconds=1))

    assert sender.look().status_code == 404
    answer = sender.piece(PDF[100:], 100)
    assert answer.status_code == 404
    assert "Choose the file again" in answer.json["detail"]
    with app.app_context():
        tidy_uploads(now)

    assert uploads() == []
    assert stored_files() == []


def test_tidying_leaves_what_is_used_or_still_comes(
    app, session, sender, desk, uploads, stored_files
):
    now = datetime.now(UTC)
    sender.send("kept.pdf", PDF)
    sender.announce("coming.txt", 10)
    sender.piece(b"12345")
    session.query(Upload).filter_by(file_name="kept.pdf").update({"expires_at": now})
    session.query(Upload).filter_by(file_name="coming.txt").update(
        {"expires_at": now, "claim": "x", "claimed_until": now + timedelta(seconds=30)}
    )
    session.commit()

    with app.app_context():
        tidy_uploads(now)

    assert [upload.file_name for upload in uploads()] == ["coming.txt"]
    assert len([path for path in stored_files() if path.name[0] != "."]) == 1
    assert desk.send(text="x").status_code == 200


def test_a_learner_begins_only_so_many_and_the_forsaken_make_room(session, sender, uploads):
    for number in range(5):
        assert sender.announce(f"{number}.txt", 10).status_code == 201

    refused = sender.announce("5.txt", 10)
    age(session, expires_at=datetime.now(UTC) + timedelta(hours=23))
    first = uploads()[0]
    accepted = sender.announce("5.txt", 10)

    assert refused.status_code == 409
    assert "5 uploads have begun" in refused.json["detail"]
    assert accepted.status_code == 201
    gone = Sender(sender.client, sender.url, at=f"{sender.url}/{first.token}")
    assert gone.look().status_code == 404


def test_the_quota_is_each_learners_own(browser, world, sender, uploads_url):
    for number in range(5):
        sender.announce(f"{number}.txt", 10)

    other = Sender(browser(world.other_learner), uploads_url)

    assert other.announce("mine.txt", 10).status_code == 201
