import pkgutil
from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = _("Personal data registry")

    def ready(self):
        from registry import checks, search  # noqa: F401 -- registers the system checks

        post_migrate.connect(search.install_after_migrate, sender=self)


class RegistryAdminConfig(AdminConfig):
    default_site = "registry.admin.site.RegistrySite"

    def ready(self):
        super().ready()
        # One file per concept. The package itself imports none of them: its site is needed before they are.
        from registry import admin

        for module in pkgutil.iter_modules(admin.__path__):
            import_module(f"registry.admin.{module.name}")
