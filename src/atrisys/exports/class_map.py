"""Which number stands for which term."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atrisys.errors import Invalid
from atrisys.exports.records import UNLABELED, UNNUMBERED

MOST_TERMS = 254
"""0 is the background, 255 what has no number."""
_FORM = 'Write it as {"term name": number from 0 to 255, …}.'


@dataclass(frozen=True)
class ClassMap:
    """Numbers by term name; a term may lack one."""

    numbers: Mapping[str, int]

    def of(self, terms: Sequence[str]) -> tuple[int, str]:
        """The class of an annotation.

        Args:
            terms: names of its terms in the listing's order; the first decides.

        Returns:
            (number, name): without a term the name is "Unlabeled"; a name without a number has 255.

        Source: scripts of Cytomine's users look the first term up by name, and take 255 where it has no number.
        """
        name = terms[0] if terms else UNLABELED
        return self.numbers.get(name, UNNUMBERED), name

    def unnumbered(self, terms: Iterable[str]) -> list[str]:
        """Those of the terms that have no number.

        Args:
            terms: names of a project's terms.

        Returns:
            The names without a number, in order: they all become 255.
        """
        return [name for name in terms if name not in self.numbers]

    def unused(self, terms: Iterable[str]) -> list[str]:
        """Those of the map's names that no term has: other projects' terms, or misspelt ones.

        Args:
            terms: names of a project's terms.

        Returns:
            The names, in the map's order; "Unlabeled" is never among them.
        """
        known = {*terms, UNLABELED}
        return [name for name in self.numbers if name not in known]


def count_terms(terms: Iterable[tuple[int, str]], *, masks: bool = True) -> ClassMap:
    """Number terms from 1 on by their id: what is used where nobody gave a map.

    Args:
        terms: (id, name) of each term of the project's ontology, in any order. Terms of one name share the number
            of the first.
        masks: whether masks are made, in which every term needs a number. Without them the 254 first ones have one.

    Returns:
        A map with numbers 1…254.

    Raises:
        Invalid: more than 254 names, and masks are made.
    """
    names = list(dict.fromkeys(name for _, name in sorted(terms)))
    if len(names) > MOST_TERMS and masks:
        raise Invalid(
            "The ontology has {count} terms, but a mask has room for {most} classes. Give a class map that says which "
            "terms share a number.",
            count=len(names),
            most=MOST_TERMS,
        )
    return ClassMap({name: number for number, name in enumerate(names[:MOST_TERMS], 1)})


def read_class_map(text: str | bytes) -> ClassMap:
    """Read a class map from JSON text.

    Args:
        text: `{"term name": 0–255}`; several terms may share a number, "Unlabeled" may have one.

    Returns:
        The map.

    Raises:
        Invalid: no such JSON, a name twice, or a number that is none from 0 to 255.
    """
    try:
        numbers = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        if isinstance(error, Invalid):
            raise
        raise Invalid(
            "The class map is no JSON that can be read ({reason}). {form}", reason=str(error), form=_FORM
        ) from None
    return check_class_map(numbers)


def load_class_map(path: Path) -> ClassMap:
    """Read a class map from a file.

    Args:
        path: of a JSON file in UTF-8.

    Returns:
        The map.

    Raises:
        Invalid: what `read_class_map` refuses, or a file that cannot be read.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise Invalid("The class map {path} cannot be read: {reason}.", path=str(path), reason=error.strerror) from None
    return read_class_map(text)


def check_class_map(numbers: object) -> ClassMap:
    """Take a class map that was read already, as from a request's body.

    Args:
        numbers: a mapping of names to integers from 0 to 255.

    Returns:
        The map.

    Raises:
        Invalid: anything else.
    """
    if not isinstance(numbers, Mapping):
        raise Invalid("The class map is no JSON object. {form}", form=_FORM)
    for name, number in numbers.items():
        if not isinstance(name, str) or not name:
            raise Invalid("The class map has a name that is no text. {form}", form=_FORM)
        if type(number) is not int or not 0 <= number <= 255:
            raise Invalid(
                "The class map gives {name} the number {number}, which is no whole number from 0 to 255. {form}",
                name=name,
                number=repr(number),
                form=_FORM,
            )
    return ClassMap(dict(numbers))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    for name, number in pairs:
        if name in numbers:
            raise Invalid("The class map names {name} twice. Keep one of them.", name=name)
        numbers[name] = number
    return numbers
