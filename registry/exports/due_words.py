"""What reminders and calendars say in English, Russian and Kazakh: they are read outside the interface, by whoever chose the language."""

from registry.choices import RequestKind
from registry.exports.terms import LANGUAGES, Words
from registry.models import Obligation
from registry.rules.cases import SURVEY

from .due_tellings import NOTICE

KINDS = {
    RequestKind.INFORMATION: ("Information about processing", "Информация об обработке", "Өңдеу туралы ақпарат"),
    RequestKind.RECTIFICATION: ("Change and addition", "Изменение и дополнение", "Өзгерту және толықтыру"),
    RequestKind.BLOCKING: ("Blocking", "Блокирование", "Бұғаттау"),
    RequestKind.UNBLOCKING: ("Unblocking", "Снятие блокирования", "Бұғаттауды алып тастау"),
    RequestKind.DESTRUCTION: ("Destruction", "Уничтожение", "Жою"),
    RequestKind.WITHDRAWAL: ("Withdrawal of consent", "Отзыв согласия", "Келісімді кері қайтарып алу"),
    RequestKind.STOP_PROCESSING: (
        "Demand to stop processing",
        "Требование прекратить обработку",
        "Өңдеуді тоқтату туралы талап",
    ),
    RequestKind.OPT_OUT: ("Opt-out of messages", "Отказ от рассылки", "Хабарламалардан бас тарту"),
    RequestKind.AUTOMATED_OBJECTION: (
        "Objection to automated processing",
        "Возражение против автоматизированной обработки",
        "Автоматтандырылған өңдеуге қарсылық",
    ),
    RequestKind.STOP_DISTRIBUTION: (
        "Demand to stop distribution",
        "Требование прекратить распространение",
        "Таратуды тоқтату туралы талап",
    ),
    RequestKind.COMPLAINT: ("Complaint", "Жалоба", "Шағым"),
    RequestKind.CLAIM: ("Pre-court claim", "Досудебная претензия", "Сотқа дейінгі талап-арыз (претензия)"),
    RequestKind.AUTHORITY: (
        "Request of a state body",
        "Запрос государственного органа",
        "Мемлекеттік органның сұрау салуы",
    ),
    SURVEY: (
        "Survey of the state technical service",
        "Обследование государственной технической службой",
        "Мемлекеттік техникалық қызметтің зерттеп-қарауы",
    ),
    RequestKind.OTHER: ("Other request", "Иное обращение", "Өзге өтініш"),
    RequestKind.UNSORTED: ("Not sorted yet", "Ещё не разобрано", "Әлі сұрыпталмаған"),
}

TELLINGS = {
    Obligation.What.STOP: (
        "Tell recipients to stop",
        "Сообщить получателям: прекратить обработку",
        "Алушыларға хабарлау: өңдеуді тоқтату",
    ),
    Obligation.What.RECTIFY: (
        "Tell recipients what changed",
        "Сообщить получателям об изменениях",
        "Алушыларға өзгерістер туралы хабарлау",
    ),
    Obligation.What.DESTROY: (
        "Tell recipients to destroy",
        "Сообщить получателям: уничтожить данные",
        "Алушыларға хабарлау: деректерді жою",
    ),
    Obligation.What.INFORM: (
        "Tell people of a hand-over",
        "Сообщить людям о передаче данных приобретателю",
        "Адамдарға деректердің сатып алушыға берілгені туралы хабарлау",
    ),
    NOTICE: (
        "Tell people of a disclosure",
        "Уведомить людей о передаче данных третьему лицу",
        "Адамдарды деректердің үшінші тұлғаға берілгені туралы хабардар ету",
    ),
}

WORDS = {
    # Sections of a reminder, by name
    "overdue": ("Overdue", "Просрочено", "Мерзімі өткен"),
    "today": ("Due today", "Срок сегодня", "Мерзімі бүгін"),
    "soon": (
        "Due within 3 working days",
        "Срок в ближайшие 3 рабочих дня",
        "Мерзімі таяудағы 3 жұмыс күнінде",
    ),
    "unsorted": ("Not sorted yet, due later", "Ещё не разобрано, срок позже", "Әлі сұрыпталмаған, мерзімі кейінірек"),
    "without_term": (
        "No term set by law or policy: answer without delay",
        "Срок не установлен ни законом, ни политикой: ответить без промедления",
        "Мерзім заңда да, саясатта да белгіленбеген: кідіріссіз жауап беру керек",
    ),
    # What is late beside the cases, counted
    "untold": (
        "Recipients and people still to be told, overdue",
        "Не уведомлены в срок получатели и субъекты",
        "Мерзімінде хабарланбаған алушылар мен субъектілер",
    ),
    "unnotified": (
        "Disclosures whose people are still to be told, overdue",
        "Передачи данных третьим лицам, о которых субъекты не уведомлены в срок",
        "Деректердің үшінші тұлғаға берілгені туралы субъектілер мерзімінде хабардар етілмеген жағдайлар",
    ),
    "unpublished": (
        "Conditions of consents to distribution still to be published, overdue",
        "Не опубликованы в срок условия согласий на распространение",
        "Таратуға келісімдердің мерзімінде жарияланбаған шарттары",
    ),
    # The mail around them
    "subject": (
        "%(code)s: requests due, %(day)s",
        "%(code)s: сроки обращений, %(day)s",
        "%(code)s: өтініштер мерзімі, %(day)s",
    ),
    "title": (
        "What is due at %(operator)s on %(day)s.",
        "Сроки обращений на %(day)s, %(operator)s.",
        "%(operator)s: %(day)s күнгі өтініштер мерзімі.",
    ),
    "line": ("due %s", "срок %s", "мерзімі %s"),
    "closing": (
        "Numbers only: what they are about is in the registry.",
        "Здесь только номера: о чём они, сказано в реестре.",
        "Мұнда тек нөмірлер: мазмұны тізілімде.",
    ),
    # What sets a term
    "norm": ("%(law)s art. %(article)s", "%(law)s, ст. %(article)s", "%(law)s, %(article)s-бап"),
    "clause": ("policy, clause %s", "политика, пункт %s", "саясат, %s-тармақ"),
    "policy": ("the operator’s policy", "политика оператора", "оператордың саясаты"),
}


def word(name, language):
    return WORDS[name][LANGUAGES.index(language)]


def kind_in_words(kind, language):
    return KINDS[kind][LANGUAGES.index(language)]


def telling_in_words(what, language):
    return TELLINGS[what][LANGUAGES.index(language)]


def norm_in_words(norm, language):
    """A norm, as `Norm.citation` says it in the interface's language."""
    if norm.act:
        where = f"{norm.act} {norm.article}".strip()
    else:
        where = word("norm", language) % {"law": norm.law.code, "article": norm.article}
    return Words(language).marked(where, norm.verified)


def citation(deadline, language):
    """What sets a term, as `CaseDeadline.citation` says it in the interface's language; empty where there is no deadline."""
    if deadline is None:
        return ""
    if deadline.norm:
        return norm_in_words(deadline.norm, language)
    if deadline.clause_id:
        return word("clause", language) % deadline.clause.number
    return word("policy", language)
