"""What the columns of CRMs are called, in English, Russian and Kazakh, and which headers may be kept for everybody to read."""

import re
import unicodedata

from django.utils.translation import gettext as _

KEY = "crm_id"
# The fields a CRM file may carry, in the order of the canonical export, with the headers CRMs write for them. Letter case,
# blanks, "_" and "-" make no difference, nor does it matter whether words are written together (ДатаРождения).
ALIASES = {
    "crm_id": "id;crm id;contact id;record id;customer id;client id;external id;lead id;person id;код;ид;ид клиента;id клиента;"
    "id контакта;ид контакта;код клиента;код контрагента;код контакта;идентификатор;уникальный идентификатор;"
    "сәйкестендіргіш;клиент коды;клиент id;байланыс id;тұлға коды",
    "surname": "last name;family name;фамилия;фамилия клиента;тегі",
    "given_name": "first name;given names;name given;forename;имя;имя клиента;аты;есімі",
    "patronymic": "middle name;отчество;отчество клиента;әкесінің аты",
    "iin": "individual identification number;national id;иин;иин клиента;инн иин;иин бин;жсн;тжк",
    "email": "e mail;mail;email address;work email;work e mail;home email;home e mail;personal email;personal e mail;other email;"
    "other e mail;primary email;additional email;secondary email;электронная почта;адрес электронной почты;эл почта;"
    "эл адрес;почта;адрес эп;рабочий e mail;рабочий email;личный e mail;личный email;частный e mail;частный email;"
    "домашний e mail;домашний email;другой e mail;другой email;e mail для рассылок;email для рассылок;рабочая почта;"
    "личная почта;электрондық пошта;электрондық пошта мекенжайы;эл пошта;пошта;жұмыс поштасы;жеке пошта",
    "phone": "phone number;mobile;mobile phone;mobile phone number;mobile number;cell;cell phone;telephone;telephone number;"
    "home phone;work phone;business phone;office phone;other phone;primary phone;additional phone;secondary phone;"
    "asst phone;assistant phone;whatsapp;whatsapp phone number;телефон;номер телефона;мобильный телефон;мобильный;"
    "сотовый телефон;сотовый;рабочий телефон;рабочий прямой телефон;домашний телефон;другой телефон;основной телефон;"
    "дополнительный телефон;контактный телефон;телефон рабочий;телефон мобильный;телефон домашний;"
    "телефон для sms рассылок;тел;моб телефон;моб тел;телефон клиента;телефон контакта;ұялы телефон;телефон нөмірі;жұмыс телефоны;үй телефоны;басқа телефон;қосымша телефон",
    "birth_date": "birthdate;birthday;date of birth;dob;дата рождения;день рождения;туған күні",
    "language": "preferred language;язык;язык общения;тіл;тілі;қарым қатынас тілі",
    "consent_purpose": "purpose of consent;purpose;цель согласия;цель обработки;келісім мақсаты;өңдеу мақсаты",
    "consent_given_on": "consent date;consent given;date of consent;дата согласия;дата дачи согласия;согласие дано;"
    "келісім күні;келісім берілген күн",
    "consent_channel": "channel of consent;consent source;источник согласия;способ согласия;канал согласия;"
    "келісім көзі;келісім арнасы",
    "consent_expires_on": "consent expires;consent until;consent valid until;согласие действует до;согласие до;срок согласия;"
    "келісім мерзімі;келісім жарамды",
    "third_parties": "transfer to third parties;передача третьим лицам;третьи лица;үшінші тұлғаларға беру;үшінші тұлғалар",
    "cross_border": "cross border transfer;трансграничная передача;трансшекаралық беру",
    "publication": "published;публикация;размещение в общедоступных источниках;жариялау",
    "agreement_number": "agreement;contract number;номер договора;договор;договор номер;№ договора;шарт нөмірі;шарт №",
    "agreement_on": "agreement date;contract date;дата договора;шарт күні",
    "email_opt_out": "has opted out of email;opted out of email;unsubscribed;unsubscribed from all email;do not email;no email;"
    "email unsubscribed;отказ от рассылки;отказ от рассылок;отказ от email рассылки;отказ от email;отказ от e mail;отписан;отписан от рассылки;отписан от рассылок;"
    "отписался от рассылки;не писать;не отправлять письма;не отправлять email;таратудан бас тарту;таратылымнан бас тарту;"
    "хат жібермеу",
    "call_opt_out": "do not call;do not phone;no calls;opted out of calls;phone opt out;не звонить;отказ от звонков;"
    "қоңырау шалмау;қоңыраудан бас тарту",
    "message_opt_out": "sms opt out;do not sms;do not text;no sms;opted out of sms;whatsapp opt out;opted out of whatsapp;отказ от sms;"
    "отказ от смс;отказ от sms рассылки;отказ от sms рассылок;отказ от смс рассылки;отказ от смс рассылок;отказ от сообщений;не отправлять sms;не отправлять смс;sms жібермеу;смс жібермеу;хабарламадан бас тарту",
    "every_opt_out": "do not contact;do not disturb;no contact;opt out;opted out;no marketing;marketing opt out;не беспокоить;не связываться;"
    "отказ от рекламы;отказ от рекламных рассылок;отказ от рекламной рассылки;отказ от маркетинга;отказ от коммуникаций;мазаламау;"
    "хабарласпау;жарнамадан бас тарту",
    "full_name": "name full;fullname;contact name;contact full name;client name;customer name;полное имя;полное имя контакта;"
    "имя контакта;наименование;наименование полное;полное наименование;фио;ф и о;фамилия имя отчество;фамилия имя;фио клиента;фио контакта;клиент;контакт;"
    "контрагент;толық аты;толық аты жөні;аты жөні;тегі аты әкесінің аты;тәә",
    "full_name_given_first": "",
    "consent_stands": "consent;consented;has consent;has consented;consent status;gdpr consent;consent to processing;согласие;есть согласие;"
    "наличие согласия;согласие получено;статус согласия;согласие на обработку;согласие на обработку пд;согласие на обработку пдн;"
    "согласие на обработку персональных данных;келісім;келісімі;келісімі бар;келісім бар;келісім мәртебесі;"
    "дербес деректерді өңдеуге келісім",
    "consent_withdrawn": "consent withdrawn on;consent withdrawn at;withdrawal of consent;consent withdrawal;consent withdrawal date;"
    "date of withdrawal;withdrawal date;consent revoked;consent revoked on;согласие отозвано;отзыв согласия;дата отзыва согласия;"
    "дата отзыва;келісім қайтарылды;келісім кері қайтарылды;келісімді қайтарып алу;келісімді қайтарып алу күні",
    "legal_basis": "legal basis for processing contact's data;legal basis for processing;lawful basis;основание обработки;"
    "правовое основание;правовое основание обработки;құқықтық негіз;өңдеу негізі",
}
FIELDS = tuple(ALIASES)
PERSON_FIELDS = ("crm_id", "surname", "given_name", "patronymic", "iin", "email", "phone", "birth_date", "language")
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
OPT_OUT_FIELDS = ("email_opt_out", "call_opt_out", "message_opt_out", "every_opt_out")
# Several columns may hold one of these; the first valid value of a row is kept.
SEVERAL = ("email", "phone")
# Read to fill or to judge other fields, never stored themselves.
AGAINST_CONSENT = ("consent_withdrawn", "consent_stands", "legal_basis")
READ_ONLY = ("full_name", "full_name_given_first", *AGAINST_CONSENT)
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
# Digits that name a law and nobody: (EU) 2016/679, 152-ФЗ от 27.07.2006, №94-V.
_DATE = r"(?<!\d)(?:\d{1,2}[./]\d{1,2}[./](?:19|20)\d\d|(?:19|20)\d\d-\d\d-\d\d)(?!\d)"
_LAW_NUMBER = re.compile(
    r"(?<!\d)\d{1,4}-(?:фз|зрк|[ivxі]{1,5})\b|\b(?:eu|ec|ес|gdpr|regulation|регламент\w?)[)\s№]{1,3}(?:19|20)\d\d/\d{1,4}(?!\d)",
    re.IGNORECASE,
)
_LAW_DATE, _DATED = re.compile(_DATE), re.compile(rf"\b(?:от|of|dated)\s{_DATE}", re.IGNORECASE)
# An id, as it stands in a row: 17, C-17.
DATA_ID = re.compile(r"[^\W\d_]{0,3}[ №#_-]{0,3}\d{1,30}")
# A CRM's own name of a field of its owner: UF_CRM_1567890123.
FIELD_CODE = re.compile(r"[A-Z]+(?:_[A-Z]+)*_\d+", re.ASCII)
# Phone 2, E-mail (3), Телефон №2: one more of the kind.
_COUNTED = re.compile(r"\s*(?:\(|#|no)?\s*\d{1,2}\)?$")
# What a header says besides, of a cell's form or of which one it is: ИИН (12 цифр), Отчество (при наличии). Whose it is, is no such thing.
_REMARK = re.compile(
    r"\s*\((?:\d{1,2} (?:цифр|знаков|digits|сан)|дд мм гггг|гггг мм дд|dd mm yyyy|yyyy mm dd|кк аа жжжж|при наличии|если есть|if any"
    r"|optional|бар болса|полностью|in full|толық|мобильный|рабочий|домашний|основной|mobile|work|home|primary)\)$"
)
# A number that is carried about: it goes before the others of a row.
_MOBILE = re.compile(r"mobile|cell|whatsapp|мобильн|сотов|ұялы")


