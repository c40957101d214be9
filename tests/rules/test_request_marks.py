"""What a message asks for, by its subject line and its text."""

import pytest

from registry.rules.request_marks import Mark, bare_subject, carries_mark, language_of, recognise

MARKS = [
    Mark("Opt-out of Notifications", "opt_out"),
    Mark("Personal Data Update", "rectification"),
    Mark("Revocation of consent to the processing of personal data", "withdrawal"),
    Mark("", "information"),
]
SUBJECTS = {
    "opt_out": """
        Opt-out of Notifications
        RE: Fwd: «opt-out of notifications»!
        Notifications: opt out
        Unsubscribe
        Refusal of notifications about new products
        Please do not send me any more newsletters
        Отказ от рассылки
        Oтказ от уведoмлений
        Не присылайте мне рекламу
        Отпишите меня
        Хабарламалардан бас тарту
        Жарнама жіберуді тоқтатыңыз
        otkaz ot rassylki
    """,
    "rectification": """
        Personal Data Update
        Updating personal data
        Updating of personal data
        Personal data updating
        Please correct my data
        Изменение и дополнение персональных данных
        Исправьте мою фамилию
        Уточнение данных
        Актуализация персональных данных
        Дербес деректерді өзгерту және толықтыру
        Дербес деректерди озгерту
        Мәліметтерді жаңарту
    """,
    "withdrawal": """
        Revocation of consent to the processing of personal data
        Withdrawal of consent to the processing of personal data
        Withdrawl of concent to the procesing of personal data
        Отв: На: Отзыв согласия на обработку персональных данных
        Отзываю своё согласие
        отызв согласия
        Келісімді кері қайтарып алу
        келисимди кери кайтарып алу
        Келісімнен бас тартамын
        otzyv soglasiya
    """,
    "destruction": """
        Please delete my personal data
        Erasure of my account
        Right to be forgotten
        Уничтожение персональных данных
        Удалите мой аккаунт
        Дербес деректерді жою
        Деректерімді өшіріңіз
    """,
    "information": """
        Request for information about processing
        What data do you hold?
        Subject access request
        Copy of my data, please send
        Запрос сведений о персональных данных
        Ознакомление с персональными данными
        Какие мои данные у вас есть
        Дербес деректеріммен танысу
        Дербес деректер туралы ақпарат
    """,
    "blocking": "Block my data \n Блокирование персональных данных \n Дербес деректерді бұғаттау",
    "unblocking": "Unblock my data \n Снятие блокирования \n Разблокируйте данные \n Бұғаттауды алып тастау",
    "stop_processing": "Stop processing my data \n Прекратите обработку моих данных \n Өңдеуді тоқтатыңыз",
    "stop_distribution": "Stop distribution of my data \n Прекратить распространение данных \n Таратуды тоқтату",
    "automated_objection": "I object to automated decisions \n Возражение против автоматизированной обработки \n "
    "Автоматтандырылған өңдеуге қарсылық",
    "complaint": "Complaint \n Жалоба \n Шағым",
    "claim": "Pre-court claim \n Досудебная претензия \n Сотқа дейінгі талап-арыз",
    "unsorted": """
        Hello
        Здравствуйте
        Отзыв о товаре
        Обработка заказа
        Не отзываю согласие
        I do not withdraw my consent
        Отзыв согласия и удаление данных
        Келісімді қайтару және деректерді жою
        Price of the new products
        Сәлеметсіз бе
    """,
}
CASES = [(line.strip(), kind) for kind, lines in SUBJECTS.items() for line in lines.splitlines() if line.strip()]


@pytest.mark.parametrize(("subject", "kind"), CASES)
def test_subject_line_says_the_kind(subject, kind):
    """In the words of the policy or in one's own; where it says two things, or nothing known, an officer sorts it."""
    assert recognise(subject, "", MARKS).kind == kind


@pytest.mark.parametrize("kind", [kind for kind in SUBJECTS if kind != "unsorted"])
def test_wording_is_known_to_operators_without_marks(kind):
    """What the policy does not name is recognised by how people say it."""
    first = next(line.strip() for line in reversed(SUBJECTS[kind].splitlines()) if line.strip())
    assert recognise(first, "", []).kind == kind


