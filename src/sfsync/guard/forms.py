"""allauth's forms where they need a word of ours."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django.utils.translation import gettext_lazy as _


class SignIn(LoginForm):  # type: ignore[misc]  # allauth has no types that mypy finds
    """allauth's, which begins at the name, and says it once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autofocus"] = True
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class _Named:
    """Calls its field by a word that is translated."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")


class AddPasskey(_Named, AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey."""


class RenamePasskey(_Named, EditWebAuthnForm):  # type: ignore[misc]
    """One that is there."""
