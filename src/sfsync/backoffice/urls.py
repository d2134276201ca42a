"""The addresses of the back office."""

from __future__ import annotations

from django.urls import path, register_converter

from sfsync.backoffice.kit.key_texts import OrderKeyConverter
from sfsync.backoffice.screens import (
    account,
    acting,
    diagnostics,
    differences,
    fleet,
    invitation,
    log,
    marketplaces,
    order,
    orders,
    people,
    record,
    rehearsal,
    resending,
    syncs,
    takeover,
)
from sfsync.backoffice.screens.first_day import views as first_day
from sfsync.backoffice.screens.overview import views as overview
from sfsync.backoffice.screens.settings import bridge, carriers, deadlines
from sfsync.backoffice.screens.settings import views as settings

app_name = "backoffice"

register_converter(OrderKeyConverter, "orderkey")

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("fleet/", fleet.fleet, name="fleet"),
    path("fleet/act/", fleet.act, name="fleet-act"),
    path("fleet/mails/", fleet.mails, name="fleet-mails"),
    path("sign-out/", account.sign_out, name="sign-out"),
    path("language/", account.choose_language, name="language"),
    path("people/", people.users, name="users"),
    path("people/new/", people.new_user, name="new-user"),
    path("people/<int:number>/", people.user, name="user"),
    path("people/<int:number>/link/", people.new_link, name="new-link"),
    path("invitation/<str:secret>/", invitation.invitation, name="invitation"),
    path("record/", record.record, name="record"),
    path("record/export/", record.export, name="record-export"),
    path("diagnostics/", diagnostics.everything, name="everything"),
    path("new-store/", settings.new_store, name="new-store"),
    path("first-day/", first_day.begin, name="first-day"),
    path("stores/<slug:store>/", overview.store, name="store"),
    path("stores/<slug:store>/orders/", orders.orders, name="orders"),
    path("stores/<slug:store>/orders/export/", orders.export, name="orders-export"),
    path("stores/<slug:store>/orders/retry/", resending.resend, name="resend"),
    path("stores/<slug:store>/orders/act/", acting.act, name="act"),
    path("stores/<slug:store>/orders/<orderkey:key>/", order.order, name="order"),
    path("stores/<slug:store>/orders/<orderkey:key>/evidence.<slug:form>", order.evidence, name="evidence"),
    path("stores/<slug:store>/log/", log.log, name="log"),
    path("stores/<slug:store>/log/export/", log.export, name="log-export"),
    path("stores/<slug:store>/processes/", syncs.monitor, name="monitor"),
    path("stores/<slug:store>/processes/run/", syncs.run_now, name="run-now"),
    path("stores/<slug:store>/differences/", differences.differences, name="differences"),
    path("stores/<slug:store>/differences/act/", differences.act, name="differences-act"),
    path("stores/<slug:store>/marketplaces/", marketplaces.marketplaces, name="marketplaces"),
    path("stores/<slug:store>/marketplaces/release/", marketplaces.release, name="release"),
    path("stores/<slug:store>/settings/", settings.mapping, name="settings"),
    path("stores/<slug:store>/settings/sending/", settings.sending, name="sending"),
    path("stores/<slug:store>/settings/carriers/", carriers.carriers, name="carriers"),
    path("stores/<slug:store>/settings/deadlines/", deadlines.deadlines, name="deadlines"),
    path("stores/<slug:store>/settings/mails/", settings.mails, name="mails"),
    path("stores/<slug:store>/settings/connection/", settings.connection, name="connection"),
    path("stores/<slug:store>/settings/connection/test/", settings.test_connection, name="test-connection"),
    path("stores/<slug:store>/settings/connection/bridge/", bridge.bridge, name="bridge"),
    path("stores/<slug:store>/settings/history/", settings.history, name="history"),
    path("stores/<slug:store>/first-day/", first_day.take_up, name="first-day-on"),
    path("stores/<slug:store>/first-day/<slug:step>/", first_day.step, name="first-day-step"),
    path("stores/<slug:store>/rehearsal/", rehearsal.rehearsal, name="rehearsal"),
    path("stores/<slug:store>/takeover/", takeover.takeover, name="takeover"),
    path("stores/<slug:store>/diagnostics/", diagnostics.diagnostics, name="diagnostics"),
]
