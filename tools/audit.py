"""Look up every locked package in PyPI's advisories. Where they cannot be reached nothing is claimed: status 2.

`python tools/audit.py` runs pip-audit, which must be there, on requirements.lock. Status 1: somebody has to act.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

COMMAND = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json")


def verdict(dependencies: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """The status, and a sentence for everything that somebody should know."""
    unanswered = [each["name"] for each in dependencies if "skip_reason" in each]
    if len(unanswered) == len(dependencies):
        return 2, ["PyPI's advisories cannot be reached from here: not one package could be looked up."]
    said = [_advisory(each, found) for each in dependencies for found in each.get("vulns", ())]
    if unanswered:
        said.append(f"Not found in PyPI's advisories, so nothing is known of them: {', '.join(unanswered)}.")
    return (1, said) if said else (0, [f"{len(dependencies)} packages, no advisory."])


def _advisory(package: dict[str, Any], found: dict[str, Any]) -> str:
    mended = ", ".join(found["fix_versions"]) or "no version yet"
    return f"{package['name']} {package['version']}: {found['id']}, mended in {mended}"


def main() -> int:
    command = [sys.executable, "-m", "pip_audit", *COMMAND, "--requirement", "requirements.lock"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):  # it ended before it had a report: what it says is all there is
        sys.stderr.write(done.stderr)
        dependencies = []
    status, said = verdict(dependencies)
    sys.stdout.write("".join(f"{sentence}\n" for sentence in said))
    return status


if __name__ == "__main__":
    sys.exit(main())
