"""How the files of a source are read: said once, remembered, and found again by their columns."""

from django.db.models import Max, OuterRef, Subquery
from django.utils.translation import gettext as _

from registry import journal
from registry.journal.history import history_model
from registry.models import PERSONAL, DataSubject, ImportRun, ImportSource

from .columns import number_in, read_defaults, read_mapping
from .crm_file import Said
from .headers import kept_header


def said_of(source: ImportSource) -> Said:
    """What was once said of the source's files, as somebody would say it of this one."""
    lines = lines_of(source.mapping)
    numbered = tuple(line for line in lines if number_in(line))
    return Said(
        source.encoding or None,
        source.delimiter or None,
        tuple(line for line in lines if line not in numbered),
        lines_of(source.defaults),
        source.date_order,
        source.blank_clears,
        order_remembered=bool(source.date_order),
        numbered=numbered,
        numbered_in=_header_of(numbered, source) if numbered else (),
        as_of=newest_rows([source]).get(source.pk, 0),
    )


def newest_rows(sources):
    """{id of a source: its newest history row}: where that is another one, somebody changed the source meanwhile."""
    rows = history_model(ImportSource).objects.filter(id__in=[source.pk for source in sources])
    return dict(rows.order_by().values_list("id").annotate(newest=Max("history_id")))


def _header_of(numbered, source):
    """The header row of the source's last file, where its columns were read as these numbers say; else none."""
    last = _last_files(source.runs).first() or ()
    read = {number: field for number, (_name, field) in enumerate(last, 1)}
    if any(read.get(number_in(line)) != line.rpartition("=")[2].strip() for line in numbered):
        return ()
    return tuple(name for name, _field in last)


def _last_files(runs):
    """The columns of the files that were read into a plan, the last one first."""
    return runs.filter(planned_at__isnull=False).order_by("-pk").values_list("mapping", flat=True)


def over(
    said: Said, *, encoding=None, delimiter=None, mapping=(), defaults=(), date_order="", blank_clears=False
) -> Said:
    """What a source says, with what somebody says of this one file going before it."""
    return said._replace(
        encoding=encoding or said.encoding,
        delimiter=delimiter or said.delimiter,
        mapping=(*said.mapping, *mapping),
        defaults=(*said.defaults, *defaults),
        date_order=date_order or said.date_order,
        order_remembered=said.order_remembered and not date_order,
        blank_clears=blank_clears or said.blank_clears,
    )


def heeds(said: Said, *, mapping=(), defaults=(), **others) -> bool:
    """Whether all that somebody says of a file stands in `said` already; None or empty is nothing said."""
    lines = set(mapping) <= {*said.mapping, *said.numbered} and set(defaults) <= set(said.defaults)
    return lines and all(getattr(said, name) == value for name, value in others.items() if value)


def remember(source: ImportSource, said: Said, *, accept_damaged_names=False, by, role, reason="") -> ImportSource:
    """Keeps what was said with a source, new or old, as a change of it like any other. FileRefused where lines cannot be read,
    ValidationError where the name is taken.
    """
    mapping = (*said.numbered, *said.mapping)
    read_mapping(mapping)
    read_defaults(said.defaults)
    source.encoding, source.delimiter = said.encoding or "", said.delimiter or ""
    source.mapping, source.defaults = "\n".join(mapping), "\n".join(said.defaults)
    source.date_order, source.blank_clears = said.date_order, said.blank_clears
    source.accept_damaged_names = accept_damaged_names
    with journal.unit_of_work(by=by, role=role, operator=source.operator, reason=reason):
        source.full_clean()
        source.save()
    return source


def of_columns(operator, header) -> ImportSource | None:
    """The source whose own last file had these very columns; None where no source's had, or those of more than one.

    Headers that are only kept as numbers tell nothing: the first line may be somebody's row. Where the source names a column by
    its number, the order of the columns must be the same, too.
    """
    kept = sorted(kept_header(header))
    if kept != sorted(header):
        return None
    last_file = _last_files(ImportRun.objects.filter(source=OuterRef("pk")))[:1]
    sources = ImportSource.objects.filter(operator=operator).annotate(last_file=Subquery(last_file))
    found = [source for source in sources if _fits(source, header)]
    return found[0] if len(found) == 1 else None


def _fits(source, header):
    last = [name for name, _field in source.last_file or ()]
    in_any_order = not any(map(number_in, lines_of(source.mapping)))
    return last == header or (in_any_order and sorted(last) == sorted(header))


def why_taken(source):
    """Of a source that was found by the columns of a file."""
    said = _("Its columns are those of the source “%(name)s”: it is read as that one's files are.")
    return said % {"name": source}


def is_somebodys_own(field):
    """Whether what a default says of this field is one person's: then it is nothing to be kept, with a source or with a run."""
    return field == "agreement_number" or DataSubject.FIELD_CLASSES.get(field) == PERSONAL


def lines_of(text):
    return tuple(line for line in map(str.strip, text.splitlines()) if line)
