"""What a shop's web service answers instead of what was asked, as sentences for the person who can mend it.

No sentence repeats what the server wrote: it may hold the key (in a redirect) or the names of the server's files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from sfsync.shops.base import ShopError
from sfsync.shops.prestashop.problems import Misconfigured, Unavailable
from shoppingfeed import Response

_WHERE = "In PrestaShop: Advanced parameters › Webservice"
_OFF = "The web service of {shop} is switched off. {where}, set “Enable PrestaShop's webservice” to Yes."
_KEY = (
    "The web service of {shop} refuses the key. {where}, check that the key is enabled, and copy it whole (32"
    " characters)."
)
_NO_RIGHTS = "The key may do nothing at all at {shop}. {where}, edit the key and tick View (GET) for {needed}."
_RESOURCE = "The key may not read {resource} at {shop}. {where}, edit the key and tick View (GET) for {resource}."
_SHOP_RIGHT = (
    "The key is not one of shop number {shop_id}. {where}, edit the key and choose that shop under “Shop association”."
)
_UNKNOWN = "The web service of {shop} has no {resource}: this is not a PrestaShop from 1.6 on."
_QUESTION = "The web service of {shop} did not understand a question about {resource} (error {code}). Please report it."
_MODULE = (
    "A module of {shop} disturbs its web service: PHP gave an error while it answered about {resource} (code {code})."
    " The shop's log names the module; it is asked again at the next try."
)
_REDIRECT = (
    "{shop} leads elsewhere{elsewhere} instead of answering. Enter the address as the shop itself spells it (Shop"
    " parameters › Traffic & SEO › Shop URL; with or without www.), and check the number of the shop (now {shop_id})."
)
_AUTHORIZATION = (
    "The key does not reach PrestaShop at {shop}: its web server holds it back. {where}, set “Enable CGI mode for PHP”"
    " to Yes, or ask the hosting company to pass on the Authorization header."
)
_ADDRESS = "There is no PrestaShop web service at {shop} (error {status}). Check the address of the shop."
_FIREWALL = (
    "Something in front of {shop} refuses the question (error {status}): a firewall of the hosting company, or a"
    " password on the folder. Ask the hosting company to let this machine's requests to /api/ pass."
)
_LONG = "The web server of {shop} takes no addresses of the length that is needed (error 414). Please report it."
_BUSY = "{shop} is too busy to answer (error {status}). It is asked again at the next try."
_BROKEN = (
    "{shop} answers with an error of its own (error {status}). If it stays, whoever looks after the shop can mend it."
)
_ODD = "{shop} gives an answer that PrestaShop's web service never gives (status {status})."

NEEDED = (
    *("orders", "order_carriers", "order_histories", "order_states"),
    *("carriers", "configurations", "languages", "shops"),
)
"""The resources that a key must be allowed to read."""

Kind = tuple[type[Unavailable] | type[Misconfigured], str, str]

_BY_CODE: dict[int, Kind] = {
    **dict.fromkeys(range(2, 16), (Unavailable, "webservice-module", _MODULE)),
    **dict.fromkeys((17, 18, 19, 20), (Misconfigured, "webservice-key", _KEY)),
    21: (Misconfigured, "webservice-rights", _NO_RIGHTS),
    22: (Misconfigured, "webservice-off", _OFF),
    **dict.fromkeys((25, 26), (Misconfigured, "webservice-rights", _RESOURCE)),
    27: (Misconfigured, "webservice-version", _UNKNOWN),
    **dict.fromkeys(range(32, 40), (Misconfigured, "webservice-question", _QUESTION)),
    132: (Misconfigured, "webservice-shop", _SHOP_RIGHT),
}
"""By the first of PrestaShop's own error codes: those that follow are what the first one set off."""

_BY_STATUS: dict[int, Kind] = {
    **dict.fromkeys((301, 302, 303, 307, 308), (Misconfigured, "webservice-redirect", _REDIRECT)),
    401: (Misconfigured, "webservice-authorization", _AUTHORIZATION),
    **dict.fromkeys((403, 406), (Misconfigured, "webservice-firewall", _FIREWALL)),
    **dict.fromkeys((404, 410), (Misconfigured, "webservice-address", _ADDRESS)),
    414: (Misconfigured, "webservice-question", _LONG),
    **dict.fromkeys((408, 429, 503, 504), (Unavailable, "webservice-busy", _BUSY)),
    **dict.fromkeys((500, 501, 502, 520, 521, 522, 523, 524), (Unavailable, "webservice-broken", _BROKEN)),
}

_CODE = re.compile(rb'(?:"code"\s*:\s*"?|<code>(?:<!\[CDATA\[)?)(\d{1,5})')
_HOST = re.compile(r"[a-z0-9.-]{1,253}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, and where: for sentences."""

    shop: str
    resource: str
    shop_id: int


def refusal(answer: Response, asked: Asked) -> ShopError:
    code = error_code(answer)
    odd: Kind = (Unavailable, "webservice-answer", _ODD)
    kind, name, sentence = _BY_CODE.get(code) or _BY_STATUS.get(answer.status) or odd
    words = {
        "shop": asked.shop,
        "resource": asked.resource or "its resources",
        "shop_id": asked.shop_id,
        "where": _WHERE,
        "needed": ", ".join(NEEDED),
        "code": code,
        "status": answer.status,
        "elsewhere": _elsewhere(answer, asked.shop),
    }
    return kind(sentence.format(**words), code=name)


def error_code(answer: Response) -> int:
    """The first of PrestaShop's error codes, in JSON or XML; 0 where there is none."""
    found = _CODE.search(answer.body[:50_000]) if answer.status >= 400 else None
    return int(found[1]) if found else 0


def without_key(answer: Response) -> bool:
    """PHP got no key at all: a bare text, where a wrong key gets a list of errors."""
    return answer.status == 401 and not error_code(answer)


def no_such_path(answer: Response) -> bool:
    """The web server's own 404, not one of PrestaShop's web service."""
    return answer.status == 404 and "psws-version" not in answer.headers


def _elsewhere(answer: Response, shop: str) -> str:
    """The host that a redirect names, and nothing else of it: the key stands in the rest."""
    try:
        host = urlsplit(answer.headers.get("location", "")).hostname or ""
    except ValueError:
        return ""
    return f" (to {host})" if _HOST.fullmatch(host) and host != urlsplit(shop).hostname else ""
