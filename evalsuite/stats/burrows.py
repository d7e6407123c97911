"""The words by which authors are told apart: the common ones, without pronouns (Burrows 2002)."""

import re
import unicodedata

# Who speaks of whom is the story's matter, not the author's manner.
PRONOUNS = frozenset(
    """he her hers herself him himself his i it its itself me mine my myself our ours ourselves she thee their theirs
    them themselves they thou thy thyself us we ye you your yours yourself yourselves
    я меня мне мной мною ты тебя тебе тобой тобою он его ему им нем она ее ей ею ней нею нее него оно мы нас нам нами
    вы вас вам вами они их ими них ним ними себя себе собой собою мой моя мое мои моего моей моему моим моих моими мою
    твой твоя твое твои твоего твоей твоему твоим твоих твоими твою наш наша наше наши нашего нашей нашему нашим наших
    нашими нашу ваш ваша ваше ваши вашего вашей вашему вашим ваших вашими вашу свой своя свое свои своего своей своему
    своим своих своими свою""".split()  # noqa: SIM905
)
_WORD = re.compile(r"[^\W\d_]{2,}")


def style_words(text: str) -> list[str]:
    """The words that count: letters only, two at least, case folded, no pronouns; ё counts as е."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return [word for word in _WORD.findall(plain) if word not in PRONOUNS]
