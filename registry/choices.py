"""Choices shared by two concepts or more. Withdrawn ones stay: history refers to them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    DPO = "dpo", _("Data protection officer")
    REGISTRAR = "registrar", _("Registrar")
    AUDITOR = "auditor", _("Auditor")


class RequestKind(models.TextChoices):
    """What a message to the operator asks for."""

    INFORMATION = "information", _("Information about processing")
    RECTIFICATION = "rectification", _("Change and addition")
    BLOCKING = "blocking", _("Blocking")
    UNBLOCKING = "unblocking", _("Unblocking")
    DESTRUCTION = "destruction", _("Destruction")
    WITHDRAWAL = "withdrawal", _("Withdrawal of consent")
    STOP_PROCESSING = "stop_processing", _("Demand to stop processing")
    OPT_OUT = "opt_out", _("Opt-out of messages")
    AUTOMATED_OBJECTION = "automated_objection", _("Objection to automated processing")
    STOP_DISTRIBUTION = "stop_distribution", _("Demand to stop distribution")
    COMPLAINT = "complaint", _("Complaint")
    CLAIM = "claim", _("Pre-court claim")
    AUTHORITY = "authority", _("Request of the authorised body")
    OTHER = "other", _("Other request")
    UNSORTED = "unsorted", _("Not sorted yet")


class TermUnit(models.TextChoices):
    DAY = "day", _("calendar days")
    WORKING_DAY = "working_day", _("working days")
    MONTH = "month", _("months")
    YEAR = "year", _("years")


class DeadlineUnit(models.TextChoices):
    """How a term is counted. Terms without a length of their own have the amount 0."""

    HOUR = "hour", _("hours")
    DAY = "day", _("calendar days")
    WORKING_DAY = "working_day", _("working days")
    MONTH = "month", _("months")
    YEAR = "year", _("years")
    DAY_OF_NEXT_MONTH = "day_of_next_month", _("day of the next month")
    AT_ONCE = "at_once", _("at once")
    BEFORE_EVENT = "before_event", _("before the event")
    AS_REQUESTED = "as_requested", _("as requested")


class Trigger(models.TextChoices):
    """What sets a term of a law running."""

    INFORMATION_REQUEST = "information_request", _("request for information")
    INFORMATION_REFUSAL = "information_refusal", _("request for information that is refused")
    RIGHTS_REQUEST = "rights_request", _("request to exercise a right")
    RECTIFICATION_REQUEST = "rectification_request", _("request to change or add, with documents")
    INACCURACY_CONFIRMED = "inaccuracy_confirmed", _("inaccuracy confirmed")
    BREACH_REPORTED = "breach_reported", _("information that conditions of processing are breached")
    BREACH_NOT_CONFIRMED = "breach_not_confirmed", _("breach of conditions not confirmed")
    UNLAWFUL_CONFIRMED = "unlawful_confirmed", _("unlawful processing confirmed")
    STORAGE_END = "storage_end", _("storage term over, relations ended, or purpose reached")
    WITHDRAWAL = "withdrawal", _("consent withdrawn")
    STOP_DEMAND = "stop_demand", _("demand to stop processing")
    MARKETING_STOP = "marketing_stop", _("demand to stop direct marketing")
    AUTOMATED_OBJECTION = "automated_objection", _("objection to automated processing")
    ONLINE_DELETION = "online_deletion", _("deletion asked of an online service")
    PUBLICATION_REMOVAL = "publication_removal", _("demand to remove data from a public source")
    DISTRIBUTION_CONSENT = "distribution_consent", _("consent to distribution received")
    DISTRIBUTION_STOP = "distribution_stop", _("demand to stop distribution")
    DISTRIBUTION_ENFORCED = (
        "distribution_enforced",
        _("demand to stop distribution that was not met, or a court’s decision"),
    )
    THIRD_PARTY_TRANSFER = "third_party_transfer", _("transfer to a third party, where notice is a condition")
    CROSS_BORDER_NOTICE = "cross_border_notice", _("notice of a cross-border transfer filed")
    SECURITY_BREACH = "security_breach", _("security breach detected")
    SECURITY_BREACH_INQUIRY = "security_breach_inquiry", _("security breach detected: result of the inquiry")
    DESTRUCTION_IMPOSSIBLE = "destruction_impossible", _("data cannot be destroyed in time")
    DESTRUCTION_ACT = "destruction_act", _("data destroyed")
    PROCESSING_START = "processing_start", _("start of processing")
    PROCESSING_STOP = "processing_stop", _("end of processing, before it")
    PROCESSING_ENDED = "processing_ended", _("processing ended")
    REGISTERED_DATA_CHANGED = "registered_data_changed", _("notified data changed")
    AUTHORITY_REQUEST = "authority_request", _("request of the authorised body")
    AUTHORITY_SURVEY = "authority_survey", _("survey of the state technical service")


class HandlingAct(models.TextChoices):
    """What is done with a person's data, as blocks and grounds see it."""

    CHANGE = "change", _("changing them")
    USE = "use", _("using them")
    TRANSFER = "transfer", _("passing them on")
    EXPORT = "export", _("exporting them")
    DEPERSONALISE = "depersonalise", _("depersonalising them")
    DESTROY = "destroy", _("destroying them")
    NARROW = "narrow", _("narrowing their use")
    READ = "read", _("reading them")


