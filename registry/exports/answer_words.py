"""What an answer says first, by the kind of request, in English, Russian and Kazakh. {done} is the day it was done, {what} a place
for the officer or what the register knows."""

ANSWERS = {
    "answer": (
        "In answer to your request No. {number}, received on {received}, we inform you as follows.",
        "В ответ на Ваше обращение № {number}, полученное {received}, сообщаем следующее.",
        "Сіздің {received:at} алынған № {number} өтінішіңізге жауап ретінде мынаны хабарлаймыз.",
    ),
    "answer.to_authority": (
        "In answer to your letter {letter}, received on {received} and registered here under No. {number}, we inform you as "
        "follows.",
        "В ответ на Ваш запрос {letter}, полученный {received} (вх. № {number}), сообщаем следующее.",
        "Сіздің {received:at} алынған {letter} сұрау салуыңызға (кіріс № {number}) жауап ретінде мынаны хабарлаймыз.",
    ),
    "answer.information": (
        "The operator processes the personal data to which the request relates. Which data these are, for which purposes and on "
        "which grounds, from which sources and in which ways they are processed, who receives them and how long they are stored is "
        "set out in the enclosure to this letter.",
        "Оператор обрабатывает персональные данные, к которым относится обращение. Перечень данных, цели и правовые основания, "
        "источники и способы обработки, получатели и сроки хранения изложены в приложении к настоящему письму.",
        "Оператор өтінішке қатысты дербес деректерді өңдейді. Деректердің тізбесі, өңдеу мақсаттары мен құқықтық негіздері, "
        "көздері мен тәсілдері, алушылар және сақтау мерзімдері осы хаттың қосымшасында баяндалған.",
    ),
    "answer.information.free": (
        "The information is given free of charge.",
        "Сведения предоставляются бесплатно.",
        "Мәліметтер тегін беріледі.",
    ),
    "answer.nothing": (
        "The operator’s register holds no personal data to which the request relates. It was searched by what the request says "
        "about the person.",
        "Персональных данных, к которым относится обращение, в реестре оператора нет. Поиск вёлся по сведениям, указанным в "
        "обращении.",
        "Оператордың тізілімінде өтінішке қатысты дербес деректер жоқ. Іздеу өтініште көрсетілген мәліметтер бойынша жүргізілді.",
    ),
    "answer.nothing.again": (
        "If another name, telephone number or e-mail address was given to the operator before, tell us: the search will be "
        "repeated.",
        "Если ранее оператору сообщались другие имя, телефон или адрес электронной почты, укажите их: поиск будет повторён.",
        "Егер бұрын операторға басқа ат-жөн, телефон немесе электрондық пошта мекенжайы хабарланған болса, оларды көрсетіңіз: "
        "іздеу қайталанады.",
    ),
    "answer.rectification": (
        "On the documents presented, the personal data were changed and added to on {done}: {what}.",
        "На основании представленных документов персональные данные изменены и дополнены {done}: {what}.",
        "Ұсынылған құжаттар негізінде дербес деректер {done:at} өзгертілді және толықтырылды: {what}.",
    ),
    "answer.rectification.destroyed": (
        "The personal data could not be changed and were destroyed on {done}: {what}.",
        "Изменить персональные данные невозможно, {done} они уничтожены: {what}.",
        "Дербес деректерді өзгерту мүмкін болмады, {done:at} олар жойылды: {what}.",
    ),
    "answer.blocking": (
        "The personal data were blocked on {done} for as long as it is checked whether the conditions of their collection and "
        "processing are breached. You will be told the result.",
        "Персональные данные заблокированы {done} на время проверки условий их сбора и обработки. О результате проверки будет "
        "сообщено.",
        "Дербес деректер оларды жинау және өңдеу шарттарын тексеру уақытына {done:at} бұғатталды. Тексеру нәтижесі хабарланады.",
    ),
    "answer.unblocking": (
        "The block on the personal data was lifted on {done}: {what}.",
        "Блокирование персональных данных снято {done}: {what}.",
        "Дербес деректерді бұғаттау {done:at} алып тасталды: {what}.",
    ),
    "answer.destruction": (
        "The personal data were destroyed on {done} and cannot be restored: {what}.",
        "Персональные данные уничтожены {done}, восстановить их невозможно: {what}.",
        "Дербес деректер {done:at} жойылды, оларды қалпына келтіру мүмкін емес: {what}.",
    ),
    "answer.withdrawal": (
        "The withdrawal of consent was accepted. On {done} the processing that rested on the withdrawn consents ended: {what}.",
        "Отзыв согласия принят. Обработка, основанная на отозванных согласиях, прекращена {done}: {what}.",
        "Келісімді кері қайтарып алу қабылданды. Кері қайтарып алынған келісімдерге негізделген өңдеу {done:at} тоқтатылды: "
        "{what}.",
    ),
    # What a withdrawal leaves, and why (law.md B04: only that purpose is kept, and the person is told)
    "stays": (
        "Processing goes on for these purposes only, on grounds that do not depend on the consents withdrawn:",
        "Обработка продолжается только для следующих целей, на основаниях, не зависящих от отозванных согласий:",
        "Өңдеу тек мына мақсаттар үшін, кері қайтарып алынған келісімдерге тәуелді емес негіздер бойынша жалғасады:",
    ),
    "stays.nothing": (
        "There is no other ground on which the operator would go on processing these data.",
        "Иных оснований, по которым оператор продолжал бы обработку этих данных, нет.",
        "Оператор осы деректерді өңдеуді жалғастыратын өзге негіз жоқ.",
    ),
    "stays.agreement": ("agreement of {on} ({basis})", "договор от {on} ({basis})", "{on:of} шарт ({basis})"),
    "stays.agreement.undated": ("agreement ({basis})", "договор ({basis})", "шарт ({basis})"),
    "stays.norm": ("{basis}", "{basis}", "{basis}"),
    "stays.until": ("{ground}, until {day}", "{ground}, до {day} включительно", "{ground}, {day:to} дейін"),
    "answer.stop_processing": (
        "The processing of the personal data was stopped on {done}.",
        "Обработка персональных данных прекращена {done}.",
        "Дербес деректерді өңдеу {done:at} тоқтатылды.",
    ),
    # Whoever opts out need not prove who they are: nothing of the register stands here.
    "answer.opt_out": (
        "Your opt-out was carried out on {done}: no advertising or information messages are sent any more to the addresses and "
        "numbers you named.",
        "Ваш отказ от сообщений исполнен {done}: рекламные и информационные сообщения на указанные Вами адреса и номера больше не "
        "направляются.",
        "Хабарламалардан бас тартуыңыз {done:at} орындалды: Сіз көрсеткен мекенжайлар мен нөмірлерге жарнамалық және ақпараттық "
        "хабарламалар бұдан былай жіберілмейді.",
    ),
    "answer.automated_objection": (
        "The objection to automated processing was considered. On {done} the decision was reviewed by a person: {what}.",
        "Возражение против автоматизированной обработки рассмотрено. Решение пересмотрено работником оператора {done}: {what}.",
        "Автоматтандырылған өңдеуге қарсылық қаралды. Шешімді оператордың қызметкері {done:at} қайта қарады: {what}.",
    ),
    "answer.stop_distribution": (
        "The distribution of the personal data was stopped on {done}, and they were removed from publicly available sources: "
        "{what}.",
        "Распространение персональных данных прекращено {done}, данные исключены из общедоступных источников: {what}.",
        "Дербес деректерді тарату {done:at} тоқтатылды, деректер жалпыға бірдей қолжетімді көздерден алып тасталды: {what}.",
    ),
    "answer.complaint": (
        "The complaint was considered: {what}.",
        "Жалоба рассмотрена: {what}.",
        "Шағым қаралды: {what}.",
    ),
    "answer.claim": (
        "The claim was considered: {what}.",
        "Претензия рассмотрена: {what}.",
        "Талап-арыз қаралды: {what}.",
    ),
    "answer.authority": ("{what}.", "{what}.", "{what}."),
    "answer.survey": (
        "The survey took place on {done}: {what}.",
        "Обследование проведено {done}: {what}.",
        "Зерттеп-қарау {done:at} жүргізілді: {what}.",
    ),
    "answer.other": ("{what}.", "{what}.", "{what}."),
    # The authorised body by name, where law.md names it (decree 846 of 09.10.2025)
    "body.KZ-94-V": (
        " (the Ministry of Artificial Intelligence and Digital Development of the Republic of Kazakhstan)",
        " (Министерство искусственного интеллекта и цифрового развития Республики Казахстан)",
        " (Қазақстан Республикасының Жасанды интеллект және цифрлық даму министрлігі)",
    ),
}