def folded(header):
    text = unicodedata.normalize("NFKC", header).casefold()
    return re.sub(r"[\s_\-.,/:*'\"\u200b\ufeff]+", " ", text).strip()


_FIELD_OF = {
    folded(alias): field for field, aliases in ALIASES.items() for alias in filter(None, aliases.split(";"))
} | {folded(field): field for field in FIELDS}
_WRITTEN_TOGETHER = {alias.replace(" ", ""): field for alias, field in _FIELD_OF.items()}


def field_of(header):
    """The field that a header stands for, or an empty text."""
    text = _REMARK.sub("", folded(header))
    if field := _FIELD_OF.get(text) or _WRITTEN_TOGETHER.get(text.replace(" ", "")):
        return field
    without_number = _COUNTED.sub("", text)
    field = _FIELD_OF.get(without_number, "") if without_number != text else ""
    return field if field in SEVERAL else ""


def is_never_imported(header):
    return folded(header).replace(" ", "_") in NEVER_IMPORTED


def is_mobile(header):
    return bool(_MOBILE.search(folded(header)))


def recognised(header):
    """The field of each column as far as its header tells, empty where it does not."""
    fields = [field_of(text) for text in header]
    # A file with our own crm_id column and an "id" beside it: the latter is the other system's row number. Of two other
    # numbers nobody can tell which one it was last week.
    if any(folded(text) == folded(KEY) for text in header):
        return [
            "" if field == KEY and is_never_imported(text) else field
            for field, text in zip(fields, header, strict=True)
        ]
    return fields


