"""Every route × blocked × law: whatever way a write or a file takes to a person's data, the block of its law decides.

Under 94-V and GDPR art. 18 blocked data are stored only; under 152-FZ they may be clarified. What narrows their use is never refused.
Unblocked, each route goes through, so that none passes by refusing everything. A new route without a row fails.
"""

from fnmatch import fnmatch

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from registry.models import (
    Agreement,
    Consent,
    DataSubject,
    Disclosure,
    DisclosureCategory,
    DistributionCondition,
    Representative,
    SubjectInCategory,
    Suppression,
)
from registry.operations.blocking import block
from tests.blocks import files, screens, shell
from tests.blocks.discovery import discovered, people_admins, touching
from tests.blocks.shell import SHELL
from tests.blocks.world import HELD, LAWS, World
from tests.factories import make_law

pytestmark = pytest.mark.django_db

# Under which laws a route goes through although a block stands.
STORED, CLARIFIED, NARROWED = (), ("RU-152-FZ",), LAWS
# What 152-FZ calls clarification is done to these; the others say that data are used or passed on.
CLARIFIABLE = {
    DataSubject, SubjectInCategory, Consent, DistributionCondition, Agreement, Suppression, Representative,
}  # fmt: skip

SEALED = {Disclosure, DisclosureCategory}  # what left stays as it was recorded, blocked or not


def allowed(model, way):
    if model is Suppression and way in ("add", "bulk_create()"):
        return NARROWED
    return CLARIFIED if model in CLARIFIABLE and "delete" not in way else STORED


ROUTES = {
    f"{model.__name__} {way}": (allowed(model, way), route(model))
    for model in HELD
    for way, route in SHELL.items()
    if not (model is DataSubject and way in ("add", "bulk_create()"))
    and not (model in SEALED and way in ("save()", "delete()"))
} | {
    # acts of records
    "act Consent.withdraw": (NARROWED, shell.withdraw),
    "Consent withdrawn and changed in one": (CLARIFIED, shell.withdraw_and_change),
    "DistributionCondition forbids": (NARROWED, shell.forbid_distribution),
    "SubjectPurpose serve": (STORED, shell.begin_to_serve),
    "SubjectPurpose stop_now": (NARROWED, shell.stop_serving),
    "act Disclosure.tell": (NARROWED, shell.note_notice),
    "DataSubject depersonalised": (STORED, shell.depersonalise),
    "DataSubject depersonalised by update()": (STORED, shell.depersonalise_many),
    "operations.handover.hand_over": (STORED, shell.handed_over),
    "operations.withdrawal.withdraw": (NARROWED, shell.in_a_case("withdrawal", shell.withdraw_in_case)),
    "act RequestActs.opt_out": (NARROWED, shell.in_a_case("opt_out", shell.opt_out_in_case)),
    # the admin
    "admin registry_datasubject_change": (CLARIFIED, screens.form),
    "inline Consent": (CLARIFIED, screens.inline_changed(Consent, "consents")),
    "inline Suppression": (CLARIFIED, screens.inline_changed(Suppression, "suppressions")),
    "inline Agreement": (CLARIFIED, screens.inline_changed(Agreement, "agreements")),
    "inline Representative": (CLARIFIED, screens.inline_changed(Representative, "representatives")),
    "inline SubjectInCategory": (CLARIFIED, screens.inline_changed(SubjectInCategory, "categories")),
    "admin registry_consent_change": (CLARIFIED, screens.condition_changed),
    "inline DistributionCondition": (NARROWED, screens.prohibition_entered),
    "admin registry_consent_publish": (CLARIFIED, screens.conditions_published),
    "act PublishesConditions.publish_conditions": (CLARIFIED, screens.publish_conditions),
    "admin registry_consent_withdraw": (NARROWED, screens.consent_withdrawn),
    "admin registry_datasubject_withdraw": (NARROWED, screens.withdrawn_at_the_desk),
    "admin registry_datasubject_export": (STORED, screens.people_listed(DataSubject)),
    "admin registry_consent_export": (STORED, screens.people_listed(Consent)),
    "admin registry_agreement_export": (STORED, screens.people_listed(Agreement)),
    "admin registry_suppression_export": (STORED, screens.people_listed(Suppression)),
    "admin registry_disclosure_export": (STORED, screens.people_listed(Disclosure)),
    "admin registry_disclosure_add": (STORED, screens.disclosed),
    # files that come: a CRM clarifies nothing, it says again what was said
    "imports.plan.make_plan": (STORED, files.crm_import_of_a_consent),
    "imports.apply._write": (STORED, files.crm_import),
    "import of an opt-out": (NARROWED, files.crm_opt_out),
    "imports.undo._undo_chunk": (STORED, files.import_undone),
    "command import_subjects": (STORED, files.import_command),
    "command undo_import": (STORED, files.undo_command),
    # files that leave
    "file permissions": (STORED, files.permissions_file),
    "command export_permissions": (STORED, files.permissions_command),
    "file audit": (STORED, files.audit_file),
    "command export_audit": (STORED, files.audit_command),
    "file answer": (NARROWED, files.pack_sent),  # the person's own data, for the person: art. 24(1)(1)
}

