"""IFEval-style instructions (Zhou et al. 2023, arXiv 2311.07911): does the reply do what a program can check?

Data: rows as published (`google/IFEval`)::

    {"key": 1000, "prompt": "Write a haiku about rain. Do not use any commas. End with: Amen",
     "instruction_id_list": ["punctuation:no_comma", "startend:end_checker"], "kwargs": [{}, {"end_phrase": "Amen"}]}

The reply "Soft rain, falling\\nAmen" breaks the first instruction and obeys the second: `prompt_strict` 0 (all must be
obeyed), `instruction_strict` 1 of 2. The loose readings also try the reply without asterisks, first or last line.
`instruction_*` are ratios of sums over all instructions. A prompt with an instruction that is not known here
(`language:response_language`, `length_constraints:number_sentences`) is unscored, and its reason names it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from evalsuite.data.evaluation.items import BenchmarkItem, read_items
from evalsuite.evaluate.scoring.loglikelihood import Reply
from evalsuite.evaluate.scoring.prompting import Prompting
from evalsuite.records import Completion, Metric, Sample, Sampling, Score
from evalsuite.spec.options import TaskOptions

Arguments = Mapping[str, Any]
Check = Callable[[str, Arguments], bool]

_CONSTRAINED = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
_WORD = re.compile(r"\w+")


def _relation(count: int, wanted: int, relation: str | None) -> bool:
    return count < wanted if relation == "less than" else count >= wanted


def _existence(reply: str, given: Arguments) -> bool:
    return all(re.search(word, reply, flags=re.IGNORECASE) for word in given["keywords"])


def _frequency(reply: str, given: Arguments) -> bool:
    count = len(re.findall(given["keyword"], reply, flags=re.IGNORECASE))
    return _relation(count, given["frequency"], given["relation"])


def _forbidden(reply: str, given: Arguments) -> bool:
    return not any(re.search(rf"\b{word}\b", reply, flags=re.IGNORECASE) for word in given["forbidden_words"])


def _letters(reply: str, given: Arguments) -> bool:
    count = Counter(reply.lower())[given["letter"].lower()]
    return _relation(count, given["let_frequency"], given["let_relation"])


def _words(reply: str, given: Arguments) -> bool:
    return _relation(len(_WORD.findall(reply)), given["num_words"], given["relation"])


def _paragraphs(reply: str, given: Arguments) -> bool:
    parts = re.split(r"\s?\*\*\*\s?", reply)
    if any(not part.strip() for part in parts[1:-1]):
        return False
    return sum(bool(part.strip()) for part in parts) == int(given["num_paragraphs"])


def _first_word(reply: str, given: Arguments) -> bool:
    parts = re.split(r"\n\n", reply)
    place = given["nth_paragraph"]
    if sum(bool(part.strip()) for part in parts) != given["num_paragraphs"] or place > len(parts):
        return False
    words = parts[place - 1].split()
    first = re.split(r"[.,?!\'\"]", words[0].lstrip("'\""))[0] if words else ""
    return first.lower() == str(given["first_word"]).lower()


def _placeholders(reply: str, given: Arguments) -> bool:
    return len(re.findall(r"\[.*?\]", reply)) >= int(given["num_placeholders"])


def _postscript(reply: str, given: Arguments) -> bool:
    marker = given["postscript_marker"]
    spelled = {"P.P.S": r"\s*p\.\s?p\.\s?s.*$", "P.S.": r"\s*p\.\s?s\..*$"}
    pattern = spelled.get(marker, rf"\s*{marker.lower()}.*$")
    return bool(re.findall(pattern, reply.lower(), flags=re.MULTILINE))


def _bullets(reply: str, given: Arguments) -> bool:
    starred = re.findall(r"^\s*\*[^\*].*$", reply, flags=re.MULTILINE)
    dashed = re.findall(r"^\s*-.*$", reply, flags=re.MULTILINE)
    return len(starred) + len(dashed) == int(given["num_bullets"])


def _constrained(reply: str, given: Arguments) -> bool:
    return any(answer in reply.strip() for answer in _CONSTRAINED)


def _highlights(reply: str, given: Arguments) -> bool:
    single = [text for text in re.findall(r"\*[^\n\*]*\*", reply) if text.strip("*").strip()]
    double = [
        text for text in re.findall(r"\*\*[^\n\*]*\*\*", reply) if text.removeprefix("**").removesuffix("**").strip()
    ]
    return len(single) + len(double) >= int(given["num_highlights"])


def _sections(reply: str, given: Arguments) -> bool:
    pattern = rf"\s?{given['section_spliter']}\s?\d+\s?"
    return len(re.split(pattern, reply)) - 1 >= int(given["num_sections"])


def _json(reply: str, given: Arguments) -> bool:
    text = reply.strip()
    for fence in ("```json", "```Json", "```JSON", "```"):
        text = text.removeprefix(fence)
    try:
        json.loads(text.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


def _title(reply: str, given: Arguments) -> bool:
    return any(title.lstrip("<").rstrip(">").strip() for title in re.findall(r"<<[^\n]+>>", reply))


def _two_replies(reply: str, given: Arguments) -> bool:
    parts = reply.split("******")
    if any(not part.strip() for part in parts[1:-1]):
        return False
    full = [part.strip() for part in parts if part.strip()]
    return len(full) == 2 and full[0] != full[1]


def _repeats(reply: str, given: Arguments) -> bool:
    return reply.strip().lower().startswith(given["prompt_to_repeat"].strip().lower())


def _ends(reply: str, given: Arguments) -> bool:
    return reply.strip().strip('"').lower().endswith(given["end_phrase"].strip().lower())


def _quoted(reply: str, given: Arguments) -> bool:
    text = reply.strip()
    return len(text) > 1 and text[0] == '"' and text[-1] == '"'


def _capitals(reply: str, given: Arguments) -> bool:
    count = sum(word.isupper() for word in re.findall(r"\w+(?:['’-]\w+)*", reply))
    return _relation(count, given["capital_frequency"], given["capital_relation"])


CHECKS: dict[str, Check] = {
    "keywords:existence": _existence,
    "keywords:frequency": _frequency,
    "keywords:forbidden_words": _forbidden,
    "keywords:letter_frequency": _letters,
    "length_constraints:number_words": _words,
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:nth_paragraph_first_word": _first_word,
    "detectable_content:number_placeholders": _placeholders,
    "detectable_content:postscript": _postscript,
    "detectable_format:number_bullet_lists": _bullets,
    "detectable_format:constrained_response": _constrained,
    "detectable_format:number_highlighted_sections": _highlights,
    "detectable_format:multiple_sections": _sections,
    "detectable_format:json_format": _json,
    "detectable_format:title": _title,
    "combination:two_responses": _two_replies,
    "combination:repeat_prompt": _repeats,
    "startend:end_checker": _ends,
    "startend:quotation": _quoted,
    "change_case:capital_word_frequency": _capitals,
    "change_case:english_capital": lambda reply, given: reply.isupper(),
    "change_case:english_lowercase": lambda reply, given: reply.islower(),
    "punctuation:no_comma": lambda reply, given: "," not in reply,
}


def obeys(instruction: str, reply: str, given: Arguments) -> bool:
    """Whether a reply obeys an instruction of CHECKS; an empty reply obeys none."""
    check = CHECKS[instruction]
    return bool(reply.strip()) and check(reply, given)


def loose_readings(reply: str) -> tuple[str, ...]:
    """The reply, and it without asterisks, first line, last line, and every combination: the paper's loose reading."""
    lines = reply.split("\n")
    cut = ("\n".join(lines[1:]), "\n".join(lines[:-1]), "\n".join(lines[1:-1]))
    kept = (reply, *(text.strip() for text in cut))
    return (*kept, *(text.replace("*", "") for text in kept))


