"""The words of a printed register in English, Russian and Kazakh: the law's own, out of the glossary.

They are kept apart from the interface's catalogues: a register of a past moment must come out the same to the byte, so a word
changed here means a new version of the layouts.
"""

LANGUAGES = ("en", "ru", "kk")

TERMS = {
    # The file
    "yes": ("yes", "да", "иә"),
    "no": ("no", "нет", "жоқ"),
    "missing": ("[missing]", "[не указано]", "[көрсетілмеген]"),
    "none": ("none recorded", "не зарегистрировано", "тіркелмеген"),
    "register": ("Register", "Реестр", "Тізілім"),
    "layout": ("Layout", "Форма", "Нысан"),
    "language": ("Language", "Язык", "Тіл"),
    "as_of": ("As of", "По состоянию на", "Жағдайы бойынша"),
    "head_note": ("Head note (unsigned)", "Отметка журнала (без подписи)", "Журнал белгісі (қолтаңбасыз)"),
    "operator": ("Operator", "Оператор", "Оператор"),
    "bin": ("BIN", "БИН", "БСН"),
    "address": ("Address", "Адрес", "Мекенжайы"),
    "contacts": ("Contacts", "Контакты", "Байланыс деректері"),
    "laws": ("Laws", "Законы", "Заңдар"),
    "responsible_person": (
        "Responsible person",
        "Лицо, ответственное за организацию обработки персональных данных",
        "Дербес деректерді өңдеуді ұйымдастыруға жауапты тұлға",
    ),
    "approval": (
        "Approved by, date, number",
        "Утвердил, дата, номер",
        "Бекіткен тұлға, күні, нөмірі",
    ),
    "version": ("Version", "Редакция", "Редакция"),
    "journal_entry": ("journal entry", "запись журнала", "журнал жазбасы"),
    "about": ("About this file", "О файле", "Файл туралы"),
    "norms": ("Drawn up under", "Составлено по", "Негізі"),
    "postal_address": (
        "Postal address of the responsible person",
        "Почтовый адрес ответственного лица",
        "Жауапты тұлғаның пошталық мекенжайы",
    ),
    "encryption": (
        "Encryption means used",
        "Использование шифровальных (криптографических) средств",
        "Шифрлау (криптографиялық) құралдарын пайдалану",
    ),
    "access": (
        "Persons with access to the data",
        "Лица, имеющие доступ к персональным данным",
        "Дербес деректерге қол жеткізетін тұлғалар",
    ),
    "security_information": (
        "Information on the security of the data",
        "Сведения об обеспечении безопасности персональных данных",
        "Дербес деректердің қауіпсіздігін қамтамасыз ету туралы мәліметтер",
    ),
    "representative": ("Representative in the Union", "Представитель в Союзе", "Одақтағы өкіл"),
    "joint_controller_contacts": (
        "Contact details of joint controllers",
        "Контактные данные совместных контролёров",
        "Бірлескен бақылаушылардың байланыс деректері",
    ),
    "principal_contacts": (
        "Contact details of the controllers and of their representatives",
        "Контактные данные контролёров и их представителей",
        "Бақылаушылардың және олардың өкілдерінің байланыс деректері",
    ),
    "on_behalf_of_others": (
        "Activities carried out on behalf of others",
        "Процессы, выполняемые по поручению других лиц",
        "Басқа тұлғалардың тапсырмасымен орындалатын әрекеттер",
    ),
    "signed_name": ("Name and position", "Ф. И. О. и должность", "Аты-жөні және лауазымы"),
    "signature": ("Signature", "Подпись", "Қолы"),
    "signed_on": ("Date", "Дата", "Күні"),
    "left_out": (
        "Carried out on behalf of others, not listed here",
        "Выполняется по поручению других лиц, здесь не показано",
        "Басқа тұлғалардың тапсырмасымен орындалады, мұнда көрсетілмейді",
    ),
    "title.kz": (
        "List of personal data necessary and sufficient for the tasks of the operator (94-V art. 25(2)(1))",
        "Перечень персональных данных, необходимый и достаточный для выполнения задач оператора (94-V, ст. 25, п. 2, пп. 1)",
        "Оператордың міндеттерін орындау үшін қажетті және жеткілікті дербес деректердің тізбесі (94-V, 25-бап, 2-т., 1-тш.)",
    ),
    "title.ru": (
        "Contents of the notification of processing (152-FZ art. 22(3))",
        "Сведения для уведомления об обработке персональных данных (152-ФЗ, ст. 22, ч. 3)",
        "Дербес деректерді өңдеу туралы хабарламаға арналған мәліметтер (152-ФЗ, 22-бап, 3-бөлік)",
    ),
    "title.gdpr-processor": (
        "Record of processing activities of the processor (GDPR art. 30(2))",
        "Реестр деятельности по обработке персональных данных, обработчик (GDPR, ст. 30, п. 2)",
        "Дербес деректерді өңдеу әрекеттерінің тізілімі, өңдеуші (GDPR, 30-бап, 2-т.)",
    ),
    "title.gdpr-controller": (
        "Record of processing activities of the controller (GDPR art. 30(1))",
        "Реестр деятельности по обработке персональных данных, контролёр (GDPR, ст. 30, п. 1)",
        "Дербес деректерді өңдеу әрекеттерінің тізілімі, бақылаушы (GDPR, 30-бап, 1-т.)",
    ),
    # Columns
    "number": ("No.", "№", "№"),
    "activity_code": ("Code of the activity", "Код процесса", "Әрекет коды"),
    "activity": ("Processing activity", "Процесс (деятельность) обработки", "Өңдеу әрекеті"),
    "status": ("Status", "Состояние", "Күйі"),
    "data_category": ("Personal data", "Персональные данные", "Дербес деректер"),
    "data_categories": ("Data categories", "Категории данных", "Деректер санаттары"),
    "marks": ("Marks", "Признаки", "Белгілері"),
    "subject_categories": ("Categories of data subjects", "Категории субъектов", "Субъектілер санаттары"),
    "purpose": ("Purpose of processing", "Цель обработки", "Өңдеу мақсаты"),
    "purposes": ("Purposes of processing", "Цели обработки", "Өңдеу мақсаттары"),
    "necessity": ("Why needed", "Почему необходимо", "Не үшін қажет"),
    "mandatory": ("Mandatory", "Обязательно", "Міндетті"),
    "ground": ("Legal basis", "Правовое основание", "Құқықтық негіз"),
    "grounds": ("Legal bases", "Правовые основания", "Құқықтық негіздер"),
    "document": ("Document", "Документ", "Құжат"),
    "availability": ("Availability", "Доступность", "Қолжетімділігі"),
    "storage_term": ("Storage period", "Срок хранения", "Сақтау мерзімі"),
    "lacking": ("Missing", "Не хватает", "Жетіспейді"),
    "controller": ("Controller", "Контролёр (оператор)", "Бақылаушы (оператор)"),
    "joint_controllers": ("Joint controllers", "Совместные контролёры", "Бірлескен бақылаушылар"),
    "dpo": ("Data protection officer", "Ответственный за защиту данных", "Деректерді қорғауға жауапты тұлға"),
    "recipients": ("Recipients", "Получатели", "Алушылар"),
    "transfers": (
        "Transfers to third countries and safeguards",
        "Передача в третьи страны и гарантии",
        "Үшінші елдерге беру және кепілдіктер",
    ),
    "erasure_terms": ("Time limits for erasure", "Сроки удаления", "Жою мерзімдері"),
    "measures": ("Security measures", "Меры защиты", "Қорғау шаралары"),
    "processor": ("Processor (operator)", "Обработчик (оператор)", "Өңдеуші (оператор)"),
    "other_processors": ("Other processors engaged", "Другие привлечённые обработчики", "Тартылған өзге өңдеушілер"),
    "on_behalf_of": ("Controller", "Контролёр, по поручению которого", "Тапсырма беруші бақылаушы"),
    "operations": ("Operations with the data", "Действия с персональными данными", "Деректермен жасалатын әрекеттер"),
    "methods": ("Methods of processing", "Способы обработки", "Өңдеу тәсілдері"),
    "started_on": ("Start of processing", "Дата начала обработки", "Өңдеудің басталу күні"),
    "end_of_processing": (
        "Term or condition of the end of processing",
        "Срок или условие прекращения обработки",
        "Өңдеуді тоқтату мерзімі немесе шарты",
    ),
    "cross_border": ("Cross-border transfer", "Трансграничная передача", "Трансшекаралық беру"),
    "databases": ("Place of the databases", "Место нахождения баз данных", "Дерекқорлардың орналасқан жері"),
    # Values: status.*, availability.* and so on are the choices of the models
    "status.draft": ("DRAFT", "ЧЕРНОВИК", "ЖОБА"),
    "status.active": ("active", "действует", "қолданыста"),
    "status.suspended": ("suspended", "приостановлен", "тоқтатыла тұрған"),
    "status.ended": ("ended", "прекращён", "тоқтатылған"),
    "since": ("since %s", "с %s", "%s бастап"),
    "until": ("until %s", "по %s", "%s дейін"),
    "suspended_since": ("suspended since %s", "приостановлена с %s", "%s бастап тоқтатыла тұрған"),
    "not_started": ("not started yet", "ещё не начата", "әлі басталмаған"),
    "availability.restricted": ("restricted access", "ограниченного доступа", "қолжетімділігі шектеулі"),
    "availability.public": ("publicly available", "общедоступные", "жалпыға бірдей қолжетімді"),
    "automated": ("automated", "автоматизированная", "автоматтандырылған"),
    "over_network": ("over a network", "с передачей по сети", "желі арқылы"),
    "phone": ("phone", "тел.", "тел."),
    "email": ("e-mail", "эл. почта", "эл. пошта"),
    "abroad": ("abroad", "за рубежом", "шетелде"),
    "form.electronic": ("electronic", "электронная", "электрондық"),
    "form.paper": ("paper", "на бумаге", "қағаз түрінде"),
    "standing.original": ("original", "основная", "негізгі"),
    "standing.copy": ("copy", "копия", "көшірме"),
    "operation.collection": ("collection", "сбор", "жинау"),
    "operation.recording": ("recording", "запись", "жазу"),
    "operation.systematisation": ("systematisation", "систематизация", "жүйелеу"),
    "operation.accumulation": ("accumulation", "накопление", "жинақтау"),
    "operation.storage": ("storage", "хранение", "сақтау"),
    "operation.change": ("change and addition", "изменение и дополнение", "өзгерту және толықтыру"),
    "operation.extraction": ("extraction", "извлечение", "алу"),
    "operation.use": ("use", "использование", "пайдалану"),
    "operation.transfer": ("transfer", "передача", "беру"),
    "operation.provision": ("provision", "предоставление", "ұсыну"),
    "operation.access": ("access", "доступ", "қол жеткізу"),
    "operation.distribution": ("distribution", "распространение", "тарату"),
    "operation.depersonalisation": ("depersonalisation", "обезличивание", "иесіздендіру"),
    "operation.blocking": ("blocking", "блокирование", "бұғаттау"),
    "operation.deletion": ("deletion", "удаление", "өшіру"),
    "operation.destruction": ("destruction", "уничтожение", "жою"),
    "is_identifier": ("identifier", "идентификатор", "сәйкестендіргіш"),
    "is_special": ("special category", "специальная категория", "арнайы санат"),
    "is_biometric": ("biometric data", "биометрические данные", "биометриялық деректер"),
    "basis.consent": ("consent", "согласие", "келісім"),
    "basis.law": ("law", "закон", "заң"),
    "basis.treaty": ("international treaty", "международный договор", "халықаралық шарт"),
    "basis.justice": ("administration of justice", "осуществление правосудия", "сот төрелігін жүзеге асыру"),
    "basis.contract": ("contract", "договор", "шарт"),
    "basis.legitimate_interest": (
        "rights and legitimate interests",
        "права и законные интересы",
        "құқықтар мен заңды мүдделер",
    ),
    "basis.made_public": (
        "made public by the subject",
        "сделано общедоступным субъектом",
        "субъект жалпыға қолжетімді еткен",
    ),
    "basis.publication_duty": ("publication required by law", "обязательное опубликование", "міндетті жариялау"),
    "basis.internal_document": ("document of the operator", "документ оператора", "оператордың құжаты"),
    "basis.implied_consent": ("use of the site", "использование сайта", "сайтты пайдалану"),
    "basis.other": ("other", "иное", "өзге"),
    "declared_only": (
        "declared by the policy; no ground known to a law of the operator",
        "заявлено политикой; законам оператора такое основание неизвестно",
        "саясатта мәлімделген; оператордың заңдарында мұндай негіз жоқ",
    ),
    "norm": ("%(law)s art. %(article)s", "%(law)s, ст. %(article)s", "%(law)s, %(article)s-бап"),
    "verified.secondary": ("secondary source", "вторичный источник", "қосалқы дереккөз"),
    "verified.unverified": ("unverified", "не проверено", "тексерілмеген"),
    "trigger.purpose_reached": ("after the purpose is reached", "после достижения цели", "мақсатқа жеткеннен кейін"),
    "trigger.consent_end": ("after the consent ends", "после окончания согласия", "келісім аяқталғаннан кейін"),
    "trigger.relations_end": (
        "after relations end",
        "после прекращения отношений",
        "қатынастар тоқтатылғаннан кейін",
    ),
    "trigger.contract_end": ("after the contract ends", "после окончания договора", "шарт аяқталғаннан кейін"),
    "trigger.law": ("as a law says", "как установлено законом", "заңда белгіленгендей"),
    "trigger.collection": ("after collection", "после сбора", "жинағаннан кейін"),
    "then.destroy": ("destruction", "уничтожение", "жою"),
    "then.depersonalise": ("depersonalisation", "обезличивание", "иесіздендіру"),
    "unit.day": ("calendar day", "календарный день", "күнтізбелік күн"),
    "unit.working_day": ("working day", "рабочий день", "жұмыс күні"),
    "unit.month": ("month", "месяц", "ай"),
    "unit.year": ("year", "год", "жыл"),
    "recipient.state_body": ("state body", "государственный орган", "мемлекеттік орган"),
    "recipient.processor": (
        "processor",
        "лицо, обрабатывающее данные по поручению",
        "тапсырма бойынша өңдейтін тұлға",
    ),
    "recipient.service_provider": ("service provider", "поставщик услуг", "қызмет көрсетуші"),
    "recipient.group_company": ("group company", "компания группы", "топ компаниясы"),
    "recipient.acquirer": ("acquirer of the business", "приобретатель бизнеса", "бизнесті сатып алушы"),
    "recipient.partner": ("partner", "партнёр", "серіктес"),
    "recipient.public": ("indefinite circle of persons", "неопределённый круг лиц", "белгісіз тұлғалар тобы"),
    "recipient.other": ("third party", "третье лицо", "үшінші тұлға"),
    "mechanism.consent": ("consent", "согласие", "келісім"),
    "mechanism.protecting_state": (
        "the state ensures protection",
        "государство обеспечивает защиту",
        "мемлекет қорғауды қамтамасыз етеді",
    ),
    "mechanism.treaty": ("international treaty", "международный договор", "халықаралық шарт"),
    "mechanism.law": ("law", "закон", "заң"),
    "mechanism.contract": ("contract", "договор", "шарт"),
    "mechanism.standard_clauses": (
        "standard contractual clauses",
        "стандартные договорные условия",
        "стандартты шарт талаптары",
    ),
    "mechanism.other": ("other", "иное", "өзге"),
    "measure.legal": ("legal", "правовая", "құқықтық"),
    "measure.organisational": ("organisational", "организационная", "ұйымдастырушылық"),
    "measure.technical": ("technical", "техническая", "техникалық"),
    # What the gate of an activity misses, by the code of the blocker
    "lacks.no-start": ("start date", "дата начала", "басталу күні"),
    "lacks.no-operations": ("operations with the data", "действия с данными", "деректермен жасалатын әрекеттер"),
    "lacks.no-source": ("source of data", "источник данных", "деректер көзі"),
    "lacks.no-subjects": ("category of subjects", "категория субъектов", "субъектілер санаты"),
    "lacks.no-purpose": ("purpose", "цель обработки", "өңдеу мақсаты"),
    "lacks.no-basis": ("legal basis", "правовое основание", "құқықтық негіз"),
    "lacks.basis-unknown": (
        "legal basis known to the law",
        "правовое основание, известное закону",
        "заңда көзделген құқықтық негіз",
    ),
    "lacks.no-data": ("data category", "категория данных", "деректер санаты"),
    "lacks.no-necessity": ("why the data are needed", "почему данные необходимы", "деректердің не үшін қажеттігі"),
    "lacks.special-no-ground": (
        "consent or norm for a special category",
        "согласие или норма для специальной категории",
        "арнайы санатқа келісім немесе норма",
    ),
    "lacks.decision-no-ground": (
        "consent or norm for automated decisions",
        "согласие или норма для автоматизированных решений",
        "автоматтандырылған шешімдерге келісім немесе норма",
    ),
    "lacks.decision-no-logic": ("logic of the decisions", "логика решений", "шешімдердің логикасы"),
    "lacks.decision-no-review": (
        "who reviews a decision",
        "кто пересматривает решение",
        "шешімді кім қайта қарайтыны",
    ),
    "lacks.no-database": ("database", "база", "база"),
    "lacks.no-local-database": (
        "database in Kazakhstan",
        "база на территории Казахстана",
        "Қазақстан аумағындағы база",
    ),
    "lacks.database-country": ("country of the database", "страна базы", "база орналасқан ел"),
    "lacks.incompatible-kept": (
        "separate databases for incompatible purposes",
        "раздельные базы для несовместимых целей",
        "үйлеспейтін мақсаттар үшін бөлек базалар",
    ),
    "lacks.no-retention": ("storage period", "срок хранения", "сақтау мерзімі"),
    "lacks.retention-incomplete": (
        "term or what follows it",
        "срок или действие после него",
        "мерзім немесе одан кейінгі әрекет",
    ),
    "lacks.no-measure": ("security measure", "мера защиты", "қорғау шарасы"),
    "lacks.no-responsible-person": ("responsible person", "ответственное лицо", "жауапты тұлға"),
    "lacks.recipient-country": ("country of the recipient", "страна получателя", "алушының елі"),
    "lacks.processor-agreement": (
        "agreement with the processor",
        "договор с обработчиком",
        "тапсырма бойынша өңдейтін тұлғамен шарт",
    ),
}

