"""Logging: one event per line, with keys; ids, never names, tokens or texts."""

import logging
import re
import sys
from typing import Any

import structlog

# Without the values of local variables: those are where names and tokens would be.
_tracebacks = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)

# A session's secret in an address; `deploy/gunicorn.conf.py` and `deploy/nginx.conf` hide it too.
_ADDRESS_SECRET = re.compile(r"/~[A-Za-z0-9_-]{20,}")


def configure_logs(log_format: str) -> None:
    """Log to standard error as JSON, or for people."""
    logging.getLogger("werkzeug").addFilter(_mask_record)  # the development server's own lines
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[Any] = (
        [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
        if log_format == "console"
        else [_tracebacks, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, *last, _mask],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _mask(_logger: Any, _method: str, line: Any) -> Any:
    """Hide the secret of a session's address, wherever in a line it stands."""
    return _ADDRESS_SECRET.sub("/~…", line)


def _mask_record(record: logging.LogRecord) -> bool:
    record.msg, record.args = _mask(None, "", record.getMessage()), ()
    return True
