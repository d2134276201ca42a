"""What a key may do, resource by resource: the one answer that is asked for in XML (in JSON PrestaShop breaks)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from xml.etree import ElementTree

from sfsync.shops.prestashop.problems import Misconfigured
from sfsync.shops.prestashop.webservice.answers import LONGEST, wrong
from sfsync.shops.prestashop.webservice.refusals import NEEDED

METHODS = ("get", "put", "post", "patch", "delete", "head")

_MISSING = (
    "The key may not read everything that sfsync needs. In PrestaShop: Advanced parameters › Webservice, edit the key"
    " and tick View (GET) for: {missing}."
)


def rights_of(body: bytes) -> dict[str, frozenset[str]]:
    """Resource → methods in small letters. Raises `ShopUnavailable` where it is no such list."""
    if len(body) > LONGEST or b"<!" in body.replace(b"<![CDATA[", b""):
        raise wrong("the list of rights", "not one of PrestaShop's")
    try:
        api = ElementTree.fromstring(body.strip()).find("api")  # noqa: S314
    except ElementTree.ParseError:
        api = None
    if api is None:
        raise wrong("the list of rights", "not XML")
    return {each.tag: frozenset(method for method in METHODS if each.get(method) == "true") for each in api}


def require(rights: Mapping[str, Collection[str]]) -> None:
    """Raises `ShopMisconfigured`, which names all that is missing."""
    if missing := [each for each in NEEDED if "get" not in rights.get(each, ())]:
        raise Misconfigured(_MISSING.format(missing=", ".join(missing)), code="webservice-rights")
