"""What a rival's script prints, one JSON line as bench/thirdparty/line.ts reads it, and the processor time so far."""

import json
import resource
from importlib.metadata import version


def cpu_seconds() -> float:
    """Processor time of this process and of its ended children, user and system."""
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def print_line(**line: object) -> None:
    """Prints the line; seconds as measured."""
    print(json.dumps(line), flush=True)


def versions_of(*packages: str) -> dict[str, str]:
    """Installed versions by package."""
    return {package: version(package) for package in packages}
