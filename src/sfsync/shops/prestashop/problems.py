"""What can go wrong with somebody else's database, as sentences for the person who can mend it.

Drivers report by number (MySQL, MariaDB) or by name (SQLite); both become `Unavailable` or `Misconfigured`, with a
`code` for programs and a sentence for people. No sentence holds a password: they are made of `Place`, which has none.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass

from sfsync.shops.base import Problem, ShopError, ShopMisconfigured, ShopUnavailable
from sfsync.shops.setting import message as _


class Unavailable(ShopUnavailable):
    """`code` is "host" (no answer, lost connection) or "busy" (too many connections, a lock, a slow query)."""

    def __init__(self, sentence: str, *, code: str = "host") -> None:
        super().__init__(sentence)
        self.code = code


class Misconfigured(ShopMisconfigured):
    """`code` is "url", "host", "password", "database", "prefix", "right", "schema", "shop", "module", or "answer" (an
    error of the server that is not known here: its own words are in the sentence)."""

    def __init__(self, sentence: str, *, code: str = "schema") -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Place:
    """Where the shop is, for sentences. `account` is what the server calls us (`reader@%`), once it said so."""

    server: str
    database: str
    user: str
    prefix: str
    account: str = ""

    def grant(self, table: str = "*", columns: str = "") -> str:
        """The statement that gives the right to read this table (`*`: all of them), or these columns of it."""
        user, _, host = (self.account or f"{self.user}@%").rpartition("@")
        table = table if table == "*" else f"`{table}`"
        rights = f"SELECT ({columns})" if columns else "SELECT"
        return f"GRANT {rights} ON `{self.database}`.{table} TO '{user}'@'{host}';"


NO_TLS = 2026
NO_TABLE = 1146
NO_COLUMN = 1054
NO_FILE, OTHER_FILE = -1, -2
"""Of SQLite, which has names: its file cannot be read, or it says something that is not known here."""
DENIED = frozenset({1142, 1143})
ANSWERED = DENIED | {NO_TABLE}
"""The connection is as good as before: what was asked for is not there, or not for us."""

_HOST = "The database server {server} does not answer ({reason}). Check host and port, and the network between."
_LOST = "The connection to the database server {server} failed ({reason}). It is opened again at the next try."
_BUSY = "The database server {server} is too busy ({reason}). It is asked again at the next try."
_LOGIN = "The database server {server} refuses the account {user}: wrong user name or password ({reason})."
_REFUSED = "The database server {server} does not accept {user} from this machine ({reason})."
_DATABASE = "There is no database {database} at {server}, or {user} has no right to it ({reason})."
_ANSWERED = (
    "The database server {server} answers, but not with what was asked ({reason}, error {number}). Whoever looks after"
    " the database can mend it."
)
_CRASHED = "A table of the shop is damaged ({reason}). Repair it: REPAIR TABLE, or from a backup."
_VIEW = "A view that sfsync reads cannot be used ({reason}). Make it anew, with a definer that exists and may read."
_EXPIRED = "The password of the account {user} at {server} has expired ({reason}). Give it a new one, without expiry."
_LOCKED = "The account {user} at {server} is locked ({reason}). Unlock it: ALTER USER ... ACCOUNT UNLOCK."
_TLS = "The database server {server} takes encrypted connections only ({reason}). Add ssl_ca to the shop's address."
_HANDSHAKE = (
    "The encrypted connection to the database server {server} failed ({reason}). Check ssl_ca in the shop's address,"
    " and the server's certificate."
)
_JOIN = "The server refuses a query that reads many rows ({reason}). Raise max_join_size, or set sql_big_selects to ON."
_FILE = "The database file {database} cannot be read ({reason}). Check the path and the rights of the file."
_RIGHT = "The account {user} may not read the table {table}. Run: {grant}"
_COLUMN = (
    "A column that sfsync reads is missing ({reason}). Is this a PrestaShop from 1.5 on, and its shoppingfeed module"
    " up to date?"
)
_TABLE = "There is no table {table} in {database}: check the table prefix (now {prefix!r})."
_MODULE = (
    "The table {table} of the Shopping Feed module was not found, so it is not known which orders come from"
    " marketplaces. Install the shoppingfeed module in PrestaShop, or check the table prefix (now {prefix!r})."
)

PROBLEMS = {
    "busy": Problem(
        _("The shop's database server is too busy to answer."),
        _("Nothing to do: we will try again at the next attempt."),
    ),
    "url": Problem(
        _("The address of the shop's database is not one that can be used."),
        _("Correct the address of the shop's database."),
        corrects=("url",),
    ),
    "password": Problem(
        _("The shop's database refuses the account: wrong user name or password."),
        _("Enter the address of the shop's database again, with the right account."),
        corrects=("url",),
    ),
    "database": Problem(
        _("The shop's database is not found under this name, or the account has no right to it."),
        _("Check the name at the end of the address, and the rights of the account."),
        corrects=("url",),
    ),
    "prefix": Problem(
        _("The database holds no PrestaShop tables with this prefix."),
        _("Correct the prefix of the shop's tables: the original message names what was found."),
        corrects=("url", "prefix"),
    ),
    "right": Problem(
        _("The account may not read all the tables that sfsync needs."),
        _("Have it granted: the original message contains the statement to run."),
    ),
    "schema": Problem(
        _("The tables of the database are not those of a PrestaShop from 1.5 on."),
        _("Check the name of the database, and that its PrestaShop and the shoppingfeed module are up to date."),
        corrects=("url",),
    ),
    "shop": Problem(
        _("The database has no shop of this number."),
        _("Correct the number of the shop in its database; the original message lists those that exist."),
        corrects=("shop_id",),
    ),
    "old-module-sends": Problem(
        _("The module shoppingfluxexport of the shop sends order updates as well."),
        _(
            "Switch that off with `sfsync takeover`, or on the page Diagnostics › Decide who sends; or by hand: in the "
            "shop, empty its settings for shipped and cancelled orders, or disable the module. sfsync stands aside "
            "until then."
        ),
    ),
    "newer-module-sends": Problem(
        _("The shop's own Shopping Feed module sends order updates as well."),
        _(
            "Switch that off with `sfsync takeover`, or on the page Diagnostics › Decide who sends; or by hand: in the "
            "module's settings, switch the synchronization of orders off. sfsync stands aside until then."
        ),
    ),
    "takeover-account": Problem(
        _("Changing the shop's settings needs an account of its database that may do so."),
        _("Give one for this once, or run the statements by hand: `sfsync takeover --print` shows them."),
    ),
    "takeover-modify": Problem(
        _("The key may not change the shop's settings."),
        _("In PrestaShop, under Advanced parameters › Webservice, tick Modify (PUT) for configurations and try again."),
    ),
    "takeover-changed": Problem(
        _("A setting of the shop is not as it was when it was looked at."),
        _("Try again. If an account was given, check that it is one of this shop's database."),
    ),
    "senders-unseen": Problem(
        _("It cannot be seen whether a module of the shop sends order updates as well."),
        _("Let the account read four more tables: the original message contains the statements to run."),
    ),
    "shipments-on": Problem(
        _("Tracking numbers are read from the shipments of PrestaShop 9.1, and from the carriers of older orders."),
        "",
    ),
    "shipments-shown": Problem(
        _(
            "Tracking numbers are read from the shipments of PrestaShop 9.1, which the bridge shows, and from the "
            "carriers of older orders."
        ),
        "",
    ),
    "shipments-off": Problem(
        _(
            "Tracking numbers are read from the carriers of the orders: the shipments of PrestaShop 9.1 are switched "
            "off."
        ),
        "",
    ),
    "shipments-unseen": Problem(
        _("It cannot be seen whether this shop keeps tracking numbers in its shipments, as PrestaShop 9.1 can."),
        _("Let the account read two more tables: the original message contains the statements to run."),
    ),
    "module": Problem(
        _(
            "Nothing says which orders come from marketplaces: the shop has no module of Shopping Feed, and Shopping "
            "Feed knows none of its orders by their number there."
        ),
        _("Install the shoppingfeed module in PrestaShop, or correct the prefix of the shop's tables."),
        corrects=("prefix",),
    ),
}
"""By `code`; a host that does not answer needs no sentence of its own."""

_BY_NUMBER: dict[int, tuple[type[Unavailable] | type[Misconfigured], str, str]] = {
    **dict.fromkeys((2002, 2003, 2005), (Unavailable, "host", _HOST)),
    **dict.fromkeys((1053, 1152, 1159, 1161, 1927, 2006, 2013, 2055), (Unavailable, "host", _LOST)),
    **dict.fromkeys((1040, 1203, 1205, 1213, 1226, 1317, 1969, 3024), (Unavailable, "busy", _BUSY)),
    **dict.fromkeys((1045, 1251, 1698, 2059, 2061), (Misconfigured, "password", _LOGIN)),
    **dict.fromkeys((1129, 1130), (Misconfigured, "host", _REFUSED)),
    **dict.fromkeys((1044, 1046, 1049), (Misconfigured, "database", _DATABASE)),
    **dict.fromkeys(DENIED, (Misconfigured, "right", _RIGHT)),
    **dict.fromkeys((126, 127, 144, 145, 1034, 1035, 1194, 1195), (Misconfigured, "schema", _CRASHED)),
    **dict.fromkeys((1356, 1449), (Misconfigured, "right", _VIEW)),
    **dict.fromkeys((1820, 1862), (Misconfigured, "password", _EXPIRED)),
    **dict.fromkeys((3118, 4151), (Misconfigured, "password", _LOCKED)),
    3159: (Misconfigured, "url", _TLS),
    NO_TLS: (Misconfigured, "url", _HANDSHAKE),
    1104: (Misconfigured, "right", _JOIN),
    NO_FILE: (Misconfigured, "database", _FILE),
    NO_COLUMN: (Misconfigured, "schema", _COLUMN),
    NO_TABLE: (Misconfigured, "prefix", _TABLE),
}

_SQLITE = {
    "SQLITE_CANTOPEN": NO_FILE,
    "SQLITE_NOTADB": NO_FILE,
    "SQLITE_PERM": NO_FILE,
    "SQLITE_CORRUPT": 145,
    "SQLITE_BUSY": 1205,
    "SQLITE_LOCKED": 1205,
}


def explain(error: BaseException, place: Place) -> ShopError:
    """A driver's error as one of ours."""
    number, reason = error_number(error), _reason(error)
    table = _table_in(reason)
    kind, code, sentence = _BY_NUMBER.get(number) or _unknown(number)
    if number == NO_TABLE and table == f"{place.prefix}shoppingfeed_order":
        code, sentence = "module", _MODULE
    words = {
        "server": place.server,
        "database": place.database,
        "user": place.user,
        "prefix": place.prefix,
        "table": table,
        "reason": reason,
        "number": number,
        "grant": place.grant(table),
    }
    return kind(sentence.format(**words), code=code)


