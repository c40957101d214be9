"""What a cell of each field may hold. The short way gives the value of a sound cell at once, the full one says what is wrong."""

import datetime as dt
import re
import unicodedata

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.exports.formulas import RISKY_START, unescape
from registry.rules import names
from registry.rules.contacts import normalise_email, normalise_phone, sound_email, sound_phone
from registry.rules.dates import parse_date
from registry.rules.identifiers import Checked, check_iin, has_control_digit, iin_birth_date, rounding_error
from registry.rules.names import clean_name, is_garbled, lost_letters

from .date_order import DATE_FIELDS

NAMES = ("surname", "given_name", "patronymic")
CRM_ID_MAX_LENGTH = 64
AGREEMENT_NUMBER_MAX_LENGTH = 100
# Of each kind of cell as many are remembered at most; then it begins anew. Days and beginnings of IINs are not endless.
REMEMBERED = 65_536
# Fields whose cells are nearly all different: nothing is gained by remembering them.
UNLIKE = ("crm_id", "iin", "email", "phone", "agreement_number")

# x and х are of two alphabets.
WORDS = {
    True: "yes;y;true;t;1;on;x;х;да;есть;истина;согласен;согласна;иә;ия;бар;+;✓;✔",
    False: "no;n;false;f;0;off;нет;ложь;не согласен;не согласна;жоқ;жок;-",
}
# Said of an opt-out; what means yes to a consent is left open here.
OPT_OUT_WORDS = {
    True: "yes;y;true;t;1;on;x;х;да;истина;отказ;отказался;отказалась;отписан;отписана;unsubscribed;opted out;иә;ия;бас тартты;+;✓;✔",
    False: "no;n;false;f;0;off;нет;ложь;подписан;подписана;subscribed;opted in;жоқ;жок;-",
}
LANGUAGES = {
    "ru": "ru;rus;russian;русский;рус;орыс;орысша;орыс тілі",
    "kk": "kk;kaz;kz;kazakh;казахский;каз;қаз;қазақ;қазақша;қазақ тілі",
    "en": "en;eng;english;английский;англ;ағылшын;ағылшынша;ағылшын тілі",
}
SEVERAL_AT_MOST = 20

# A line break in an e-mail address is nobody's way to write two.
_BETWEEN = {"phone": re.compile(r"[,;/|\n]"), "email": re.compile(r"[,;|]")}
_BESIDE = {"phone": " ,;/|\n", "email": " ,;|"}
# An address behind its owner's name; what has an @ before the bracket names another one.
_BEHIND_A_NAME = re.compile(r"[^<>@\n]*<([^<>]*)>").fullmatch
_LINK = re.compile(r"mailto:", re.IGNORECASE).match
# What lists write where somebody has no such name.
_NO_NAME = re.compile(r"[-‐‑‒–—―._…]*")
NO_PATRONYMIC = frozenset(("нет", "нет отчества", "без отчества", "отсутствует", "жоқ", "жок", "none", "no", "n/a"))
_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:#-]{0,63}").fullmatch


def _by_word(table):
    return {word: value for value, words in table.items() for word in words.split(";")}


_YES_NO, _OPT_OUT, _LANGUAGE = _by_word(WORDS), _by_word(OPT_OUT_WORDS), _by_word(LANGUAGES)


class Known(dict):
    """Texts of a kind of cell → their values, of sound ones only; of others there is None each time they are asked for."""

    def __init__(self, full, are_names):
        super().__init__({"": ""})
        self.full, self.are_names = full, are_names

    def __missing__(self, text):
        value, error, warning = self.full(text.strip())
        if error or warning or value in (None, "") or (self.are_names and is_damaged(value)):
            return None
        if len(self) > REMEMBERED:
            self.clear()
            self[""] = ""
        self[text] = value
        return value


class Cells:
    """The ways of all fields for one file, on one day. orders: field → order of its open dates."""

    def __init__(self, today: dt.date, orders):
        self.today = today
        # First seven digits of an IIN → the birth date they say.
        self.born = {}
        self.full = self._full(orders)
        self.fields = tuple(self.full)
        remembered = [field for field in self.fields if field not in UNLIKE]
        self.known = {field: Known(self.full[field], field in NAMES) for field in remembered}
        self.known["given_name"] = self.known["surname"]
        self.quick = {field: known.__getitem__ for field, known in self.known.items()} | {
            "crm_id": _plain_id,
            "iin": self._sound_iin,
            "email": sound_email,
            "phone": sound_phone,
            "agreement_number": _plain_id,
        }

    def sound(self, field, texts):
        """As `quick` of each text of a column, with "" where it is blank."""
        quick = self.quick[field]
        if field in self.known:
            return list(map(quick, texts))
        return [quick(text) if text else "" for text in texts]

    def _full(self, orders):
        today = self.today

        def date(field, future=False):
            order = orders.get(field, "")
            return lambda text: parse_date(text, today=today, future=future, order=order)

        dates = {field: date(field, future=field == "consent_expires_on") for field in DATE_FIELDS}
        return {
            "crm_id": _crm_id,
            "surname": _name,
            "given_name": _name,
            "patronymic": _patronymic,
            "birth_date": dates["birth_date"],
            "iin": lambda text: check_iin(text, today=today),
            "email": lambda text: _first_of("email", text),
            "phone": lambda text: _first_of("phone", text),
            "language": _language,
            "consent_purpose": lambda text: _text(text, 100),
            "consent_given_on": dates["consent_given_on"],
            "consent_channel": lambda text: _text(text, 100),
            "consent_expires_on": dates["consent_expires_on"],
            "third_parties": _yes_no,
            "cross_border": _yes_no,
            "publication": _yes_no,
            "agreement_number": lambda text: _number(text, AGREEMENT_NUMBER_MAX_LENGTH),
            "agreement_on": dates["agreement_on"],
            "email_opt_out": _opt_out,
            "call_opt_out": _opt_out,
            "message_opt_out": _opt_out,
            "every_opt_out": _opt_out,
        }

    def _sound_iin(self, text):
        """The number where all is in order with it, else None."""
        if len(text) != 12 or not (text.isascii() and text.isdigit() and has_control_digit(text)):
            return None
        if text[:7] in self.born:
            return text
        born = iin_birth_date(text)
        if born is None or born > self.today:
            return None
        if len(self.born) >= REMEMBERED:
            self.born.clear()
        self.born[text[:7]] = born
        return text


