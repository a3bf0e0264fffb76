"""What a learner types, made safe to keep: file names, links, texts. Pure."""

import re
import unicodedata
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

import idna

from app.core.errors import InvalidError

MAX_NAME_BYTES = 255
MAX_EXTENSION_BYTES = 60
MAX_URL_LENGTH = 2000
MAX_TEXT_LENGTH = 100_000
# Characters that show nothing or turn the reading direction: "exe.fdp" must not read "pdf.exe".
HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Joiners that some scripts and emoji need to be written rightly.
NEEDED_JOINERS = frozenset({"\u200c", "\u200d"})
STAND_IN = "file"
# A label in plain letters; the underscore is no host name's by the book, but in use.
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
MAX_HOST_LENGTH = 253


def clean_file_name(raw: str) -> str:
    """Return the last part of a name as sent, without characters that hide or break.

    Letters of every script stay. The name is for showing and downloading only;
    it never becomes part of a path.
    Units: at most 255 bytes of UTF-8 (so 255 characters); a short extension is kept.
    """
    last_part = raw.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(char for char in last_part if not _is_hidden(char))
    name = " ".join(unicodedata.normalize("NFC", shown).split()).strip(". ")
    stem, dot, extension = name.rpartition(".")
    suffix = f".{extension}"
    if not dot or len(suffix.encode()) > MAX_EXTENSION_BYTES:
        stem, suffix = name, ""
    room = MAX_NAME_BYTES - len(suffix.encode())
    return (_cut(stem.strip(". "), room).strip(". ") or STAND_IN) + suffix


def extension_of(name: str) -> str:
    """Return what follows the last dot, in small letters; empty if there is none."""
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""


def clean_link(raw: str) -> str:
    """Return a web address that is safe to show as a link.

    Raises: `InvalidError` if it is not http(s), names no host, carries a
        password, or holds control characters.
    """
    url = raw.strip()
    if len(url) > MAX_URL_LENGTH:
        raise InvalidError(f"The link may be {MAX_URL_LENGTH} characters long at most.")
    if any(char.isspace() or _is_hidden(char) for char in url):
        raise InvalidError("The link holds spaces or invisible characters; copy it again.")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidError("This is no web address; copy it from your browser.") from error
    if parts.scheme.lower() not in {"http", "https"}:
        raise InvalidError("The link must begin with https:// or http://.")
    if not host or _plain_host(host) is None:
        raise InvalidError("The link names no web site, such as https://example.org/work.")
    if parts.username is not None or parts.password is not None or "\\" in url:
        raise InvalidError("The link must not carry a user name or password.")
    return url


def host_of(url: str) -> str:
    """Return the host of a link, for people: shown beside it, so that nobody is misled.

    In ASCII: a letter that only looks like another, or like a slash, shows itself.
    """
    host = urlsplit(url).hostname or ""
    return _plain_host(host) or quote(host)


def clean_text(raw: str) -> str:
    """Return typed text with plain line ends and without control characters.

    Raises: `InvalidError` if it is too long.
    """
    text = drop_controls(raw)
    if len(text) > MAX_TEXT_LENGTH:
        raise InvalidError(
            f"The text has {len(text):,} characters; at most {MAX_TEXT_LENGTH:,} are possible. "
            "Hand in a longer text as a file."
        )
    return text


def drop_controls(raw: str) -> str:
    """Return text with plain line ends, trimmed, without what a database refuses or nobody sees."""
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in text if char in "\n\t" or not _is_control(char)).strip()


def _plain_host(host: str) -> str | None:
    """Return a host as the network knows it; `None` if there can be none of this name.

    Source: UTS 46 and RFC 5891, as browsers read what is typed into them.
    """
    try:
        if ":" in host:
            return None if "%" in host else str(ip_address(host))
        labels = idna.uts46_remap(host, std3_rules=False).removesuffix(".").split(".")
        plain = ".".join(_plain_label(label) for label in labels)
    except ValueError:  # idna's own errors are of this kind too
        return None
    return plain if len(plain) <= MAX_HOST_LENGTH else None


def _plain_label(label: str) -> str:
    if LABEL.fullmatch(label) and not label.startswith("xn--"):
        return label
    return idna.alabel(label).decode()


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in HIDDEN_CATEGORIES and char not in NEEDED_JOINERS


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs"}


def _cut(text: str, max_bytes: int) -> str:
    """Shorten to whole characters of at most this many bytes."""
    return text.encode()[:max_bytes].decode(errors="ignore")
