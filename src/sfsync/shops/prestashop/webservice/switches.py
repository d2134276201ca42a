"""The same settings through the shop's web service: what it writes holds at once, whatever PrestaShop caches."""

from __future__ import annotations

from xml.etree import ElementTree

from sfsync.shops.base import ShopError
from sfsync.shops.prestashop.problems import Misconfigured
from sfsync.shops.prestashop.switches import OFF, Account, statement, switches_of
from sfsync.shops.prestashop.webservice import rows
from sfsync.shops.prestashop.webservice.address import Question, any_of
from sfsync.shops.prestashop.webservice.answers import text
from sfsync.shops.prestashop.webservice.client import WebService
from sfsync.shops.switches import Switch

_WHOLE = ("id", "name", "value", "id_shop_group", "id_shop", "date_add")
"""A field that is left out would be reset."""
_MODIFY = (
    "The key may not change settings. In PrestaShop: Advanced parameters › Webservice, edit the key and tick Modify"
    " (PUT) for configurations; take it off again when it is done."
)
_CHANGED = "{name} (row {key}) was changed a moment ago: nothing was changed. Try again."


class WebServiceSwitches:
    """Implements `sfsync.shops.switches.Switches`. With an `account` they are read here and changed by SQL."""

    def __init__(self, service: WebService, prefix: str, account: Account | None) -> None:
        self._service, self._prefix, self._account = service, prefix, account

    def found(self) -> list[Switch]:
        question = Question("configurations", {"name": any_of(OFF)}, rows.fields(rows.Setting), most=self._most())
        return switches_of(rows.read(rows.Setting, row) for row in self._service.rows(question))

    def put(self, switch: Switch, value: str) -> None:
        if self._account is not None:
            self._account.put(switch, value)
            return
        row = self._row(switch)
        if row.get("value", "") != switch.value:
            raise Misconfigured(_CHANGED.format(name=switch.name, key=switch.key), code="takeover-changed")
        try:
            self._service.put("configurations", int(switch.key), _document(row | {"value": value}))
        except ShopError as error:
            self._refused(switch, value, error)

    def statement(self, switch: Switch, value: str) -> str:
        return statement(self._prefix, switch, value)

    def close(self) -> None:
        self._service.close()

    def _refused(self, switch: Switch, value: str, error: ShopError) -> None:
        """An error may come after all was done: what stands there now decides."""
        if error.code == "webservice-rights":
            raise Misconfigured(_MODIFY, code="takeover-modify") from error
        if self._row(switch).get("value", "") != value:
            raise error

    def _row(self, switch: Switch) -> dict[str, str]:
        question = Question("configurations", {"id": any_of([switch.key])}, _WHOLE, most=self._most())
        found = self._service.rows(question)
        same = [row for row in found if text(row, "name") == switch.name]
        return {name: text(row, name) for row in same[:1] for name in _WHOLE}

    def _most(self) -> int:
        return 500 + self._service.turn() % 97


def _document(row: dict[str, str]) -> bytes:
    root = ElementTree.Element("prestashop")
    entry = ElementTree.SubElement(root, "configuration")
    for name, value in row.items():
        ElementTree.SubElement(entry, name).text = value
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document
