"""What is the folder's own: rights of its files, and bounded memory."""

import io
import stat

import pytest

from app.core.uploads import Allowance, CappedFile
from app.evidence.storage import LocalStorage


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path / "artifacts")


def test_only_the_programs_account_can_read_a_file(storage, tmp_path):
    kept = storage.put(io.BytesIO(b"x"))
    bad = storage.put(io.BytesIO(b"bad"))
    storage.quarantine(bad.key)

    paths = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in paths} == {kept.key, bad.key}
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


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
