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
from .block import Block
from .calendar_feed import CalendarFeed, Digest
from .case import AuthorityRequest, SubjectRequest
from .case_letter import CaseLetter
from .case_parts import CaseAttachment, CaseDeadline, CaseStep
from .categories import DataCategory, SubjectCategory
from .consent import Agreement, Consent
from .country import CountryProtection
from .deadline import DayOverride, DeadlineRule
from .disclosure import Disclosure, DisclosureCategory, Obligation, Undertaking
from .distribution import DistributionCondition
from .ground import GroundDecision, SubjectPurpose
from .import_source import ImportSource
from .law import Law, Norm
from .message import Message
from .operator import Operator, OperatorLaw, OperatorTerm, ResponsiblePerson
from .people import DataSubject, SubjectInCategory
from .policy import Clause, Policy, RequestMark
from .purpose import IncompatiblePurposes, LegalBasis, Purpose
from .recipient import Recipient
from .representative import Representative
from .runs import ExportRun, HandOverRun, ImportRun, ListedRow, TellingRun
from .storage import Database, RetentionRule, SecurityMeasure, Tracker
from .suppression import Suppression
from .transfer import CrossBorderTransfer, TransferCategory
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
    "AuthorityRequest",
    "Block",
    "CalendarFeed",
    "CaseAttachment",
    "CaseDeadline",
    "CaseLetter",
    "CaseStep",
    "Clause",
    "Consent",
    "CountryProtection",
    "CrossBorderTransfer",
    "DataCategory",
    "DataSubject",
    "Database",
    "DayOverride",
    "DeadlineRule",
    "Digest",
    "Disclosure",
    "DisclosureCategory",
    "DistributionCondition",
    "ExportRun",
    "GroundDecision",
    "HandOverRun",
    "ImportRun",
    "ImportSource",
    "IncompatiblePurposes",
    "JournalEntry",
    "JournalHead",
    "JournalSubject",
    "Law",
    "LegalBasis",
    "ListedRow",
    "Membership",
    "Message",
    "Norm",
    "Obligation",
    "Operator",
    "OperatorLaw",
    "OperatorOwned",
    "OperatorTerm",
    "Policy",
    "ProcessingActivity",
    "Purpose",
    "Recipient",
    "Representative",
    "RequestMark",
    "ResponsiblePerson",
    "RetentionRule",
    "SecurityMeasure",
    "SubjectCategory",
    "SubjectInCategory",
    "SubjectPurpose",
    "SubjectRequest",
    "Suppression",
    "TellingRun",
    "Tracked",
    "Tracker",
    "TransferCategory",
    "Undertaking",
    "User",
]
