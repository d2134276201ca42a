"""Words that stand where a tracking number should, or beside it: English, French, German, Spanish, Italian.

All are folded: lower case, no accents, letters only.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LABELS = _words(
    """
    tracking trackingnumber trackingno track trace number code ref reference parcel package shipment consignment
    barcode awb waybill carrier id suivi colis numero num lettre lien livraison transporteur bordereau
    recommande sendungsnummer sendung sendungsverfolgung paketnummer paket nummer trackingnummer seguimiento
    envio paquete localizador codigo bulto expedicion tracciamento spedizione pacco codice collo tracciatura
    corriere vettore colissimo laposte poste chronopost mondialrelay mondial relay relais dpd predict gls ups
    dhl express fedex tnt hermes evri yodel inpost packeta postnl bpost correos seur mrw brt bartolini sda
    parcelforce royal mail usps geodis heppner amazon logistics cainiao yunexpress colisprive prive postnord
    posti italiane zeleris nacex
    """
)
"""Names of the number, of what it is for, and of carriers: what may stand beside a number and is no part of it."""

STATUS = _words(
    """
    pending waiting awaiting soon later processing process progress preparing preparation ready unknown none
    null nil nan undefined empty missing unavailable available applicable tracked untracked shipped dispatch
    dispatched delivered sent cancelled canceled returned refunded collected collect pickup click test testing
    todo todefine dummy example sample demo fake blank void yes true false cours attente prepa preparer
    traitement venir avenir attribuer attribue communiquer communique renseigner renseigne definir defini
    completer aucun aucune rien sans vide neant inconnu inconnue indisponible disponible expedie expediee
    expedies expedition expedier envoye envoyee livre livree livrer annule annulee annuler rembourse retourne
    retour retire retrait magasin boutique place remis remise propres propre main mains essai exemple prevu
    prevue bientot commande commander oui faux vrai object array ulterieurement ausstehend bearbeitung
    vorbereitung wartet warten folgt kommt unbekannt keine keiner kein leer ohne fehlt verfugbar vorhanden
    versandt versendet verschickt zugestellt geliefert storniert abholung selbstabholung abgeholt entfallt
    nachgereicht offen spater bald probe beispiel pendiente espera proceso preparando preparacion ninguno
    ninguna nada vacio desconocido disponible enviado enviada entregado entregada cancelado cancelada devuelto
    recogida recogido tienda prueba ejemplo asignar proximamente pronto attesa sospeso lavorazione elaborazione
    preparazione nessuno nessuna niente nulla vuoto sconosciuto disponibile spedito spedita consegnato
    consegnata annullato annullata reso ritiro ritirato negozio prova esempio comunicare assegnare presto arrivo
    idem ditto dito
    """
)
"""What is said instead of a number."""

FILLERS = _words(
    """
    a as at be been by for from has have in is it no non not of on or out still the there without this to we
    will with yet your assigned given provided entered set a au aucun ce cette de des du d en encore est et la
    le les l n ne par pas pour ou sera son sur un une via y votre ete fourni am an auf bei da das dem den der
    des die ein eine es fur ist im in liegt mit nicht noch von vom vor wird zu zum zur al con de del el en es
    esta esto la las lo los no ni o para por se ser sin su todavia un una y aun tiene hay ancora che con da dal
    del della di e ed il in la le lo ma non per si su un una senza
    """
)
"""The small words between them."""

ABBREVIATIONS = _words("na nc nd ns nr np ne sn sd ka kn nn ras rdv ok ko tba tbc tbd wip null")
"""What is left of `N/A`, `n.c.`, `s/n`, `k.A.` without the marks."""

PARAMETERS = _words(
    """
    awb barcode code codes colis consignment consignmentnumber expedition idc idship inquirynumber
    inquirynumber1 listenumeroslt lt match noexp num numcolis numero numeroexpedition parcel parcelnumber
    parcels piececode refnr shipment shipmentnumber suivi tracking trackingcode trackingid trackingnumber
    trackno tracknum tracknumber tracknumbers trknbr trackid
    """
)
"""By which carriers' pages take a number in their address."""


@lru_cache(maxsize=1024)
def spelt(letters: str) -> bool:
    """Whether these folded letters are words about a number, typed without a space: `encours`."""
    rests = (letters[end:] for end in range(1, len(letters)) if letters[:end] in _ABOUT)
    return letters in _LONG_ABOUT or any(map(spelt, rests))


_ABOUT = LABELS | STATUS | FILLERS
_LONG_ABOUT = frozenset(word for word in _ABOUT if len(word) > 3)
_FOLLOWERS = _words(
    """
    aabcdfghijklmnpqrstuvyz babegilmorstu cacehiklorstu dacdeilmnorsu eabcdefghijklmnopqrstuvwxyz fadefgilortu
    gadeghilnorstu haeilmnorstu iabcdefghjklmnopqrstuvz jadeknouvz kaeilmnorstu lacdefgijklnostuvy mabeilmoptu
    nabcdefghiklmnorstuvyz oabcdefgiklmnoprstuvwxy pacefgiloprstu qu rabcdefghiklmnopqrstuvwyz
    sabcdefghijklmnopqstuw tacefhiloprstuvwyz uabcdefghilmnoprstuvwxyz vaeioru waehinos xeipt yaepsty zaeiotuz
    """
)
"""A letter and those that follow it in words: one pair in two thousand or more in one of these languages or Dutch."""
_PAIRS = frozenset(group[0] + letter for group in _FOLLOWERS for letter in group[1:])


def reads_like_a_word(letters: str) -> bool:
    """Whether a folded text of letters could be a word. Of eight letters drawn by chance three in a hundred could."""
    return all(map(_PAIRS.__contains__, map("".join, pairwise(letters))))
