"""The register that is handed to a regulator: complete, and honest about what is missing."""

import csv
import datetime as dt
import hashlib
import io
import json

import pytest
from openpyxl import load_workbook

from registry import models as m
from registry.choices import Operation
from registry.exports import terms
from registry.exports.formulas import unescape
from registry.exports.layouts import LAYOUTS
from registry.exports.past import resolve
from registry.exports.register import Register
from tests.factories import make_norm, make_operator, save

from .whole_registers import whole

pytestmark = pytest.mark.django_db


def test_kz_list_as_csv(record):
    """The list of 94-V names each datum with subject, purpose, ground, class and term; a draft and a gap are marked."""
    moment = resolve(None, "lapp")
    note = ",".join(moment.head_note)
    body = f"""\ufeffRegister,List of personal data necessary and sufficient for the tasks of the operator (94-V art. 25(2)(1))
Layout,kz,3
Operator,Lapp Kazakhstan LLP,lapp
BIN,090140005679
Address,"Almaty, Tole bi 1"
Contacts,+77273000000
Laws,KZ-94-V
Responsible person,"Natalia Chilikina, Natalia.Chilikina@lapp.com"
As of,{moment.text}
Language,en
Version,journal entry,{moment.seq}
Head note (unsigned),{note}
"Approved by, date, number",[missing]
No.,Code of the activity,Processing activity,Status,Personal data,Marks,Categories of data subjects,Purpose of processing,\
Why needed,Mandatory,Legal basis,Document,Availability,Storage period,Missing
1,clients,Clients,DRAFT,IIN,identifier,'=Clients,Contracts,to reach the client,yes,\
"Consent (consent); KZ-94-V art. 7(1) (secondary source)",Form 7,restricted access,"3 years after relations end; destruction",
2,clients,Clients,DRAFT,PHONE,,'=Clients,Contracts,to reach the client,no,\
"Consent (consent); KZ-94-V art. 7(1) (secondary source)",Form 7,restricted access,"3 years after relations end; destruction",
3,for-others,For others,DRAFT,[missing],,[missing],[missing],[missing],[missing],[missing],[missing],[missing],[missing],\
start date | operations with the data | source of data | category of subjects | purpose | database | storage period | \
security measure
4,visitors,Visitors of the site,DRAFT,[missing],,[missing],[missing],[missing],[missing],[missing],[missing],[missing],\
[missing],start date | operations with the data | source of data | category of subjects | purpose | database | \
storage period | security measure
""".replace("\n", "\r\n").encode()
    end = f"#end,rows,4,sha256,{hashlib.sha256(body).hexdigest()}\r\n".encode()
    assert whole("lapp", moment, "kz", "csv", "en") == body + end


def test_gdpr_controller_record_as_json(record):
    """The controller's record has the items of art. 30(1) for each activity it controls; those for others are only named."""
    moment = resolve(None, "lapp")
    text = whole("lapp", moment, "gdpr-controller", "json", "ru")
    body, end = text.rsplit(b'"end"', 1)
    assert json.loads(b"{" + b'"end"' + end) == {"end": {"count": 2, "sha256": hashlib.sha256(body).hexdigest()}}
    register = json.loads(text)
    assert register.pop("columns")["erasure_terms"] == "Сроки удаления"
    controller = ["Lapp Kazakhstan LLP", "Almaty, Tole bi 1", "+77273000000"]
    assert register == {
        "register": "Реестр деятельности по обработке персональных данных, контролёр (GDPR, ст. 30, п. 1)",
        "layout": ["gdpr-controller", "3"],
        "operator": ["Lapp Kazakhstan LLP", "lapp"],
        "bin": "090140005679",
        "address": "Almaty, Tole bi 1",
        "contacts": ["+77273000000"],
        "laws": ["KZ-94-V"],
        "responsible_person": ["Natalia Chilikina, Natalia.Chilikina@lapp.com"],
        "as_of": moment.text,
        "language": "ru",
        "version": ["запись журнала", str(moment.seq)],
        "head_note": moment.head_note,
        "representative": ["[не указано]"],
        "joint_controller_contacts": ["[не указано]"],
        "left_out": ["for-others"],
        "rows": [
            {
                "activity_code": "clients",
                "activity": "Клиенты",
                "status": "ЧЕРНОВИК",
                "controller": controller,
                "joint_controllers": "не зарегистрировано",
                "dpo": ["Natalia Chilikina, Natalia.Chilikina@lapp.com"],
                "purposes": ["Договоры"],
                "grounds": ["Consent (согласие); KZ-94-V, ст. 7(1) (вторичный источник)"],
                "subject_categories": ["Клиенты"],
                "data_categories": ["IIN", "PHONE"],
                "recipients": ["Google Ireland (поставщик услуг, IE)"],
                "transfers": ["IE: Google Ireland; согласие; ещё не начата"],
                "erasure_terms": ["3 года после прекращения отношений; уничтожение"],
                "measures": ["Access by role (техническая)"],
                "lacking": [],
            },
            {
                "activity_code": "visitors",
                "activity": "Visitors of the site",
                "status": "ЧЕРНОВИК",
                "controller": controller,
                "joint_controllers": "не зарегистрировано",
                "dpo": ["Natalia Chilikina, Natalia.Chilikina@lapp.com"],
                "purposes": ["[не указано]"],
                "grounds": ["[не указано]"],
                "subject_categories": ["[не указано]"],
                "data_categories": ["[не указано]"],
                "recipients": ["не зарегистрировано"],
                "transfers": ["не зарегистрировано"],
                "erasure_terms": ["[не указано]"],
                "measures": ["[не указано]"],
                "lacking": [
                    "дата начала",
                    "действия с данными",
                    "источник данных",
                    "категория субъектов",
                    "цель обработки",
                    "база",
                    "срок хранения",
                    "мера защиты",
                ],
            },
        ],
        "end": register["end"],
    }


