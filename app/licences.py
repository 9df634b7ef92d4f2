"""Whether the models that are configured may be put to the use that was declared."""

from app.errors import LicenceError
from app.face.card import load_card
from app.settings import Settings


def refuse_unlicensed(settings: Settings) -> None:
    """LicenceError names the configured models whose cards do not allow commercial use, and what to
    set. CardError for a folder without a card.
    """
    remedies = {
        "MIEN_LANDMARKS=face-68": settings.landmarks,
        "MIEN_DETECTOR= (none: send boxes with every request)": filter(None, (settings.detector,)),
    }
    refused: list[str] = []
    needed: list[str] = []
    for remedy, names in remedies.items():
        cards = [load_card(settings.models_dir / name) for name in names]
        unfit = [card.name for card in cards if card.licence.commercial_use != "yes"]
        refused += unfit
        needed += [remedy] if unfit else []
    if refused:
        raise LicenceError(
            "MIEN_COMMERCIAL_USE is set, and by their cards these models are not for commercial "
            f"use: {', '.join(refused)}. Set {' and '.join(needed)}, or name models of your own."
        )
