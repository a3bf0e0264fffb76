"""Where in each LMS a service is switched on: the self-test's texts, each with its source. Data.

Moodle's were seen on a running 4.5; the others follow their vendors' published
documentation, and menus move: go by the names of the fields.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.platforms.quirks import BLACKBOARD, BRIGHTSPACE, CANVAS, MOODLE

LMS_NAMES: Final[Mapping[str, str]] = {
    MOODLE: "Moodle",
    CANVAS: "Canvas",
    BRIGHTSPACE: "Brightspace",
    BLACKBOARD: "Blackboard",
}
MOODLE_TOOL = "Site administration → Plugins → External tool → Manage tools → Assay → Edit"
CANVAS_KEY = "Admin → Developer Keys → Assay"
D2L_TOOL = "Admin Tools → Manage Extensibility → LTI Advantage → Assay"
D2L_DEPLOYMENT = "Admin Tools → External Learning Tools → LTI Advantage → the deployment"
BB_TOOL = "Admin → LTI Tool Providers → Assay → Edit"
SEEN_ON_MOODLE = "seen on Moodle 4.5.6"
CANVAS_DOC = "Canvas, doc/api/lti_dev_key_config.md and doc/api/registration.md"
D2L_DOC = "D2L knowledge base, LTI Advantage (18081, 23661, 23752)"
BB_DOC = "Blackboard developer documentation, LTI: Register, Best practices, AGS"


@dataclass(frozen=True)
class Guide:
    """Where one service is switched on in one LMS. `source`: who says so."""

    lms: str
    words: str
    source: str


@dataclass(frozen=True)
class Absence:
    """Why one LMS does not have a service, and what Assay does instead."""

    words: str
    source: str


_AGS: Final = {
    MOODLE: (
        (
            f"{MOODLE_TOOL} → Services → IMS LTI Assignment and Grade Services: “Use this "
            "service for grade sync and column management”; and Privacy → Accept grades from "
            "the tool: Always."
        ),
        SEEN_ON_MOODLE,
    ),
    CANVAS: (
        (
            f"{CANVAS_KEY} → LTI Advantage Services: the three on grades (create and update "
            "assignment data, view submission data, create and update submission results)."
        ),
        CANVAS_DOC,
    ),
    BRIGHTSPACE: (
        f"Extension “Assignment and Grade Services”, both in {D2L_TOOL} and in {D2L_DEPLOYMENT}.",
        D2L_DOC,
    ),
    BLACKBOARD: (
        (
            f"{BB_TOOL} → Allow grade service access: Yes. Only an item of its own in the course "
            "outline has a column."
        ),
        BB_DOC,
    ),
}
_PRIVACY: Final = {
    MOODLE: (
        f"{MOODLE_TOOL} → Privacy → Share launcher’s name / e-mail with tool: Always.",
        SEEN_ON_MOODLE,
    ),
    CANVAS: (
        f"{CANVAS_KEY} → Additional Settings → Privacy Level: Public. The default is anonymous.",
        CANVAS_DOC,
    ),
    BRIGHTSPACE: (
        f"{D2L_DEPLOYMENT} → Security Settings: send user name and user e-mail; not Anonymous.",
        D2L_DOC,
    ),
    BLACKBOARD: (f"{BB_TOOL} → User Fields To Be Sent: Name, Email Address.", BB_DOC),
}
_CUSTOM: Final = {
    MOODLE: (
        f"{MOODLE_TOOL} → Custom parameters: paste those of “Values to copy”, one per line.",
        SEEN_ON_MOODLE,
    ),
    CANVAS: (f"{CANVAS_KEY} → Additional Settings → Custom Fields, one per line.", CANVAS_DOC),
    BRIGHTSPACE: (f"{D2L_DEPLOYMENT} → Substitution Parameters.", D2L_DOC),
    BLACKBOARD: (f"{BB_TOOL} → Custom Parameters.", BB_DOC),
}
_KEYSET: Final = {
    MOODLE: (
        f"{MOODLE_TOOL} → Public key type: Keyset URL, and the address of “Values to copy”.",
        SEEN_ON_MOODLE,
    ),
    CANVAS: (f"{CANVAS_KEY} → JWK Method: Public JWK URL. The key’s state must be ON.", CANVAS_DOC),
    BRIGHTSPACE: (
        (
            f"{D2L_TOOL} → Keyset URL. The audience of token requests is the “Brightspace OAuth2 "
            "Audience” shown there."
        ),
        D2L_DOC,
    ),
    BLACKBOARD: ("Developer portal → the application → Tool JWKS URL.", BB_DOC),
}

# Service → LMS → (words, source).
WHERE: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "launch": {
        MOODLE: (
            (
                "Manage tools → Assay: activate it if it is pending; Tool configuration usage: "
                "Show in activity chooser."
            ),
            SEEN_ON_MOODLE,
        ),
        CANVAS: ("Admin → Settings → Apps: install it by client id, then open it.", CANVAS_DOC),
        BRIGHTSPACE: (f"{D2L_DEPLOYMENT}: enabled, and for the org units of the course.", D2L_DOC),
        BLACKBOARD: (f"{BB_TOOL} → Tool Status: Approved; and an active placement.", BB_DOC),
    },
    "keys": {
        MOODLE: ("Its address ends in /mod/lti/certs.php; compare it here.", SEEN_ON_MOODLE),
        CANVAS: ("https://sso.canvaslms.com/api/lti/security/jwks for hosted Canvas.", CANVAS_DOC),
        BRIGHTSPACE: (f"{D2L_TOOL}: Brightspace Keyset URL.", D2L_DOC),
        BLACKBOARD: ("Developer portal → the application: Public keyset URL.", BB_DOC),
    },
    "token": _KEYSET,
    "line_items": _AGS,
    "scores": _AGS,
    "results": _AGS,
    "roster": {
        MOODLE: (
            f"{MOODLE_TOOL} → Services → IMS LTI Names and Role Provisioning: Use this service.",
            SEEN_ON_MOODLE,
        ),
        CANVAS: (
            (
                f"{CANVAS_KEY} → LTI Advantage Services: Can retrieve user data associated with "
                "the context."
            ),
            CANVAS_DOC,
        ),
        BRIGHTSPACE: (
            (
                f"Extension “Names and Role Provisioning Services”, in {D2L_TOOL} and in "
                f"{D2L_DEPLOYMENT}."
            ),
            D2L_DOC,
        ),
        BLACKBOARD: (f"{BB_TOOL} → Allow Membership Service Access: Yes.", BB_DOC),
    },
    "deep_linking": {
        MOODLE: (
            f"{MOODLE_TOOL} → Supports Deep Linking (Content-Item Message), Content Selection URL.",
            SEEN_ON_MOODLE,
        ),
        CANVAS: (
            f"{CANVAS_KEY} → Placements: Assignment Selection, Link Selection, Editor Button.",
            CANVAS_DOC,
        ),
        BRIGHTSPACE: (
            f"{D2L_DEPLOYMENT} → View Links → New Link: Deep Linking Quicklink.",
            D2L_DOC,
        ),
        BLACKBOARD: ("A placement of type Deep Linking in the developer portal.", BB_DOC),
    },
    "submission_review": {
        MOODLE: (
            "Nothing to switch on: it comes with an assignment that was added by choosing content.",
            SEEN_ON_MOODLE,
        ),
    },
    "notices": {
        CANVAS: (f"{CANVAS_KEY} → LTI Advantage Services: platform notification.", CANVAS_DOC),
        BRIGHTSPACE: (
            f"Extension “Platform Notification Service”, in {D2L_TOOL} and in {D2L_DEPLOYMENT}.",
            "D2L knowledge base 26215, 25978",
        ),
    },
    "history": _CUSTOM,
    "cookies": {
        MOODLE: (
            f"{MOODLE_TOOL} → Default launch container: “New window” needs no cookies in a frame.",
            SEEN_ON_MOODLE,
        ),
    },
    "storage": {
        CANVAS: (
            (
                "The registration’s sign-in address must be https://sso.canvaslms.com/api/lti/"
                "authorize_redirect; the mobile apps have no storage."
            ),
            CANVAS_DOC,
        ),
    },
    "names": _PRIVACY,
    "emails": _PRIVACY,
}

# (Service, LMS) → why it is not there.
NOT_OFFERED: Final[Mapping[tuple[str, str], Absence]] = {
    ("submission_review", CANVAS): Absence(
        "Canvas has none: its SpeedGrader opens the work by the address that Assay sends with a "
        "score.",
        CANVAS_DOC,
    ),
    ("notices", MOODLE): Absence(
        "Moodle has none: Assay recognises a copied course at its first launch.", SEEN_ON_MOODLE
    ),
    ("storage", MOODLE): Absence(
        "Moodle has none: where cookies are blocked, people go on in a new tab.", SEEN_ON_MOODLE
    ),
}


def guides_for(service: str, family: str | None) -> Sequence[Guide]:
    """Return where a service is switched on: in this LMS, or in each where it is not known."""
    known = WHERE.get(service, {})
    mine = (family or "").strip().lower()
    chosen = {mine: known[mine]} if mine in known else ({} if mine in LMS_NAMES else known)
    return [Guide(LMS_NAMES[name], words, source) for name, (words, source) in chosen.items()]


def is_known(family: str | None) -> bool:
    """Return whether this is one of the LMSs that the texts are about."""
    return (family or "").strip().lower() in LMS_NAMES
