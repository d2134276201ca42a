"""Who may see and do what: the stores given to them, an agency those of its group, an administrator (`is_staff`)
everything; to look only, to act, or to give others access too (`sfsync.models.role`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, resolve_url
from django.utils.module_loading import import_string
from django_htmx.http import HttpResponseClientRedirect

from sfsync.backoffice.kit import languages
from sfsync.models import Store
from sfsync.models.role import Level, group_of, level_of

View = Callable[..., HttpResponseBase]


def is_administrator(user: AbstractBaseUser | AnonymousUser) -> bool:
    return bool(getattr(user, "is_staff", False))


def is_manager(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Looks after many stores and their people: an agency, or an administrator."""
    return level_of(user) in (Level.AGENCY, Level.ADMINISTRATOR)


def stores_of(user: Any) -> QuerySet[Store]:
    """The stores that a signed-in person sees and acts on."""
    if is_administrator(user):
        return Store.objects.all()
    group = group_of(user)
    if level_of(user) is Level.AGENCY:
        return Store.objects.filter(group=group).exclude(group="")
    given = Store.objects.filter(members=user)
    return given.filter(group=group) if group else given


def person(request: HttpRequest) -> str:
    """Who is acting, for the record of changes."""
    return request.user.get_username()


def signed_in(view: View) -> View:
    """The view for somebody who is signed in; anybody else is sent to the sign-in page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        language = languages.take_up(request)
        answer = view(request, *args, **kwargs)
        languages.take_along(answer, language)
        return answer

    return guarded


def asked_again(view: View) -> View:
    """The view for somebody who has said lately who they are. How it is asked is the project's to name, in
    `BACKOFFICE_ASK_AGAIN`: a function of the request, which answers with a way there, or with nothing."""

    @signed_in
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        name = getattr(settings, "BACKOFFICE_ASK_AGAIN", None)
        asked: HttpResponseBase | None = import_string(name)(request) if name else None
        return asked or view(request, *args, **kwargs)

    return guarded


def needs_no_password(somebody: Any) -> bool:
    """A link to choose a password would not let this person in. Who those are is the project's to name, in
    `BACKOFFICE_NO_LINK_FOR`: a function of the person."""
    name = getattr(settings, "BACKOFFICE_NO_LINK_FOR", None)
    return bool(name and import_string(name)(somebody))


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """And back. Where only a part of a page was asked for, the whole page goes."""
    page = request.htmx.current_url_abs_path if getattr(request, "htmx", False) else None  # type: ignore[attr-defined]
    answer = redirect_to_login(page or request.get_full_path(), resolve_url(settings.LOGIN_URL))
    return HttpResponseClientRedirect(answer.url) if page else answer


def post_only(page: str) -> Callable[[View], View]:
    """What a view of a store does on POST alone. Somebody who comes to it by its address (who changed the language on
    the page that it showed, or went back) is sent to the screen `page`."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, store: Store, **kwargs: Any) -> HttpResponseBase:
            return view(request, store, **kwargs) if request.method == "POST" else redirect(page, store.name)

        return guarded

    return guard


def manager(view: View) -> View:
    """The view for administrators and agencies (403 for anybody else)."""

    @signed_in
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_manager(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def administrator(view: View) -> View:
    """The view for administrators only (403 for a merchant)."""

    @signed_in
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_administrator(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def of_store(view: View) -> View:
    """The view of one store, handed in place of its name in the address. Somebody else's store is unknown (404); who
    may only look sends no form (403)."""

    @signed_in
    @wraps(view)
    def guarded(request: HttpRequest, store: str, **kwargs: Any) -> HttpResponseBase:
        found = get_object_or_404(stores_of(request.user).select_related("state", "takeover"), name=store)
        if request.method not in ("GET", "HEAD") and level_of(request.user) is Level.READ_ONLY:
            raise PermissionDenied
        return view(request, found, **kwargs)

    return guarded