def test_russian_notification_names_what_the_law_asks_for_each_purpose(record):
    """The notification has a line a purpose; the articles it rests on say how far they were verified; the rest is by hand."""
    norm = make_norm("RU-152-FZ/22(3)(7.1)", law="RU-152-FZ", verified="verified")
    norm.article = "22(3)(7.1)"
    save(norm)
    activity = m.ProcessingActivity.objects.get(code="clients")
    activity.is_automated = True
    save(activity)
    iin = m.DataCategory.objects.get(code="iin")
    iin.is_special = True
    save(iin)
    register = Register("lapp", resolve(None, "lapp"), "ru", "en")
    head = {code: values for code, _label, values in register.head()}
    assert head["norms"] == [
        "RU-152-FZ/22(3) (unverified)",
        "RU-152-FZ art. 22(3)(7.1)",
        "RU-152-FZ/RKN 180 (unverified)",
    ]
    assert head["responsible_person"] == ["Natalia Chilikina, phone: [missing], e-mail: Natalia.Chilikina@lapp.com"]
    assert [head[line] for line in ("encryption", "access", "security_information")] == [["[missing]"]] * 3
    assert head["left_out"] == ["for-others"] and "approval" not in head
    clients, visitors = register.rows()
    assert clients == {
        "activity_code": "clients",
        "activity": "Clients",
        "status": "DRAFT",
        "purpose": "Contracts",
        "data_categories": ["IIN (special category)", "PHONE"],
        "subject_categories": ["=Clients"],
        "ground": "Consent (consent); KZ-94-V art. 7(1) (secondary source)",
        "operations": ["collection", "storage"],
        "methods": ["automated: yes", "over a network: [missing]"],
        "measures": ["Access by role (technical)"],
        "started_on": "2024-02-01",
        "end_of_processing": ["3 years after relations end; destruction"],
        "cross_border": ["IE: Google Ireland; consent; not started yet"],
        "databases": ["CRM: KZ (electronic)"],
        "lacking": [],
    }
    assert [column for column, cell in visitors.items() if "[missing]" in str(cell)] == [
        "purpose", "data_categories", "subject_categories", "ground", "operations", "methods", "measures", "started_on",
        "end_of_processing", "databases",
    ]  # fmt: skip
    assert visitors["cross_border"] == ["none recorded"]


def test_end_and_place_in_the_notification(record):
    """An activity that ended has its last day instead of terms; a database known to be abroad says so without its country."""
    activity = m.ProcessingActivity.objects.get(code="clients")
    activity.status, activity.ended_on = "ended", dt.date(2025, 6, 30)
    save(activity)
    base = m.Database.objects.get()
    base.country, base.is_abroad, base.provider, base.standing = "", True, "Hoster", "copy"
    save(base)
    row = next(Register("lapp", resolve(None, "lapp"), "ru", "en").rows())
    assert (row["status"], row["end_of_processing"]) == ("ended, until 2025-06-30", ["2025-06-30"])
    assert row["databases"] == ["CRM: [missing], abroad, Hoster (electronic, copy)"]