# Routes that a block has nothing to refuse on, and why.
NOT_HELD = {
    "DataSubject add": "nobody is blocked before there is a record",
    "Disclosure* save()": "what left stays as it was recorded, blocked or not",
    "Disclosure* delete()": "what left stays as it was recorded, blocked or not",
    "DataSubject bulk_create()": "nobody is blocked before there is a record",
    "admin registry_datasubject_add": "nobody is blocked before there is a record",
    "admin registry_datasubject_delete": "people are deleted by nobody in the admin",
    "admin registry_*_changelist": "reading",
    "admin registry_*_history": "reading, for a reason",
    "admin registry_*_read": "asks for the reason to read",
    "admin registry_datasubject_permissions": "says that nothing is allowed, read for a reason",
    "admin registry_block_export": "who is blocked; those who are blocked are left out",
    "admin registry_obligation_*": "tells recipients to stop: narrows",
    "admin registry_disclosure_change": "what left is only read",
    "admin registry_disclosure_delete": "what left is deleted by nobody",
    "admin registry_disclosure_tell": "is Disclosure.tell",
    "inline DisclosureCategory": "is a part of admin registry_disclosure_add",
    "admin registry_datasubject_block": "sets the block",
    "admin registry_datasubject_unblock": "lifts it, by somebody else",
    "admin registry_datasubject_import": "is imports.plan, then imports.apply",
    "admin registry_datasubject_process_import": "is imports.apply",
    "act Block.lift": "lifts it, by somebody else",
    "act CalendarFeed.revoke": "about a member of staff",
    "act CaseActs.*": "a case is the person's demand; what it does to the data has a row of its own",
    "act GroundDecision.revoke": "about a basis; purposes that rested on it stop",
    "act RequestActs.identify": "about who asks",
    "act RequestActs.link_person": "says whose demand it is, and changes nothing of the person",
    "act RequestActs.sort": "about the demand",
    "act CaseLetter.*": "letters answer the person: a right that no block suspends",
    "act Obligation.fulfil": "tells recipients to stop: narrows",
    "operations.blocking.block": "sets the block",
    "operations.blocking.unblock": "lifts it, by somebody else",
    "operations.attachments.attach": "files of cases",
    "operations.handover.begin": "notes the act; nothing leaves before operations.handover.hand_over",
    "operations.handover.cancel": "gives up the rest",
    "operations.handover.end": "says how the act came to its end",
    "operations.handover.given_up": "says that the rest is given up",
    "operations.telling.*": "says that people were told: narrows",
    "operations.mailing.send_letter": "letters answer the person: a right that no block suspends",
    "operations.databases.merge": "the register of databases; nobody's data are touched",
    "operations.transfers.*": "stops what runs or lets it go on; what leaves in its course is a disclosure",
    "imports.apply._finish": "counts",
    "imports.apply.cancel": "gives up a plan",
    "imports.laws.load_laws": "laws",
    "imports.registers.load_register": "registers hold no people",
    "imports.sources.remember": "columns of a file",
    "imports.storage._give_up_forgotten": "gives up an import or an undo",
    "imports.storage.refuse": "refuses a file",
    "imports.undo._finish": "counts",
    "imports.mail_intake.file_message": "a case is the person's demand",
    "file list": "each list has a row of its own",
    "file register": "registers hold no people",
    "command import_folder": "is import_subjects, file by file",
    "command check_transfers": "is operations.transfers.check_transfers",
    "command what_if": "is operations.transfers.what_if",
    "command due": "reads cases",
    "command dump_register": "registers hold no people",
    "command export_register": "registers hold no people",
    "command export_registered_actions": "entries of the journal; values of who is blocked are left out",
    "command fetch_requests": "is imports.mail_intake",
    "command load_laws": "laws",
    "command load_register": "registers hold no people",
    "command reconcile": "compares digests",
    "command send_reminders": "numbers of cases",
    "command set_up": "makes operators and staff",
    "command trace_export": "looks for the run of a line",
    "command worker": "does what was begun elsewhere",
}

# Tracked models that lead to a person and are not held by blocks, and why.
FREE = {
    "Block": "is the block",
    "Obligation": "tells recipients to stop: narrows",
    "SubjectRequest": "the person's demand is taken down whatever stands",
    "AuthorityRequest": "a state body's demand",
    "CaseDeadline": "of a demand",
    "CaseStep": "of a demand",
    "CaseLetter": "answers the person",
    "CaseAttachment": "of a demand",
    "Message": "of a demand",
}


@pytest.mark.parametrize("name", ROUTES)
def test_route(name, client, tmp_path):
    """What the law of the block refuses is refused on this route; what it lets through, and everything unblocked, goes through."""
    passes_under, route = ROUTES[name]
    world = World(
        client, tmp_path, acts_by_itself=name.startswith(("admin ", "inline ", "import", "command ", "file "))
    )
    found = {law: went_through(route, world, law) for law in ("unblocked", *LAWS)}
    assert found == {"unblocked": True} | {law: law in passes_under for law in LAWS}


def went_through(route, world, law):
    """Draws, blocks, acts, and leaves no trace for the next law."""
    with world.left_as_it_was(), world.acting():
        steps = route(world)
        next(steps)
        before = world.records()
        if law != "unblocked":
            with world.unit():
                why = {"cause": "breach_reported", "why": "says so", "by": world.colleague, "at": timezone.now()}
                block(world.person, law=make_law(law), **why)
        try:
            with transaction.atomic():
                shown = next(steps, None)
        except (ValidationError, ProtectedError):
            shown = None
        return world.records() != before if shown is None else shown


def test_every_route_has_a_row():
    """A new operation, command, page, inline, import, file or model decides what a block does to it."""
    read_only = {
        f"admin registry_{each.opts.model_name}_{view}"
        for each in people_admins()
        if not each.writable
        for view in ("add", "change", "delete")
    }
    known = ROUTES.keys() | read_only
    assert not {name for name in discovered() - known if not any(fnmatch(name, pattern) for pattern in NOT_HELD)}


def test_what_leads_to_a_person_is_held():
    """A new kind of record about people is held by their blocks, or is named here with its reason."""
    assert {model.__name__ for model in touching() if model not in HELD} == FREE.keys()
