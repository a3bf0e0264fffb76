"""Draw an uploaded SVG as PNG in a process that may be lost.

Run as a script by `uploads`, never imported by the program: the SVG comes in
on standard input, the PNG goes out on standard output. The limits are set
before the library that draws is loaded.
"""

import resource
import sys

CPU_SECONDS = 3
MEMORY_BYTES = 1024 * 1024 * 1024
EXIT_BROKEN = 4


def main(size: int) -> int:
    """Draw one picture, `size` pixels wide."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import resvg_py  # noqa: PLC0415 (after the limits)

    try:
        drawn = resvg_py.svg_to_bytes(
            svg_string=sys.stdin.read(), width=size, skip_system_fonts=True
        )
    except (ValueError, MemoryError):
        return EXIT_BROKEN
    sys.stdout.buffer.write(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
