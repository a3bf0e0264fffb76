"""Ask the verifiers that nobody here wrote. They answer offline, and must be installed."""

import base64
import json
import subprocess
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from app.credentials.linked_data import SHIPPED_CONTEXTS
from tests.verifiers import install

_MISSING = (
    "{} is not installed as its lock file says. Run: .venv/bin/python tests/verifiers/install.py"
)
_PATIENCE_SECONDS = 60


def verify_with_digitalbazaar(
    credential: Mapping[str, Any],
    did_document: Mapping[str, Any],
    documents: Mapping[str, Any] = MappingProxyType({}),
) -> bool:
    """Return what npm's @digitalbazaar/vc says of the credential; see `ask_digitalbazaar`."""
    return ask_digitalbazaar(credential, did_document, documents)["verified"] is True


def verify_with_openbadgeslib(
    credential: Mapping[str, Any], did_document: Mapping[str, Any]
) -> bool:
    """Return what PyPI's openbadgeslib says of the credential."""
    return ask_openbadgeslib(credential, did_document)["verified"] is True


def ask_digitalbazaar(
    credential: Mapping[str, Any],
    did_document: Mapping[str, Any],
    documents: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return @digitalbazaar/vc's whole answer: `verified` and `error`.

    `documents`: the status lists that the credential names, by their addresses.
    """
    question = {
        "credential": credential,
        "didDocument": did_document,
        "documents": {**SHIPPED_CONTEXTS, **documents},
    }
    return _ask_node("verify.mjs", question)


def ask_jose(token: str, did_document: Mapping[str, Any]) -> dict[str, Any]:
    """Return jose's whole answer on a token: `verified` and `error`."""
    return _ask_node("verify_jwt.mjs", {"token": token, "didDocument": did_document})


def ask_openbadgeslib(
    credential: Mapping[str, Any], did_document: Mapping[str, Any]
) -> dict[str, Any]:
    """Return openbadgeslib's whole answer: `verified` and `error`."""
    assert install.openbadgeslib_is_current(), _MISSING.format("openbadgeslib")
    script = install.HERE / "verify_openbadgeslib.py"
    question = {"credential": credential, "didDocument": did_document}
    return _ask([str(install.openbadgeslib_python()), str(script)], question)


def ask_openbadges(
    documents: Mapping[str, Mapping[str, Any]],
    *,
    given: str | None = None,
    picture: bytes | None = None,
    suffix: str = ".png",
) -> dict[str, Any]:
    """Return what 1EdTech's openbadges says of an assertion: `verified` and `errors`.

    `given`: its address, or its JSON; else `picture`: a baked one. `documents`: what stands at
    which address: `status`, `type` and `body`, in base64.
    """
    assert install.openbadges_is_current(), _MISSING.format("openbadges")
    question: dict[str, Any] = {"documents": dict(documents)}
    if picture is None:
        question["input"] = given
    else:
        question |= {"picture": base64.b64encode(picture).decode(), "suffix": suffix}
    script = install.HERE / "verify_openbadges.py"
    return _ask([str(install.openbadges_python()), str(script)], question)


def _ask_node(script: str, question: Mapping[str, Any]) -> dict[str, Any]:
    node = install.node_command()
    assert install.node_is_current(), _MISSING.format("@digitalbazaar/vc")
    assert node is not None, _MISSING.format("Node.js")
    return _ask([*node, str(install.NODE_HOME / script)], question)


def _ask(command: list[str], question: Mapping[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        command,
        input=json.dumps(question),
        capture_output=True,
        encoding="utf-8",
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]} failed:\n{done.stderr}"
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
