"""Whole addresses of ours that every login or launch tells a platform, built once."""

from flask import current_app, request, url_for

MEMORY = "assay.own_urls"


def own_url(endpoint: str) -> str:
    """Return the address of a public page that takes no values."""
    known: dict[tuple[str, str], str] = current_app.extensions.setdefault(MEMORY, {})
    key = endpoint, request.script_root
    if key not in known:
        known[key] = current_app.extensions["assay.settings"].base_url + url_for(endpoint)
    return known[key]
