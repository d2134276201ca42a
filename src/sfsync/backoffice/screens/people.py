"""People: who may sign in, which stores they see, and what they may do there. An administrator sees everybody, an
agency the people of its group; it makes more of them, and gives nobody more than it has."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from sfsync.backoffice.kit import invitations
from sfsync.backoffice.kit.access import asked_again, is_administrator, manager, needs_no_password, person, stores_of
from sfsync.backoffice.kit.layout import page
from sfsync.backoffice.kit.signals import access_renewed
from sfsync.backoffice.kit.store_choice import are_few, offered
from sfsync.models import SettingChange, Store
from sfsync.models.act import note
from sfsync.models.role import Level, give, group_of, level_of
from sfsync.notify.invitation import send_invitation
from sfsync.notify.links import invitation_page

PEOPLE_A_PAGE = 50
LOOK = "look"
"""The button that finds stores."""


class Person(forms.Form):
    """Somebody who may sign in. They choose their password themselves, by a link."""

    username = forms.CharField(label=gettext_lazy("Name to sign in with"), max_length=150)
    email = forms.EmailField(label=gettext_lazy("Email address"), required=False)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Level.choices, widget=forms.RadioSelect)
    group = forms.ChoiceField(
        label=gettext_lazy("Group"),
        required=False,
        help_text=gettext_lazy(
            "An agency needs one: it sees every store of its group. Anybody else in it sees no others."
        ),
    )
    active = forms.BooleanField(label=gettext_lazy("Active"), required=False)
    find = forms.CharField(
        label=gettext_lazy("Find stores"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("By a part of their name or group. What you entered and selected is kept."),
    )
    stores = forms.ModelMultipleChoiceField(
        Store.objects.order_by("name"),
        label=gettext_lazy("Stores"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Stores this person can access."),
    )

    def __init__(self, user: Any, giver: Any, data: Any = None) -> None:
        """While stores are looked for, nothing is judged."""
        self.user, self.of_group = user, group_of(giver)
        looking = data is not None and LOOK in data
        super().__init__(None if looking else data, initial=_typed(data) if looking else _initial(user))
        self.theirs = stores_of(giver).order_by("name")
        self._offer_stores()
        if is_administrator(giver):
            self._offer_groups(_groups(user))
        else:
            del self.fields["group"]
            self.fields["role"].choices = Level.choices[:3]  # type: ignore[attr-defined]

    def _offer_groups(self, groups: list[str]) -> None:
        """They are words that stores have: without any, nobody could tell where one comes from."""
        field: Any = self.fields["group"]
        field.choices = [("", "–"), *((each, each) for each in groups)]
        if not groups:
            field.help_text = _(
                "Only an agency needs one, and no store has a group yet: enter one under Settings › Connection of the "
                "agency's stores first."
            )

    def _offer_stores(self) -> None:
        """Of few every one."""
        field: Any = self.fields["stores"]
        field.queryset = self.theirs
        if are_few(self.theirs):
            del self.fields["find"]
            return
        bound = self["stores"]
        field.choices, said = offered(self.theirs, bound.value() or (), self["find"].value() or "")
        bound.help_text = f"{bound.help_text} {said}".strip()

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        taken = get_user_model()._default_manager.filter(username__iexact=name).exclude(pk=self.user.pk)
        if taken.exists():
            raise forms.ValidationError(_("This name is taken."))
        get_user_model()._meta.get_field("username").run_validators(name)
        return name

    def clean_role(self) -> str:
        self._not_the_last(self.cleaned_data["role"] == Level.ADMINISTRATOR)
        return str(self.cleaned_data["role"])

    def clean_active(self) -> bool:
        return self._not_the_last(self.cleaned_data["active"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        group = cleaned.setdefault("group", self.of_group)
        if cleaned.get("role") == Level.AGENCY and not group:
            self.add_error("group", _("An agency needs a group."))
        others = [each.name for each in cleaned.get("stores", ()) if group and each.group != group]
        if others:
            text = _("Not in the group “%(group)s”: %(stores)s.")
            self.add_error("stores", text % {"group": group, "stores": ", ".join(others)})
        return cleaned

    def _not_the_last(self, stays: bool) -> bool:
        others = get_user_model()._default_manager.filter(is_staff=True, is_active=True).exclude(pk=self.user.pk)
        if self.user.pk and self.user.is_staff and not stays and not others.exists():
            raise forms.ValidationError(_("There must be one administrator who can sign in."))
        return stays

    def save(self, who: str) -> None:
        user, given = self.user, self.cleaned_data
        user.username, user.email, user.is_active = given["username"], given["email"], given["active"]
        if not user.pk:
            user.set_unusable_password()
        give(user, given["role"], given["group"])
        before, after = set(user.sfsync_stores.filter(pk__in=self.theirs)), set(given["stores"])
        user.sfsync_stores.remove(*(before - after))
        user.sfsync_stores.add(*(after - before))
        told = {name: given[name] for name in ("role", "group", "active")}
        note(who, "person-saved", person=user.username, **told, stores=[each.name for each in given["stores"]])
        _record(user, before, after, who)


def _initial(user: Any) -> dict[str, Any]:
    if not user.pk:
        return {"active": True, "role": Level.MERCHANT}
    return {
        "username": user.username,
        "email": user.email,
        "role": level_of(user),
        "group": group_of(user),
        "active": user.is_active,
        "stores": list(user.sfsync_stores.values_list("pk", flat=True)),
    }


def _typed(data: Any) -> dict[str, Any]:
    """What is in the form, whether right or wrong."""
    typed = {name: data.get(name, "") for name in ("username", "email", "role", "group", "find")}
    return typed | {"active": "active" in data, "stores": data.getlist("stores")}


def _groups(user: Any) -> list[str]:
    """Those of the stores, and the person's own."""
    found = Store.objects.exclude(group="").order_by("group").values_list("group", flat=True).distinct()
    return sorted({*found, *filter(None, [group_of(user)] if user.pk else [])})


