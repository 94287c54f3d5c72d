"""How many parts a short message takes on its way (3GPP TS 23.038 and 23.040): each is paid for."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
_ALONE_BASIC, _EACH_BASIC = 160, 153
_ALONE_OTHER, _EACH_OTHER = 70, 67


def parts(text: str) -> int:
    """Count them: in the GSM alphabet, of which some characters take two places, or else in UTF-16."""
    if set(text) <= _BASIC | _EXTENDED:
        return _shared(len(text) + sum(mark in _EXTENDED for mark in text), _ALONE_BASIC, _EACH_BASIC)
    return _shared(len(text.encode("utf-16-le")) // 2, _ALONE_OTHER, _EACH_OTHER)


def _shared(length: int, alone: int, each: int) -> int:
    return 1 if length <= alone else -(-length // each)
