"""What to do about what happened, by the codes of `sfsync.sentences`: English here, French in `locale/fr`."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _  # only marks: it is translated when the advice is given

from sfsync import rehearsal_sentences as rehearsal

ADVICE = {
    **rehearsal.ADVICE,
    "no-tracking": _(
        "Add the tracking number in the shop. It is then sent automatically. If this carrier has "
        "none, allow shipping without a tracking number for it."
    ),
    "spoilt-tracking": _(
        "Enter the tracking number in the shop exactly as the carrier writes it: a spreadsheet may have rounded it, "
        "or a link stands in its place. It is then sent automatically."
    ),
    "no-return-number": _("Enter the number of its return label in the shop. It is then sent within the hour."),
    "no-feed-id": _(
        "Check in Shopping Feed that the order exists with this reference and marketplace, then "
        "retry. If it does not, update the marketplace yourself."
    ),
    "order-gone": _(
        "If the order was shipped or cancelled, update the marketplace yourself, then dismiss this update."
    ),
    "unlisted": _(
        "If it is one, have the shop's module list it again: its update is then retried within the hour. If it was "
        "shipped or cancelled, update the marketplace yourself, then dismiss this update."
    ),
    "unpreparable": _("Correct the order in the shop: it is then sent automatically."),
    "ticket-failed": _(
        "Fix it in the shop and we send it again automatically. If there is nothing to fix, "
        "update the order in the marketplace's seller portal, then dismiss this update."
    ),
    "ticket-canceled": _("Update the marketplace yourself, or retry if you have corrected the cause."),
    "ticket-lost": _("Check the order on the marketplace. Nothing to do if it is right there; otherwise we try again."),
    "unknown-operation": _(
        "Another version of sfsync sent it. Go back to that version, or check on the marketplace "
        "what became of it and dismiss the update here."
    ),
    "called-off-there": _(
        "Cancel the order in the shop. If it is to be shipped all the same, use “Review and send” on its page."
    ),
    "stands-elsewhere": _(
        "Check the order on the marketplace. If it is right there, dismiss this update; otherwise correct it there, or "
        "in the shop, and retry."
    ),
    "ignored": _("Read the reason, correct what it names, then retry; otherwise update the marketplace yourself."),
    "request-refused": _(
        "Read the reason, correct what it names, then retry; otherwise update the marketplace yourself."
    ),
    "no-answer": _("Check the order on the marketplace, then retry."),
    "maybe-told": _(
        "Check the order on the marketplace. If it is right there, dismiss this update; otherwise retry to send it."
    ),
    "database-behind": _(
        "Nothing to do if a backup was restored or a replica took over. Otherwise find out what else sends updates "
        "for this store, and switch it off."
    ),
    "went-back": _("If the shop is right, contact the marketplace: only they can change it back."),
    "told-before": _(
        "If the shop is right, correct the tracking number on the marketplace; otherwise correct it in the shop."
    ),
    "told-unclaimed": _(
        "Check the order on the marketplace. If the shop is right, contact the marketplace: only "
        "they can change it back."
    ),
    "part-called-off": _("If the customer is to be refunded for a part, do it in the marketplace's seller portal."),
    "unsupported": _("Do it in the marketplace's seller portal."),
    "held-since": _("The page Marketplaces, or `sfsync release`, sends everything at once."),
    "channel-held": _(
        "Nothing to do if the marketplace is only unavailable. If the answer is about your account there or about its "
        "connection at Shopping Feed, put that right; the page Marketplaces, or `sfsync release`, then sends "
        "everything at once."
    ),
    "at-risk": _("Ship it, or enter its tracking number in the shop if it has left."),
    "late": _(
        "Ship it now, or enter its tracking number in the shop if it has left. If it cannot be shipped, "
        "tell the customer."
    ),
    "not-seen": _(
        "Look at the order in the marketplace's seller portal. If it is still waiting there, send the shipment again."
    ),
    "refused-there": _(
        "Correct what the marketplace objects to and send the shipment again, or enter it in the "
        "marketplace's seller portal."
    ),
    "cancelled-there": _("Do not pack it: check the order on the marketplace, then cancel it in the shop."),
    "refunded-there": _("Check on the marketplace what was refunded before you ship it."),
    "ticket-slow": _(
        "Nothing to do: we keep checking. If it lasts, contact Shopping Feed support with the "
        "ticket number (technical details)."
    ),
    "shop-unavailable": _("Check that the shop's server runs. Changes are found as soon as it answers."),
    "shop-misconfigured": _(
        "Correct the shop's connection in the settings, then test it: Settings › Connection, or `sfsync doctor`."
    ),
    "shop-answers-old": _(
        "Connect sfsync to the shop's own database, not to a copy. Nothing is lost: the sync continues when the "
        "answers are up to date."
    ),
    "source-troubled": _("Nothing is lost: it is read from where it stopped, as soon as it can be read again."),
    "another-sender": _(
        "Switch off the sending of order updates: `sfsync takeover` does it, and so does Diagnostics › Decide who "
        "sends; or by hand, in that module's settings in the shop's back office. The next sync takes over what it has "
        "told. If it sends nothing for these orders, set `old_module` to `ignore` in the shop's connection."
    ),
    "orders-vanished": _(
        "Check that the connection names the right shop and that its database is complete. If the orders were deleted "
        "on purpose, `sfsync give-up --vanished` dismisses their updates."
    ),
    "token-refused": _("Enter a valid token in the settings, then test it: Settings › Connection, or `sfsync doctor`."),
    "store-unknown": _(
        "Check the Shopping Feed store number (store_id) in the settings; `sfsync doctor` lists "
        "the stores that the token opens."
    ),
    "store-refused": _(
        "Read the reason: the store may be suspended at Shopping Feed, or store_id or the token may be another "
        "account's; `sfsync doctor` lists the stores that the token opens. Nothing is lost."
    ),
    "rate-limited": _(
        "Nothing to do: the next sync continues. Check that no other program uses the same token heavily."
    ),
    "api-unavailable": _("Nothing to do. Everything is kept and will be sent as soon as Shopping Feed is back."),
    "secret-elsewhere": _("Find out who changed the address. If it is right, give the token again."),
    "secret-unreadable": _(
        "Put the former key back (SFSYNC_SECRET_KEY, SFSYNC_FORMER_SECRET_KEYS, or the file secret-key in "
        "SFSYNC_HOME), or "
        "apply the file of stores again."
    ),
    "recipient-refused": _(
        "Correct the address among the store's recipients, or have its mailbox opened. What it did not get is kept for "
        "it; the other recipients have it."
    ),
    "mail-failed": _("Check SFSYNC_SMTP_URL and the recipients; the email is kept and sent again automatically."),
    "lease-lost": _("Nothing to do: the other sync continues. If it happens often, increase SFSYNC_LEASE_SECONDS."),
    "clock-wrong": _(
        "Set the clock and have it kept right (`timedatectl set-ntp true`). Nothing is lost: what was found is sent "
        "from a machine whose clock is right."
    ),
    "disk-full": _("Free up space: nothing was lost, and the next sync continues."),
    "crashed": _("Nothing is lost. Please report it with the output of `sfsync doctor`."),
    "silent": _("Check the cron line or the service: nothing is sent while it is not running."),
    "overdue": _("Look at `sfsync status` and `sfsync why` for the reason."),
    "pace-lost": _("Check SFSYNC_BROKER_URL and the Redis server; updates go out meanwhile, only more slowly."),
    "database-away": _("Check SFSYNC_DATABASE_URL and the database server."),
    "tables-old": _("Run `sfsync migrate`."),
    "files-open": _("Close them: `chmod 700` for the folder, `chmod 600` for the files."),
    "mail-unset": _("Until then, failing orders are shown but not emailed."),
    "mail-away": _("Check SFSYNC_SMTP_URL and the recipients; the email is kept and sent again automatically."),
    "no-store": _("Write a file of stores and run `sfsync apply FILE`."),
    "store-not-opened": _(
        "Check the Shopping Feed store number (store_id) in the settings; `sfsync doctor` lists "
        "the stores that the token opens."
    ),
    "account-unchosen": _("Choose the one that gets this shop's orders."),
    "token-opens-nothing": _("Ask Shopping Feed's support for the token of your store."),
    "no-shipped": _("Map the shop's shipped status in [stores.NAME.statuses]."),
    "status-unknown": _("Map one that it has in [stores.NAME.statuses]."),
    "status-left-out": _("Map it, or set state_policy to latest-mapped."),
    "carrier-unknown": _("Take it out of [stores.NAME.carriers], or name one that the shop has."),
    "carrier-damaged": _("Correct the name in the shop, or say in [stores.NAME.carriers] what is sent."),
    "no-recipients": _("Add recipients."),
    "takeover-lost": _("Take over again (`sfsync takeover`), or uninstall that module."),
    "bridge-nowhere": _("Set SFSYNC_URL to the address of these pages, as the shop's server reaches them."),
    "bridge-silent": _(
        "If orders have changed in the shop since, see in its list of modules whether “sfsync” is still installed and "
        "active: “Configure” tests it. Nothing is lost meanwhile: the shop is looked at as without a bridge."
    ),
    "bridge-unheard": _(
        "Upload the zip in the shop, under Modules › Module Manager › Upload a module. If it is installed, “Configure” "
        "says whether sfsync answers."
    ),
}

NOTHING_TO_DO = {"ticket-slow", "rate-limited", "api-unavailable", "lease-lost"}
"""Whose advice is to wait: nobody is asked to do anything."""
