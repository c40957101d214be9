"""Settings of a process that shows no page: the admin's classes are not loaded, which saves a second and forty megabytes."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

PAGES, NO_PAGES = "registry.apps.RegistryAdminConfig", "django.contrib.admin.apps.SimpleAdminConfig"
INSTALLED_APPS = [NO_PAGES if name == PAGES else name for name in INSTALLED_APPS]
