import base58
import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from app.core.errors import InvalidError
from app.credentials.base58btc import decode_signature


@given(some.binary(min_size=64, max_size=64))
@example(bytes(64))
@example(bytes(3) + b"\xff" * 61)
@example(b"\xff" * 64)
def test_a_signature_is_read_as_the_library_reads_it(raw):
    assert decode_signature("z" + base58.b58encode(raw).decode(), size=64) == raw


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z",
        "u" + base58.b58encode(b"\xff" * 64).decode(),
        "z" + base58.b58encode(b"\xff" * 63).decode() + "0",
        "z" + base58.b58encode(b"\xff" * 65).decode(),
        "z" + base58.b58encode(b"\xff" * 63).decode(),
        "z1" + base58.b58encode(b"\xff" * 64).decode(),
        "z" + base58.b58encode(bytes(1) + b"\xff" * 63).decode()[1:],
        "z" + "z" * 100,
        "z" + "1" * 100_000,
        "zü",
    ],
)
def test_what_is_no_signature_of_that_size_is_refused(text):
    with pytest.raises(InvalidError):
        decode_signature(text, size=64)
