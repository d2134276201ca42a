"""Every sentence that the engine says, by its code: English here, French in `locale/fr`.

A sentence names what happened; what to do about it is in `sfsync.advice`. `sfsync.texts` says them."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _  # only marks: it is translated when the sentence is said

from sfsync import rehearsal_sentences as rehearsal

SENTENCES = {
    **rehearsal.SENTENCES,
    # What was seen
    "seen-status": _("The shop's status is now “%(status)s”."),
    "seen-both": _("The shop's status is now “%(status)s”, and the tracking number is “%(tracking_number)s”."),
    "seen-tracking": _("The tracking number is now “%(tracking_number)s”."),
    "seen-no-tracking": _("The shop no longer shows a tracking number."),
    "seen-spoilt": _(
        "“%(message)s” was entered as a tracking number and is not one: it is not sent. Correct it in the shop."
    ),
    "adopted": _("%(channel)s has already recorded %(operation)s, so it is not sent again."),
    "found-in-flight": _(
        "Shopping Feed is processing %(operation)s, of which sfsync had no record; it waits for the confirmation."
    ),
    "shop-restored": _(
        "The shop shows an earlier state: its database was restored, or a copy of it lags behind. Every open order is "
        "looked at again."
    ),
    "shop-replaced": _("The connection leads to another shop than before: all its orders are looked at again."),
    # Which marketplace order it is
    "feed-id-learnt": _("The order was found at Shopping Feed."),
    "order-joined": _("Order %(shop_order)s in the shop is the same marketplace order: they are handled together."),
    "listed-again": _("The shop lists the order as a marketplace order again: its update is retried."),
    "order-renamed": _("The shop has corrected its reference or its marketplace: %(after)s, formerly %(before)s."),
    "order-corrected": _(
        "The shop has corrected which marketplace order its order %(shop_order)s is: %(after)s, formerly %(before)s."
    ),
    "order-replaced": _(
        "Order %(shop_order)s in the shop is another marketplace order now: %(after)s, formerly %(before)s."
    ),
    "links-doubted": _(
        "Orders that Shopping Feed knows by a number that the shop does not have, or gave to an order of another day "
        "(%(count)s, the first: %(channel)s %(reference)s, order %(shop_order)s) are left alone."
    ),
    # What was decided
    "waiting": _("Shipped without a tracking number: waiting for it until %(until)s."),
    "waiting-return": _(
        "%(channel)s wants a return number, and the shop has none yet: waiting for it until %(until)s."
    ),
    "waiting-listing": _(
        "The shop does not list this order as a marketplace order at the moment. It is checked again on %(until)s."
    ),
    "no-return-number": _("%(channel)s wants a return number, and the shop has none: the shipment is not sent."),
    "nothing-not-mapped": _("“%(status)s” is not mapped, so nothing is sent."),
    "nothing-already-confirmed": _("%(channel)s has already recorded %(operation)s: nothing to send."),
    "nothing-told-before": _(
        "The order is back at an earlier tracking number in the shop, but %(channel)s has recorded a later one since, "
        "and keeps it."
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
    "odd-phone": _(
        "The tracking number “%(number)s” looks like a telephone number. It is sent all the same: correct it in the "
        "shop if it is wrong."
    ),
    "odd-word": _(
        "The tracking number “%(number)s” looks like a word. It is sent all the same: correct it in the shop if it is "
        "wrong."
    ),
    "odd-own": _(
        "The tracking number “%(number)s” is the number of the order itself. It is sent all the same: correct it in "
        "the shop if it is wrong."
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
    "failed-unlisted": _("The shop no longer lists this order as a marketplace order."),
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
    "order-where": _("%(order)s: %(where)s"),
    "left-by-hand": _("%(orders)s to do on the marketplace (%(label)s); `sfsync tasks --by-hand` lists them."),
    "left-went-back": _(
        "%(orders)s went back in the shop after the marketplace was told; `sfsync tasks --went-back` lists them."
    ),
    "other-orders": _("Other shop orders of this marketplace order: %(others)s"),
    "unchanged": _("%(order)s: nothing was changed."),
    "where": _("%(reference)s on %(channel)s, Shopping Feed id %(feed_id)s"),
    "on-marketplace": _("On %(channel)s: %(label)s, since %(since)s."),
    "on-marketplace-number": _("On %(channel)s: %(label)s, tracking number %(number)s, since %(since)s."),
    "told-marketplace": _("Sent to %(channel)s on %(since)s: %(label)s."),
    "told-marketplace-number": _("Sent to %(channel)s on %(since)s: %(label)s, tracking number %(number)s."),
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
    "takeover-holds": _("The shop's other module has been switched off since %(at)s: only sfsync sends."),
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
    "pace-lost": _(
        "Requests of several workers are not counted together at this moment, so each keeps to its share of the rate "
        "limit. %(message)s"
    ),
    "clock-set": _(
        "This machine's clock was set. Shopping Feed confirms it, so it is gone by from now on (updates without an "
        "answer: %(tasks)s)."
    ),
    "clock-back": _(
        "A server clock is wrong: some updates were dated in the future (%(tasks)s) and are processed now."
    ),
    "pruned": _("Old log entries removed: %(entries)s."),
    "told-together": _("Mailed together with other stores in the same trouble, to %(recipients)s."),
    "mailed": _("The alert email went to %(recipients)s (problems: %(notices)s)."),
    "mail-failed": _("The alert email could not be sent and is kept: %(message)s"),
    "recipient-refused": _("The mail server does not take the alert email for %(recipients)s. %(message)s"),
    # Troubles of a whole store
    "shop-unavailable": _("The shop does not answer. %(message)s"),
    "shop-misconfigured": _("The shop cannot be read. %(message)s"),
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
    "account-unchosen": _("The token opens several stores."),
    "token-opens-nothing": _("The token is accepted, but it opens no store."),
    "no-shipped": _("No status is mapped to “Shipped”: nothing would be shipped."),
    "status-unknown": _("The shop has no status %(unknown)s. It has: %(have)s."),
    "status-left-out": _(
        "“%(name)s” (%(id)s) counts as shipped in the shop but is not mapped: an order that moves"
        " on to it before the sync is not sent."
    ),
    "mapped": "%(message)s",
    "recipients": "%(message)s",
    "carrier-unknown": _("The shop has no carrier %(unknown)s, for which the settings say what is sent."),
    "carrier-damaged": _(
        "The name of the carrier “%(name)s” is damaged in the shop. It is sent as “%(sent)s” unless the settings "
        "name something else."
    ),
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
    "shop-unavailable": _("The shop does not answer."),
    "shop-misconfigured": _("The shop cannot be read."),
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
