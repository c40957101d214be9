"""What a consent must say to be a ground (94-V art. 8(4)); a missing item makes it incomplete."""

from typing import NamedTuple

from django.utils.translation import gettext as _


class ConsentFacts(NamedTuple):
    """The items as recorded; None where the consent does not say."""

    operator_name: str
    operator_bin: str
    subject_name: str
    has_term: bool
    third_parties: bool | None
    cross_border: bool | None
    publication: bool | None
    data_list: str


class MissingItem(NamedTuple):
    """`item` is the sub-paragraph of art. 8(4) that the item stands in."""

    item: int
    message: str
    field: str


def missing_items(facts: ConsentFacts) -> list[MissingItem]:
    """Items of art. 8(4)(1)–(7) that the consent lacks, in the law's order. The eighth is the operator's own and optional."""
    asked = (
        (1, facts.operator_name and facts.operator_bin, _("the operator’s name and BIN"), "operator"),
        (2, facts.subject_name, _("the data subject’s name"), "subject"),
        (3, facts.has_term, _("the term of the consent"), "expires_on"),
        (4, facts.third_parties is not None, _("whether data may be passed to third parties"), "third_parties"),
        (5, facts.cross_border is not None, _("whether data cross the border"), "cross_border"),
        (6, facts.publication is not None, _("whether data are published"), "publication"),
        (7, facts.data_list, _("the list of data collected"), "data_list"),
    )
    return [MissingItem(item, message, field) for item, present, message, field in asked if not present]
