"""What the product is made of, as requirements.lock says: `requirements.txt` to install, and a bill of materials.

`python tools/materials.py FOLDER` writes both; `python tools/materials.py --copy FOLDER` copies what runs from this
environment. The bill is CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/) and names every locked package: those
needed are `required`, those of an extra `optional`, the developers' tools `excluded`.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tomllib
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
CLIENT = ROOT / "packages" / "shoppingfeed"


@dataclass(frozen=True)
class Locked:
    """A package of the lock file: its lines, and the packages that ask for it."""

    name: str
    version: str
    lines: str
    parents: frozenset[str]

    @property
    def hashes(self) -> list[str]:
        return re.findall(r"--hash=sha256:([0-9a-f]{64})", self.lines)


def locked(text: str) -> dict[str, Locked]:
    """The packages of a lock file as `uv pip compile` writes it, by name."""
    found = [_package(block) for block in re.split(r"\n(?=[a-z0-9])", text.strip())]
    return {each.name: each for each in found}


def _package(block: str) -> Locked:
    named = re.match(r"([a-z0-9._-]+)==([^\s;]+)", block)
    if not named:
        raise ValueError(f"requirements.lock has a block that pins nothing: {block.splitlines()[0]}")
    lines = "\n".join(line for line in block.splitlines() if not line.lstrip().startswith("#"))
    parents = re.findall(r"^    #(?: via|  ) ([a-z0-9._-]+)(?: \(pyproject\.toml\))?$", block, re.MULTILINE)
    return Locked(named[1], named[2], lines, frozenset(parents))


def needed(packages: Mapping[str, Locked], roots: Iterable[str]) -> set[str]:
    """The roots and all that they ask for in turn."""
    found: set[str] = set()
    fresh = set(roots)
    while fresh:
        found |= fresh
        fresh = {each.name for each in packages.values() if each.parents & fresh} - found
    return found


def requirements(packages: Mapping[str, Locked], names: set[str]) -> str:
    return "".join(f"{each.lines}\n" for each in packages.values() if each.name in names)


def bill(project: dict[str, Any], packages: Mapping[str, Locked], required: set[str], used: set[str]) -> dict[str, Any]:
    """The bill of materials; its serial number is that of its content, so that one tree has one bill."""
    client = _read(CLIENT)
    components = [_component(client["name"], client["version"], "required", [])]
    components += [
        _component(each.name, each.version, _scope(each.name, required, used), each.hashes)
        for each in packages.values()
    ]
    product = {
        "type": "application",
        "bom-ref": project["name"],
        "name": project["name"],
        "version": project["version"],
    }
    content = {
        "metadata": {"component": product | {"description": project["description"]}},
        "components": components,
        "dependencies": _graph(project["name"], packages),
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{serial}", "version": 1}
    return head | content


def _scope(name: str, required: set[str], used: set[str]) -> str:
    return "required" if name in required else "optional" if name in used else "excluded"


def _component(name: str, version: str, scope: str, hashes: list[str]) -> dict[str, Any]:
    described: dict[str, Any] = {"type": "library", "bom-ref": name, "name": name, "version": version, "scope": scope}
    described["purl"] = f"pkg:pypi/{name}@{version}"
    return described | ({"hashes": [{"alg": "SHA-256", "content": each} for each in hashes]} if hashes else {})


def _graph(product: str, packages: Mapping[str, Locked]) -> list[dict[str, Any]]:
    children: dict[str, list[str]] = {product: ["shoppingfeed"], "shoppingfeed": []} | {name: [] for name in packages}
    for each in packages.values():
        for parent in each.parents:
            children[parent].append(each.name)
    return [{"ref": name, "dependsOn": sorted(asked)} for name, asked in children.items()]


def _read(folder: Path) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    return project


def write(folder: Path) -> None:
    project = _read(ROOT)
    packages = locked((ROOT / "requirements.lock").read_text("utf-8"))
    required = needed(packages, {Requirement(line).name for line in project["dependencies"]})
    used = needed(packages, {project["name"], "shoppingfeed"})
    (folder / "requirements.txt").write_text(requirements(packages, used), "utf-8")
    listed = json.dumps(bill(project, packages, required, used), indent=2)
    (folder / f"{project['name']}-{project['version']}.cdx.json").write_text(f"{listed}\n", "utf-8")


def copy(folder: Path) -> None:
    """The packages that run, but ours, as they are in this environment."""
    packages = locked((ROOT / "requirements.lock").read_text("utf-8"))
    for name in needed(packages, {"sfsync", "shoppingfeed"}) & set(packages):
        with suppress(metadata.PackageNotFoundError):  # one for another platform or Python
            _copy(metadata.distribution(name), folder.resolve())


def _copy(distribution: metadata.Distribution, site: Path) -> None:
    for file in distribution.files or ():
        target = (site / file).resolve()
        if target.is_relative_to(site) and file.suffix != ".pyc":
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(str(file.locate())), target)


if __name__ == "__main__":
    copy(Path(sys.argv[2])) if sys.argv[1] == "--copy" else write(Path(sys.argv[1]))
