"""Commands: whether files can be kept, and be checked."""

import io
import secrets

import click
from flask import current_app

from app.cli.border import CommandGroup
from app.core.errors import InvalidError
from app.evidence.scanning import ScannerUnavailableError, find_scanner
from app.evidence.storage import Storage, StorageUnavailableError, open_storage

storage = CommandGroup("storage", help="Where submitted files are kept.")


@storage.command()
def check() -> None:
    """Keep, read and delete a small file, and ask the malware scanner for its version."""
    settings = current_app.extensions["assay.settings"]
    problems = []
    try:
        click.echo(f"Storage: {_try_out(open_storage(settings))}")
    except StorageUnavailableError as error:
        problems.append(f"The storage does not work: {error.reason}.")
    scanner = find_scanner(settings)
    try:
        version = scanner.describe() if scanner else "none; files are not checked for malware"
        click.echo(f"Scanner: {version}")
    except ScannerUnavailableError as error:
        problems.append(f"The malware scanner does not work: {error}.")
    if problems:
        raise InvalidError(" ".join(problems))


def _try_out(place: Storage) -> str:
    """Return where files are kept, after one went there and back."""
    words = place.check()
    content = secrets.token_bytes(1000)
    kept = place.put(io.BytesIO(content))
    try:
        with place.open(kept.key) as source:
            if source.read() != content:
                raise InvalidError("The storage gave back something else than was put into it.")
    finally:
        place.delete(kept.key)
    return words
