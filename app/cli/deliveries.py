"""Who delivers what is owed to the outside: the handlers of every room that owes something."""

from flask import Flask

from app.awards import certificate_jobs, edition_jobs, running
from app.evidence import capturing, preparing
from app.evidence.converting import find_program
from app.evidence.storage import open_storage
from app.launch import notice_sender
from app.outbox.worker import Handler
from app.passback import sender


def delivery_handlers(app: Flask) -> dict[str, Handler]:
    """Return the handler of each kind of message; one set per process, for its tokens."""
    parts = (
        app.extensions["assay.vault"],
        app.extensions["assay.http"],
        app.extensions["assay.settings"].base_url,
    )
    vault, http, base_url = parts
    settings = app.extensions["assay.settings"]
    return (
        sender.delivery_handlers(*parts)
        | notice_sender.delivery_handlers(*parts)
        | certificate_jobs.delivery_handlers(*parts)
        | running.delivery_handlers(vault, base_url)
        | edition_jobs.delivery_handlers(vault, base_url)
        | preparing.delivery_handlers(
            lambda: open_storage(settings), program=find_program(settings.soffice)
        )
        | capturing.delivery_handlers(http)
    )
