"""What the tool says of itself: pasted, fetched and posted, it is the same."""

import json
from pathlib import Path

import pytest

from app.platforms.tool_document import SCOPES, canvas_configuration
from app.platforms.variables import VARIABLES
from tests.conftest import BASE_URL

ROOT = Path(__file__).parents[2]


def test_the_file_to_paste_is_what_the_tool_serves(browser):
    pasted = json.loads((ROOT / "lti_config/canvas.json").read_text())

    served = browser().get("/lti/canvas.json")

    assert served.mimetype == "application/json"
    assert served.json == canvas_configuration(BASE_URL)
    text = json.dumps(served.json).replace(BASE_URL, "https://assay.example.edu")
    assert json.loads(text.replace('"tool.test"', '"assay.example.edu"')) == pasted


def test_canvas_gets_every_placement_and_what_it_needs(browser):
    served = browser().get("/lti/canvas.json").json

    [extension] = served["extensions"]
    places = {
        place["placement"]: place["message_type"] for place in extension["settings"]["placements"]
    }
    assert places == {
        "course_navigation": "LtiResourceLinkRequest",
        "assignment_selection": "LtiDeepLinkingRequest",
        "link_selection": "LtiDeepLinkingRequest",
        "editor_button": "LtiDeepLinkingRequest",
        "homework_submission": "LtiDeepLinkingRequest",
    }
    assert extension["privacy_level"] == "public", "the default is anonymous"
    assert served["scopes"] == list(SCOPES)
    assert VARIABLES.items() <= served["custom_fields"].items()


def test_every_address_in_the_document_is_on_one_host(browser):
    text = json.dumps(browser().get("/lti/canvas.json").json)

    addresses = [word for word in text.split('"') if word.startswith("http")]
    own = [word for word in addresses if "purl.imsglobal.org" not in word]
    assert own
    assert all(word.startswith(BASE_URL) for word in own)


@pytest.mark.parametrize("page", ["/privacy", "/terms", "/static/img/mark.svg", "/"])
def test_what_the_registration_points_at_is_there(browser, page):
    assert browser().get(page).status_code == 200


def test_a_platform_may_have_a_key_address_of_its_own(browser, world):
    own = browser().get(f"/lti/jwks/{world.platform.id}.json")

    assert own.json == browser().get("/lti/jwks.json").json
    assert own.json["keys"]
