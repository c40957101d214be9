"""What the rows of a file are compared with besides people: the operator's purposes, policy versions and data lists."""

import hashlib
import json
from functools import lru_cache

from registry.models import ActivityDataCategory, Consent, Policy, ProcessingActivity, Purpose
from registry.rules.consent import ConsentFacts, missing_items


class Reference:
    """Read once for a plan. Its digest binds the plan: applied is what was shown, under the register that was shown."""

    def __init__(self, operator):
        self.operator = operator
        purposes = Purpose.objects.filter(operator=operator).order_by("code")
        self.purposes = {
            code: (pk, marketing) for pk, code, marketing in purposes.values_list("pk", "code", "is_marketing")
        }
        kinds = {True: Consent.Kind.MARKETING.value, False: Consent.Kind.PROCESSING.value}
        self._purposes = {code: (pk, kinds[marketing]) for code, (pk, marketing) in self.purposes.items()}
        published = Policy.objects.filter(operator=operator, published_on__isnull=False, effective_on__isnull=False)
        self.policies = list(published.order_by("-effective_on", "-pk").values_list("effective_on", "pk", "language"))
        self.data_lists = self._data_lists()
        self.missing = lru_cache(4096)(self._missing)
        self.policy_on = lru_cache(65_536)(self._policy_on)

    def purpose(self, code):
        """(id of the purpose, kind of the consents given for it)."""
        return self._purposes[code]

    def _policy_on(self, day):
        """Id of the policy version in force on that day, or None."""
        return next((pk for effective_on, pk, _language in self.policies if effective_on <= day), None)

    def digest(self):
        said = [
            sorted(self.purposes.items()),
            [[str(effective_on), pk] for effective_on, pk, _language in self.policies],
            sorted(self.data_lists.items()),
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def _data_lists(self):
        """Purpose id → item 7 of a consent: what the activities declare as needed for the purpose."""
        language = self.policies[0][2] if self.policies else "en"
        links = (
            ActivityDataCategory.objects.filter(operator=self.operator)
            .exclude(activity__status=ProcessingActivity.Status.ENDED)
            .select_related("activity_purpose", "data_category")
        )
        names = {}
        for link in links:
            names.setdefault(link.activity_purpose.purpose_id, set()).add(link.data_category.name_in(language))
        return {purpose: "; ".join(sorted(listed)) for purpose, listed in names.items()}

    def _missing(self, has_term, third_parties, cross_border, publication, has_data_list):
        """Names of the items of art. 8(4) that a consent lacks; the person has a name, or would not be imported."""
        facts = ConsentFacts(
            operator_name=self.operator.name,
            operator_bin=self.operator.bin,
            subject_name="—",
            has_term=has_term,
            third_parties=third_parties,
            cross_border=cross_border,
            publication=publication,
            data_list="—" if has_data_list else "",
        )
        return tuple(str(item.message) for item in missing_items(facts))
