"""Answers as they are printed: LibreOffice opens the documents, and the sheets hold what must stand on them."""

import datetime as dt

import pytest

from registry import models as m
from registry.exports.answer_pack import pack_docx, pack_of
from registry.exports.letters import letter_docx, letter_text, sheet_of
from registry.imports.laws import load_laws
from registry.journal import unit_of_work
from tests.factories import make_request, make_subject, save

from .libreoffice import printed

pytestmark = [pytest.mark.django_db, pytest.mark.office]
AT = dt.datetime(2026, 4, 1, 5, tzinfo=dt.UTC)
LANGUAGES = ("en", "ru", "kk")
ODD = ["<b>Қ&amp;</b>", "=1+1", "+7 (701) 000-00-01", "’ÿ«ұ»", "two\nlines", "{{ x }}"]


def together(text):
    """Without what only breaks lines; a hyphen at the end of one is not read either."""
    return "".join(text.replace("-", "").split())


@pytest.fixture
def request_of(record, dpo):
    """A request of a person with more consents than fit on a page, and values that look like markup and formulas."""
    load_laws()
    person = make_subject(record, surname="Қасымова", given_name="Әсем", patronymic="Ғалымқызы", iin="061211600012")
    purpose = m.Purpose.objects.get(code="contracts")
    for place, odd in enumerate(ODD):
        save(
            m.Consent(subject=person, purpose=purpose, given_on=dt.date(2026, 1, 1 + place), evidence=odd,
                      until_purpose_reached=True)
        )  # fmt: skip
    request = make_request(record, received_at=AT, applicant_contact="asem@example.kz")
    with unit_of_work(by=dpo, role="dpo", operator=record):
        request.link_person(person, by=dpo, at=AT)
        request.identify("document", by=dpo, at=AT)
    return request


def test_packs_and_letters_are_printed_in_three_languages(request_of, dpo, tmp_path):
    """Every text of pack and letter stands on A4 sheets whose pages are numbered."""
    texts, norm = {}, m.Norm.objects.get(code="KZ-94-V/8(2)")
    for language in LANGUAGES:
        pack = pack_of(request_of, language, at=AT)
        path = tmp_path / f"pack-{language}.docx"
        path.write_bytes(pack_docx(pack))
        texts[path] = list(pack.texts)
        for kind in ("answer", "refusal", "identity", "acknowledgement"):
            with unit_of_work(by=dpo, role="dpo", operator=request_of.operator):
                text = letter_text(request_of, kind, language, norm=norm, reasons="…")
                letter = request_of.draft(kind, by=dpo, at=AT, text=text, language=language, norm=norm)
            path = tmp_path / f"{kind}-{language}.docx"
            path.write_bytes(letter_docx(letter))
            texts[path] = sheet_of(letter).texts
    pages = printed(list(texts))
    for path, expected in texts.items():
        whole = together("".join(without_foot(page) for page in pages[path]))
        for text in expected:
            for line in text.splitlines():
                assert together(line).removeprefix("–") in whole, (path.name, line)
        for number, page in enumerate(pages[path], 1):
            assert together(foot(path, number, len(pages[path]))) in together(page)
    assert all(len(each) == 1 for path, each in pages.items() if not path.name.startswith("pack"))
    assert all(len(each) > 3 for path, each in pages.items() if path.name.startswith("pack"))


def foot(path, number, of):
    language = path.stem[-2:]
    return {"en": f"page {number} of {of}", "ru": f"стр. {number} из {of}", "kk": f"{of} беттің {number}-беті"}[
        language
    ]


def without_foot(page):
    """A cell that goes over the end of a page reads on after the foot of it."""
    return "\n".join(line for line in page.splitlines() if " · " not in line)
