"""One learner does not fill the disk: a quota, removed files that go, room kept free."""

import shutil
from typing import NamedTuple

import pytest

from app.evidence.models import ScanState
from tests.evidence import samples

PDF = samples.pdf(1)


class Usage(NamedTuple):
    """What `shutil` says of a disk."""

    total: int
    used: int
    free: int


@pytest.fixture
def quota(app, settings):
    """Keep only so many bytes of one learner."""

    def set_to(size):
        changed = settings.model_copy(update={"learner_quota_gb": size / 1024**3})
        app.extensions["assay.settings"] = changed

    return set_to


@pytest.fixture
def disk(monkeypatch):
    """Leave only so many bytes free."""

    def leave(free):
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(2**40, 2**40 - free, free))

    return leave


def test_more_than_the_quota_is_not_kept_and_nothing_typed_is_lost(
    desk, quota, artifacts, stored_files
):
    quota(len(PDF) + 10)

    page = desk.send(("one.pdf", PDF), ("two.pdf", PDF), text="Hours of typing")

    assert page.status_code == 422
    assert "“two.pdf” was not taken" in page.text
    assert "keeps for one person" in page.text
    assert "“one.pdf” was not taken" not in page.text
    assert sorted(each.kind for each in artifacts()) == ["file", "text"]
    assert len(stored_files()) == 1


def test_room_is_there_again_once_a_file_is_removed(desk, quota, artifacts):
    quota(len(PDF) + 10)
    desk.send(("one.pdf", PDF), button="save")
    assert desk.send(("two.pdf", PDF), button="save").status_code == 422

    desk.send(button="", remove=str(artifacts()[0].id))

    assert desk.send(("two.pdf", PDF), button="save").status_code == 200


def test_an_upload_beyond_the_quota_is_refused_before_it_is_sent(sender, quota, uploads):
    quota(1000)
    assert sender.announce("one.pdf", 600).status_code == 201

    refused = sender.announce("two.pdf", 600)

    assert refused.status_code == 422
    assert "keeps for one person" in refused.json["detail"]
    assert len(uploads()) == 1


def test_another_learners_files_take_no_room(desk, sender, browser, world, quota, url):
    quota(len(PDF) + 10)
    desk.send(("one.pdf", PDF), button="save")

    page = type(desk)(browser(world.other_learner), url).send(("two.pdf", PDF), button="save")

    assert page.status_code == 200


def test_handed_in_taken_back_and_removed_again_and_again_leaves_nothing(
    desk, attempts, artifacts, stored_files
):
    for number in range(3):
        desk.send((f"essay{number}.pdf", samples.pdf(number + 1)))
        attempt = next(each for each in attempts() if each.counts)
        desk.client.post(desk.url.replace("/work", "/withdraw"), data={"attempt": attempt.id})
        draft = attempts()[-1]
        assert len(stored_files()) == 1

        desk.send(button="", remove=str(draft.artifacts[0].id))

        assert stored_files() == []
    taken_back = [each for each in artifacts() if each.attempt.withdrawn_at]
    assert len(taken_back) == 3
    assert all(each.deleted_at and each.sha256 and each.file_name for each in taken_back)


def test_on_a_disk_that_is_nearly_full_nothing_more_is_kept(
    desk, disk, artifacts, stored_files, attempts
):
    disk(200 * 1024**2)

    page = desk.send(("essay.pdf", PDF), text="Hours of typing")

    assert page.status_code == 503
    assert "The tool&#39;s storage takes no files at the moment" in page.text
    assert "Hours of typing" in page.text
    assert [each.text for each in artifacts()] == ["Hours of typing"]
    assert attempts()[0].submitted_at is None
    assert stored_files() == []


def test_a_piece_on_a_disk_that_is_nearly_full_is_sent_again_later(sender, disk, artifacts):
    sender.announce("essay.pdf", len(PDF))
    sender.piece(PDF[:300])
    disk(200 * 1024**2)

    refused = sender.piece(PDF[300:], 300)

    assert refused.status_code == 503
    assert "What arrived before is safe" in refused.json["detail"]
    disk(2**39)
    assert sender.look().headers["Upload-Offset"] == "300"
    assert sender.piece(PDF[300:], 300).status_code == 204
    assert artifacts()[0].scan_state is ScanState.NOT_SCANNED
