"""The pieces every screen is drawn from, and what no template may hold."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.contrib.admin.helpers import InlineAdminFormSet
from django.contrib.admin.templatetags.admin_list import _boolean_icon
from django.utils.safestring import mark_safe

from registry.templatetags.registry_ui import (
    column_labels,
    error_links,
    grouped,
    import_bar,
    in_words,
    initials,
    inline_data,
    labelled_cells,
    pill,
    plain_label,
    row_counts,
    state_pill,
)

TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))


def widths(svg):
    return [(name, int(width)) for name, width in re.findall(r'class="(\w+)" x="\d+" y="0" width="(\d+)"', svg)]


def test_a_state_is_a_word_in_a_pill_and_never_markup():
    """A name written as markup is shown as it was typed."""
    assert pill("<b>draft</b>", "warn") == '<span class="pill warn">&lt;b&gt;draft&lt;/b&gt;</span>'


def test_an_unknown_state_is_quiet():
    """A state nobody gave a colour gets none."""
    assert state_pill("strange", "Strange") == '<span class="pill quiet">Strange</span>'
    assert state_pill("active", "Active") == '<span class="pill ok">Active</span>'


@pytest.mark.parametrize(
    ("number", "shown"), [(7, "7"), (48210, "48\u00a0210"), (1234567, "1\u00a0234\u00a0567"), ("whole", "whole")]
)
def test_large_numbers_are_read_in_groups_of_three(number, shown):
    """Thousands are set apart alike in the three languages, and a number never breaks over two lines."""
    assert grouped(number) == shown


def test_one_rejected_line_among_a_million_is_seen():
    """The bar of a run shows every kind of row that occurred, however few."""
    bar = import_bar({"new": 0, "changed": 0, "same": 999_999, "stopped": 0, "rejected": 1})
    assert [name for name, _width in widths(bar)] == ["same", "rejected"]
    assert dict(widths(bar))["rejected"] >= 6


def test_the_bar_says_its_numbers_in_words():
    """Who cannot see the bar hears the same numbers."""
    bar = import_bar({"new": 1204, "changed": 1, "same": 0, "stopped": 0, "rejected": 2})
    assert 'aria-label="1\u00a0204 new, 1 changed, 0 same, 0 stopped, 2 rejected"' in bar


def test_the_bar_of_a_run_given_up_half_way_stays_half_empty():
    """What was never reached is no part of it."""
    assert widths(import_bar({"rows": 800, "new": 380, "rejected": 20})) == [("new", 475), ("rejected", 25)]


def test_a_run_without_rows_has_an_empty_bar():
    """Nothing read draws nothing, and does not fail."""
    assert widths(import_bar({"new": 0})) == []


def test_initials_come_from_the_name_of_the_user():
    """The account button shows two letters, of the name or of the log-in."""
    assert initials("natalia.chilikina") == "NC"
    assert initials("") == "?"


def test_a_label_loses_its_colon_only():
    """Labels stand in a column of their own, without the colon Django adds."""
    assert plain_label('<label for="a">Ends: when:</label>') == '<label for="a">Ends: when</label>'


@pytest.mark.parametrize(("stored", "word"), [(True, "Yes"), (False, "No"), (None, "Unknown")])
def test_yes_and_no_are_words(stored, word):
    """A yes or no is written out, in lists and on forms that are only read."""
    assert in_words(_boolean_icon(stored)) == word


def test_only_the_pictures_of_django_become_words():
    """What somebody typed stays what it is, and never becomes markup."""
    assert in_words('<img src="/x/icon-yes.svg" alt="True">') == (
        "&lt;img src=&quot;/x/icon-yes.svg&quot; alt=&quot;True&quot;&gt;"
    )
    assert in_words(mark_safe('<img src="/x/photo.svg" alt="True">')) == '<img src="/x/photo.svg" alt="True">'


def test_every_cell_of_a_list_names_its_column():
    """On a narrow screen a row is a card: each value stands beside the name of its column, an empty one is left out."""
    headers = [
        {"text": "<input>", "class_attrib": ' class="action-checkbox-column"'},
        {"text": 'e"mail'},
        {"text": "kind"},
    ]
    cells = ["<td>[]</td>", mark_safe('<th class="field-x">a</th>'), mark_safe('<td class="field-y">—</td>')]
    assert labelled_cells(list(map(mark_safe, cells)), column_labels(headers)) == (
        '<td>[]</td><th data-label="E&quot;mail" class="field-x">a</th><td data-label="Kind" data-blank class="field-y">—</td>'
    )
    assert labelled_cells([mark_safe("<td>a</td>"), mark_safe("<td>b</td>")], column_labels([{"text": "x"}])).endswith(
        "<td>b</td>"
    )


class Person(forms.Form):
    name = forms.CharField(label="name in full")
    kinds = forms.MultipleChoiceField(choices=[("a", "A")], widget=forms.CheckboxSelectMultiple)

    def clean(self):
        raise forms.ValidationError("Two things do not go together.")


def inline_of(formset):
    names = {"verbose_name": "category of the person", "verbose_name_plural": "categories of the person"}
    return InlineAdminFormSet(SimpleNamespace(**names, classes=None), formset, [], model_admin=None)


def test_every_error_leads_to_its_field():
    """Above a long form stands each error, in the order of the form, with a link to where it is corrected."""
    data = {"rows-TOTAL_FORMS": "2", "rows-INITIAL_FORMS": "0", "rows-1-name": " ", "rows-1-kinds": ["a"]}
    rows = forms.formset_factory(Person, max_num=1, validate_max=True)(data, prefix="rows")
    found = [(error["label"], error["target"]) for error in error_links(Person({}), [inline_of(rows)])]
    assert found == [
        ("", ""),
        ("Name in full", "id_name"),
        ("Kinds", "id_kinds"),
        ("Categories of the person", "rows-group"),
        ("Categories of the person, row 2", "rows-1"),
        ("Categories of the person, row 2 · Name in full", "id_rows-1-name"),
    ]
    assert error_links(Person()) == []


def test_another_row_is_asked_for_in_a_sentence():
    """“Add another” is followed by the name as it stands in a sentence."""
    rows = inline_of(forms.formset_factory(Person)(prefix="rows"))
    assert json.loads(inline_data(rows))["options"] == {
        "prefix": "rows",
        "addText": "Add another category of the person",
        "deleteText": "Remove",
    }


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(settings.BASE_DIR).as_posix())
def test_no_page_carries_inline_style_or_script(path):
    """The content policy forbids inline styles, scripts and handlers, so no template writes one."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text, re.IGNORECASE)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text, re.IGNORECASE)


@pytest.mark.parametrize(
    "sent", [None, {"rows-TOTAL_FORMS": "9", "rows-INITIAL_FORMS": "2"}, {"rows-TOTAL_FORMS": "<"}]
)
def test_counts_of_rows_are_as_django_draws_them(sent):
    """Also where they came back with a form that is shown again, and where somebody made them up."""
    initial = [{"name": ""}, {"name": ""}]
    formset = forms.formset_factory(forms.Form, extra=1, max_num=7)(sent, initial=initial, prefix="rows")
    drawn, by_django = (
        re.findall(r"<input[^>]*>", str(each)) for each in (row_counts(formset), formset.management_form)
    )
    assert list(map(told, drawn)) == list(map(told, by_django))
    assert len(drawn) == 4


def told(tag):
    return re.findall(r'([\w-]+)="([^"]*)"', tag)