def test_gdpr_processor_record_lists_what_is_done_for_others(record):
    """The processor's record has the activities on behalf of others alone, by principal, with the items of art. 30(2)."""
    save(
        m.ProcessingActivity(operator=record, code="earlier", name_en="Earlier", role="processor", on_behalf_of="Aunt")
    )
    activity = m.ProcessingActivity.objects.get(code="for-others")
    activity.operations = "use storage"
    save(activity)
    hoster = save(m.Recipient(operator=record, code="hoster", name_en="Hoster", kind="processor", country="DE"))
    for recipient in (hoster, m.Recipient.objects.get(code="google")):
        save(m.ActivityRecipient(activity=activity, recipient=recipient))
    register = Register("lapp", resolve(None, "lapp"), "gdpr-processor", "en")
    rows = list(register.rows())
    assert [(row["on_behalf_of"], row["activity_code"]) for row in rows] == [
        ("Aunt", "earlier"),
        ("Parent", "for-others"),
    ]
    assert rows[1] == {
        "activity_code": "for-others",
        "activity": "For others",
        "status": "DRAFT",
        "processor": ["Lapp Kazakhstan LLP", "Almaty, Tole bi 1", "+77273000000"],
        "other_processors": ["Hoster (processor, DE)"],
        "on_behalf_of": "Parent",
        "dpo": ["Natalia Chilikina, Natalia.Chilikina@lapp.com"],
        "operations": ["storage", "use"],
        "purposes": ["[missing]"],
        "transfers": ["none recorded"],
        "measures": ["[missing]"],
        "lacking": rows[1]["lacking"],
    }
    assert "agreement with the processor" in rows[1]["lacking"]
    assert "nothing" not in {code for code, _label, _values in register.head()}


@pytest.mark.parametrize(
    ("layout", "language", "labels"),
    [
        ("gdpr-controller", "en", ["Representative in the Union", "Contact details of joint controllers"]),
        ("gdpr-controller", "ru", ["Представитель в Союзе", "Контактные данные совместных контролёров"]),
        ("gdpr-controller", "kk", ["Одақтағы өкіл", "Бірлескен бақылаушылардың байланыс деректері"]),
        (
            "gdpr-processor",
            "en",
            ["Representative in the Union", "Contact details of the controllers and of their representatives"],
        ),
        ("gdpr-processor", "ru", ["Представитель в Союзе", "Контактные данные контролёров и их представителей"]),
        ("gdpr-processor", "kk", ["Одақтағы өкіл", "Бақылаушылардың және олардың өкілдерінің байланыс деректері"]),
    ],
)
def test_gdpr_records_claim_nothing_the_register_does_not_hold(record, layout, language, labels):
    """Representative and contacts that art. 30 asks for are lines to be filled in by hand, never a claim that there are none."""
    register = Register("lapp", resolve(None, "lapp"), layout, language)
    missing = register.words("missing")
    lines = [(label, values) for code, label, values in register.head() if code in register.layout.by_hand]
    assert lines == [(label, [missing]) for label in labels]
    assert "representative" not in register.columns


def test_gdpr_processor_record_says_that_there_is_nothing(db):
    """Where nothing is done on behalf of others, the record says so instead of being empty."""
    make_operator("lapp")
    register = Register("lapp", resolve(None, "lapp"), "gdpr-processor", "en")
    head = {code: (label, values) for code, label, values in register.head()}
    assert head["nothing"] == ("Activities carried out on behalf of others", ["none recorded"])
    assert list(register.rows()) == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_xlsx_holds_what_the_csv_holds(record, layout):
    """The XLSX has the lines of the CSV, and its trailer; what the CSV guards with an apostrophe is a plain text there."""
    moment = resolve(None, "lapp")
    text = whole("lapp", moment, layout, "csv", "kk").decode("utf-8-sig")
    lines = [[unescape(cell) for cell in line] for line in csv.reader(io.StringIO(text))]
    book = load_workbook(io.BytesIO(whole("lapp", moment, layout, "xlsx", "kk")))
    assert book.sheetnames == ["Тізілім", "Файл туралы"]
    table, about = ([[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)] for sheet in book)
    place = next(place for place, line in enumerate(lines) if line[0] == "№")
    assert table == lines[place:-1]
    assert [[cell for cell in row if cell] for row in about] == [*lines[:place], lines[-1]]
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}


