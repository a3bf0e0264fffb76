"""Registrations with an LMS that is slow take few of the web threads, and end in time."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from runpy import run_path

import pytest

from app.platforms.under_way import MAX_UNDER_WAY


class SlowLms:
    """An LMS whose configuration comes when it is let go."""

    def __init__(self, new_lms):
        self.go_on, self.asked = threading.Event(), threading.Semaphore(0)
        new_lms.wire.add_callback("GET", ADDRESS, self._answer)

    def _answer(self, _request):
        self.asked.release()
        self.go_on.wait(10)
        return 503, {}, ""

    def wait_until_asked(self):
        assert self.asked.acquire(timeout=10)


ADDRESS = "https://slow.test/.well-known/openid-configuration"


@pytest.fixture
def slow(new_lms) -> Iterator[SlowLms]:
    lms = SlowLms(new_lms)
    yield lms
    lms.go_on.set()


@pytest.fixture
def posts(browser, new_lms, slow):
    """Post a registration with this invitation's secret in a thread of its own."""
    with ThreadPoolExecutor(8) as pool:
        yield lambda secret: pool.submit(
            browser().post, "/lti/register", data=new_lms.fields(secret, ADDRESS)
        )
        slow.go_on.set()


def test_one_invitation_has_one_registration_under_way(invited, slow, posts, new_lms):
    secret = invited()
    first = posts(secret)
    slow.wait_until_asked()

    second = posts(secret).result(timeout=5)

    assert second.status_code == 422
    assert "A registration with this link is under way" in second.text
    assert len(new_lms.wire.calls) <= 1, "the second asked nobody"
    slow.go_on.set()
    assert "fault of its own" in first.result(timeout=5).text
    again = posts(secret).result(timeout=5)
    assert "fault of its own" in again.text, "its turn is free again"


def test_many_invitations_leave_web_threads_to_others(invited, slow, posts, browser):
    *secrets, last = [invited() for _ in range(MAX_UNDER_WAY + 1)]
    under_way = []
    for secret in secrets:
        under_way.append(posts(secret))
        slow.wait_until_asked()

    one_more = posts(last).result(timeout=5)

    assert one_more.status_code == 422
    assert "Other registrations are under way" in one_more.text
    assert browser().get("/healthz").status_code == 200
    slow.go_on.set()
    assert all("fault of its own" in each.result(timeout=5).text for each in under_way)


def test_what_is_under_way_is_fewer_than_the_web_threads():
    assert run_path("deploy/gunicorn.conf.py")["threads"] > MAX_UNDER_WAY