def _unknown(number: int) -> tuple[type[Unavailable] | type[Misconfigured], str, str]:
    """A number is an answer, even one that is not known here; without a number nothing was answered. What the client
    library itself numbers (2000 to 2999) is about the connection; a handshake that failed was an answer."""
    if number == 0 or 2000 <= number < 3000:
        return Unavailable, "host", _LOST
    return Misconfigured, "answer", _ANSWERED


def error_number(error: BaseException) -> int:
    """The server's number for this error; SQLite's names become the number of the like; 0 when there is none."""
    driver = getattr(error, "orig", None) or error
    name = getattr(driver, "sqlite_errorname", None)
    if name is None:
        if isinstance(getattr(driver, "original_exception", None), ssl.SSLError):
            return NO_TLS
        first = driver.args[0] if driver.args else 0
        return first if isinstance(first, int) else 0
    text = str(driver)
    if text.startswith("no such table"):
        return NO_TABLE
    if text.startswith("no such column"):
        return NO_COLUMN
    return _SQLITE.get(name, OTHER_FILE)


def _reason(error: BaseException) -> str:
    driver = getattr(error, "orig", None) or error
    text = str(driver.args[-1]) if driver.args else type(driver).__name__
    return " ".join(text.split()).rstrip(".")


def _table_in(reason: str) -> str:
    """The table that a message ends with: `no such table: ps_orders`, `Table 'shop.ps_orders' doesn't exist`."""
    found = re.search(r"(\w+)['`]?(?: doesn't exist)?$", reason)
    return found[1] if found else ""