class IfEval(TaskOptions):
    """Verifiable instructions, each obeyed or not, read strictly and loosely."""

    version: ClassVar[int] = 1
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("prompt_strict", about="The share of prompts with every instruction obeyed, the reply as it stands."),
        Metric("instruction_strict", about="The share of all instructions obeyed, the reply as it stands."),
        Metric("prompt_loose", about="The share of prompts with every instruction obeyed, without marks or ends."),
        Metric("instruction_loose", about="The share of all instructions obeyed, without marks or ends."),
    )
    kind: Literal["ifeval"]
    chat: bool = True
    max_tokens: Annotated[int, Field(ge=1)] = 1280

    @property
    def sampling(self) -> Sampling | None:
        """Greedy, to the end of the reply."""
        return Sampling(max_tokens=self.max_tokens)

    def samples(self, data: Path, examples: Path | None = None) -> tuple[Sample, ...]:
        """The items; raises DataError naming the line of a malformed one."""
        prompting = Prompting(shots=0, chat=self.chat)
        return tuple(
            Sample(
                id=str(item.row["key"]) if "key" in item.row else item.id,
                prompt=prompting.prompt(item.text("prompt")),
                target=json.dumps(_instructions(item), ensure_ascii=False),
                group=item.group,
            )
            for item in read_items(data)
        )

    def score(self, sample: Sample, reply: Reply) -> tuple[Score, ...]:
        """All obeyed or not, and the share that is, weighing by the number of instructions."""
        assert isinstance(reply, Completion)
        wanted = json.loads(sample.target)
        unknown = sorted({name for name, _ in wanted} - CHECKS.keys())
        if unknown:
            reason = f"no check for {', '.join(unknown)}"
            return tuple(Score(sample.id, metric.name, None, reason) for metric in self.metrics)
        scores = []
        for way, texts in {"strict": (reply.text,), "loose": loose_readings(reply.text)}.items():
            done = [any(obeys(name, text, given) for text in texts) for name, given in wanted]
            scores += [
                Score(sample.id, f"prompt_{way}", float(all(done))),
                Score(sample.id, f"instruction_{way}", sum(done) / len(done), weight=float(len(done))),
            ]
        return tuple(scores)


def _instructions(item: BenchmarkItem) -> list[tuple[str, dict[str, Any]]]:
    names, given = item.row.get("instruction_id_list"), item.row.get("kwargs")
    if not isinstance(names, list) or not isinstance(given, list) or not names or len(names) != len(given):
        raise item.wrong("'instruction_id_list' and 'kwargs' must be lists of the same length, not empty")
    # Published tables fill in every argument that some instruction has; only those that were given count.
    return [
        (str(name), {key: value for key, value in (of or {}).items() if value is not None})
        for name, of in zip(names, given, strict=True)
    ]
