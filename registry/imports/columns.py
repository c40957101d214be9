"""Which column of a CRM's file is which field. Unknown columns are listed; identity and state are never imported."""

import re
import unicodedata
from typing import NamedTuple

from django.utils.translation import gettext as _

from .inspection import FileRefused

KEY = "crm_id"
# The fields a CRM file may carry, in the order of the canonical export, with the headers CRMs write for them
# in English, Russian and Kazakh. Letter case, blanks, "_" and "-" make no difference.
ALIASES = {
    "crm_id": "id;crm id;contact id;record id;customer id;client id;external id;код;ид;ид клиента;id клиента;id контакта;"
    "код клиента;идентификатор;сәйкестендіргіш;клиент коды;клиент id",
    "surname": "last name;family name;фамилия;тегі",
    "given_name": "first name;given names;name given;имя;аты;есімі",
    "patronymic": "middle name;отчество;әкесінің аты",
    "iin": "individual identification number;иин;жсн;тжк",
    "email": "e mail;mail;email address;work email;work e mail;электронная почта;адрес электронной почты;эл почта;почта;"
    "рабочий e mail;рабочий email;электрондық пошта;эл пошта;пошта",
    "phone": "phone number;mobile;mobile phone;telephone;телефон;номер телефона;мобильный телефон;мобильный;"
    "ұялы телефон;телефон нөмірі",
    "birth_date": "birthdate;birthday;date of birth;дата рождения;день рождения;туған күні",
    "language": "preferred language;язык;язык общения;тіл;тілі",
    "consent_purpose": "purpose of consent;purpose;цель согласия;цель обработки;келісім мақсаты;өңдеу мақсаты",
    "consent_given_on": "consent date;consent given;date of consent;дата согласия;дата дачи согласия;согласие дано;"
    "келісім күні;келісім берілген күн",
    "consent_channel": "channel of consent;consent source;источник согласия;способ согласия;канал согласия;"
    "келісім көзі;келісім арнасы",
    "consent_expires_on": "consent expires;consent until;consent valid until;согласие действует до;срок согласия;"
    "келісім мерзімі;келісім жарамды",
    "third_parties": "transfer to third parties;передача третьим лицам;третьи лица;үшінші тұлғаларға беру",
    "cross_border": "cross border transfer;трансграничная передача;трансшекаралық беру",
    "publication": "published;публикация;размещение в общедоступных источниках;жариялау",
    "agreement_number": "agreement;contract number;номер договора;договор;договор номер;шарт нөмірі;шарт №",
    "agreement_on": "agreement date;contract date;дата договора;шарт күні",
}
FIELDS = tuple(ALIASES)
PERSON_FIELDS = (
    "crm_id",
    "surname",
    "given_name",
    "patronymic",
    "iin",
    "email",
    "phone",
    "birth_date",
    "language",
)
CONSENT_FIELDS = (
    "consent_purpose",
    "consent_given_on",
    "consent_channel",
    "consent_expires_on",
    "third_parties",
    "cross_border",
    "publication",
)
AGREEMENT_FIELDS = ("agreement_number", "agreement_on")
# What a record is and in which state it stands is decided here, never by a file.
NEVER_IMPORTED = frozenset(
    (
        "id uid pk operator operator_id state status blocked is_blocked depersonalised destroyed withdrawn withdrawn_at "
        "incomplete missing search_key history history_id history_user salt role is_superuser is_staff is_administrator "
        "created_at updated_at"
    ).split()
)


# Digits enough for a number that tells people apart, however they are grouped: an IIN, a phone, a date of birth.
DATA_DIGITS = re.compile(r"(?:\d[\s()./\-]*){5}")
# A CRM's own name of a field of its owner: UF_CRM_1567890123.
FIELD_CODE = re.compile(r"[A-Z]+(?:_[A-Z]+)*_\d+", re.ASCII)


class Columns(NamedTuple):
    """The mapping of one file, its headers as they may be kept. defaults fill the empty cells of a field."""

    header: list
    places: dict  # field -> index of its column
    defaults: dict  # field -> text
    unknown: list  # headers not imported, as written
    refused: list  # headers of identity and state, never imported

    def label(self, field):
        """The column as the CRM calls it."""
        return self.header[self.places[field]] if field in self.places else field


def folded(header):
    text = unicodedata.normalize("NFKC", header).casefold()
    return re.sub(r"[\s_\-./:*'\"\u200b\ufeff]+", " ", text).strip()


def is_never_imported(header):
    return folded(header).replace(" ", "_") in NEVER_IMPORTED


