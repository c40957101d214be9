"""What a CRM says of consent where it names the legal basis of a contact."""

import pytest

from registry.rules.consent_words import consent_said, status_said

STANDS = """
    Consent
    Freely given consent from contact
    explicit_consent
    EXPLICIT_CONSENT
    ExplicitConsent
    The contact has consented
    GDPR art. 6(1)(a): consent
    Consent to be contacted by e-mail
    Consent, not withdrawn
    Consent (valid until it is withdrawn)
    Consent unless revoked
    Consent without a time limit
    Consent that may be withdrawn at any time
    Unambiguous consent
    Consent No. A-12 of Denis
    Согласие
    СОГЛАСИЕ СУБЪЕКТА
    Согласен
    Согласна на обработку
    С согласия субъекта
    Согласие субъекта персональных данных (ст. 6 ч. 1 п. 1 152-ФЗ)
    Письменное согласие от 01.02.2024
    Согласие до отзыва
    Согласие действует до момента отзыва, срок истекает 01.02.2034
    Согласие не отозвано
    Согласие, срок не истёк
    Согласие без ограничения срока
    Согласие, может быть отозвано в любое время
    Согласие № А-12, Алматы
    Договор и согласие
    Келісім
    Субъектінің келісімі
    Субъектінің келісімімен
    Келісім бойынша
    Келісімі бар
    Келісім кері қайтарылмаған
    Келісім қайтарып алынғанға дейін
    Келісім мерзімі 2034 жылы аяқталады
    Согласие законного представителя несовершеннолетнего
    Согласие на неопределённый срок
    Согласие неограниченное
    Согласие на подписку
    Согласен получать рассылку
    Согласие на запрос кредитной истории
    Consent to get e-mails
    Consent obtained
"""
DENIES = """
    Согласие неактивно
    Согласие снято
    Согласие: 0
    Consent: N
    Consent inactive
    Consent void
    Consent, unsubscribed
    Согласие: нет
    Согласие -
    No consent
    Non-consent
    NoConsent
    CONSENT_WITHDRAWN
    Consent withdrawn
    Withdrawal of consent
    Consent: no
    Consent: no;2024
    Consent revoked
    Consent was refused
    Consent denied
    Consent expired
    Consent not required (contract)
    Without consent
    Didn't consent
    Consent requested
    Consent is yet to be given
    Opted out, consent ended
    Consent was not given, withdrawn
    Consent until 2024, withdrawn
    Согласие отозвано
    Согласие отозвано, не отозвано
    Отзыв согласия
    Без согласия
    Не согласен
    Согласие не требуется (договор)
    Согласие не получено
    Согласие: нет
    Согласие отсутствует
    Срок согласия истёк
    Согласие истекло
    Отказ от согласия
    Согласие аннулировано
    Требуется согласие
    Согласие запрошено
    Келісімі жоқ
    Келісім кері қайтарылды
    Келісімін қайтарып алды
    Келісім берген жоқ
    Келісім берілмеген
    Келісім алмаған
    Келісім қажет емес
    Келісім беруден бас тартты
    Келісім мерзімі өткен
    Келісім мерзімі өтті
    Келісімі өтті
    Келісім мерзімі аяқталды
    Келісім бітті
    Келісім алу керек
    Согласие отсутсвует
    Согласие отсуствует
    Запросить согласие
    Взять согласие
    Получить согласие
    Надо согласие
    Согласие утеряно
    Согласие потеряно
    Согласие удалено
    Согласие закончилось
    Согласие забрано
    Согласие на подписи
    Согласие отправлено на подпись
    Согласие?
    Согласие: н
    Согласие ✗
    Obtain consent
    Ask for consent
    Consent (unverified)
    Consent removed
    Consent stopped
    Consent deleted
    Consent tbd
    Consent: ?
"""
OTHER_GROUNDS = """
    Legitimate interest – existing customer
    Performance of a contract
    Согласно договору
    Согласовано с юристом
    Соглашение сторон
    Несогласие
    Договор
    Келісімсіз
    Келісімшарт
    Келісім-шарт
    Келісім шарты
    Шарт
    1
"""

GIVEN = """
    Получено
    Дано 01.02.2024
    Действует
    Подписано
    Активно
    Берілді
    Алынған
    Granted
    OPT_IN
    Double opt-in
    Valid until it is withdrawn
    Consented
    Согласен
"""
NOT_GIVEN = """
    Не получено
    Неактивно
    Отозвано
    На подписи
    Получено, отозвано
    Берілмеген
    Withdrawn
    Granted, expired
    Opted out
    Pending
    Legitimate interest
    Ромашка
    ?
"""


def lines(text):
    return [line.strip() for line in text.strip().splitlines()]


@pytest.mark.parametrize("basis", lines(STANDS))
def test_consent_that_stands(basis):
    """However it is inflected, written together or dated."""
    assert consent_said(basis) is True


@pytest.mark.parametrize("basis", lines(DENIES))
def test_consent_that_does_not_stand(basis):
    """Withdrawn, refused, ended, not needed or yet to be given: the word is there, the consent is not."""
    assert consent_said(basis) is False


@pytest.mark.parametrize("basis", lines(OTHER_GROUNDS))
def test_another_ground(basis):
    """Words that only begin like consent are about something else: an agreement, a contract, “according to”."""
    assert consent_said(basis) is None


@pytest.mark.parametrize(
    ("status", "stands"), [*((each, True) for each in lines(GIVEN)), *((each, False) for each in lines(NOT_GIVEN))]
)
def test_status_of_a_consent(status, stands):
    """In a column about consent it need not be named; what is not known to mean yes is none."""
    assert status_said(status) is stands
