"""What stands in the way of a shop's web service, and what its merchant must click: message ids, by their code."""

from __future__ import annotations

from sfsync.shops.base import Problem
from sfsync.shops.setting import message as _

_LATER = _("Nothing to do: we will try again at the next attempt.")
_EDIT_KEY = _(
    "In PrestaShop, open Advanced parameters › Webservice, edit the key, tick “View (GET)” for what the original "
    "message names, and save."
)

PROBLEMS = {
    "webservice-url": Problem(
        _("The address of the shop is not one that can be used."),
        _("Enter the address of the shop's front page, such as https://shop.example/."),
        corrects=("url",),
    ),
    "webservice-host": Problem(
        _("The shop does not answer at its address."),
        _("Check the address. If the shop opens in a browser, its hosting company may be blocking this server."),
        corrects=("url",),
    ),
    "webservice-off": Problem(
        _("The shop's web service is switched off."),
        _(
            "In PrestaShop, open Advanced parameters › Webservice, set “Enable PrestaShop's webservice” to Yes, "
            "and save."
        ),
    ),
    "webservice-key": Problem(
        _("The shop's web service refuses the key."),
        _(
            "In PrestaShop, open Advanced parameters › Webservice, check that the key is enabled, and copy all of its "
            "32 characters."
        ),
        corrects=("key",),
    ),
    "webservice-rights": Problem(_("The key may not read everything that sfsync needs."), _EDIT_KEY),
    "webservice-shop": Problem(
        _("The key does not belong to this shop of the PrestaShop."),
        _(
            "In PrestaShop, open Advanced parameters › Webservice, edit the key, and choose the shop under “Shop "
            "association”; or correct the number of the shop."
        ),
        corrects=("key", "shop_id"),
    ),
    "webservice-authorization": Problem(
        _("The shop's web server does not hand the key on to PrestaShop."),
        _("In PrestaShop, open Advanced parameters › Webservice, set “Enable CGI mode for PHP” to Yes, and save."),
    ),
    "webservice-redirect": Problem(
        _("The shop leads elsewhere instead of answering."),
        _(
            "Enter the address exactly as the shop spells it (with or without www.; Shop parameters › Traffic & SEO), "
            "and check the number of the shop."
        ),
        corrects=("url", "shop_id"),
    ),
    "webservice-address": Problem(
        _("There is no PrestaShop web service at this address."),
        _("Enter the address of the shop's front page. If the shop is in a folder, the folder belongs to it."),
        corrects=("url",),
    ),
    "webservice-firewall": Problem(
        _("Something in front of the shop refuses our questions."),
        _("Ask the hosting company to let this server's requests to /api/ pass its firewall."),
    ),
    "webservice-module": Problem(
        _("A module of the shop makes its web service fail."),
        _("It often passes. If not, the shop's developer finds the module's name in the shop's error log."),
    ),
    "webservice-busy": Problem(_("The shop is too busy to answer."), _LATER),
    "webservice-broken": Problem(
        _("The shop answers with an error of its own."),
        _("Check that the shop opens in a browser. If it does, ask its hosting company what went wrong."),
    ),
    "webservice-answer": Problem(
        _("The shop's web service answers with something else than was asked."),
        _("We will try again. If it stays, check that the shop's address opens the shop itself, and no other page."),
    ),
    "webservice-version": Problem(
        _("This PrestaShop is too old for its web service to be used."),
        _("Connect it through its database, or update it: the web service is used from PrestaShop 1.6 on."),
    ),
    "webservice-question": Problem(
        _("The shop's web service does not understand a question of ours."),
        _("Please report it with the original message: it is a mistake of sfsync."),
    ),
    "webservice-shipments": Problem(
        _("This shop keeps tracking numbers in its shipments, which its web service does not show."),
        _(
            "Install the bridge (Settings › Connection › Bridge), then edit the key under Advanced parameters › "
            "Webservice and tick “View (GET)” for shipments. Or connect the shop through its database, or switch off "
            "the shipments under New & experimental features."
        ),
    ),
    "webservice-ceiling": Problem(
        _("The shop was asked as often within this hour as you allow."),
        _("It is asked again in the next hour. Raise the ceiling if the shop can bear more."),
    ),
}