def _record(user: Any, before: set[Store], after: set[Store], who: str) -> None:
    name = user.get_username()
    rows = [SettingChange(store=store, who=who, name="members", before=name) for store in before - after]
    rows += [SettingChange(store=store, who=who, name="members", after=name) for store in after - before]
    SettingChange.objects.bulk_create(rows)


def people_of(giver: Any) -> QuerySet[Any]:
    """Whom this person may see and change."""
    people = get_user_model()._default_manager.all()
    if is_administrator(giver):
        return people
    theirs = people.filter(is_staff=False, sfsync_role__group=group_of(giver)).exclude(sfsync_role__group="")
    return theirs.exclude(pk=giver.pk)


@manager
def users(request: HttpRequest) -> HttpResponse:
    seen = Prefetch("sfsync_stores", stores_of(request.user))
    people = people_of(request.user).order_by("username").select_related("sfsync_role").prefetch_related(seen)
    pages = Paginator(people, PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    return page(request, "users.html", screen="users", pages=pages)


@asked_again
@manager
def new_user(request: HttpRequest) -> HttpResponseBase:
    return _edit(request, get_user_model()())


@asked_again
@manager
def user(request: HttpRequest, number: int) -> HttpResponseBase:
    return _edit(request, get_object_or_404(people_of(request.user), pk=number))


def _edit(request: HttpRequest, user: Any) -> HttpResponseBase:
    form, new = Person(user, request.user, request.POST or None), not user.pk
    if form.is_valid():
        form.save(person(request))
        if new and not needs_no_password(user):
            return _invited(request, user)
        messages.success(request, _("Saved."))
        return redirect("backoffice:users")
    passwordless = needs_no_password(user)
    return page(request, "user.html", screen="users", form=form, person=user, passwordless=passwordless)


@asked_again
@manager
@require_POST
def new_link(request: HttpRequest, number: int) -> HttpResponseBase:
    """For somebody who cannot sign in any more: their password, and their second factors if asked, are gone."""
    somebody = get_object_or_404(people_of(request.user), pk=number)
    if needs_no_password(somebody):
        return redirect("backoffice:user", number)
    note(person(request), "link-made", person=somebody.username, factors="factors" in request.POST)
    access_renewed.send(sender=None, request=request, person=somebody, factors="factors" in request.POST)
    return _invited(request, somebody)


def _invited(request: HttpRequest, somebody: Any) -> HttpResponseBase:
    """The link goes to the person's own address where that was asked for; else, or where it does not arrive, it is
    shown, here and nowhere else."""
    secret = invitations.invite(somebody)
    link = invitation_page(secret) or request.build_absolute_uri(reverse("backoffice:invitation", args=[secret]))
    unsent = ""
    if "mail" in request.POST:
        unsent = _mail(request, somebody, link)
        if not unsent:
            messages.success(request, _("The invitation was sent to %(address)s.") % {"address": somebody.email})
            return redirect("backoffice:users")
    return page(request, "invited.html", screen="users", person=somebody, link=link, unsent=unsent)


def _mail(request: HttpRequest, somebody: Any, link: str) -> str:
    """Returns why it could not be sent."""
    if not somebody.email:
        return _("This person has no email address.")
    unsent = send_invitation(somebody.email, somebody.username, link, who=person(request))
    if not unsent:
        note(person(request), "link-mailed", person=somebody.username)
    return unsent
