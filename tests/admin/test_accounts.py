import json

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.urls import reverse

from registry.journal import unit
from registry.models import JournalEntry, Membership, User
from tests.factories import PASSWORD, make_user, save
from tests.forms import form_fields, post, url

pytestmark = pytest.mark.django_db
LOGIN = "/admin/login/"


def actions():
    return list(JournalEntry.objects.order_by("seq").values_list("action", flat=True))


@pytest.fixture
def client_of_administrator(browser_client):
    return browser_client(make_user("administrator", username="root"))


def test_login_and_failure_are_entries_without_the_typed_name(client, dpo):
    """Logins are told with the actor; a failure with nothing that was typed: it may be a password."""
    client.post(LOGIN, {"username": "my secret", "password": "x"})
    failed = JournalEntry.objects.latest("seq")
    assert failed.action == "login.failed"
    assert failed.actor is None and "secret" not in failed.body
    client.post(LOGIN, {"username": dpo.username, "password": PASSWORD})
    assert (JournalEntry.objects.latest("seq").action, JournalEntry.objects.latest("seq").actor) == ("login", dpo.pk)
    client.post(reverse("admin:logout"))
    assert actions()[-1] == "logout"


def test_link_of_a_strange_page_logs_nobody_out(client, dpo):
    """Logging out is an act: an address that is only opened does nothing, and no entry says otherwise."""
    client.post(LOGIN, {"username": dpo.username, "password": PASSWORD})
    assert client.get(reverse("admin:logout")).status_code == 405
    assert client.get(reverse("admin:index")).status_code == 200
    assert "logout" not in actions()


def test_session_id_changes_at_login(client, dpo):
    """A session somebody prepared is worth nothing after the login."""
    client.get(LOGIN)
    client.cookies["sessionid"] = "prepared"
    client.post(LOGIN, {"username": dpo.username, "password": PASSWORD})
    assert client.cookies["sessionid"].value != "prepared"


def test_one_time_password_opens_the_password_page_only(client, dpo):
    """At the first login a new password is asked for; nothing else opens before."""
    dpo.must_change_password = True
    dpo.save()
    client.post(LOGIN, {"username": dpo.username, "password": PASSWORD})
    for page in (reverse("admin:index"), reverse("admin:registry_datasubject_changelist")):
        assert client.get(page).url == reverse("admin:password_change")
    new = "another horse battery"
    fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post(reverse("admin:password_change"), fields).status_code == 302
    assert client.get(reverse("admin:index")).status_code == 200
    assert "password.change" in actions()


def test_new_user_gets_a_one_time_password_shown_once(client_of_administrator, client):
    """The administrator never chooses a password: one is made, shown once, and must be changed."""
    add = reverse("admin:registry_user_add")
    fields = form_fields(client_of_administrator.get(add).context, username="asel")
    response = client_of_administrator.post(add, fields)
    user = User.objects.get(username="asel")
    assert response.context["password"] and user.check_password(response.context["password"])
    assert user.must_change_password
    said = json.loads(JournalEntry.objects.latest("seq").body)
    assert said["action"] == "user.create"
    assert said["fields"] == ["username"]


def test_reset_password_ends_the_users_sessions(client_of_administrator, dpo):
    """A one-time password set by the administrator closes what was open."""
    theirs = Client()
    theirs.force_login(dpo, backend="registry.scope.RoleBackend")
    page = reverse("admin:registry_user_one_time_password", args=[dpo.pk])
    assert client_of_administrator.get(page).context["password"] == ""
    password = client_of_administrator.post(page).context["password"]
    dpo.refresh_from_db()
    assert dpo.check_password(password)
    assert theirs.get(reverse("admin:index")).status_code == 302


def test_administrator_cannot_lock_themselves_out(client_of_administrator):
    """One's own rights are changed by somebody else."""
    root = User.objects.get(username="root")
    page = reverse("admin:registry_user_change", args=[root.pk])
    fields = form_fields(client_of_administrator.get(page).context, is_administrator=None)
    response = client_of_administrator.post(page, fields)
    assert "You cannot change this for yourself." in response.content.decode()


def test_administrator_sees_no_personal_data(client_of_administrator, lapp):
    """Users and memberships, and nothing of what operators keep."""
    desk = client_of_administrator.get(reverse("admin:index")).content.decode()
    assert "Users and memberships are managed here" in desk
    for model in ("datasubject", "consent", "processingactivity", "importrun"):
        assert client_of_administrator.get(reverse(f"admin:registry_{model}_changelist")).status_code == 403


def test_administrator_is_no_member(lapp):
    """Who gives out rights does not read personal data."""
    from django.core.exceptions import ValidationError

    root = make_user("administrator")
    with pytest.raises(ValidationError, match="An administrator sees no personal data"):
        Membership(user=root, operator=lapp, role="dpo").full_clean()