RUSSIAN_UNITS = {
    "day": ("календарный день", "календарных дня", "календарных дней"),
    "working_day": ("рабочий день", "рабочих дня", "рабочих дней"),
    "month": ("месяц", "месяца", "месяцев"),
    "year": ("год", "года", "лет"),
}


class Words:
    """The terms in one language."""

    def __init__(self, language):
        self.language = language
        self._place = LANGUAGES.index(language)

    def __call__(self, key):
        return TERMS[key][self._place]

    def known(self, group, code):
        """The word for a choice; an empty text for none, the bare code for one that has no word yet."""
        return TERMS[f"{group}.{code}"][self._place] if f"{group}.{code}" in TERMS else code or ""

    def marked(self, citation, verified):
        """The citation of a norm, with the mark of how it was verified where it was not read in an official text."""
        return citation if verified == "verified" else f"{citation} ({self.known('verified', verified)})"

    def yes_no(self, value):
        return "" if value is None else self("yes" if value else "no")

    def name(self, row):
        """The name of a record in this language, else in another, else its code."""
        if row is None:
            return ""
        return row.instance.name_in(self.language) or row.code

    def period(self, number, unit):
        if self.language == "ru":
            one, few, many = RUSSIAN_UNITS[unit]
            if number % 100 in (11, 12, 13, 14) or number % 10 in (0, 5, 6, 7, 8, 9):
                return f"{number} {many}"
            return f"{number} {one if number % 10 == 1 else few}"
        plural = "s" if self.language == "en" and number != 1 else ""
        return f"{number} {self(f'unit.{unit}')}{plural}"
