"""Files are kept whole or not at all, under names that nobody chose; in a folder, in a bucket."""

import hashlib
import io
from urllib.parse import urlsplit

import pytest

from app.core.errors import NotFoundError
from app.evidence.storage import open_storage

CONTENT = b"bytes " * 100_000
# More than the store takes in one request.
LARGE = b"0123456789abcdef" * 1024 * 1024


class CutOffError(OSError):
    """The line was cut."""


class Breaking(io.BytesIO):
    """A stream that breaks off before its last byte."""

    def read(self, size=-1):
        if chunk := super().read(size):
            return chunk
        raise CutOffError("connection lost")


@pytest.fixture(params=["folder", "bucket"])
def kept_in(request, settings):
    """The settings of each kind of storage."""
    if request.param == "folder":
        return settings
    return settings.model_copy(update=request.getfixturevalue("s3_settings"))


@pytest.fixture
def storage(kept_in):
    return open_storage(kept_in)


@pytest.fixture
def names(kept_in, request):
    """List the names of everything that is kept now, in whatever state."""

    def read():
        if kept_in.storage_url is None:
            return [path.name for path in kept_in.storage_dir.rglob("*") if path.is_file()]
        bucket = urlsplit(kept_in.storage_url).netloc
        server = request.getfixturevalue("s3")
        return server.list_names(bucket) + ["unfinished"] * server.list_unfinished(bucket)

    return read


def content_of(opened) -> bytes:
    with opened:
        return opened.read()


@pytest.mark.parametrize("content", [b"", b"x", CONTENT, LARGE])
def test_what_was_put_comes_back_with_its_digest(storage, content):
    kept = storage.put(io.BytesIO(content))

    assert content_of(storage.open(kept.key)) == content
    assert kept.size_bytes == len(content)
    assert kept.sha256 == hashlib.sha256(content).hexdigest()


def test_an_opened_file_is_a_real_one_that_can_be_sought(storage):
    kept = storage.put(io.BytesIO(b"0123456789"))

    with storage.open(kept.key) as source:
        assert source.fileno() > 2
        assert (source.seek(6), source.read(2), source.seek(0), source.read(1)) == (
            6,
            b"67",
            0,
            b"0",
        )


def test_only_what_the_stream_still_holds_is_kept(storage):
    stream = io.BytesIO(b"0123456789")
    stream.seek(4)

    assert content_of(storage.open(storage.put(stream).key)) == b"456789"


def test_two_equal_files_are_kept_under_two_keys(storage):
    assert storage.put(io.BytesIO(b"x")).key != storage.put(io.BytesIO(b"x")).key


@pytest.mark.parametrize("content", [b"x" * 20, LARGE])
def test_a_broken_stream_leaves_nothing_behind(storage, names, content):
    with pytest.raises(CutOffError, match="connection lost"):
        storage.put(Breaking(content))

    assert names() == []


@pytest.mark.parametrize("key", ["../../etc/passwd", "", "a" * 31, "A" * 32, "a" * 32 + "\n"])
def test_a_key_that_was_not_made_here_never_becomes_a_path(storage, key):
    for act in (storage.open, storage.delete, storage.quarantine, storage.count_derived_bytes):
        with pytest.raises(ValueError, match="Not a storage key"):
            act(key)


@pytest.mark.parametrize("name", ["../x.png", "page-1.exe", "", "a/b.png"])
def test_a_derived_name_never_leaves_its_file(storage, name):
    with pytest.raises(ValueError, match="Not the name"):
        storage.put_derived("a" * 32, name, b"x")


def test_a_missing_file_is_said_plainly(storage):
    with pytest.raises(NotFoundError, match="missing from the tool's storage"):
        storage.open("a" * 32)


def test_a_deleted_file_takes_its_pages_along(storage, names):
    kept = storage.put(io.BytesIO(b"x"))
    other = storage.put(io.BytesIO(b"other"))
    storage.put_derived(kept.key, "page-1.png", b"y")
    storage.put_derived(kept.key, "page-1.png", b"yes")
    assert content_of(storage.find_derived(kept.key, "page-1.png")) == b"yes"
    assert storage.count_derived_bytes(kept.key) == 3

    storage.delete(kept.key)
    storage.delete(kept.key)

    assert storage.find_derived(kept.key, "page-1.png") is None
    assert len(names()) == 1
    assert content_of(storage.open(other.key)) == b"other"