def test_disabled_user_is_out_at_once(dpo, browser_client):
    """The session of a disabled account opens nothing."""
    client = browser_client(dpo)
    dpo.is_active = False
    dpo.save()
    assert client.get(reverse("admin:index")).status_code == 302


def test_next_address_stays_on_this_host(dpo, lapp, browser_client):
    """Nobody is sent elsewhere by a prepared form."""
    client = browser_client(dpo)
    response = client.post(
        reverse("admin:switch_operator"), {"operator": lapp.pk, "next": "https://evil.example/admin/registry/x/1/"}
    )
    assert response.url == reverse("admin:index")


def test_every_page_carries_the_strict_policy_and_is_not_stored(dpo, browser_client):
    """No inline code, no framing, no referrer to others, nothing kept by the browser."""
    response = browser_client(dpo).get(reverse("admin:index"))
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_failed_login_of_somebody_logged_in_is_a_failure(client, dpo):
    """A wrong password is told as such, whoever the browser belongs to."""
    client.post(LOGIN, {"username": dpo.username, "password": PASSWORD})
    client.post(LOGIN, {"username": dpo.username, "password": "wrong"})
    assert actions()[-1] == "login.failed"


def test_login_says_the_role_it_opens_with(client, lapp, kazger):
    """With two memberships the entry names the one that is current."""
    user = make_user("registrar", kazger, username="asel")
    save(Membership(user=user, operator=lapp, role="dpo"))
    client.post(LOGIN, {"username": "asel", "password": PASSWORD})
    said = json.loads(JournalEntry.objects.latest("seq").body)
    assert (said["action"], said["role"], said["operator"]) == ("login", "registrar", "kazger")
    assert said["uid"] == str(user.uid)


def test_one_time_password_cannot_be_kept(client, dpo):
    """The new password is another one."""
    dpo.must_change_password = True
    dpo.save()
    client.post(LOGIN, {"username": dpo.username, "password": PASSWORD})
    fields = {"old_password": PASSWORD, "new_password1": PASSWORD, "new_password2": PASSWORD}
    response = client.post(reverse("admin:password_change"), fields)
    assert "This is the present password. Choose another one." in response.content.decode()
    dpo.refresh_from_db()
    assert dpo.must_change_password


def test_journal_failure_leaves_the_old_password(client, dpo, monkeypatch):
    """What was not told did not happen: the old password still opens, the session goes on, and a second try succeeds."""
    User.objects.filter(pk=dpo.pk).update(must_change_password=True)
    client.post(LOGIN, {"username": dpo.username, "password": PASSWORD})
    new = "another horse battery"
    fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}

    def fail(*args, **kwargs):
        raise unit.DatabaseError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(unit, "_append_locked", fail)
        response = client.post(reverse("admin:password_change"), fields)
    dpo.refresh_from_db()
    assert (response.status_code, dpo.check_password(PASSWORD), dpo.must_change_password) == (503, True, True)
    assert "password.change" not in actions()
    assert client.post(reverse("admin:password_change"), fields).status_code == 302
    dpo.refresh_from_db()
    assert (dpo.check_password(new), dpo.must_change_password) == (True, False)
    assert client.get(reverse("admin:index")).status_code == 200
    assert client.post(LOGIN, {"username": dpo.username, "password": new}).status_code == 302


def test_entries_about_accounts_name_the_account(client_of_administrator, dpo):
    """Whose rights were changed, and who got a new password, is in the journal by uid."""
    page = reverse("admin:registry_user_change", args=[dpo.pk])
    client_of_administrator.post(page, form_fields(client_of_administrator.get(page).context, is_active=None))
    said = json.loads(JournalEntry.objects.latest("seq").body)
    assert (said["action"], said["uid"], said["fields"]) == ("user.change", str(dpo.uid), ["is_active"])
    client_of_administrator.post(reverse("admin:registry_user_one_time_password", args=[dpo.pk]))
    said = json.loads(JournalEntry.objects.latest("seq").body)
    assert (said["action"], said["uid"]) == ("password.reset", str(dpo.uid))


def test_administrator_with_a_membership_is_refused_in_words(client_of_administrator, lapp):
    """Both at once on one form is refused; nothing is added."""
    add = reverse("admin:registry_user_add")
    membership = {"memberships-TOTAL_FORMS": "1", "memberships-0-operator": lapp.pk, "memberships-0-role": "dpo"}
    fields = form_fields(client_of_administrator.get(add).context, username="both", is_administrator="on", **membership)
    response = client_of_administrator.post(add, fields)
    assert "An administrator is no member of an operator." in response.content.decode()
    assert not User.objects.filter(username="both").exists()


def test_user_without_a_membership_is_told_so(client, db):
    """The right password of somebody without a membership is no wrong password."""
    make_user("dpo", username="asel")
    page = client.post(LOGIN, {"username": "asel", "password": PASSWORD}).content.decode()
    assert "You are a member of no operator yet." in page
    wrong = client.post(LOGIN, {"username": "asel", "password": "x"}).content.decode()
    assert "User name or password is wrong." in wrong


