"""A request with too much in it: what fits is kept, and the disk is not filled."""

import io
import os

import pytest

from app.core.uploads import CappedFile


@pytest.fixture
def spooled(app, monkeypatch):
    """Every file that requests spool, kept open to be looked at; one may have 20 kB."""
    files = []
    make = app.request_class._get_file_stream

    def watched(request, *args, **kwargs):
        files.append(make(request, *args, **kwargs))
        return files[-1]

    monkeypatch.setattr(app.request_class, "_get_file_stream", watched)
    monkeypatch.setattr(app.request_class, "max_file_bytes", 20_000)
    with monkeypatch.context() as while_requests_run:
        while_requests_run.setattr(CappedFile, "close", id)
        yield files
    for file in files:
        file.close()


def size_of(file: CappedFile) -> int:
    file.seek(0, os.SEEK_END)
    return file.tell()


@pytest.mark.parametrize("name", ["files", "nobody_asked"])
def test_all_files_of_a_request_together_have_a_limit(desk, spooled, name):
    parts = [(io.BytesIO(b"x" * 18_000), f"{n}.txt") for n in range(15)]

    page = desk.send(text="kept", **{name: parts})

    assert page.status_code == (422 if name == "files" else 200)
    assert sum(size_of(file) for file in spooled) <= 80_000
    assert [file.is_left_out for file in spooled] == [False] * 4 + [True] * 11


def test_what_did_not_fit_is_said_at_the_field_and_the_rest_kept(
    desk, session, assignment, spooled, artifacts
):
    session.merge(assignment).max_files = 20
    session.commit()
    files = [(f"{n}.txt", b"%d " % n * 9_000) for n in range(6)]

    page = desk.send(*files, ("small.txt", b"x"), text="kept")

    assert page.status_code == 422
    assert "“4.txt” was not taken: too much was sent at once" in page.text
    kept = [row.file_name or row.text for row in artifacts()]
    assert kept == ["0.txt", "1.txt", "2.txt", "3.txt", "small.txt", "kept"]


def test_a_file_that_is_too_large_takes_no_room_from_the_others(desk, spooled, artifacts):
    page = desk.send(*[("big.txt", b"a" * 40_000)] * 5, ("small.txt", b"b" * 18_000))

    assert page.status_code == 422
    assert [row.file_name for row in artifacts()] == ["small.txt"]
    assert sum(size_of(file) for file in spooled) == 18_000


def test_many_small_files_are_not_all_kept(desk, spooled):
    desk.send(*[(f"{n}.txt", b"x") for n in range(60)])

    assert len(spooled) == 60
    assert sum(size_of(file) for file in spooled) == 21


def test_a_request_of_very_many_parts_is_refused(desk, spooled, submissions):
    page = desk.send(*[("x.txt", b"x")] * 201)

    assert page.status_code == 413
    assert submissions() == []
