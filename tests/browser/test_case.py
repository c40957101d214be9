"""A request for information, from the desk to the answer that was handed over, in the browser and in Russian."""

import pytest
from django.urls import reverse

from registry.imports.laws import REGISTERS
from registry.imports.registers import load_register
from registry.journal import unit_of_work
from registry.models import CaseLetter, Operator, SubjectRequest
from tests.factories import make_request, make_rule, make_subject, make_user
from tests.world import make_world

from .test_walk import SCREENS, log_in


def test_information_request_is_answered_in_russian(page, transactional_db):
    """Taken in at the desk, the person found, the identity checked, the answer written, signed off and handed over: closed."""
    load_register(REGISTERS / "lapp.toml", by=None, role="system", reason="", overwrite=False)
    lapp = Operator.objects.get(code="lapp")
    subject = make_subject(lapp)
    make_subject(lapp, surname="Иванов", given_name="Пётр", phone="+77011112233")
    log_in(page, make_user("dpo", lapp, full_name="Наталья"))

    page.click("nav >> text=Requests")
    page.click("text=Add request")
    page.select_option("#id_kind", "information")
    page.select_option("#id_channel", "desk")
    page.fill("#id_demand", "Прошу сообщить, какие мои персональные данные вы обрабатываете.")
    page.fill("#id_applicant_name", "Қасымова Әсем")
    page.fill("#id_applicant_contact", "8 707 735 63 12")
    page.click("[name=_save]")
    assert "Information about processing" in page.inner_text("h1")

    page.click("button:text('Find the person')")
    assert page.locator(".candidate h3").all_inner_texts() == ["Қасымова Әсем"]
    page.click("text=This is the person")

    page.click("a.default:text('Check identity')")
    page.select_option("#id_method", "document")
    page.fill("#id_note", "удостоверение личности")
    page.click(".submit-row .default")

    page.click("a.default:text('Draft the answer')")
    case = SubjectRequest.objects.get()
    assert page.input_value("#id_text").startswith(f"В ответ на Ваше обращение № {case.number}")
    page.click(".submit-row .default")
    page.click("text=What goes with it")
    pack = page.inner_text("article.paper")
    assert "Қасымова" in pack and "Иванов" not in pack
    page.click("text=Back to the letter")

    page.click(".object-tools >> text=Sign off")
    page.click(".submit-row .default")
    page.click(".object-tools >> text=Send")
    page.select_option("#id_way", "handed")
    page.click(".submit-row .default")
    assert "Ответ на обращение" in page.inner_text("article.paper")
    page.click("text=Back to the case")

    page.click("a.default:text('Close')")
    page.click(".submit-row .default")
    assert "Met" in page.inner_text("h1")
    case.refresh_from_db()
    letter = CaseLetter.objects.get()
    assert (case.outcome, case.subject, letter.language, letter.way) == ("met", subject, "ru", "handed")
    assert letter.pack.digest == case.caseattachments.get(origin="letter").sha256
    assert not page.complaints


def case_addresses(case, letter, body):
    """Every page of a case and of its letter."""
    for each in (case, body):
        name = f"admin:registry_{each._meta.model_name}"
        acts = ("sort", "identify", "record", "withdraw", "opt-out", "ask-identity", "answer", "refuse", "extend", "close",
                "close-without-answer", "open-again")  # fmt: skip
        yield from (reverse(f"{name}_act", args=[each.pk, act]) for act in acts)
        yield from (reverse(f"{name}_{view}", args=[each.pk]) for view in ("change", "correct", "history"))
    name = "admin:registry_subjectrequest"
    yield reverse(f"{name}_person", args=[case.pk])
    yield from (reverse(f"{name}_{view}", args=[case.pk, letter.pk]) for view in ("letter", "letter_pack"))
    yield from (reverse(f"{name}_letter_act", args=[case.pk, letter.pk, act]) for act in ("edit", "sign", "send"))


@pytest.mark.parametrize("role", ["dpo", "auditor"])
def test_no_page_of_a_case_complains(role, page, transactional_db):
    """Every page of a case loads under the strict policy and fits 1280 and 390 pixels."""
    world = make_world("lapp")
    operator, person = world["operator"], world["datasubject"]
    make_rule("KZ-INFO")
    dpo = make_user("dpo", operator)
    case = make_request(
        operator, applicant_name="Қасымова Әсем", applicant_contact="asem@example.kz", demand="слово " * 90
    )
    with unit_of_work(by=dpo, role="dpo", operator=operator):
        case.link_person(person, by=dpo, at=case.received_at)
        case.identify("document", by=dpo, at=case.received_at, note="удостоверение")
        letter = case.draft("answer", by=dpo, at=case.received_at, text="Мы храним Ваше имя. " * 40)
    log_in(page, dpo if role == "dpo" else make_user(role, operator))
    too_wide, reached = [], 0
    for width, scheme in SCREENS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        for address in case_addresses(case, letter, world["authorityrequest"]):
            response = page.goto(address)
            if response.status in (403, 404):
                page.complaints = [each for each in page.complaints if "status of 40" not in each]
                continue
            assert response.status == 200, address
            reached += 1
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                too_wide.append(f"{width}: {address}")
    assert not page.complaints
    assert not too_wide
    assert reached > (40 if role == "dpo" else 6)
