"""Every sentence that the engine says, by its code: English here, French in `locale/fr`.

A sentence names what happened; an advice says what to do. `sfsync.texts` says them."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _  # only marks: it is translated when the sentence is said

from sfsync import rehearsal_sentences as rehearsal

SENTENCES = {
    **rehearsal.SENTENCES,
    # What was seen
    "seen-status": _("The shop's status is now “%(status)s”."),
    "seen-both": _("The shop's status is now “%(status)s”, and the tracking number is “%(tracking_number)s”."),
    "seen-tracking": _("The tracking number is now “%(tracking_number)s”."),
    "adopted": _("%(channel)s has already recorded %(operation)s, so it is not sent again."),
    "found-in-flight": _(
        "Shopping Feed is processing %(operation)s, of which sfsync had no record; it waits for the confirmation."
    ),
    "shop-restored": _("The shop's database went back to an earlier state: every open order is looked at again."),
    "shop-replaced": _("The connection leads to another shop than before: all its orders are looked at again."),
    # Which marketplace order it is
    "feed-id-learnt": _("The order was found at Shopping Feed."),
    "order-joined": _("Order %(shop_order)s in the shop is the same marketplace order: they are handled together."),
    "order-renamed": _("The shop has corrected its reference or its marketplace: %(after)s, formerly %(before)s."),
    "order-corrected": _(
        "The shop has corrected which marketplace order its order %(shop_order)s is: %(after)s, formerly %(before)s."
    ),
    "order-replaced": _(
        "Order %(shop_order)s in the shop is another marketplace order now: %(after)s, formerly %(before)s."
    ),
    # What was decided
    "waiting": _("Shipped without a tracking number: waiting for it until %(until)s."),
    "waiting-return": _(
        "%(channel)s wants a return number, and the shop has none yet: waiting for it until %(until)s."
    ),
    "no-return-number": _("%(channel)s wants a return number, and the shop has none: the shipment is not sent."),
    "nothing-not-mapped": _("“%(status)s” is not mapped, so nothing is sent."),
    "nothing-already-confirmed": _("%(channel)s has already recorded %(operation)s: nothing to send."),
    "nothing-told-before": _(
        "%(channel)s has already recorded this tracking number, and a later one: nothing to send."
    ),
    "nothing-went-back": _(
        "The order is now “%(status)s” in the shop, but %(channel)s has already recorded "
        "%(operation)s, and that cannot be undone from here."
    ),
    "nothing-unsupported": _("%(channel)s does not accept %(operation)s through Shopping Feed: nothing was sent."),
    "nothing-fulfilled-by-channel": _("%(channel)s ships this order itself: nothing to send."),
    "nothing-unclaimed": _("No order in the shop is this marketplace order any more: nothing to send."),
    "nothing-told-unclaimed": _(
        "No order in the shop is this marketplace order any more, but %(channel)s has already recorded %(operation)s."
    ),
    "part-called-off": _(
        "Orders %(shop_order)s (shipped) and %(others)s (cancelled or refunded) in the shop are "
        "one marketplace order: only the shipment is sent."
    ),
    "nothing-set-aside": _("What is left to send is waiting for an answer, for its next attempt, or for you."),
    "odd-number": _(
        "The tracking number “%(number)s” looks like one of %(owner)s, but the carrier is “%(carrier)s”. It is sent "
        "all the same: correct it in the shop if it is wrong."
    ),
    # What was sent, and what came back
    "sent": "%(update_sent)s",
    "sent-after-all": _("Shopping Feed had not answered, but it did receive the update %(of_operation)s."),
    "not-sent": _("A batch of orders could not be sent: %(message)s"),
    "no-answer": _("No answer from Shopping Feed for %(operation)s: %(message)s We will check whether it arrived."),
    "never-arrived": _("Shopping Feed never received the update %(of_operation)s. Sending it again."),
    "request-split": _(
        "Shopping Feed rejected a batch of %(orders)s orders; sent again in smaller batches. %(message)s"
    ),
    "confirmed": _("%(channel)s confirmed %(operation)s."),
    "ticket-missing": _("No confirmation was found with the others of its batch; looking it up by order."),
    "tickets-unreadable": _("The confirmations of a batch could not be read; trying again later: %(message)s"),
    "stands-there": _("Before the next attempt: on %(channel)s, the order is %(there)s."),
    "shown-there": _("%(channel)s already shows %(operation)s, so it is not sent again."),
    "new-carrier": _(
        "%(channel)s gets the carrier “%(carrier)s” for the first time. If it accepts only certain carriers, match it "
        "at Shopping Feed under Settings › Carrier matching."
    ),
    # A marketplace in trouble
    "channel-held": _(
        "%(channel)s refuses every update, so its updates are held back. One is tried every ten minutes, and all go "
        "out once it is accepted. Its answer each time: “%(message)s”"
    ),
    "channel-freed": _("%(channel)s accepts updates again. Everything that was held back is being sent."),
    "held-since": _(
        "%(channel)s has refused every update since %(since)s. One is tried every ten minutes, and all go out once it "
        "is accepted. Its answer each time: “%(message)s”"
    ),
    # Deadlines
    "at-risk": _("To be shipped by %(at)s: %(channel)s has not been told of a shipment yet."),
    "late": _("Late: it was to be shipped by %(at)s, and %(channel)s has not been told of a shipment."),
    # What the marketplace shows
    "not-seen": _("%(channel)s is still waiting for the shipment, although Shopping Feed confirmed it."),
    "refused-there": _("%(channel)s rejected the shipment after Shopping Feed had confirmed it: “%(message)s”"),
    "cancelled-there": _("%(channel)s has cancelled the order, and the shop is still preparing it."),
    "refunded-there": _("%(channel)s has refunded the order, and the shop is still preparing it."),
    "difference-over": _("%(channel)s and the shop agree on this order again."),
    "reconciled": _("Compared with the marketplaces: %(found)s new differences, %(closed)s gone."),
    "ticket-slow": _("Shopping Feed has been processing %(operation)s since %(sent_at)s, for more than a day."),
    "superseded": _(
        "That attempt failed (%(message)s), but the order has changed since, so the new status is sent instead."
    ),
    "retry-planned": _("Attempt %(attempt)s is planned for %(at)s."),
    "orders-unlistable": _("Shopping Feed could not list orders, so this was not checked: %(message)s"),
    # Failures of one order
    "failed-no-tracking": _("Shipped without a tracking number: %(channel)s was not updated."),
    "failed-spoilt-tracking": _(
        "Shipped, but what stands in place of the tracking number is not a whole one: “%(message)s”. %(channel)s was "
        "not updated."
    ),
    "failed-no-feed-id": _("The order was not found at Shopping Feed (%(message)s)."),
    "failed-order-gone": _("The order is no longer in the shop."),
    "failed-unlisted": _("The shop does not list the order as one of a marketplace any more."),
    "failed-unpreparable": _("The order cannot be sent as it is: %(message)s"),
    "failed-ticket-failed": _("%(channel)s rejected %(operation)s: “%(message)s”"),
    "failed-ticket-canceled": _("%(channel)s cancelled the update %(of_operation)s: “%(message)s”"),
    "failed-ticket-lost": _("Shopping Feed lost track %(of_operation)s (%(message)s)."),
    "failed-unknown-operation": _(
        "It was sent as “%(message)s”, an operation that this version of sfsync does not know."
    ),
    "failed-called-off-there": _("%(channel)s has cancelled this order: its shipment is not sent unless you say so."),
    "failed-stands-elsewhere": _(
        "%(channel)s rejected %(operation)s, and the order is %(message)s there: it is not sent again."
    ),
    "failed-ignored": _("Shopping Feed did not accept %(operation)s: “%(message)s”"),
    "failed-request-refused": _("Shopping Feed rejected %(operation)s: “%(message)s”"),
    "failed-no-answer": _(
        "Shopping Feed never acknowledged %(operation)s, although it was sent several times: %(message)s"
    ),
    "failed-maybe-told": _(
        "%(channel)s may have recorded %(operation)s already: sfsync's database went back to an earlier state, and "
        "Shopping Feed no longer says what was sent since."
    ),
    # Where an update stands
    "order-named": _("Order %(order)s of %(store)s"),
    "left-by-hand": _("%(orders)s to do on the marketplace (%(label)s); `sfsync tasks --by-hand` lists them."),
    "left-went-back": _(
        "%(orders)s went back in the shop after the marketplace was told; `sfsync tasks --went-back` lists them."
    ),
    "other-orders": _("Other shop orders of this marketplace order: %(others)s"),
    "unchanged": _("%(order)s: nothing was changed."),
    "where": _("%(reference)s on %(channel)s, Shopping Feed id %(feed_id)s"),
    "on-marketplace": _("On %(channel)s: %(label)s, since %(since)s."),
    "on-marketplace-number": _("On %(channel)s: %(label)s, tracking number %(number)s, since %(since)s."),
    "not-failed": _("Nothing has failed: %(channel)s confirmed %(operation)s on %(at)s."),
    "in-flight": _(
        "Shopping Feed is processing %(operation)s; the next sync (after %(at)s) checks for the confirmation."
    ),
    "unanswered": _(
        "No answer from Shopping Feed for %(operation)s; the next sync (after %(at)s) checks whether it arrived."
    ),
    "in-flight-since": _(
        "Shopping Feed has been processing %(operation)s since %(since)s; the next sync checks for the confirmation."
    ),
    "unanswered-since": _(
        "No answer from Shopping Feed for %(operation)s since %(since)s; the next sync checks whether it arrived."
    ),
    "in-flight-first": _("Shopping Feed is still processing %(operation)s; the next update goes out after that."),
    "to-be-sent": _("sfsync will report %(operation)s."),
    # What people did
    "person-retry": _("%(who)s retried this update."),
    "taken-over": _("%(who)s switched off the shop's other module, so that sfsync alone sends: %(names)s."),
    "given-back": _("%(who)s gave the shop's other module back what was switched off: %(names)s."),
    "sender-back": _(
        "The shop's other module had been switched off and sends again (it was reset, or its settings were saved): "
        "sfsync stands aside."
    ),
    "takeover-holds": _("The shop's other module is switched off since %(at)s, so that sfsync alone sends."),
    "takeover-lost": _("The shop's other module was switched off on %(since)s, and was found to send again on %(at)s."),
    "bridge-made": _("%(who)s had the bridge for the shop written."),
    "bridge-renewed": _(
        "%(who)s gave the bridge a new secret: install the new module in the shop, the former one no longer works."
    ),
    "bridge-unknown": _("There is no bridge for this type of shop."),
    "bridge-nowhere": _("sfsync does not know its own address, which the bridge must be given."),
    "bridge-heard": _("The shop's bridge was last heard on %(at)s."),
    "bridge-silent": _("The shop's bridge was last heard on %(at)s, and not since."),
    "bridge-unheard": _("A bridge was written for the shop on %(at)s, and has not been heard yet."),
    "person-send": _("%(who)s asked to send it now."),
    "person-give-up": _("%(who)s dismissed this update."),
    "person-let-go": _("%(who)s said that orders are really gone from the shop (orders affected: %(orders)s)."),
    "person-send-again": _("%(who)s asked to send the shipment again."),
    "person-release": _("%(who)s released the updates held back for %(channel)s."),
    "person-settled": _("%(who)s took care of the difference on the marketplace."),
    "person-by-hand": _("%(who)s took care %(of_operation)s on the marketplace."),
    "person-added": _("%(who)s added this store."),
    "person-tried": _("%(who)s tested the connections: %(hosts)s."),
    "person-settings": _("%(who)s changed the settings: %(names)s."),
    # What the process did
    "run-troubled": _("Sync failed: %(message)s"),
    "reaped": _("An earlier sync was interrupted; this one sends what it left (updates: %(tasks)s)."),
    "database-behind": _(
        "Shopping Feed knew of updates that sfsync had no record of (%(orders)s): its database went back to an "
        "earlier state, or something else sends updates for this store. They are not sent again."
    ),
    "clock-set": _(
        "This machine's clock was set. Shopping Feed confirms it, so it is gone by from now on (updates without an "
        "answer: %(tasks)s)."
    ),
    "clock-back": _(
        "A server clock is wrong: some updates were dated in the future (%(tasks)s) and are processed now."
    ),
    "pruned": _("Old log entries removed: %(entries)s."),
    "mailed": _("The alert email went to %(recipients)s (problems: %(notices)s)."),
    "mail-failed": _("The alert email could not be sent and is kept: %(message)s"),
    "recipient-refused": _("The mail server does not take the alert email for %(recipients)s. %(message)s"),
    # Troubles of a whole store
    "shop-unavailable": _("The shop's database does not answer. %(message)s"),
    "shop-misconfigured": _("The shop's database cannot be read. %(message)s"),
    "shop-answers-old": _(
        "The shop answers with older data than it has already given: it may be read from a copy that lags behind. "
        "%(message)s"
    ),
    "source-troubled": _(
        "A part of the shop cannot be followed: %(source)s. What the others tell is sent all the same. %(message)s"
    ),
    "another-sender": _(
        "A module of the shop sends order updates to Shopping Feed as well: nothing is sent from here, so that "
        "nothing is told twice. %(message)s"
    ),
    "orders-vanished": _(
        "The shop no longer has many of the orders that wait to be sent: nothing is sent before it has them again. "
        "%(message)s"
    ),
    "token-refused": _("Shopping Feed refused the token. %(message)s"),
    "store-unknown": _("Shopping Feed does not know this store. %(message)s"),
    "store-refused": _("Shopping Feed does not let us work on this store. %(message)s"),
    "rate-limited": _("Shopping Feed has been limiting our requests for a while. %(message)s"),
    "api-unavailable": _("Shopping Feed cannot be reached, or does not answer properly. %(message)s"),
    "secret-unreadable": _("A stored secret cannot be decrypted: the secret key has changed."),
    "secret-elsewhere": _("The token was given for another address than the one that is set now. %(message)s"),
    "clock-wrong": _("This machine's clock is wrong: nothing is sent from here. %(message)s"),
    "lease-lost": _("This sync took too long; another one took over. Nothing was lost."),
    "disk-full": _("The disk that holds sfsync's own database is full. %(message)s"),
    "crashed": _("The sync stopped on an unexpected error. %(message)s"),
    "silent": _("No sync has finished since %(since)s."),
    "overdue": _("The oldest pending update has been waiting since %(since)s (orders affected: %(orders)s)."),
    # What the doctor finds
    "database-away": _("The database cannot be used. %(message)s"),
    "tables-old": _("Its tables are not up to date."),
    "tables-new": _("%(engine)s, tables up to date"),
    "files-open": _("Other accounts of this machine may open %(paths)s."),
    "mail-unset": _(
        "No mail server is set. Set SFSYNC_SMTP_URL, for example to smtp://user:password@mail.example.com:587."
    ),
    "mail-away": _("The mail server cannot be used. %(message)s"),
    "mail-answers": _("the server at %(host)s answers"),
    "no-store": _("There is no store yet."),
    "token-accepted": _("token accepted, store %(store)s is “%(name)s”"),
    "store-not-opened": _("The token does not open store %(store)s; it opens: %(opened)s."),
    "no-shipped": _("No status is mapped to “Shipped”: nothing would be shipped."),
    "status-unknown": _("The shop has no status %(unknown)s. It has: %(have)s."),
    "status-left-out": _(
        "“%(name)s” (%(id)s) counts as shipped in the shop but is not mapped: an order that moves"
        " on to it before the sync is not sent."
    ),
    "mapped": "%(message)s",
    "recipients": "%(message)s",
    "carrier-unknown": _("The shop has no carrier %(unknown)s, for which the settings say what is sent."),
    "no-recipients": _("Nobody receives alerts about failing orders."),
    "setting-doubtful": "%(message)s",
    "settings-read": "%(message)s",
    "trouble-over": _(
        "The sync of %(at)s ended with: “%(trouble)s” It works now, and the next sync clears this message."
    ),
}

NAMELESS = {
    "not-mapped": _("Its status is not mapped, so nothing is sent."),
    "went-back": _(
        "The order has changed in the shop, but %(channel)s has already recorded %(operation)s, "
        "and that cannot be undone from here."
    ),
}
"""The same where the name of the shop's status is not known."""

