"""The words of letters in English, Russian and Kazakh: the law's own, out of the glossary. Officers edit the text that comes of them.

Kept apart from the interface's catalogues: a letter is written in the applicant's language, whatever the officer reads.
"""

import datetime as dt
from typing import NamedTuple

from registry.exports.answer_words import ANSWERS
from registry.exports.terms import LANGUAGES
from registry.rules import letters

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "kk": "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан",
    "kk.at": "қаңтарда ақпанда наурызда сәуірде мамырда маусымда шілдеде тамызда қыркүйекте қазанда қарашада желтоқсанда",
    "kk.to": "қаңтарға ақпанға наурызға сәуірге мамырға маусымға шілдеге тамызға қыркүйекке қазанға қарашаға желтоқсанға",
    "kk.by": "қаңтардан ақпаннан наурыздан сәуірден мамырдан маусымнан шілдеден тамыздан қыркүйектен қазаннан қарашадан "
    "желтоқсаннан",
    "kk.of": "қаңтардағы ақпандағы наурыздағы сәуірдегі мамырдағы маусымдағы шілдедегі тамыздағы қыркүйектегі қазандағы "
    "қарашадағы желтоқсандағы",
}
DAYS = {"en": "{day} {month} {year}", "ru": "{day} {month} {year} года", "kk": "{year} жылғы {day} {month}"}


class Day(NamedTuple):
    """A day as a letter says it; in Kazakh in the case that the format asks for: at, to, by (from), of. One that nobody knows yet
    is a place for the officer to fill."""

    on: dt.date | None
    language: str

    def __format__(self, case):
        if self.on is None:
            return open_place("date", self.language)
        months = MONTHS.get(f"{self.language}.{case}") or MONTHS[self.language]
        return DAYS[self.language].format(day=self.on.day, month=months.split()[self.on.month - 1], year=self.on.year)

    def __str__(self):
        return format(self, "")


def open_place(key, language):
    """What the officer has to write: a letter that still holds one is not signed."""
    return letters.open_place(word(f"open.{key}", language))


def word(key, language):
    return WORDS[key][LANGUAGES.index(language)]


def kind_word(group, kind, language):
    """The word for a kind; the group's own for one that has none."""
    return word(f"{group}.{kind}" if f"{group}.{kind}" in WORDS else group, language)


