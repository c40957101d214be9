"""What a CRM's words for a legal basis say of consent, in English, Russian and Kazakh. In doubt it does not stand."""

import re

from registry.rules.names import fold

# Forms of the word itself: согласно, согласовано, соглашение, келісімшарт and келісімсіз are other words. Kazakh as it is folded.
_CONSENT = re.compile(
    r"\b(?:consent(?:s|ed|ing)?"
    r"|соглас(?:и(?:е|я|ю|ем|и|й|ям|ями|ях)|ен|на|ны|ил(?:ся|ась|ись))?"
    r"|келисим(?:дер)?(?:и|им|ин|иниз)?(?:н?ин|н?и|н?ди|г?е|не|мен|н?де|н?ден)?(?!\W*шарт))\b"
)
# Taken back, refused, ended, not needed, or yet to be given.
_DENIED = re.compile(
    r"\b(?:(?:no(?!\.\s*[\w-]*\d)|not|non|none|never|nor|without|false|unknown|cannot|pending|awaiting|need(?:s|ed)?|missing|lack(?:s|ing)?"
    r"|absent|requested|ended|den(?:y|ies|ied|ial)|objects?|objected|objection"
    r"|to be (?:given|obtained|collected|confirmed|signed)|(?:get|obtain|collect|ask for) (?:an? |the )?consent|tbd"
    r"|не\w*|ни|без|ложь|истек|нужно|надо|(?:взять|получить|запросить|оформить|собрать) согласи[ея]|на подпис(?:и|ь|ании)"
    r"|отправлен[оа]?|удален[оа]?|потерян[оа]?|забрал[аи]?|забран[оа]?|жок|емес|керек|алма(?:ды|ган)|битт?и|биткен|аякта(?:лды|лган)"
    r"|(?:келисими?|мерзими) отт?и)\b"
    r"|withdr|revo[ck]|rescind|refus|declin|expired|invalid|cancel|reject|requir|laps|terminat|suspend|opt(?:ed)?\W*out"
    r"|inactiv|void|unsubscr|unverif|unconfirm|remov|stopp|delet|снят"
    r"|отоз|отзыв|отказ|отклон|отмен|аннул|истекл|истекш|прекра[щт]|приостан|отсут?с[тв]|недейств|утра[тч]|утерян|законч|просроч|запрош|ожида"
    r"|требуе|требую|несоглас|неизвест|возраж"
    r"|кайтар|бас тарт|алынба|берилме|берме|токтат|жарамсыз|кажет|жойыл|сурал|кутил|мерзими отк|мерзими бит|белгисиз)"
    r"|n['’]t\b|[:=-]\s*(?:n|н|0|off|-)?\s*$|[?✗✘×❌]\s*$"
)
# What sounds like it and says the contrary: “not withdrawn”, “until it is withdrawn”, “may be withdrawn”, “without a time limit”.
_STILL = r"(?:(?:it|its|is|was|has|be|been|yet|to|of|было|был|была|быть|еще|момента|дня|даты|его|ее)\s+)*"
_STANDS = re.compile(
    rf"\b(?:(?:not|until|till|unless|can|may|right|не|до|может|право|правом)\s+{_STILL}(?:withdr|revo[ck]|expir|отоз|отзыв|истек)\w*"
    r"|не(?:совершеннолетн|дееспособн|определенн|ограниченн)\w*"
    r"|(?:no|without|без)\s+(?:an?\s+)?(?:time|end|expir\w*|limit\w*|term|срока|ограничени\w*)\b"
    r"|кайтар(?:ылма\w*|ып алынба\w*|\w*(?:\s+ал\w+)?\s+(?:дейин|жок)\b))"
)
# What a column about consent says without the word.
_GIVEN = re.compile(
    r"(?:(?:is |was )?(?:given|granted|active|obtained|received|valid|signed|confirmed|approved|accepted|agreed|allowed)"
    r"|(?:(?:double|single|confirmed|explicit)[ -]?)?opt(?:ed)?[ -]?in"
    r"|получен[оа]?|дан[оа]?|имеется|действует|действующ\w+|активн\w+|подписан[оа]?|предоставлен[оа]?|подтвержден[оа]?|выдан[оа]?|принят[оа]?"
    r"|разрешен[оа]?|берилди|берилген|алынды|алынган|жарамды|расталды|кол койылды)\b"
)
# FREELY_GIVEN, ExplicitConsent; № is folded to “no”.
_BETWEEN = re.compile(r"[_№]|(?<=[a-z])(?=[A-Z])")


def consent_said(basis: str) -> bool | None:
    """Whether these words say that consent stands, or (False) that it does not. None: they speak of another ground."""
    said = fold(_BETWEEN.sub(" ", basis))
    return _is_not_denied(said) if _CONSENT.search(said) else None


def status_said(status: str) -> bool:
    """Whether a column about consent says that it stands: in words of consent, or that it was given, without the word."""
    said = fold(_BETWEEN.sub(" ", status)).strip()
    return bool(_CONSENT.search(said) or _GIVEN.match(said)) and _is_not_denied(said)


def _is_not_denied(said):
    return not _DENIED.search(_STANDS.sub(" ", said))
