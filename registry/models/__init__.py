"""One file per concept; everything is imported from here."""

from registry.journal.models import JournalEntry, JournalHead, JournalSubject

from .activity import ProcessingActivity
from .activity_links import (
    ActivityClause,
    ActivityDatabase,
    ActivityDataCategory,
    ActivityMeasure,
    ActivityPurpose,
    ActivityRecipient,
    ActivityRetention,
    ActivitySubjectCategory,
)
from .base import CONTACT, NONE, PERSONAL, OperatorOwned, Tracked
from .categories import DataCategory, SubjectCategory
from .consent import Agreement, Consent
from .import_source import ImportSource
from .law import Law, Norm
from .operator import Operator, OperatorLaw, OperatorTerm, ResponsiblePerson
from .people import DataSubject, SubjectInCategory
from .policy import Clause, Policy, RequestMark
from .purpose import LegalBasis, Purpose
from .recipient import CrossBorderTransfer, Recipient, TransferCategory
from .runs import ExportRun, ImportRun, ListedRow
from .storage import Database, RetentionRule, SecurityMeasure, Tracker
from .suppression import Suppression
from .user import Membership, User

__all__ = [
    "CONTACT",
    "NONE",
    "PERSONAL",
    "ActivityClause",
    "ActivityDataCategory",
    "ActivityDatabase",
    "ActivityMeasure",
    "ActivityPurpose",
    "ActivityRecipient",
    "ActivityRetention",
    "ActivitySubjectCategory",
    "Agreement",
    "Clause",
    "Consent",
    "CrossBorderTransfer",
    "DataCategory",
    "DataSubject",
    "Database",
    "ExportRun",
    "ImportRun",
    "ImportSource",
    "JournalEntry",
    "JournalHead",
    "JournalSubject",
    "Law",
    "LegalBasis",
    "ListedRow",
    "Membership",
    "Norm",
    "Operator",
    "OperatorLaw",
    "OperatorOwned",
    "OperatorTerm",
    "Policy",
    "ProcessingActivity",
    "Purpose",
    "Recipient",
    "RequestMark",
    "ResponsiblePerson",
    "RetentionRule",
    "SecurityMeasure",
    "SubjectCategory",
    "SubjectInCategory",
    "Suppression",
    "Tracked",
    "Tracker",
    "TransferCategory",
    "User",
]
