"""Files are kept whole or not at all, under names that nobody chose."""

import hashlib
import io
import stat

import pytest

from app.core.errors import NotFoundError
from app.core.uploads import Allowance, CappedFile
from app.evidence.storage import LocalStorage

CONTENT = b"bytes " * 100_000


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path / "artifacts")


def files_of(tmp_path):
    return sorted(path for path in tmp_path.rglob("*") if path.is_file())


def test_what_was_put_comes_back_with_its_digest(storage):
    kept = storage.put(io.BytesIO(CONTENT))

    with storage.open(kept.key) as source:
        assert source.read() == CONTENT
    assert kept.size_bytes == len(CONTENT)
    assert kept.sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_only_the_programs_account_can_read_a_file(storage, tmp_path):
    storage.put(io.BytesIO(b"x"))

    (path,) = files_of(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_two_equal_files_are_kept_under_two_keys(storage):
    assert storage.put(io.BytesIO(b"x")).key != storage.put(io.BytesIO(b"x")).key


def test_a_broken_stream_leaves_nothing_behind(storage, tmp_path):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise OSError("connection lost")
            return super().read(10)

    with pytest.raises(OSError, match="connection lost"):
        storage.put(Broken(b"x" * 20))

    assert files_of(tmp_path) == []


@pytest.mark.parametrize("key", ["../../etc/passwd", "", "a" * 31, "A" * 32, "a" * 32 + "\n"])
def test_a_key_that_was_not_made_here_never_becomes_a_path(storage, key):
    with pytest.raises(ValueError, match="Not a storage key"):
        storage.open(key)


@pytest.mark.parametrize("name", ["../x.png", "page-1.exe", "", "a/b.png"])
def test_a_derived_name_never_leaves_the_folder(storage, name):
    with pytest.raises(ValueError, match="Not the name"):
        storage.put_derived("a" * 32, name, b"x")


def test_a_missing_file_is_said_plainly(storage):
    with pytest.raises(NotFoundError, match="missing from the tool's storage"):
        storage.open("a" * 32)


def test_a_deleted_file_takes_its_pages_along(storage, tmp_path):
    kept = storage.put(io.BytesIO(b"x"))
    storage.put_derived(kept.key, "page-1.png", b"y")
    with storage.find_derived(kept.key, "page-1.png") as page:
        assert page.read() == b"y"

    storage.delete(kept.key)
    storage.delete(kept.key)

    assert storage.find_derived(kept.key, "page-1.png") is None
    assert files_of(tmp_path) == []


def test_a_large_upload_is_spooled_to_disk_and_copied_in_pieces(storage, monkeypatch):
    room = 50 * 1024 * 1024
    upload = CappedFile(room, Allowance(max_bytes=room, max_files=1))
    for _ in range(32):
        upload.write(b"\0" * 1024 * 1024)
    largest = 0
    read = upload.read

    def watched(size=-1):
        nonlocal largest
        chunk = read(size)
        largest = max(largest, len(chunk))
        return chunk

    monkeypatch.setattr(upload, "read", watched)
    upload.seek(0)

    kept = storage.put(upload)

    assert upload._rolled, "the bytes were in memory"
    assert largest <= 256 * 1024
    assert kept.size_bytes == 32 * 1024 * 1024
    upload.close()
