"""How people word a request, per kind, in English, Russian and Kazakh; the words of the law's glossary first.

A wording is a few beginnings of words that stand near each other, the act first; `|` parts alternatives. Letters are compared
folded (Kazakh letters as Russian ones), for not everybody has a Kazakh keyboard.
"""

from registry.choices import RequestKind

# These say what is asked for.
WORDINGS = {
    RequestKind.INFORMATION: """
        provide|send|give|request|obtain|receive|tell|let information|copy|copies data|processing
        access data
        subject access
        предостав|сообщ|направ|выда|получ|запрос|запраш|прошу информаци|сведени|копи|справк данн|данны|обработк
        ознаком данн|данны|сведени
        доступ данн|данны
        беру|беріңіз|жіберіңіз|алу|алғым|сұрау|сұраймын ақпарат|мәлімет|көшірме дерек|өңде
        танысу|таныстыр дерек|мәлімет
        қол жеткіз дерек
    """,
    RequestKind.RECTIFICATION: """
        updat|correct|rectif|amend|chang|modif data|record|surname|details
        изменени|измени|исправ|уточн|актуализ|обновл|обнови|дополн|скоррект данн|данны|сведени|фамили|анкет
        өзгерт|түзет|толықтыр|жаңарт|жаңала дерек|мәлімет|тегім
    """,
    RequestKind.BLOCKING: """
        block data|processing|record
        restrict processing
        блокир|заблокир данн|данны|сведени
        бұғатта дерек|мәлімет
    """,
    RequestKind.UNBLOCKING: """
        unblock|unfreeze
        lift block
        разблокир
        снять|снятие|снимите|сними блокир
        бұғаттау алып
        бұғаттан шығар
    """,
    RequestKind.DESTRUCTION: """
        delet|destroy|destruc|eras|remov|wip data|account|record|everything
        forgotten right
        уничтож|удал|стереть|сотри данн|данны|сведени|аккаунт|учетн|профил
        udal dann
        жою|жойы|жойып|жойу|өшір дерек|мәлімет|аккаунт
    """,
    RequestKind.WITHDRAWAL: """
        withdraw|revo|cancel|retract consent
        отзыв|отозв|отзова|аннулир согласи
        otzyv|otziv|otzyv|otozv soglas
        қайтар|бас|жоя келісім
    """,
    RequestKind.STOP_PROCESSING: """
        stop|ceas|terminat|discontinu|end processing
        прекра|останов|приостанов обработ
        тоқтат|доғар өңде
    """,
    RequestKind.OPT_OUT: """
        unsubscri
        opt out
        refus|stop|ceas|without notification|newsletter|mailing|advertis|marketing|promotion|spam
        not|no send|more notification|newsletter|mailing|advertis|marketing|promotion|messages
        отпис|отпиш
        отказ|прекра|остано|убер|отключ рассыл|уведомлен|реклам|новост|спам
        не присыл|прислыл|слат|слать|шлите|отправл|рассыл рассыл|уведомлен|реклам|новост|смс|письм|сообщен
        otkaz|otpis rassyl|uvedoml
        бас тарт хабарлама|жарнама|жаңалық
        тоқтат|жіберме хабарлама|жарнама|жаңалық
    """,
    RequestKind.AUTOMATED_OBJECTION: """
        object automat
        возраж|возражени|несоглас автомат
        қарсы автомат
    """,
    RequestKind.STOP_DISTRIBUTION: """
        stop|ceas|prohibit|forbid|against distribut|disseminat|publish|publicat
        прекра|запре|против распростран|публикац|опубликован
        тоқтат|тыйым тарат|жариял
    """,
    RequestKind.COMPLAINT: """
        complain
        жалоб
        шағым
    """,
    RequestKind.CLAIM: """
        pre|pretrial|formal|written|legal claim
        претензи
        талап арыз
    """,
}
# These only name what it is about: they count where nothing above does.
WEAK_WORDINGS = {
    RequestKind.INFORMATION: """
        information|question|request data|processing
        what|which|whose data
        информаци|сведени|запрос|вопрос данн|данны|обработк
        какие|каких|какими|чьи данн|данны
        ақпарат|мәлімет|сұрау|сұрақ дерек|өңде
        қандай|қай дерек|мәлімет
    """,
    RequestKind.CLAIM: """
        claim
    """,
}
# Whoever writes to a mailbox for questions asks one with a word of the first line, about something of the second.
QUESTION_WORDS = """
    question|ask|what|which|how|why|whether|where|who|inform|clarif
    вопрос|спросить|какие|какой|какая|как|почему|зачем|подскаж|уточн|поясн|разъясн|где|кто|сообщ
    сұрақ|сұра|қандай|қалай|неге|неліктен|қайда|кім|түсіндір|айтыңыз
"""
ABOUT_DATA_WORDS = "data|privacy|consent|policy|данн|данны|соглас|политик|конфиденц|дерек|келісім|саясат|құпия"
# Directly before the act they turn it round.
NEGATIONS = "не|нет|ни|not|never|no|dont|without"