def kept_header(header):
    """Headers as they are kept with the run, for everybody to read: one that looks like data is only numbered.

    Where one does, the line may be somebody's row and no header at all: then every header not known here is numbered. So
    may a line of which nothing is known and that has an id in it: C-17, Иванов, Иван.
    """
    known = [bool(field_of(text)) or is_never_imported(text) for text in header]
    if not any(looks_like_data(text) or (not any(known) and DATA_ID.fullmatch(text.strip())) for text in header):
        return list(header)
    return [
        text if is_known or not text.strip() else _("column %(number)d") % {"number": number}
        for number, (text, is_known) in enumerate(zip(header, known, strict=True), 1)
    ]


def looks_like_data(text):
    return "@" in text or bool(DATA_DIGITS.search(_without_laws(text)) and not FIELD_CODE.fullmatch(text))


def _without_laws(text):
    """A text without the numbers and dates of the laws it names; a date counts as one's beside its number or after “от”."""
    left = _LAW_NUMBER.sub("", text)
    return (_DATED if left == text else _LAW_DATE).sub("", left)


def columns_found(header):
    return _("Columns found: %(columns)s.") % {"columns": shown(header)}


def shown(header):
    """Headers for a message, short even where the file has hundreds or is no table at all."""
    names = [f"“{text[:40] or '—'}”" for text in header[:20]]
    return ", ".join(names) + (" …" if len(header) > 20 else "")