class RequestChannel(models.TextChoices):
    """How a request reached the operator."""

    MAIL = "mail", _("e-mail")
    DESK = "desk", _("in person")
    POST = "post", _("by post")
    PHONE = "phone", _("by telephone")
    PORTAL = "portal", _("state portal")
    SELF_SERVICE = "self_service", _("self-service on the site")


class CaseAct(models.TextChoices):
    """What was done in a case."""

    NOTE = "note", _("note")
    RECEIVED = "received", _("received")
    SORTED = "sorted", _("sorted")
    PERSON_FOUND = "person_found", _("person found")
    IDENTITY_ASKED = "identity_asked", _("proof of identity asked for")
    IDENTITY_CHECKED = "identity_checked", _("identity checked")
    EXTENDED = "extended", _("term extended")
    RECTIFIED = "rectified", _("data changed or added")
    BLOCKED = "blocked", _("data blocked")
    UNBLOCKED = "unblocked", _("data unblocked")
    DESTROYED = "destroyed", _("data destroyed")
    WITHDRAWN = "withdrawn", _("withdrawal of consent carried out")
    STOPPED = "stopped", _("processing stopped")
    OPTED_OUT = "opted_out", _("messages stopped")
    REVIEWED = "reviewed", _("decision reviewed by a person")
    REMOVED = "removed", _("removed from public sources")
    SURVEYED = "surveyed", _("survey carried out")
    ANSWERED = "answered", _("answered")
    REFUSED = "refused", _("refused")
    CLOSED = "closed", _("closed")
    REOPENED = "reopened", _("opened again by a new case")


class Language(models.TextChoices):
    EN = "en", _("English")
    RU = "ru", _("Russian")
    KK = "kk", _("Kazakh")


class NormTopic(models.TextChoices):
    """What a norm is about. Rules name topics, never articles: paragraphs move between versions of a law."""

    LAWFUL_BASIS = "lawful_basis", _("Grounds for processing")
    CONSENT_ITEMS = "consent_items", _("Contents of consent")
    PURPOSE = "purpose", _("Purpose of processing")
    NECESSARY_DATA = "necessary_data", _("Necessary and sufficient data")
    RETENTION = "retention", _("Storage period")
    LOCALISATION = "localisation", _("Place of storage")
    MEASURES = "measures", _("Protection measures")
    PROCESSOR = "processor", _("Processing on behalf of the operator")
    RECIPIENTS = "recipients", _("Transfer to third parties")
    CROSS_BORDER = "cross_border", _("Cross-border transfer")
    RESPONSIBLE_PERSON = "responsible_person", _("Responsible person")
    OPERATIONS = "operations", _("Operations with personal data")
    RECORD = "record", _("Record of processing activities")
    SUBJECT_RIGHTS = "subject_rights", _("Rights of data subjects")
    PROCESSING_LOG = "processing_log", _("Registration of actions")
    INCIDENT = "incident", _("Security breaches")
    BLOCKING = "blocking", _("Blocking")
    WITHDRAWAL = "withdrawal", _("Withdrawal of consent")
    DISTRIBUTION = "distribution", _("Distribution")
    CONFIDENTIALITY = "confidentiality", _("Confidentiality")
    SPECIAL_CATEGORIES = "special_categories", _("Special categories")
    AUTOMATED_DECISIONS = "automated_decisions", _("Automated decisions")


