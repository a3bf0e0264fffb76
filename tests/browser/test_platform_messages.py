"""How `platform.js` speaks with an LMS: whom it asks, whom it believes, how long it waits."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

LMS, TOOL, STRANGER = "http://lms.test", "http://tool.test", "http://stranger.test"
SCRIPT = Path("app/static/js/platform.js").read_text()

# A page that answers messages by a table: subject to what is answered; it keeps what came.
ANSWERS = """
<!doctype html><title>x</title><script>
window.came = [];
const answers = %s;
addEventListener("message", ({data, source, origin}) => {
  came.push([data.subject, data.key, data.value]);
  const answer = answers[data.subject];
  if (answer) source.postMessage(
    {subject: data.subject + ".response", message_id: data.message_id, ...answer}, origin);
});
</script>
"""


def supports(*prefixes, frame=None):
    where = {"frame": frame} if frame else {}
    return {
        "supported_messages": [
            {"subject": f"{prefix}{name}", **where}
            for prefix in prefixes
            for name in ("put_data", "get_data")
        ]
    }


def keeps(prefix="lti.", value="secret"):
    return {f"{prefix}put_data": {"value": value}, f"{prefix}get_data": {"value": value}}


class Lms:
    """An LMS page around the tool, with a frame named `kept`, each with its answers."""

    def __init__(self, context) -> None:
        self.page = context.new_page()
        self.context = context

    def open(self, *, page=None, frame=None, frame_origin=LMS):
        """Show the tool in the LMS; return its frame."""
        inside = (
            f'<iframe name="kept" src="{frame_origin}/kept"></iframe>'
            f'<iframe name="tool" src="{TOOL}/"></iframe>'
        )
        self._serve(f"{LMS}/", ANSWERS % json.dumps(page or {}) + inside)
        self._serve(f"{frame_origin}/kept", ANSWERS % json.dumps(frame or {}))
        self._serve(f"{TOOL}/", "<!doctype html><title>tool</title>")
        self._serve(f"{TOOL}/platform.js", SCRIPT, "text/javascript")
        self.page.goto(f"{LMS}/")
        return self.page.frame("tool")

    def came(self, frame=None):
        """Return the subjects that a page was sent, without what asks for capabilities."""
        place = self.page.frame(frame) if frame else self.page
        return [m[0] for m in place.evaluate("window.came") if "capabilities" not in m[0]]

    def _serve(self, address, body, kind="text/html"):
        self.context.route(address, lambda route: route.fulfill(body=body, content_type=kind))


@pytest.fixture
def lms(window):
    return Lms(window)


def exchange(tool, frame=""):
    """Put and get a value as the ladder does; return what each said, and the milliseconds."""
    return tool.evaluate(
        """async ([origin, frame]) => {
          const began = performance.now();
          const { findStorage, putData, getData } = await import("/platform.js");
          const storage = await findStorage({ origin, frame });
          if (!storage) return { ms: performance.now() - began };
          const put = await putData(storage, "key", "secret");
          const got = await getData(storage, "key");
          return { prefix: storage.prefix, put, got, ms: performance.now() - began };
        }""",
        [LMS, frame],
    )


def test_what_the_capabilities_name_goes_before_what_the_login_named(lms):
    tool = lms.open(
        page={"lti.capabilities": supports("lti.", frame="kept"), **keeps()}, frame=keeps()
    )

    said = exchange(tool, "_parent")

    assert (said["put"], said["got"]) == (True, "secret")
    assert lms.came("kept") == ["lti.put_data", "lti.get_data"]
    assert lms.came() == []


def test_what_the_login_named_goes_before_the_page_around(lms):
    tool = lms.open(page={"lti.capabilities": supports("lti."), **keeps()}, frame=keeps())

    assert exchange(tool, "kept")["got"] == "secret"
    assert lms.came() == []


def test_where_no_frame_is_named_the_page_around_is_asked(lms):
    tool = lms.open(page={"lti.capabilities": supports("lti."), **keeps()})

    assert exchange(tool)["got"] == "secret"
    assert lms.came("kept") == []


def test_the_old_words_are_understood(lms):
    old = "org.imsglobal.lti."
    tool = lms.open(page={f"{old}capabilities": supports(old), **keeps(old)})

    said = exchange(tool)

    assert (said["prefix"], said["put"], said["got"]) == (old, True, "secret")


def test_a_named_frame_is_tried_though_nobody_tells_capabilities(lms):
    tool = lms.open(frame=keeps())

    said = exchange(tool, "kept")

    assert said["got"] == "secret"
    assert 900 < said["ms"] < 2500


def test_an_lms_that_answers_nothing_is_waited_for_a_second(lms):
    said = exchange(lms.open())

    assert "prefix" not in said
    assert 900 < said["ms"] < 2500


def test_an_lms_that_says_that_it_keeps_nothing_is_not_asked_to(lms):
    tool = lms.open(page={"lti.capabilities": {"supported_messages": []}, **keeps()})

    assert "prefix" not in exchange(tool, "_parent")
    assert lms.came() == []


def test_a_frame_of_another_origin_neither_hears_the_secret_nor_is_believed(lms):
    tool = lms.open(
        page={"lti.capabilities": supports("lti.", frame="kept")},
        frame=keeps(value="forged"),
        frame_origin=STRANGER,
    )

    said = exchange(tool)

    assert (said["put"], said["got"]) == (False, None)
    assert lms.came("kept") == []


@pytest.mark.parametrize("name", ["nowhere", "location", "top", "self", "postMessage", "__proto__"])
def test_a_name_that_is_no_frame_breaks_nothing(lms, name):
    tool = lms.open(page={"lti.capabilities": supports("lti.", frame=name), **keeps()})

    said = exchange(tool)

    assert said["got"] in {"secret", None}


@pytest.mark.parametrize(
    "wrong",
    [{"error": {"code": "bad_request"}}, {"value": 7}, {"value": None}, {}],
    ids=str,
)
def test_an_error_or_no_text_is_no_secret(lms, wrong):
    tool = lms.open(
        page={
            "lti.capabilities": supports("lti."),
            "lti.put_data": {"error": {"code": "storage_exhausted"}},
            "lti.get_data": wrong,
        }
    )

    said = exchange(tool)

    assert (said["put"], said["got"]) == (False, None)
