"""What a validator from outside would find at our addresses, fetched through the front door."""

import base64
import json
from typing import Any

BASE_URL = "https://tool.test"
Documents = dict[str, dict[str, Any]]


def fetch(stranger, address: str, *, accept: str = "application/ld+json") -> dict[str, Any]:
    answer = stranger.get(address.removeprefix(BASE_URL), headers={"Accept": accept})
    return {
        "status": answer.status_code,
        "type": answer.headers["Content-Type"],
        "body": base64.b64encode(answer.data).decode(),
    }


def read(documents: Documents, address: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.b64decode(documents[address]["body"]))
    return found


def change(documents: Documents, address: str, **members: Any) -> Documents:
    """Return the documents with another one at an address; `None` takes a member out."""
    changed = read(documents, address) | members
    text = json.dumps({name: value for name, value in changed.items() if value is not None})
    body = base64.b64encode(text.encode()).decode()
    return documents | {address: documents[address] | {"body": body}}


def host(stranger, public_id: str) -> Documents:
    """Return everything that verifying one assertion fetches."""
    address = f"{BASE_URL}/ob2/assertions/{public_id}"
    documents = {address: fetch(stranger, address)}
    assertion = read(documents, address)
    if "badge" not in assertion:
        return documents
    documents[assertion["badge"]] = fetch(stranger, assertion["badge"])
    documents[assertion["image"]] = fetch(stranger, assertion["image"])
    badge = read(documents, assertion["badge"])
    for each in (badge["issuer"], badge["image"]["id"]):
        documents[each] = fetch(stranger, each)
    return documents
