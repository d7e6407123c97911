"""How an answer looks."""

from hypothesis import given
from hypothesis import strategies as st

from evalsuite.evaluate.markup import Markup, markup

ANSWER = """# Title
Some **bold** and __bold too__.

1. one
2. two
- three
```
# no header
- no item
```
"""


def test_markdown_is_counted_outside_code():
    assert markup(ANSWER) == Markup(words=21, headers=1, items=3, bold=2)
    assert markup("") == Markup(0, 0, 0, 0)


@given(st.text())
def test_counts_are_never_negative(text):
    found = markup(text)
    assert min(found.words, found.headers, found.items, found.bold) >= 0
