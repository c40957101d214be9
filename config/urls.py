from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from registry.admin.feeds import calendar_feed

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("calendar/<slug:token>.ics", calendar_feed, name="calendar_feed"),
]
handler403 = "registry.admin.errors.permission_denied"
handler404 = "registry.admin.errors.not_found"
handler500 = "registry.admin.errors.server_error"
