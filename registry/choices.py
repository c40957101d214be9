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


class TermUnit(models.TextChoices):
    DAY = "day", _("calendar days")
    WORKING_DAY = "working_day", _("working days")
    MONTH = "month", _("months")
    YEAR = "year", _("years")


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
