"""What was said of a source's files, kept and found again."""

import pytest
from django.core.exceptions import ValidationError

from registry.imports import sources
from registry.imports.crm_file import Said
from registry.imports.inspection import FileRefused
from registry.models import ImportRun, ImportSource, JournalEntry
from tests import factories

pytestmark = pytest.mark.django_db
SAID = Said("cp1251", "tab", ("Nr=crm_id", "Note="), ("consent_purpose=email-information",), "mdy", True)
ACTING = {"by": None, "role": "system"}


def test_what_was_said_comes_back(lapp):
    """All that can be said of a file is kept with its source, and nothing else."""
    source = sources.remember(ImportSource(operator=lapp, name="CRM"), SAID, accept_damaged_names=True, **ACTING)
    source.refresh_from_db()
    assert sources.said_of(source) == SAID
    assert source.accept_damaged_names
    assert sources.said_of(factories.save(ImportSource(operator=lapp, name="Other"))) == Said()


def test_remembering_is_a_change_like_any_other(lapp, dpo):
    """A source said anew has its history and its entry, with the reason."""
    source = factories.save(ImportSource(operator=lapp, name="CRM"))
    sources.remember(source, SAID, by=dpo, role="dpo", reason="columns of import #7")
    row = source.history.latest()
    assert (row.history_user_id, row.history_change_reason) == (dpo.pk, "columns of import #7")
    assert JournalEntry.objects.latest("seq").object_type == "importsource"


def test_nothing_is_kept_that_no_import_could_read(lapp):
    """A line that an import would refuse is refused before it is kept; so is a name that is taken."""
    with pytest.raises(FileRefused, match="^A mapping is written"):
        sources.remember(ImportSource(operator=lapp, name="CRM"), Said(mapping=("x",)), **ACTING)
    with pytest.raises(FileRefused, match="^A default is written"):
        sources.remember(ImportSource(operator=lapp, name="CRM"), Said(defaults=("uid=1",)), **ACTING)
    factories.save(ImportSource(operator=lapp, name="CRM"))
    with pytest.raises(ValidationError, match="There is a source of this name already"):
        sources.remember(ImportSource(operator=lapp, name="CRM"), SAID, **ACTING)
    assert ImportSource.objects.count() == 1


def run_of(source, *header, planned_at="2026-11-20T10:00+05:00"):
    return ImportRun.objects.create(
        operator=source.operator,
        source=source,
        file_name="x.csv",
        mapping=[[name, ""] for name in header],
        planned_at=planned_at,
    )


def test_source_is_known_by_the_columns_of_its_last_file(lapp, kazger):
    """The same columns in any order; of another source, an earlier file or another operator they tell nothing."""
    sales = factories.save(ImportSource(operator=lapp, name="Sales"))
    run_of(sales, "A", "B")
    run_of(factories.save(ImportSource(operator=kazger, name="Theirs")), "C")
    assert sources.of_columns(lapp, ["B", "A"]) == sales
    assert sources.of_columns(lapp, ["A"]) is sources.of_columns(lapp, ["C"]) is None
    run_of(sales, "A", "B", "C", planned_at=None)
    assert sources.of_columns(lapp, ["B", "A"]) == sales
    run_of(sales, "A", "B", "C")
    assert sources.of_columns(lapp, ["B", "A"]) is None


def test_two_sources_with_the_same_columns_are_not_told_apart(lapp):
    """Nobody guesses which of two CRMs wrote the file."""
    for name in ("Sales", "Support"):
        run_of(factories.save(ImportSource(operator=lapp, name=name)), "A", "B")
    assert sources.of_columns(lapp, ["A", "B"]) is None
