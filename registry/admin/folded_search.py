"""The search of short lists: what is typed is found whatever its letter case and alphabet, on either database."""

from django.utils.text import smart_split, unescape_string_literal

from registry.rules.names import collapse, fold


class FoldedSearch:
    """For lists that do not grow with the people: they are read whole. SQLite itself knows no letter case but that of a to z, and
    neither database takes Kazakh letters for the Russian ones typed for them.
    """

    def get_search_results(self, request, queryset, search_term):
        """Those in which every word, or phrase in quotation marks, stands in one of the fields."""
        terms = [fold(collapse(term)) for term in words_of(search_term)]
        if not terms:
            return queryset, False
        records = queryset.order_by().values_list("pk", *self.get_search_fields(request))
        texts = ((pk, fold("\n".join(filter(None, said)))) for pk, *said in records)
        return queryset.filter(pk__in=[pk for pk, text in texts if all(term in text for term in terms)]), False


def words_of(search_term):
    for word in smart_split(search_term):
        quoted = len(word) > 1 and word[0] in "\"'" and word[0] == word[-1]
        yield unescape_string_literal(word) if quoted else word
