"""What of a template's layout is sent: nothing."""

from __future__ import annotations

import pytest
from jinja2 import DictLoader, Environment, TemplateSyntaxError

from app.web.linebreaks import LineBreaks


def rendered(source: str, **values: object) -> str:
    environment = Environment(loader=DictLoader({"it": source}), autoescape=True, extensions=[LineBreaks])
    return environment.get_template("it").render(values)


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        ("<ul>\n  <li>a</li>\n  <li>b</li>\n</ul>\n", "<ul><li>a</li><li>b</li></ul>"),
        ("<b>a</b> <i>b</i>", "<b>a</b> <i>b</i>"),
        ('<p\n  id="x"\n  hidden\n>\n  text\n</p>', '<p id="x" hidden>text</p>'),
        ('<p\n  id="x"\n  {% if yes %}\n  hidden\n  {% endif %}\n>a</p>', '<p id="x"  hidden >a</p>'),
        ("<p>\n  a sentence\n  in two lines\n</p>", "<p>a sentence in two lines</p>"),
        ("<p>\n  {{ yes }}\n  {{ yes }} {{ yes }}\n</p>", "<p>TrueTrue True</p>"),
        ("{% for n in (1, 2) %}\n<i>{{ n }}</i>\n{% endfor %}\n", "<i>1</i><i>2</i>"),
        ("<p title=\"{{ yes }}\n  {% if yes %} > it's{% endif %}\">\n  a\n</p>", '<p title="True > it\'s">a</p>'),
        ('<meta content=\'{\n  "a": 1,\n  "b": {"c": 2}\n}\'>', '<meta content=\'{ "a": 1, "b": {"c": 2}}\'>'),
        ("<script>\n  {{ {\n    'a': 1,\n  } }}\n</script>", "<script>{&#39;a&#39;: 1}</script>"),
        ("{#- why\n  so -#}\n\n<p>a</p>", "<p>a</p>"),
        ("<input\n  name=\"a\"\n>\n<br/>\nlast", '<input name="a"><br/>last'),
    ],
)  # fmt: skip
def test_a_line_break_is_for_those_who_read_the_template(source: str, sent: str) -> None:
    assert rendered(source, yes=True) == sent


def test_lines_that_a_value_has_are_sent_as_they_are() -> None:
    assert rendered("<pre>{{ text }}</pre>", text="a\n  b\n") == "<pre>a\n  b\n</pre>"


def test_a_mistake_is_told_with_its_line() -> None:
    with pytest.raises(TemplateSyntaxError) as told:
        rendered("<p\n  id='x'\n>\n\n  {% nonsense %}\n</p>")
    assert told.value.lineno == 5
