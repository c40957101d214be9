"""What an entry can tell. The values stand in the journal for ever: none is renamed or removed."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Action(models.TextChoices):
    CREATE = "create", _("created")
    CHANGE = "change", _("changed")
    DELETE = "delete", _("deleted")
    VIEW = "view", _("opened")
    LIST = "list", _("listed")
    SEARCH = "search", _("searched")
    HISTORY = "history", _("history read")
    LOGIN = "login", _("logged in")
    LOGIN_FAILED = "login.failed", _("login failed")
    LOGOUT = "logout", _("logged out")
    REFUSED = "refused", _("refused")
    PASSWORD_CHANGE = "password.change", _("password changed")
    PASSWORD_RESET = "password.reset", _("one-time password set")
    OPERATOR_SWITCH = "operator.switch", _("switched operator")
    USER_CREATE = "user.create", _("user added")
    USER_CHANGE = "user.change", _("user changed")
    IMPORT_PLAN = "import.plan", _("import planned")
    IMPORT_PREVIEW = "import.preview", _("import previewed")
    IMPORT_APPLY = "import.apply", _("import applied")
    IMPORT_REJECT = "import.reject", _("import refused")
    IMPORT_CANCEL = "import.cancel", _("import cancelled")
    IMPORT_UNDO = "import.undo", _("import undone")
    IMPORT_LIST_VIEW = "import.list.view", _("list of an import read")
    IMPORT_LIST_DOWNLOAD = "import.list.download", _("list of an import downloaded")
    REJECTS_VIEW = "rejects.view", _("rejected rows read")
    REJECTS_DOWNLOAD = "rejects.download", _("rejected rows downloaded")
    EXPORT_START = "export.start", _("export started")
    EXPORT_FINISH = "export.finish", _("export finished")
    EXPORT_TRACE = "export.trace", _("lines of an export traced")
    REGISTER_VIEW = "register.view", _("register read")
    JOURNAL_VERIFY = "journal.verify", _("journal verified")
    REMINDER_SEND = "reminder.send", _("reminder of what is due sent")