class Operation(models.TextChoices):
    """Operations with personal data named by 94-V art. 1 and 152-FZ art. 3."""

    COLLECTION = "collection", _("collection")
    RECORDING = "recording", _("recording")
    SYSTEMATISATION = "systematisation", _("systematisation")
    ACCUMULATION = "accumulation", _("accumulation")
    STORAGE = "storage", _("storage")
    CHANGE = "change", _("change and addition")
    EXTRACTION = "extraction", _("extraction")
    USE = "use", _("use")
    TRANSFER = "transfer", _("transfer")
    PROVISION = "provision", _("provision")
    ACCESS = "access", _("access")
    DISTRIBUTION = "distribution", _("distribution")
    DEPERSONALISATION = "depersonalisation", _("depersonalisation")
    BLOCKING = "blocking", _("blocking")
    DELETION = "deletion", _("deletion")
    DESTRUCTION = "destruction", _("destruction")


class Source(models.TextChoices):
    """Where personal data come from."""

    SUBJECT = "subject", _("the data subject")
    AUTOMATIC = "automatic", _("collected automatically")
    THIRD_PARTY = "third_party", _("a third party")
    PUBLIC = "public", _("a publicly available source")
    CRM = "crm", _("the CRM")


class Channel(models.TextChoices):
    """How a person is written to or called."""

    EMAIL = "email", _("e-mail")
    CALL = "call", _("calls")
    MESSAGE = "message", _("SMS and messengers")
    POST = "post", _("post")


class DateOrder(models.TextChoices):
    """How dates such as 01.02.2003 are read where a file leaves it open."""

    DMY = "dmy", _("day, month, year")
    MDY = "mdy", _("month, day, year")
    YMD = "ymd", _("year, month, day")


# Codes of ISO 3166-1.
COUNTRIES = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD
    CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF
    GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN
    KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI
    SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI
    VN VU WF WS YE YT ZA ZM ZW
    """.split()
)

BEHAVIOURS = [
    ("B01", _("Operator and policy card")),
    ("B02", _("Policy versions")),
    ("B03", _("Consent ledger")),
    ("B04", _("Withdrawal of consent")),
    ("B05", _("Purposes")),
    ("B06", _("Grounds")),
    ("B07", _("Necessary data")),
    ("B08", _("Data subjects and sources")),
    ("B09", _("Operations")),
    ("B10", _("Information requests")),
    ("B11", _("Reasoned refusal")),
    ("B12", _("Rectification")),
    ("B13", _("Blocking")),
    ("B14", _("Depersonalisation")),
    ("B15", _("Destruction")),
    ("B16", _("Retention")),
    ("B17", _("Recipients and transfers")),
    ("B18", _("Processors")),
    ("B19", _("Cross-border transfer")),
    ("B20", _("Place of storage")),
    ("B21", _("Authorised body")),
    ("B22", _("Protection measures")),
    ("B23", _("Access and confidentiality")),
    ("B24", _("Incidents")),
    ("B25", _("State technical service")),
    ("B26", _("Log of art. 8(4)(3)–(6)")),
    ("B27", _("Distribution consent")),
    ("B28", _("Marketing and opt-out")),
    ("B29", _("Complaints and claims")),
    ("B30", _("Responsible person")),
    ("B31", _("Trackers")),
    ("B32", _("Publication proof")),
    ("B33", _("Special categories")),
    ("B34", _("Merging databases")),
    ("B35", _("Data quality")),
    ("B36", _("External services")),
    ("B37", _("Register exports")),
    ("B38", _("Policy review")),
    ("B39", _("Grounds of termination")),
    ("B40", _("Automated processing")),
]
