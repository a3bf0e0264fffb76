"""Start the practice LMS: `python -m app.sandbox`."""

import argparse
import sys
from pathlib import Path

from app.sandbox.profiles import PROFILES
from app.sandbox.server import make_lms_server


def main() -> None:
    """Read the options and serve until stopped."""
    parser = argparse.ArgumentParser(
        prog="python -m app.sandbox",
        description="A practice LMS for Assay; never for real courses.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--tool-url", default="http://localhost:8000")
    parser.add_argument("--database", type=Path, default=Path("var/sandbox.sqlite"))
    parser.add_argument(
        "--profile",
        choices=list(PROFILES),
        default="",
        help="which LMS to behave as; without it, as was chosen before (at first: standard)",
    )
    parser.add_argument("--quiet", action="store_true", help="do not print the address")
    options = parser.parse_args()
    server, config = make_lms_server(
        host=options.host,
        port=options.port,
        tool_url=options.tool_url,
        database_path=options.database,
        profile=options.profile,
    )
    if not options.quiet:
        sys.stdout.write(f"Practice LMS on {config.issuer}, for the tool on {config.tool_url}\n")
        sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