FIELD_OF = {folded(alias): field for field, aliases in ALIASES.items() for alias in aliases.split(";")} | {
    folded(field): field for field in FIELDS
}


def match_columns(header, *, mapping=(), defaults=()) -> Columns:
    """Columns from a header. mapping: texts "HEADER=field" ("HEADER=" leaves it out); defaults: texts "field=value"."""
    chosen = _said(mapping, header)
    fields = [chosen[at] if at in chosen else FIELD_OF.get(folded(text), "") for at, text in enumerate(header)]
    # A file with its own crm_id column and an "id" beside it: the latter is the other system's row number.
    for at, field in enumerate(fields):
        if field == KEY and at not in chosen and is_never_imported(header[at]) and fields.count(KEY) > 1:
            fields[at] = ""
    _refuse_doubles(header, fields)
    if KEY not in fields:
        raise FileRefused(
            _("No column holds the id of the person in the CRM. The first line must name the columns: name that one with "
              "--map \"HEADER=crm_id\", or say the delimiter if it was not found."),
            quoting=columns_found(header),
        )  # fmt: skip
    kept = kept_header(header)
    left_out = [(own, text) for own, text, field in zip(header, kept, fields, strict=True) if not field]
    return Columns(
        header=kept,
        places={field: at for at, field in enumerate(fields) if field},
        defaults=_defaults(defaults),
        unknown=[text for own, text in left_out if not is_never_imported(own)],
        refused=[text for own, text in left_out if is_never_imported(own)],
    )


def kept_header(header):
    """Headers as they are kept with the run, for everybody to read: one that looks like data is only numbered.

    Where one does, the line may be somebody's row and no header at all: then every header not known here is numbered.
    """
    known = [folded(text) in FIELD_OF or is_never_imported(text) or not text.strip() for text in header]
    if not any(looks_like_data(text) for text in header):
        return list(header)
    return [
        text if is_known else _("column %(number)d") % {"number": number}
        for number, (text, is_known) in enumerate(zip(header, known, strict=True), 1)
    ]


def looks_like_data(text):
    return "@" in text or bool(DATA_DIGITS.search(text) and not FIELD_CODE.fullmatch(text))


def columns_found(header):
    return _("Columns found: %(columns)s.") % {"columns": shown(header)}


def shown(header):
    """Headers for a message, short even where the file has hundreds or is no table at all."""
    names = [f"“{text[:40] or '—'}”" for text in header[:20]]
    return ", ".join(names) + (" …" if len(header) > 20 else "")


def _said(mapping, header):
    """{index of column: field or ""} from texts "HEADER=field"."""
    chosen = {}
    for text in mapping:
        name, equals, field = text.rpartition("=")
        field = field.strip()
        if not equals or (field and field not in FIELDS):
            raise FileRefused(
                _("A mapping is written \"HEADER=field\" with one of the fields: %(fields)s.")
                % {"fields": ", ".join(FIELDS)},
                quoting=_("“%s” is none.") % text,
            )  # fmt: skip
        places = [at for at, column in enumerate(header) if folded(column) == folded(name)]
        if not places:
            raise FileRefused(
                _("The file has no column of a name that was mapped. Map the columns it has."),
                quoting=_("It has no “%(name)s”.") % {"name": name} + " " + columns_found(header),
            )
        chosen |= dict.fromkeys(places, field)
    # A field given by hand is taken from there and nowhere else.
    said = set(filter(None, chosen.values()))
    for at, column in enumerate(header):
        if at not in chosen and FIELD_OF.get(folded(column)) in said:
            chosen[at] = ""
    return chosen


def _refuse_doubles(header, fields):
    for field in FIELDS:
        places = [at for at, other in enumerate(fields) if other == field]
        if len(places) > 1:
            raise FileRefused(
                _("Columns %(numbers)s all hold “%(field)s”. Leave all but one out with --map \"HEADER=\", "
                  "or rename them in the export.")
                % {"numbers": ", ".join(str(at + 1) for at in places), "field": field},
                quoting=_("They are called %(names)s.") % {"names": shown([header[at] for at in places])},
            )  # fmt: skip


def _defaults(texts):
    defaults = {}
    for text in texts:
        field, equals, value = text.partition("=")
        field = field.strip()
        if not equals or field not in FIELDS or field == KEY:
            raise FileRefused(
                _("A default is written field=value with one of the fields: %(fields)s.")
                % {"fields": ", ".join(name for name in FIELDS if name != KEY)},
                quoting=_("“%s” is none.") % text,
            )
        defaults[field] = value.strip()
    return defaults