def test_published_marks_are_recognised_to_the_letter():
    """Every subject line of the five policies stands for its kind, also one that reads otherwise."""
    marks = [Mark("Special offers", "opt_out"), Mark("Please delete data", "withdrawal")]
    assert recognise("special  OFFERS.", "", marks)[:2] == ("opt_out", "mark")
    assert recognise("Fwd: please delete data", "", marks)[:2] == ("withdrawal", "mark")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Добрый день.\nПрошу вас исправить\nфамилию в анкете. Спасибо", "rectification"),
        ("I would like you to delete all my data.", "destruction"),
        ("Сәлеметсіз бе! Дербес деректерімді жоюды сұраймын.", "destruction"),
        ("Прошу предоставить информацию о моих данных и удалить мои данные.", "unsorted"),
        ("Вы обещали не удалять мои данные.", "unsorted"),
        # The words stand in different sentences.
        ("Прошу удалить. Это срочно, заказ отменён. Данные счёта прилагаю.", "unsorted"),
        ("", "unsorted"),
    ],
)
def test_text_says_the_kind_where_the_subject_line_does_not(text, kind):
    """Sentence by sentence: words that stand far apart say nothing together."""
    found = recognise("Здравствуйте", text, MARKS[:3])
    assert found.kind == kind
    assert found.by == ("text" if found.kinds else "")


def test_subject_line_goes_before_the_text():
    """What is said first counts; the text may tell why."""
    assert recognise("Отзыв согласия", "Удалите мои данные.", MARKS)[:2] == ("withdrawal", "subject")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Храните ли вы мои данные?", "information"),
        ("Why do you need my consent", "information"),
        ("Келісімім қайда сақталады?", "information"),
        ("Сколько стоит кабель?", "unsorted"),
        ("Мои данные прежние.", "unsorted"),
    ],
)
def test_mailbox_for_questions_takes_questions_about_data(text, kind):
    """A mailbox without a subject line of its own takes what reads like a question, and about data."""
    assert recognise("", text, MARKS).kind == kind
    assert recognise("", text, MARKS[:3]).kind == "unsorted"


def test_mark_of_a_state_body_makes_no_request_of_a_person():
    """Requests of state bodies are recorded as such, by an officer."""
    assert recognise("Inspection", "", [Mark("Inspection", "authority")]).kind == "unsorted"


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("Re: RE[2]: Fwd: Отзыв", "Отзыв"),
        ("Отв: На: Пересл: «Отзыв».", "Отзыв"),
        ("Жауап: Қайта: Өтініш", "Өтініш"),
        ("[EXTERNAL] Re: [Ticket 5] Отзыв", "Отзыв"),
        ("Regarding: data", "Regarding: data"),
        ("Re:", ""),
    ],
)
def test_subject_line_is_bared(subject, bare):
    """Without what mail programs put before it."""
    assert bare_subject(subject) == bare


@pytest.mark.parametrize(
    ("subject", "carries"),
    [
        ("Opt-out of Notifications", True),
        ("Re: отказ от рассылки", True),
        ("Жалоба", False),  # the policy names no mark for it
        ("Out of office", False),
        ("What data do you hold?", False),  # the mailbox for questions has no mark
        ("", False),
    ],
)
def test_machine_that_sends_a_mark_is_heard(subject, carries):
    """A form on a site may send the subject line of the policy for somebody."""
    assert carries_mark(subject, MARKS) is carries


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Please delete my data. Қасымова", "kk"),
        ("Please delete my data", "en"),
        ("Прошу удалить мои данные. Әсем Қасымова", "ru"),
        ("Сәлеметсіз бе, деректерімді жойыңыз", "kk"),
        ("Өтініш", "kk"),
        ("Отзыв", "ru"),
        ("", "en"),
    ],
)
def test_language_is_told_by_the_letters(text, language):
    """A Kazakh name in a Russian text does not make it Kazakh."""
    assert language_of(text) == language


def test_long_text_is_read_in_a_moment():
    """Whatever is sent on purpose: a hundred thousand words of requests take no longer than a second or two."""
    found = recognise("x", "удалить данные обработку согласия отзыв " * 20_000, MARKS)
    assert found.kind == "unsorted"
