"""The addresses of signing in: those of allauth that this deployment uses, and no others (no sign-up, no reset by
mail)."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.socialaccount import views as provider
from django.urls import include, path

from sfsync.guard import company, sessions

urlpatterns = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-in/second-factor/", factors.authenticate, name="mfa_authenticate"),
    path("sign-in/cancelled/", provider.login_cancelled, name="socialaccount_login_cancelled"),
    path("sign-in/failed/", provider.login_error, name="socialaccount_login_error"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/sign-out/", account.logout, name="account_logout"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/confirm/second-factor/", factors.reauthenticate, name="mfa_reauthenticate"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/password/set/", account.password_set, name="account_set_password"),
    path("account/second-factor/", factors.index, name="mfa_index"),
    path("account/second-factor/app/", include("allauth.mfa.totp.urls")),
    path("account/second-factor/keys/", include("allauth.mfa.webauthn.urls")),
    path("account/second-factor/codes/", include("allauth.mfa.recovery_codes.urls")),
    path("account/sessions/", sessions.sessions, name="usersessions_list"),
    path("sign-in/oidc/<str:provider_id>/login/", company.to_provider, name="openid_connect_login"),
    path("sign-in/", include("allauth.socialaccount.providers.openid_connect.urls")),
]
