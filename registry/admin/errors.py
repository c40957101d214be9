"""Error pages: a sentence and a way back, never a trace."""

from django.shortcuts import render


def permission_denied(request, exception=None):
    return render(request, "403.html", status=403)


def not_found(request, exception=None):
    return render(request, "404.html", status=404)


def server_error(request):
    return render(request, "500.html", status=500)


def unavailable(request):
    """The journal could not be written, so nothing was done."""
    return render(request, "503.html", status=503)


def disk_full(request):
    """There was no room for a file, so nothing was done."""
    return render(request, "503.html", {"disk_full": True}, status=503)
