"""How the files of a source are read: said once, remembered, and found again by their columns."""

from registry import journal
from registry.models import ImportRun, ImportSource

from .columns import by_number, read_defaults, read_mapping
from .crm_file import Said
from .headers import kept_header

# Runs looked at to find the source of a file by its columns.
RUNS_LOOKED_AT = 100


def said_of(source: ImportSource) -> Said:
    """What was once said of the source's files, as somebody would say it of this one."""
    return Said(
        source.encoding or None,
        source.delimiter or None,
        lines_of(source.mapping),
        lines_of(source.defaults),
        source.date_order,
        source.blank_clears,
    )


def over(
    said: Said, *, encoding=None, delimiter=None, mapping=(), defaults=(), date_order="", blank_clears=False
) -> Said:
    """What a source says, with what somebody says of this one file going before it."""
    return Said(
        encoding or said.encoding,
        delimiter or said.delimiter,
        (*said.mapping, *mapping),
        (*said.defaults, *defaults),
        date_order or said.date_order,
        blank_clears or said.blank_clears,
    )


def heeds(said: Said, *, mapping=(), defaults=(), **others) -> bool:
    """Whether all that somebody says of a file stands in `said` already; None or empty is nothing said."""
    lines = set(mapping) <= set(said.mapping) and set(defaults) <= set(said.defaults)
    return lines and all(getattr(said, name) == value for name, value in others.items() if value)


def remember(source: ImportSource, said: Said, *, accept_damaged_names=False, by, role, reason="") -> ImportSource:
    """Keeps what was said with a source, new or old, as a change of it like any other. FileRefused where lines cannot be read,
    ValidationError where the name is taken.
    """
    read_mapping(said.mapping)
    read_defaults(said.defaults)
    source.encoding, source.delimiter = said.encoding or "", said.delimiter or ""
    source.mapping, source.defaults = "\n".join(said.mapping), "\n".join(said.defaults)
    source.date_order, source.blank_clears = said.date_order, said.blank_clears
    source.accept_damaged_names = accept_damaged_names
    with journal.unit_of_work(by=by, role=role, operator=source.operator, reason=reason):
        source.full_clean()
        source.save()
    return source


def of_columns(operator, header) -> ImportSource | None:
    """The source whose last file had these very columns; None where no source's had, or those of more than one.

    Headers that are only kept as numbers tell nothing: the first line may be somebody's row. Where the source names a column by
    its number, the order of the columns must be the same, too.
    """
    kept, found = sorted(kept_header(header)), {}
    if kept != sorted(header):
        return None
    runs = ImportRun.objects.filter(operator=operator, source__isnull=False, planned_at__isnull=False)
    seen = set()
    for run in runs.select_related("source").order_by("-pk")[:RUNS_LOOKED_AT]:
        if run.source_id in seen:
            continue
        seen.add(run.source_id)
        last = [name for name, _field in run.mapping]
        if last == header or (sorted(last) == kept and not by_number(lines_of(run.source.mapping))):
            found[run.source_id] = run.source
    return next(iter(found.values())) if len(found) == 1 else None


def lines_of(text):
    return tuple(line for line in map(str.strip, text.splitlines()) if line)
