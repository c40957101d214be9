"""What the web server runs."""

import gc
import os
from itertools import count

from django.core.signals import request_started
from django.core.wsgi import get_wsgi_application
from django.urls import resolve

# A page makes some thousands of objects that refer to each other: forms, queries, a template's context. What Python's collector
# finds of them while they are in use it keeps for long, and every thirtieth page waited for all that had gathered so. Hence it
# leaves a page alone, and what the last one left goes before the next one begins; what several at once have kept, in a while.
OBJECTS_OF_A_PAGE = 50_000
PAGES_UNTIL_ALL = 50
gc.set_threshold(OBJECTS_OF_A_PAGE, *gc.get_threshold()[1:])

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
resolve("/")  # loads every page's code, which the first visitor would else wait for
# What is there from the beginning stays. Going through it for garbage made every fortieth page a sixth of a second longer.
gc.collect()
gc.freeze()

pages = count(1)


def collect_garbage(**_signal):
    page = next(pages)
    gc.collect(1 if page % PAGES_UNTIL_ALL else 2)
    if page == PAGES_UNTIL_ALL:  # templates and what else the first pages loaded stay, too
        gc.freeze()


request_started.connect(collect_garbage)
