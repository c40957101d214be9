"""Lists as one goes through them, by their links alone, and how SQLite finds what they ask for."""

from django.db import connection

PART_UNSORTED = "A part of a list is not sorted by a column. Choose a filter or a shorter period first."


def walked(client, address):
    """The keys on all the pages and stretches of a list, in the order they are met by its links alone."""
    keys = []
    while address:
        changelist = client.get(address).context["cl"]
        for number in changelist.paginator.page_range:
            page = client.get(address.partition("?")[0] + changelist_page(changelist, address, number))
            keys.append([record.pk for record in page.context["cl"].result_list])
        address = changelist.go_on and address.partition("?")[0] + changelist.go_on
    return keys


def stretches(client, address):
    """The addresses that one comes through by looking further."""
    found = []
    while address:
        found.append(address)
        go_on = client.get(address).context["cl"].go_on
        address = go_on and address.partition("?")[0] + go_on
    return found


def changelist_page(changelist, address, number):
    return "?" + address.partition("?")[2] + f"&p={number}"


def plans(queries, part):
    """SQLite's plan of each query that has this part."""
    for asked in [query["sql"] for query in queries if part in query["sql"]]:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + asked.replace("%", "%%"))
            yield " · ".join(row[-1] for row in cursor.fetchall())
