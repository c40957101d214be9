from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = _("Personal data registry")

    def ready(self):
        from registry import checks  # noqa: F401 -- registers the system checks


class RegistryAdminConfig(AdminConfig):
    default_site = "registry.admin.site.RegistrySite"
