"""HAL lists: one page at a time, the next one by its link, or by number when there is no link (API page, Transport)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

from shoppingfeed import _json
from shoppingfeed._errors import ContractError
from shoppingfeed._session import Session

T = TypeVar("T")

MOST_PAGES = 10_000
SIGNS_OF_A_PAGE = ("page", "pages", "count", "total")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. Numbers that the API did not give are None; `next_link` is empty on the last page."""

    items: tuple[T, ...]
    number: int | None
    pages: int | None
    total: int | None
    next_link: str
    processing: bool | None


def parse_page(answer: object, name: str, parse_item: Callable[[Mapping[str, object]], T]) -> Page[T]:
    """A page of `_embedded.<name>`. A page that counts items it does not hold is refused, not taken for empty."""
    body = _json.mapping(answer)
    embedded = body.get("_embedded")
    if not isinstance(embedded, dict) and all(_json.count(body.get(sign)) is None for sign in SIGNS_OF_A_PAGE):
        raise _json.UnexpectedShapeError(f"a page of a list, with _embedded.{name}")
    if embedded and isinstance(embedded, dict) and name not in embedded:
        raise _json.UnexpectedShapeError(f"a page of a list, with _embedded.{name} and not of something else")
    items = _json.listed(_json.mapping(embedded).get(name), f"a list of objects in _embedded.{name}")
    number, total = _json.count(body.get("page")), _json.count(body.get("total"))
    if not items and (_json.count(body.get("count")) or (number == 1 and total)):
        raise _json.UnexpectedShapeError(f"the items that it counts in _embedded.{name}")
    links = _json.mapping(body.get("_links"))
    return Page(
        items=tuple(parse_item(item) for item in items),
        number=number,
        pages=_json.count(body.get("pages")),
        total=total,
        next_link=_json.text(_json.mapping(links.get("next")).get("href")),
        processing=_json.flag(_json.mapping(body.get("meta")).get("processing")),
    )


class Pages(Generic[T]):
    """The pages of one list, fetched as they are asked for."""

    def __init__(
        self,
        session: Session,
        url: str,
        query: Mapping[str, str],
        name: str,
        parse_item: Callable[[Mapping[str, object]], T],
    ) -> None:
        self._session = session
        self._url = url
        self._query = query
        self._name = name
        self._parse_item = parse_item

    def __iter__(self) -> Iterator[Page[T]]:
        yield from self.after(self.first())

    def first(self) -> Page[T]:
        return self.page(1)

    def after(self, page: Page[T]) -> Iterator[Page[T]]:
        """The given first page, and those that follow it."""
        url, visited, seen = self._numbered(1), {self._numbered(1)}, 0
        for number in range(2, MOST_PAGES + 2):
            yield page
            seen += len(page.items)
            if not page.items or not (page.next_link or self._more(page, number, seen)):
                return
            linked = bool(page.next_link)
            url = self._follow(url, page.next_link) if linked else self._numbered(number)
            if url in visited:
                raise self._contradiction(url, "a next page that was not read before")
            visited.add(url)
            page = self._fetch(url)
            if not linked and page.number not in (None, number):
                raise self._contradiction(url, f"page {number}, not page {page.number}")
        raise self._contradiction(url, f"a list that ends within {MOST_PAGES} pages")

    def page(self, number: int) -> Page[T]:
        return self._fetch(self._numbered(number))

    def between(self, first: Page[T], last: int) -> Iterator[Page[T]]:
        """Those before the page of the number `last`, backwards, to the given first one."""
        for number in range(last - 1, 1, -1):
            yield self.page(number)
        yield first

    def ends(self) -> tuple[Page[T], ...]:
        """The first page and the last one; all of them where the API does not say how many there are."""
        first = self.first()
        last = self.last(first)
        if last is None:
            return tuple(self.after(first))
        return (first, self.page(last)) if last > 1 else (first,)

    def last(self, first: Page[T]) -> int | None:
        """The number of the last page, where the first one says how many there are."""
        if first.pages is not None or first.total is None:
            return first.pages
        return -(-first.total // int(self._query["limit"]))

    def _more(self, page: Page[T], number: int, seen: int) -> bool:
        if page.pages is not None:
            return number <= page.pages
        if page.total is not None:
            return seen < page.total
        return len(page.items) >= int(self._query["limit"])

    def _numbered(self, number: int) -> str:
        return f"{self._url}?{urlencode({**self._query, 'page': str(number)})}"

    def _fetch(self, url: str) -> Page[T]:
        return self._session.read(url, lambda answer: parse_page(answer, self._name, self._parse_item))

    def _follow(self, url: str, link: str) -> str:
        """The link as it is, if it stays with the same server: the token goes nowhere else."""
        try:
            followed = urljoin(url, link) if link.isascii() and link.isprintable() and " " not in link else ""
            same = origin(followed) == origin(self._url)
        except ValueError:
            same = False
        if not same:
            raise self._contradiction(url, "a next link to the same server")
        return followed

    def _contradiction(self, url: str, expected: str) -> ContractError:
        request = f"GET {url}"
        return ContractError(
            f"{request} leads to something else than the API promises: expected {expected}.", request=request
        )


def origin(url: str) -> tuple[str, str, int | None, bool]:
    """Scheme, host, port, and whether there is user information in it. `ValueError` for what is no URL."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port, "@" in parts.netloc
