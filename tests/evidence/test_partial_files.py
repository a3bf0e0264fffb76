"""A file that arrives in parts grows in place, and no part is written twice."""

import hashlib
import io
import stat

import pytest

from app.core.errors import NotFoundError
from app.evidence.storage import LocalStorage

CONTENT = b"bytes " * 100_000


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path / "artifacts")


def files_of(tmp_path):
    return sorted(path for path in tmp_path.rglob("*") if path.is_file())


class Breaking(io.BytesIO):
    """A stream that breaks off where its bytes end."""

    def __init__(self, content, error):
        super().__init__(content)
        self._error = error

    def read(self, size=-1):
        data = super().read(size)
        if not data:
            raise self._error
        return data


KEY = "0123456789abcdef" * 2


def test_parts_become_one_file_without_a_second_copy(storage, tmp_path):
    assert storage.put_part(KEY, 1, io.BytesIO(CONTENT)) == len(CONTENT)
    inode = next(path for path in files_of(tmp_path) if "arriving" in path.name).stat().st_ino
    assert storage.put_part(KEY, 2, io.BytesIO(b"end")) == 3

    kept = storage.finish(KEY, 2)

    (path,) = files_of(tmp_path)
    assert path.stat().st_ino == inode
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with storage.open(KEY) as source:
        assert source.read() == CONTENT + b"end"
    assert kept.key == KEY
    assert kept.size_bytes == len(CONTENT) + 3
    assert kept.sha256 == hashlib.sha256(CONTENT + b"end").hexdigest()
    assert storage.finish(KEY, 2) == kept, "a second time is no error"


def test_a_part_that_breaks_off_is_kept_as_far_as_it_came(storage):
    assert storage.put_part(KEY, 1, Breaking(b"one ", ConnectionResetError())) == 4
    assert storage.put_part(KEY, 2, io.BytesIO(b"two")) == 3

    storage.finish(KEY, 2)

    with storage.open(KEY) as source:
        assert source.read() == b"one two"


def test_a_part_whose_process_died_is_cut_off_by_the_next_try(storage):
    storage.put_part(KEY, 1, io.BytesIO(b"one "))
    with pytest.raises(KeyboardInterrupt):
        storage.put_part(KEY, 2, Breaking(CONTENT, KeyboardInterrupt()))

    assert storage.put_part(KEY, 2, io.BytesIO(b"two")) == 3

    storage.finish(KEY, 2)
    with storage.open(KEY) as source:
        assert source.read() == b"one two"


def test_a_part_sent_again_takes_the_place_of_what_it_was_and_of_all_behind_it(storage):
    for number, content in ((1, b"one "), (2, b"wrong"), (3, b"more"), (2, b"two")):
        storage.put_part(KEY, number, io.BytesIO(content))

    assert storage.finish(KEY, 2).size_bytes == 7


def test_a_part_before_its_time_is_refused(storage):
    with pytest.raises(ValueError, match="Part 2"):
        storage.put_part(KEY, 2, io.BytesIO(b"two"))


def test_two_do_not_write_into_each_other(storage):
    class Intruding(io.BytesIO):
        def read(self, size=-1):
            with pytest.raises(BlockingIOError):
                storage.put_part(KEY, 1, io.BytesIO(b"intruder"))
            return super().read(size)

    storage.put_part(KEY, 1, Intruding(b"mine"))

    assert storage.finish(KEY, 1).sha256 == hashlib.sha256(b"mine").hexdigest()


def test_parts_that_nobody_wants_are_dropped(storage, tmp_path):
    storage.put_part(KEY, 1, io.BytesIO(CONTENT))

    storage.drop_parts(KEY)
    storage.drop_parts(KEY)

    assert files_of(tmp_path) == []
    with pytest.raises(NotFoundError):
        storage.finish(KEY, 1)


@pytest.mark.parametrize("key", ["../../etc/passwd", "", "A" * 32])
def test_a_part_has_no_other_key_than_ours(storage, key):
    for call in (
        lambda: storage.put_part(key, 1, io.BytesIO(b"")),
        lambda: storage.drop_parts(key),
    ):
        with pytest.raises(ValueError, match="Not a storage key"):
            call()
