import pytest

from atrisys.actions.import_ontology import read_sketch
from atrisys.errors import Invalid


def test_two_terms_of_a_file_cannot_have_the_same_key():
    below = {"name": "b", "children": [{"name": "c", "shortcut": "x"}]}
    sketch = read_sketch({"name": "o", "terms": [{"name": "a", "shortcut": "y"}, below]})
    assert sketch.terms[1].children[0].shortcut == "x"
    with pytest.raises(Invalid, match="same shortcut"):
        read_sketch({"name": "o", "terms": [{"name": "a", "shortcut": "x"}, below]})
    with pytest.raises(Invalid):
        read_sketch({"name": "o", "terms": [{"name": "a", "shortcut": "xy"}]})