def test_a_file_in_quarantine_is_found_by_nobody_who_opens_it(storage):
    kept = storage.put(io.BytesIO(b"bad"))
    storage.put_derived(kept.key, "page-1.png", b"y")

    storage.quarantine(kept.key)
    storage.quarantine(kept.key)

    with pytest.raises(NotFoundError):
        storage.open(kept.key)
    assert storage.find_derived(kept.key, "page-1.png") is None
    assert content_of(storage.open_quarantined(kept.key)) == b"bad"

    storage.release(kept.key)
    storage.release(kept.key)

    assert content_of(storage.open(kept.key)) == b"bad"
    with pytest.raises(NotFoundError):
        storage.open_quarantined(kept.key)


def test_a_file_in_quarantine_can_be_deleted(storage, names):
    kept = storage.put(io.BytesIO(b"bad"))
    storage.quarantine(kept.key)

    storage.delete(kept.key)

    assert names() == []


def test_it_says_where_it_keeps_files(storage, kept_in):
    assert ("bucket" in storage.check()) == (kept_in.storage_url is not None)


class TestParts:
    """An upload in pieces."""

    KEY = "ab" * 16

    def test_parts_are_joined_in_their_order(self, storage, names):
        parts = [LARGE, b"", b"the end"]
        for number in (1, 2, 3):
            assert storage.put_part(self.KEY, number, io.BytesIO(parts[number - 1])) == len(
                parts[number - 1]
            )

        kept = storage.finish(self.KEY, 3)

        whole = b"".join(parts)
        assert content_of(storage.open(self.KEY)) == whole
        assert (kept.key, kept.size_bytes) == (self.KEY, len(whole))
        assert kept.sha256 == hashlib.sha256(whole).hexdigest()
        assert len(names()) == 1

    @pytest.mark.parametrize("content", [b"half", LARGE])
    def test_what_came_before_the_line_was_cut_is_kept_and_counted(self, storage, content):
        assert storage.put_part(self.KEY, 1, Breaking(content)) == len(content)
        storage.put_part(self.KEY, 2, io.BytesIO(b" and the rest"))

        storage.finish(self.KEY, 2)

        assert content_of(storage.open(self.KEY)) == content + b" and the rest"

    def test_to_finish_twice_is_no_error(self, storage):
        """The answer to the first may have been lost."""
        storage.put_part(self.KEY, 1, io.BytesIO(b"all of it"))

        first, second = storage.finish(self.KEY, 1), storage.finish(self.KEY, 1)

        assert first == second
        assert content_of(storage.open(self.KEY)) == b"all of it"

    def test_parts_that_are_not_there_make_no_file(self, storage):
        with pytest.raises(NotFoundError):
            storage.finish(self.KEY, 2)
        storage.put_part(self.KEY, 1, io.BytesIO(b"half"))
        with pytest.raises(NotFoundError):
            storage.finish(self.KEY, 2)

        with pytest.raises(NotFoundError):
            storage.open(self.KEY)
        storage.put_part(self.KEY, 2, io.BytesIO(b" and half"))
        storage.finish(self.KEY, 2)
        assert content_of(storage.open(self.KEY)) == b"half and half"

    def test_a_part_that_is_sent_again_replaces_the_first(self, storage):
        storage.put_part(self.KEY, 1, io.BytesIO(b"first, longer"))
        storage.put_part(self.KEY, 1, io.BytesIO(b"second"))

        storage.finish(self.KEY, 1)

        assert content_of(storage.open(self.KEY)) == b"second"

    def test_dropped_parts_are_gone(self, storage, names):
        storage.put_part(self.KEY, 1, io.BytesIO(b"x"))
        storage.put_part(self.KEY, 2, io.BytesIO(b"y"))

        storage.drop_parts(self.KEY)
        storage.drop_parts(self.KEY)

        assert names() == []