WORDS = {
    # The sheet
    "bin": ("BIN", "БИН", "БСН"),
    "phone": ("tel.", "тел.", "тел."),
    "draft": ("DRAFT", "ПРОЕКТ", "ЖОБА"),
    "number": ("No. {number}", "№ {number}", "№ {number}"),
    "page": ("page {page} of {pages}", "стр. {page} из {pages}", "{pages} беттің {page}-беті"),
    "reference": (
        "Re: request No. {number} of {received}",
        "На обращение № {number} от {received}",
        "{received:of} № {number} өтінішке",
    ),
    "reference.authority": ("Re: your letter {letter}", "На Ваш запрос {letter}", "Сіздің {letter} сұрау салуыңызға"),
    "body_letter": ("No. {number} of {on}", "№ {number} от {on}", "{on:of} № {number}"),
    "responsible": (
        "Person responsible for organising the processing of personal data",
        "Лицо, ответственное за организацию обработки персональных данных",
        "Дербес деректерді өңдеуді ұйымдастыруға жауапты тұлға",
    ),
    "deputy": (
        "Deputy of the person responsible for organising the processing of personal data",
        "Заместитель лица, ответственного за организацию обработки персональных данных",
        "Дербес деректерді өңдеуді ұйымдастыруға жауапты тұлғаның орынбасары",
    ),
    "enclosure": (
        "Enclosure: information about personal data and their processing, on request No. {number}.",
        "Приложение: сведения о персональных данных и их обработке по обращению № {number}.",
        "Қосымша: № {number} өтініш бойынша дербес деректер және оларды өңдеу туралы мәліметтер.",
    ),
    "title.acknowledgement": ("Acknowledgement of receipt", "О получении обращения", "Өтініштің алынғаны туралы"),
    "title.identity": ("Proof of identity", "О подтверждении личности", "Жеке басты растау туралы"),
    "title.extension": (
        "Notice of extension of the term",
        "Уведомление о продлении срока ответа",
        "Жауап беру мерзімін ұзарту туралы хабарлама",
    ),
    "title.answer": ("Answer to the request", "Ответ на обращение", "Өтінішке жауап"),
    "title.authority": ("Answer to the request of the state body", "Ответ на запрос", "Сұрау салуға жауап"),
    "title.refusal": ("Reasoned refusal", "Мотивированный отказ", "Дәлелді бас тарту"),
    # Places for the officer
    "open.date": ("date", "дата", "күні"),
    "open.reasons": ("give the reasons", "изложите причины", "себептерін жазыңыз"),
    "open.norm": ("name the norm", "укажите норму", "норманы көрсетіңіз"),
    "open.rectification": ("what was changed or added", "что изменено и дополнено", "не өзгертілді және толықтырылды"),
    "open.unblocking": (
        "why: the breach was not confirmed, or was mended",
        "нарушение не подтвердилось или устранено",
        "бұзушылық расталмады немесе жойылды",
    ),
    "open.destruction": (
        "which data, from which databases, number and date of the act",
        "какие данные, из каких баз, номер и дата акта",
        "қандай деректер, қандай базалардан, актінің нөмірі мен күні",
    ),
    "open.consents": ("which consents", "какие согласия", "қандай келісімдер"),
    "open.other_ground": (
        "if data are still processed on another ground, name it and the purpose; if not, delete this",
        "если данные обрабатываются на ином основании, укажите его и цель; если нет, удалите",
        "егер деректер өзге негізде өңделсе, оны және мақсатын көрсетіңіз; өңделмесе, өшіріңіз",
    ),
    "open.automated_objection": ("the result, and why", "результат и его причины", "нәтижесі және оның себептері"),
    "open.stop_distribution": ("where they were published", "где они были размещены", "олар қайда орналастырылған еді"),
    "open.complaint": (
        "what was found and what was done",
        "что установлено и какие меры приняты",
        "не анықталды және қандай шаралар қабылданды",
    ),
    "open.claim": ("the decision on each demand", "решение по каждому требованию", "әрбір талап бойынша шешім"),
    "open.other": ("the answer", "ответ по существу", "мәні бойынша жауап"),
    "open.authority": ("what is asked for", "запрошенные сведения", "сұратылған мәліметтер"),
    "open.survey": (
        "what was surveyed, what access was given, what was found",
        "что обследовано, какой доступ предоставлен, что установлено",
        "не зерттеп-қаралды, қандай қолжетімділік берілді, не анықталды",
    ),
    # Acknowledgement
    "received": (
        "Your request was received on {received} and registered under No. {number}.",
        "Ваше обращение получено {received} и зарегистрировано под № {number}.",
        "Сіздің өтінішіңіз {received:at} алынды және № {number} болып тіркелді.",
    ),
    "received.authority": (
        "Your letter {letter} was received on {received} and registered under No. {number}.",
        "Ваш запрос {letter} получен {received} и зарегистрирован под № {number}.",
        "Сіздің {letter} сұрау салуыңыз {received:at} алынды және № {number} болып тіркелді.",
    ),
    "answer_by": (
        "It will be answered by {due}.",
        "Ответ будет дан не позднее {due}.",
        "Жауап {due:by} кешіктірілмей беріледі.",
    ),
    "answer_at_once": (
        "It will be dealt with without delay.",
        "Оно будет рассмотрено без промедления.",
        "Ол кідіріссіз қаралады.",
    ),
    "answer_unsorted": (
        "The term for the answer depends on what is asked for and is counted from the day of receipt.",
        "Срок ответа зависит от содержания обращения и исчисляется со дня его получения.",
        "Жауап беру мерзімі өтініштің мазмұнына байланысты және оны алған күннен бастап есептеледі.",
    ),
    "quote_number": (
        "Please quote this number when you write to us about it.",
        "Пожалуйста, указывайте этот номер в дальнейшей переписке.",
        "Бұдан былайғы хат алмасуда осы нөмірді көрсетуіңізді сұраймыз.",
    ),
    "made_by_machine": (
        "This acknowledgement is made automatically and is not signed.",
        "Подтверждение составлено автоматически и подписи не требует.",
        "Растау автоматты түрде жасалған және қол қоюды талап етпейді.",
    ),
    # Proof of identity
    "identity.about": (
        "Your request No. {number}, received on {received}, is being dealt with.",
        "Ваше обращение № {number}, полученное {received}, находится на рассмотрении.",
        "Сіздің {received:at} алынған № {number} өтінішіңіз қаралуда.",
    ),
    "identity.why": (
        "Before answering, the operator must make sure that it comes from the data subject or from a representative: information "
        "about a person is given to nobody else.",
        "Прежде чем ответить, оператор должен убедиться, что обращение исходит от субъекта персональных данных или его "
        "представителя: другим лицам сведения о субъекте не предоставляются.",
        "Жауап бермес бұрын оператор өтініштің дербес деректер субъектісінен немесе оның өкілінен түскеніне көз жеткізуге тиіс: "
        "субъект туралы мәліметтер өзге тұлғаларға берілмейді.",
    ),
    "identity.ways": (
        "Please confirm who you are in one of these ways:\n"
        "– show an identity document at the operator’s office;\n"
        "– send the request signed with your electronic digital signature;\n"
        "– reply to this letter from the mailbox that you gave the operator before.",
        "Пожалуйста, подтвердите личность одним из способов:\n"
        "– предъявите документ, удостоверяющий личность, в офисе оператора;\n"
        "– направьте обращение, подписанное Вашей электронной цифровой подписью;\n"
        "– ответьте на это письмо с адреса электронной почты, который Вы ранее сообщили оператору.",
        "Жеке басыңызды мына тәсілдердің бірімен растауыңызды сұраймыз:\n"
        "– оператордың кеңсесінде жеке басты куәландыратын құжатты көрсетіңіз;\n"
        "– электрондық цифрлық қолтаңбаңызбен қол қойылған өтініш жіберіңіз;\n"
        "– осы хатқа операторға бұрын хабарлаған электрондық пошта мекенжайыңыздан жауап беріңіз.",
    ),
    "identity.no_copies": (
        "Please send no copies of identity documents: the operator does not collect them.",
        "Копии документов, удостоверяющих личность, не присылайте: оператор их не собирает.",
        "Жеке басты куәландыратын құжаттардың көшірмелерін жібермеңіз: оператор оларды жинамайды.",
    ),
    "identity.representative": (
        "If you act for somebody else, add the document that gives you the authority, for example a power of attorney.",
        "Если Вы действуете от имени другого лица, приложите документ, подтверждающий полномочия, например доверенность.",
        "Егер Сіз басқа тұлғаның атынан әрекет етсеңіз, өкілеттікті растайтын құжатты, мысалы сенімхатты қоса беріңіз.",
    ),
    # Extension
    "extension.until": (
        "The term for answering your request No. {number}, received on {received}, ends on {due}.",
        "Срок ответа на Ваше обращение № {number}, полученное {received}, истекает {due}.",
        "Сіздің {received:at} алынған № {number} өтінішіңізге жауап беру мерзімі {due:at} аяқталады.",
    ),
    "extension.until.authority": (
        "The term for answering your letter {letter}, registered here under No. {number}, ends on {due}.",
        "Срок ответа на Ваш запрос {letter} (вх. № {number}) истекает {due}.",
        "Сіздің {letter} сұрау салуыңызға (кіріс № {number}) жауап беру мерзімі {due:at} аяқталады.",
    ),
    "extension.to": (
        "The term is extended up to and including {new_due}.",
        "Срок продлевается по {new_due} включительно.",
        "Мерзім {new_due:to} дейін, осы күнді қоса алғанда, ұзартылады.",
    ),
    "extension.reasons": (
        "Reasons for the extension: {reasons}",
        "Причины продления: {reasons}",
        "Ұзарту себептері: {reasons}",
    ),
    "consent_of": ("consent of {on}", "согласие от {on}", "{on:of} келісім"),
    "basis": ("Legal basis: {norm}", "Правовое основание: {norm}", "Құқықтық негіз: {norm}"),
    # Refusal
    "refusal.of": (
        "Having considered your request No. {number}, received on {received}, the operator refuses {asked}.",
        "Рассмотрев Ваше обращение № {number}, полученное {received}, оператор отказывает {asked}.",
        "Сіздің {received:at} алынған № {number} өтінішіңізді қарап, оператор {asked} бас тартады.",
    ),
    "refusal.of.authority": (
        "Having considered your letter {letter}, registered here under No. {number}, the operator refuses {asked}.",
        "Рассмотрев Ваш запрос {letter} (вх. № {number}), оператор отказывает {asked}.",
        "Сіздің {letter} сұрау салуыңызды (кіріс № {number}) қарап, оператор {asked} бас тартады.",
    ),
    "refusal.reasons": (
        "Reasons for the refusal: {reasons}",
        "Причины отказа: {reasons}",
        "Бас тарту себептері: {reasons}",
    ),
    "refused": ("to do what is asked for", "в удовлетворении обращения", "өтінішті қанағаттандырудан"),
    "refused.information": (
        "to give information about the processing of personal data",
        "в предоставлении сведений об обработке персональных данных",
        "дербес деректерді өңдеу туралы мәліметтер беруден",
    ),
    "refused.rectification": (
        "to change and add to the personal data",
        "в изменении и дополнении персональных данных",
        "дербес деректерді өзгертуден және толықтырудан",
    ),
    "refused.blocking": (
        "to block the personal data",
        "в блокировании персональных данных",
        "дербес деректерді бұғаттаудан",
    ),
    "refused.unblocking": (
        "to unblock the personal data",
        "в снятии блокирования персональных данных",
        "дербес деректерді бұғаттауды алып тастаудан",
    ),
    "refused.destruction": (
        "to destroy the personal data",
        "в уничтожении персональных данных",
        "дербес деректерді жоюдан",
    ),
    "refused.withdrawal": (
        "to accept the withdrawal of consent",
        "в принятии отзыва согласия",
        "келісімді кері қайтарып алуды қабылдаудан",
    ),
    "refused.stop_processing": (
        "to stop processing the personal data",
        "в прекращении обработки персональных данных",
        "дербес деректерді өңдеуді тоқтатудан",
    ),
    "refused.opt_out": (
        "to stop sending messages",
        "в прекращении направления сообщений",
        "хабарламалар жіберуді тоқтатудан",
    ),
    "refused.automated_objection": (
        "to grant the objection to automated processing",
        "в удовлетворении возражения против автоматизированной обработки",
        "автоматтандырылған өңдеуге қарсылықты қанағаттандырудан",
    ),
    "refused.stop_distribution": (
        "to stop distributing the personal data",
        "в прекращении распространения персональных данных",
        "дербес деректерді таратуды тоқтатудан",
    ),
    "refused.complaint": ("to grant the complaint", "в удовлетворении жалобы", "шағымды қанағаттандырудан"),
    "refused.claim": ("to grant the claim", "в удовлетворении претензии", "талап-арызды қанағаттандырудан"),
    "refused.authority": (
        "to give the information asked for",
        "в предоставлении запрошенных сведений",
        "сұратылған мәліметтерді беруден",
    ),
    "refused.survey": ("to admit the survey", "в проведении обследования", "зерттеп-қарауды жүргізуден"),
    "complain": (
        "If you do not agree, you may complain to the authorised body{body} or go to court.",
        "Если Вы не согласны, Вы вправе обратиться с жалобой в уполномоченный орган{body} или в суд.",
        "Егер келіспесеңіз, Сіз уәкілетті органға{body} шағым беруге немесе сотқа жүгінуге құқылысыз.",
    ),
} | ANSWERS