def clean_id(text):
    """The id of a person in the CRM as it is compared and stored."""
    return text if _PLAIN_ID(text) else names.clean_id(unescape(text.strip()))


def is_damaged(name):
    """Whether letters of the name were lost on the way, or all of them read as others."""
    return lost_letters(name) or is_garbled(name)


def _plain_id(text):
    return text if _PLAIN_ID(text) else None


def several(field, text):
    """(what is kept of a cell of phones or addresses, the others in it: as they would be stored, faulty ones as typed)."""
    normalise, text = (normalise_phone, text) if field == "phone" else (_address, unescape(text))
    text = text.strip(_BESIDE[field]) or text
    checked = normalise(text)
    pieces = list(filter(None, map(str.strip, _BETWEEN[field].split(text)))) if checked.error else ()
    kept, others = "", {}
    for place, piece in enumerate(pieces if len(pieces) > 1 else ()):
        value, error, _warning = normalise(piece) if place < SEVERAL_AT_MOST else Checked(piece, checked.error)
        if not (kept or error):
            kept = value
        elif error or value != kept:
            others[piece if error else value] = True
    return (Checked(kept), list(others)) if kept else (checked, [])


def _address(text):
    """An address as mail programs and word processors leave it: behind a name, as a link, with a dot at its end."""
    address = text.strip().removesuffix(".")
    if named := _BEHIND_A_NAME(address):
        address = named[1].strip()
    if link := _LINK(address):
        address = address[link.end() :]
    return normalise_email(address)


def _first_of(field, text):
    checked, others = several(field, text)
    return checked._replace(warning=not_kept(field, len(others))) if others else checked


def not_kept(field, count):
    """The warning about further values of a row; it never says the values, for everybody reads the run's warnings."""
    if field == "phone":
        said = ngettext(
            "one more phone number of the row is not kept",
            "%(count)d more phone numbers of the row are not kept",
            count,
        )
    else:
        said = ngettext(
            "one more e-mail address of the row is not kept",
            "%(count)d more e-mail addresses of the row are not kept",
            count,
        )
    return said % {"count": count}


def _formula_warning(text):
    if len(text) > 1 and RISKY_START.match(text):
        return _("the cell begins like a formula: it is kept as text")
    return ""


def _name(text):
    text = unescape(text)
    checked = clean_name(text)
    if _NO_NAME.fullmatch(checked.value):
        return Checked("")
    return checked if checked.error else checked._replace(warning=_formula_warning(text))


def _patronymic(text):
    return Checked("") if text.casefold() in NO_PATRONYMIC else _name(text)


def _text(text, limit):
    text = unicodedata.normalize("NFC", unescape(text))
    if len(text) > limit:
        return Checked(
            text,
            _("at most %(limit)d characters fit here, this cell has %(count)d: shorten it")
            % {"limit": limit, "count": len(text)},
        )
    if "\n" in text or "\r" in text:
        return Checked(text, _("the cell has a line break in it: put it on one line"))
    return Checked(text, "", _formula_warning(text))


def _crm_id(text):
    checked = _number(text, CRM_ID_MAX_LENGTH)
    return checked if checked.error else checked._replace(value=names.clean_id(checked.value))


def _number(text, limit):
    """A number that names something."""
    error = rounding_error(text)
    return Checked(text, error) if error else _text(text, limit)


def yes_or_no(text):
    """What the word means; None where it is none of these."""
    return _YES_NO.get(unescape(text).casefold())


def _yes_no(text):
    return _either(yes_or_no(text))


def _opt_out(text):
    return _either(_OPT_OUT.get(unescape(text).casefold()))


def _either(value):
    return Checked(value, "" if value is not None else _("write yes or no (да, нет, иә, жоқ), or leave it empty"))


def _language(text):
    value = _LANGUAGE.get(text.casefold())
    return Checked(value, "" if value else _("the language is en, ru or kk: correct it or leave it empty"))