def test_closed_account_is_told_so_to_whoever_knows_its_password(client, dpo, monkeypatch):
    """Nobody else learns of it, not by how long the answer takes either; it opens nothing, and is told as a failed login."""
    closed = make_user("dpo", username="left", is_active=False)
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *given: hashed.append(1) or encode(*given))

    def told(username, password):
        hashed.clear()
        page = client.post(LOGIN, {"username": username, "password": password}).content.decode()
        assert (actions()[-1], JournalEntry.objects.latest("seq").actor) == ("login.failed", None)
        return "This account is closed. Ask an administrator." in page, "User name or password is wrong." in page

    attempts = {closed.username: PASSWORD, dpo.username: "wrong", "nobody": PASSWORD}
    assert [told(*attempt) + (len(hashed),) for attempt in attempts.items()] == [
        (True, False, 1), (False, True, 1), (False, True, 1),
    ]  # fmt: skip
    assert told(closed.username, "wrong") == (False, True)
    assert client.get(reverse("admin:index")).status_code == 302


def test_administrator_reads_what_was_done_to_rights(client_of_administrator, lapp):
    """Memberships and accounts of every operator, and nothing else of them."""
    user = make_user("registrar", lapp)
    page = client_of_administrator.get(reverse("admin:registry_journalentry_changelist"))
    kinds = {(entry.object_type, entry.operator) for entry in page.context["cl"].result_list}
    assert ("membership", "lapp") in kinds
    assert {kind for kind, operator in kinds if operator} <= {"membership", "user"}
    assert user.memberships.exists()


@pytest.fixture
def another_administrator():
    """A second one, who has a browser of their own."""
    client = Client()
    client.force_login(make_user("administrator", username="aigerim"), backend="registry.scope.RoleBackend")
    return client


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"is_active": None}, lambda user: user.is_active is False),
        ({"memberships-0-role": "auditor"}, lambda user: user.memberships.get().role == "auditor"),
        ({"memberships-0-DELETE": "on"}, lambda user: not user.memberships.exists()),
    ],
    ids=["closed", "another role", "no member any more"],
)
def test_stale_form_of_a_user_gives_no_right_back(client_of_administrator, another_administrator, dpo, said, what):
    """Rights that somebody took away after the form was opened stay away; who did it is told, and what was typed is there."""
    fields = form_fields(client_of_administrator.get(url(dpo)).context, email="asel@example.kz")
    assert post(another_administrator, dpo, **said).status_code == 302
    conflict = client_of_administrator.post(url(dpo), fields)
    assert conflict.status_code == 409
    text = conflict.content.decode()
    assert "<strong>natalia</strong> was changed by aigerim on" in text
    assert "asel@example.kz" in text and "/history/" not in text
    dpo = User.objects.get(pk=dpo.pk)
    assert what(dpo) and dpo.email == ""
    assert post(client_of_administrator, dpo, email="asel@example.kz").status_code == 302
    dpo = User.objects.get(pk=dpo.pk)
    assert what(dpo) and dpo.email == "asel@example.kz"


def test_conflict_about_a_user_of_whom_nothing_is_told_names_nobody(client_of_administrator, db):
    """Somebody changed the table itself: that is no reason to overwrite it, nor to name one who did not."""
    user = make_user("dpo", username="asel")
    fields = form_fields(client_of_administrator.get(url(user)).context)
    User.objects.filter(pk=user.pk).update(is_active=False)
    conflict = client_of_administrator.post(url(user), fields)
    assert conflict.status_code == 409
    assert "<strong>asel</strong> was changed after you opened it." in conflict.content.decode()


def test_login_of_a_user_is_no_change_of_theirs(client_of_administrator, dpo):
    """The form of somebody who logs in meanwhile, or chooses a password, is saved as it is; what it says of them nobody can read."""
    page = client_of_administrator.get(url(dpo))
    fields = form_fields(page.context, email="natalia@example.kz")
    Client().post(LOGIN, {"username": dpo.username, "password": PASSWORD})
    assert client_of_administrator.post(url(dpo), fields).status_code == 302
    assert dpo.username not in page.context["seen"]


def test_one_time_password_gives_no_right_back(client_of_administrator, dpo, monkeypatch):
    """The account is closed while the password is being made: it stays closed."""

    def made_meanwhile():
        User.objects.filter(pk=dpo.pk).update(is_active=False)
        return "another horse battery"

    monkeypatch.setattr("registry.admin.user.one_time_password", made_meanwhile)
    client_of_administrator.post(reverse("admin:registry_user_one_time_password", args=[dpo.pk]))
    dpo.refresh_from_db()
    assert dpo.check_password("another horse battery") and not dpo.is_active
