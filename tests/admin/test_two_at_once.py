"""Two officers at the very same moment, each in a thread and a connection of their own."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from registry import journal
from registry.models import Purpose, ResponsiblePerson
from tests.awaited import until_awaited
from tests.factories import make_operator, make_purpose, make_user
from tests.forms import form_fields
from tests.world import make_world

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts):
    """Runs the acts at once; what each returned or raised."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place, act):
        barrier.wait()
        try:
            results[place] = act()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_two_saves_of_one_person_one_is_a_conflict():
    """Neither officer overwrites the other without being told."""
    world = make_world("lapp")
    subject = world["datasubject"]
    url = reverse("admin:registry_datasubject_change", args=[subject.pk])
    posts = []
    for change in ({"phone": "+77010000001"}, {"email": "asem@example.kz"}):
        client = Client()
        client.force_login(make_user("dpo", world["operator"]), backend="registry.scope.RoleBackend")
        fields = form_fields(client.get(url).context, **change)
        posts.append(lambda client=client, fields=fields: client.post(url, fields).status_code)
    assert sorted(together(*posts)) == [302, 409]


def test_activation_and_removal_of_the_last_measure_cannot_both_happen():
    """The gate is asked under a lock: an active activity has its measure."""
    world = make_world("lapp")
    activity, link = world["processingactivity"], world["activitymeasure"]

    def activate():
        with journal.unit_of_work(by=None):
            type(activity).objects.get(pk=activity.pk).activate()

    def remove():
        with journal.unit_of_work(by=None):
            type(link).objects.get(pk=link.pk).delete()

    results = together(activate, remove)
    assert sum(isinstance(result, ValidationError) for result in results) == 1
    activity.refresh_from_db()
    assert (activity.status == "active") == activity.measures.exists()


def test_one_deputy_is_not_entered_twice_at_once():
    """No index forbids it: the second save waits for the first and meets its entry."""
    lapp = make_operator("lapp")

    def appoint():
        with journal.unit_of_work(by=None):
            ResponsiblePerson(operator=lapp, name="Asel", is_deputy=True).save()

    results = together(appoint, appoint)
    assert sum(isinstance(result, ValidationError) for result in results) == 1
    assert ResponsiblePerson.objects.count() == 1


def test_file_does_not_undo_what_is_saved_while_it_is_imported(desk, lapp):
    """The import waits for whoever is at the entry, then reads it: an import writes whole entries, not the columns of its file."""
    make_purpose(lapp, "news", name_ru="Новости")
    desk("purpose", "code;name_kk\nnews;Жаңалықтар\n")
    is_saved = threading.Event()

    def correct():
        with journal.unit_of_work(by=None):
            purpose = Purpose.objects.get()
            purpose.name_ru = "Новости и акции"
            purpose.save()
            is_saved.set()
            until_awaited()

    def confirm():
        assert is_saved.wait(10)
        return desk.confirm().content.decode()

    _corrected, page = together(correct, confirm)
    assert "Import finished: 0 new, 1 changed, 0 unchanged." in page
    purpose = Purpose.objects.get()
    assert (purpose.name_ru, purpose.name_kk) == ("Новости и акции", "Жаңалықтар")
