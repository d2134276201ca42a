"""The addresses of the back office."""

from __future__ import annotations

from django.urls import path

from sfsync.backoffice import (
    accounts,
    acting,
    diagnostics,
    log,
    marketplaces,
    monitor,
    order,
    orders,
    overview,
    store_settings,
    users,
)

app_name = "backoffice"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("sign-in/", accounts.SignIn.as_view(), name="sign-in"),
    path("sign-out/", accounts.SignOut.as_view(), name="sign-out"),
    path("password/", accounts.change_password, name="password"),
    path("language/", accounts.choose_language, name="language"),
    path("people/", users.users, name="users"),
    path("people/new/", users.new_user, name="new-user"),
    path("people/<int:number>/", users.user, name="user"),
    path("diagnostics/", diagnostics.everything, name="everything"),
    path("new-store/", store_settings.new_store, name="new-store"),
    path("stores/<slug:store>/", overview.store, name="store"),
    path("stores/<slug:store>/orders/", orders.orders, name="orders"),
    path("stores/<slug:store>/orders/export/", orders.export, name="orders-export"),
    path("stores/<slug:store>/orders/act/", acting.act, name="act"),
    path("stores/<slug:store>/orders/<int:number>/", order.order, name="order"),
    path("stores/<slug:store>/log/", log.log, name="log"),
    path("stores/<slug:store>/log/export/", log.export, name="log-export"),
    path("stores/<slug:store>/processes/", monitor.monitor, name="monitor"),
    path("stores/<slug:store>/processes/run/", monitor.run_now, name="run-now"),
    path("stores/<slug:store>/marketplaces/", marketplaces.marketplaces, name="marketplaces"),
    path("stores/<slug:store>/settings/", store_settings.mapping, name="settings"),
    path("stores/<slug:store>/settings/sending/", store_settings.sending, name="sending"),
    path("stores/<slug:store>/settings/mails/", store_settings.mails, name="mails"),
    path("stores/<slug:store>/settings/connection/", store_settings.connection, name="connection"),
    path("stores/<slug:store>/settings/connection/test/", store_settings.test_connection, name="test-connection"),
    path("stores/<slug:store>/settings/history/", store_settings.history, name="history"),
    path("stores/<slug:store>/diagnostics/", diagnostics.diagnostics, name="diagnostics"),
]
