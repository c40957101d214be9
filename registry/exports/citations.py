"""Norms as a letter cites them: the law by its name, the article in the words of that law, and the mark of how it was verified."""

import re

from registry.exports.terms import LANGUAGES, Words
from registry.models import Law, Norm

# article, its part, the part's part: each law has its own words for them
PLACES = {
    "en": {"": ("article {}", "paragraph {}", "subparagraph {}"), "RU": ("article {}", "part {}", "item {}"),
           "EU": ("article {}", "paragraph {}", "point {}")},
    "ru": {"": ("статья {}", "пункт {}", "подпункт {}"), "RU": ("статья {}", "часть {}", "пункт {}"),
           "EU": ("статья {}", "пункт {}", "подпункт {}")},
    "kk": {"": ("{}-бап", "{}-тармақ", "{}-тармақша"), "RU": ("{}-бап", "{}-бөлік", "{}-тармақ"),
           "EU": ("{}-бап", "{}-тармақ", "{}-тармақша")},
}  # fmt: skip
ACTS = {
    "Rules": ("Rules {}", "Правила {}", "{} қағидалары"),
    "Digital Code": ("Digital Code {}", "Цифровой кодекс {}", "{} Цифрлық кодексі"),
    "Roskomnadzor Order": ("Roskomnadzor Order {}", "приказ Роскомнадзора {}", "Роскомнадзордың {} бұйрығы"),
}
POINTS = {
    "p.": ("point {}", "пункт {}", "{}-тармақ"),
    "art.": ("article {}", "статья {}", "{}-бап"),
}


def article(norm, language) -> str:
    """Where the norm stands in its law, and the mark."""
    where = _act(norm, language) if norm.act else ", ".join(_places(norm, language))
    return _marked(where, norm, language)


def place(norm, language) -> str:
    """Where the norm stands."""
    return _act(norm, language) if norm.act else _law(norm, language)


def cited(norm, language) -> str:
    """Where the norm stands; one that was not read in an official text says so."""
    return _marked(place(norm, language), norm, language)


def cited_together(norms, language) -> str:
    """Norms one after another, those of a law behind its name; acts under it by themselves."""
    laws, said = {}, []
    for norm in norms:
        if norm.act:
            said.append(cited(norm, language))
        else:
            laws.setdefault(norm.law, []).append(article(norm, language))
    return "; ".join([*(f"{law.name_in(language)}, {'; '.join(articles)}" for law, articles in laws.items()), *said])


def cited_with_text(norm, language) -> str:
    """The citation and what the norm says, in the register's own words."""
    return f"{cited(norm, language)}: {norm.text_in(language)}"


def norms_of(operator, codes, on):
    """The norms of these codes that a law of the operator holds and that are in force on that day, in the codes' order."""
    laws = Law.objects.filter(pk__in=operator.laws.values("law"))
    found = {
        norm.code: norm for norm in Norm.objects.in_force(on).filter(law__in=laws, code__in=codes).select_related("law")
    }
    return [found[code] for code in codes if code in found]


def _marked(where, norm, language):
    return Words(language).marked(where, norm.verified)


def _law(norm, language):
    return ", ".join([norm.law.name_in(language), *_places(norm, language)])


def _places(norm, language):
    """Article, part and the part's part, each by its word."""
    words = PLACES[language].get(norm.law.code[:2], PLACES[language][""])
    parts = re.split(r"[()]+", norm.article.rstrip(")"))
    return [*(word.format(part) for word, part in zip(words, parts, strict=False)), *parts[len(words) :]]


def _act(norm, language):
    """An act under the law: “Rules 395/НҚ”, “p. 16”. One without words of its own stays as it is stored."""
    parts = [_worded(norm.act, ACTS, language), _worded(norm.article, POINTS, language)]
    return ", ".join(filter(None, parts))


def _worded(text, table, language):
    for head, words in table.items():
        if text.startswith(f"{head} "):
            return words[LANGUAGES.index(language)].format(text.removeprefix(head).strip())
    return text