def test_declared_ground_no_law_knows_is_marked(record):
    """A ground that only the policy knows is printed as declared, not as lawful."""
    basis = m.LegalBasis.objects.get()
    basis.norm, basis.kind, basis.name_en = None, "legitimate_interest", "Interests"
    save(basis)
    rows = list(Register("lapp", resolve(None, "lapp"), "kz", "en").rows())
    assert rows[0]["ground"] == (
        "Interests (rights and legitimate interests); declared by the policy; no ground known to a law of the operator"
    )
    assert rows[0]["lacking"] == ["legal basis known to the law"]


def test_storage_period_of_a_category_goes_before_that_of_all(record):
    """Where a category has its own period, the list prints that one; a rule without a term is marked."""
    activity, iin = m.ProcessingActivity.objects.get(code="clients"), m.DataCategory.objects.get(code="iin")
    rule = save(m.RetentionRule(operator=record, code="open", name_en="Open", trigger="consent_end"))
    save(m.ActivityRetention(activity=activity, rule=rule, data_category=iin))
    rows = list(Register("lapp", resolve(None, "lapp"), "kz", "en").rows())
    assert [row["storage_term"] for row in rows[:2]] == [
        ["[missing]; after the consent ends; [missing]"],
        ["3 years after relations end; destruction"],
    ]
    rows = list(Register("lapp", resolve(None, "lapp"), "gdpr-controller", "en").rows())
    assert rows[0]["erasure_terms"] == [
        "IIN: [missing]; after the consent ends; [missing]",
        "3 years after relations end; destruction",
    ]


def test_register_holds_no_number_of_people(record):
    """How many people there are changes no byte but the number and hash of the entry."""
    from tests.factories import make_subject

    before = list(Register("lapp", resolve(None, "lapp"), "kz", "en").rows())
    make_subject(record)
    assert list(Register("lapp", resolve(None, "lapp"), "kz", "en").rows()) == before


def test_unknown_operator_facts_are_marked(db):
    """Of an operator that named nothing but itself, everything else is marked as missing."""
    make_operator("site", name_en="Unnamed site", laws=())
    head = {code: values for code, _label, values in Register("site", resolve(None, "site"), "kz", "en").head()}
    for code in ("bin", "address", "contacts", "laws", "responsible_person", "approval"):
        assert head[code] == ["[missing]"], code


CHOICES = {
    "status": m.ProcessingActivity.Status,
    "availability": m.DataCategory.Availability,
    "basis": m.LegalBasis.Kind,
    "trigger": m.RetentionRule.Trigger,
    "then": m.RetentionRule.Then,
    "unit": m.RetentionRule._meta.get_field("unit").choices,
    "recipient": m.Recipient.Kind,
    "mechanism": m.CrossBorderTransfer.Mechanism,
    "measure": m.SecurityMeasure.Kind,
    "operation": Operation,
    "form": m.Database.Form,
    "standing": m.Database.Standing,
}


@pytest.mark.parametrize("group", CHOICES)
def test_every_choice_has_its_words(group):
    """Whatever can be chosen can be printed in the three languages."""
    choices = getattr(CHOICES[group], "choices", CHOICES[group])
    missing = [code for code, _label in choices if not all(terms.TERMS.get(f"{group}.{code}", [""]))]
    assert missing == []
    assert all(len(words) == 3 for words in terms.TERMS.values())


@pytest.mark.parametrize(
    ("number", "language", "text"),
    [
        (1, "en", "1 year"), (2, "en", "2 years"), (1, "ru", "1 год"), (2, "ru", "2 года"), (5, "ru", "5 лет"),
        (11, "ru", "11 лет"), (14, "ru", "14 лет"), (21, "ru", "21 год"), (22, "ru", "22 года"), (3, "kk", "3 жыл"),
    ],
)  # fmt: skip
def test_periods_agree_with_their_number(number, language, text):
    """1 год, 2 года, 5 лет."""
    assert terms.Words(language).period(number, "year") == text