THERE = {
    "created": _("just created"),
    "waiting_store_acceptance": _("waiting to be accepted"),
    "refused": _("refused by the store"),
    "waiting_shipment": _("waiting for its shipment"),
    "shipped": _("shipped already"),
    "partially_shipped": _("shipped in part"),
    "cancelled": _("cancelled already"),
    "refunded": _("refunded already"),
    "partially_refunded": _("refunded in part"),
}
"""What an order is on its marketplace, by its status at Shopping Feed."""

TROUBLES = {
    "database-away": _("sfsync's own database broke off, or does not answer."),
    "disk-full": _("The disk that holds sfsync's own database is full."),
    "shop-unavailable": _("The shop's database does not answer."),
    "shop-misconfigured": _("The shop's database cannot be read."),
    "shop-answers-old": _("The shop answers with older data than it has already given."),
    "another-sender": _("A module of the shop sends order updates as well: nothing is sent from here."),
    "orders-vanished": _("The shop no longer has many of the orders that wait to be sent."),
    "token-refused": _("Shopping Feed refused the token."),
    "store-unknown": _("Shopping Feed does not know this store."),
    "store-refused": _("Shopping Feed does not let us work on this store."),
    "rate-limited": _("Shopping Feed has been limiting our requests for a while."),
    "api-unavailable": _("Shopping Feed cannot be reached, or does not answer properly."),
    "secret-unreadable": _("A stored secret cannot be decrypted."),
    "secret-elsewhere": _("The token was given for another address than the one that is set now."),
    "clock-wrong": _("This machine's clock is wrong: nothing is sent from here."),
    "crashed": _("The sync stopped on an unexpected error."),
}
"""What stops a whole store, for people to whom the rest of the sentence says nothing."""

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
        "If it is one, have the shop's module list it again, then retry. If it was shipped or "
        "cancelled, update the marketplace yourself, then dismiss this update."
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
        "Correct what the marketplace names and send the shipment again, or enter it in the "
        "marketplace's seller portal."
    ),
    "cancelled-there": _("Do not pack it: check the order on the marketplace, then cancel it in the shop."),
    "refunded-there": _("Check on the marketplace what was refunded before you ship it."),
    "ticket-slow": _(
        "Nothing to do: we keep checking. If it lasts, contact Shopping Feed support with the "
        "ticket number (technical details)."
    ),
    "shop-unavailable": _("Check that the shop's database server runs. Changes are found as soon as it answers."),
    "shop-misconfigured": _(
        "Correct the shop's connection in the settings, then test it: Settings › Connection, or `sfsync doctor`."
    ),
    "shop-answers-old": _(
        "Connect sfsync to the shop's own database, not to a copy. Nothing is lost: the sync continues when the "
        "answers are up to date."
    ),
    "source-troubled": _("Nothing is lost: it is read from where it stopped, as soon as it can be read again."),
    "another-sender": _(
        "Switch off the sending of order updates in that module's settings, in the shop's back office. The next sync "
        "takes over what it has told. If it sends nothing for these orders, set `old_module` to `ignore` in the "
        "shop's connection."
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
    "no-shipped": _("Map the shop's shipped status in [stores.NAME.statuses]."),
    "status-unknown": _("Map one that it has in [stores.NAME.statuses]."),
    "status-left-out": _("Map it, or set state_policy to latest-mapped."),
    "carrier-unknown": _("Take it out of [stores.NAME.carriers], or name one that the shop has."),
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
