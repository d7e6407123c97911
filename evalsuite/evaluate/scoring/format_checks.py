"""The form of a reply: does it look as was asked, in the language of the question, and does it come to an end?"""

from __future__ import annotations

import json
import re
from collections import Counter

_FENCED = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL | re.IGNORECASE)
_MARKDOWN = re.compile(r"^(?:#{1,6} \S|\s*[-*+] \S|\s*\d+[.)] \S|\|.+\||```|> \S)|\*\*[^*\n]+\*\*", re.MULTILINE)
_LIST = re.compile(r"^\s*(?:[-*+•]|\d+[.)]) +\S", re.MULTILINE)
_NUMBER = re.compile(r"\A\s*[-−]?\$?\d[\d,. ]*%?\s*\Z")
_WORD = re.compile(r"[^\W\d_]+")
# Function words tell languages of one script apart; a few of them in a reply are enough.
_FUNCTION_WORDS = {
    "en": "the of and to in is that it for was on are with as you this be have not",
    "de": "der die das und ist nicht ein eine zu den mit von auf für sich dem wird es",
    "fr": "le la les et est une des pas que dans pour qui sur avec il au du ce",
    "es": "el los las y es una de que en por con para no su lo se del al",
    "it": "il di che è la un una per non con si da sono gli della del le",
}
_LANGUAGE_OF = {word: [k for k, v in _FUNCTION_WORDS.items() if word in v.split()]
                for words in _FUNCTION_WORDS.values() for word in words.split()}  # fmt: skip
_SCRIPTS = ((0x0400, 0x052F, "cyrillic"), (0x0370, 0x03FF, "greek"), (0x0590, 0x05FF, "hebrew"),
            (0x0600, 0x06FF, "arabic"), (0x0900, 0x097F, "devanagari"), (0x3040, 0x30FF, "kana"),
            (0x4E00, 0x9FFF, "han"), (0xAC00, 0xD7AF, "hangul"))  # fmt: skip
_BRIEF = 6
_LONGEST_LOOP = 12


def has_form(reply: str, form: str, schema: str | None = None) -> bool:
    """Whether the reply is of the form that was asked: json, schema, markdown, list, number, brief or sentence."""
    text = reply.strip()
    if form in ("json", "schema"):
        return _is_json(text, schema)
    checks = {
        "markdown": lambda: bool(_MARKDOWN.search(text)),
        "list": lambda: len(_LIST.findall(text)) >= 2,
        "number": lambda: bool(_NUMBER.match(text)),
        "brief": lambda: 0 < len(text.split()) <= _BRIEF,
        "sentence": lambda: len(re.findall(r"[.!?…](?:\s|\Z)", text)) == 1 and text[-1:] in ".!?…" and "\n" not in text,
    }
    return checks[form]()


def repeats_itself(reply: str) -> bool:
    """Whether one to twelve words stand in a row again and again: five times for one word, three for longer ones."""
    words = reply.split()
    for size in range(1, _LONGEST_LOOP + 1):
        times = 5 if size == 1 else 4 if size < 4 else 3
        run = 0
        for place in range(size, len(words)):
            run = run + 1 if words[place] == words[place - size] else 0
            if run >= size * (times - 1):
                return True
    # A loop of signs without spaces, such as "ahahahahah".
    return bool(re.search(r"(\S{1,8}?)\1{11,}", reply))


def keeps_language(question: str, reply: str) -> bool | None:
    """Whether a reply has its question's script, and its language where both can be told; None without letters."""
    asked, said = _script(question), _script(reply)
    if asked is None or said is None:
        return None
    if asked != said:
        return False
    languages = _language(question), _language(reply)
    return (None not in languages and languages[0] == languages[1]) or None in languages


def _is_json(text: str, schema: str | None) -> bool:
    fenced = _FENCED.match(text)
    try:
        value = json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError):
        return False
    if schema is None:
        return isinstance(value, dict | list)
    from jsonschema import Draft202012Validator

    return bool(Draft202012Validator(json.loads(schema)).is_valid(value))


def _script(text: str) -> str | None:
    """The script that most letters of a text have, or None without letters."""
    counts: Counter[str] = Counter()
    for letter in filter(str.isalpha, text):
        code = ord(letter)
        counts[next((name for low, high, name in _SCRIPTS if low <= code <= high), "latin")] += 1
    return counts.most_common(1)[0][0] if counts else None


def _language(text: str) -> str | None:
    """The language of a text in Latin script by its function words, or None where it cannot be told."""
    votes = Counter(name for word in _WORD.findall(text.casefold()) for name in _LANGUAGE_OF.get(word, ()))
    ranked = votes.most_common(2)
    if not ranked or ranked[0][1] < 3 or (len(ranked) > 1 and ranked[0][1] < 1.5 * ranked[1][1]):
        return None
    return ranked[0][0]
