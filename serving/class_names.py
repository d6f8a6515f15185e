"""What the classes of predictions are called, for labels that come when the model may be gone.

An id holds the number of classes and a mark of their names. Names that were
served here are remembered by their mark, so that a label by name is read as
the model meant it, and never by the names of another model or version.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from monitoring.contract.values import MOST_CLASSES, OTHER
from serving.prediction_id import mark_of_names

REMEMBERED = 64
"""Lists of names; versions of a model mostly share theirs."""


@dataclass(frozen=True)
class ClassNames:
    """The classes of one prediction."""

    names: tuple[str, ...]
    """By number; numbers themselves where the names are not known or there are none."""
    are_known: bool = True

    @cached_property
    def exported(self) -> tuple[str, ...]:
        """What each class is called in metrics: at most so many are told apart."""
        return tuple(name if number < MOST_CLASSES else OTHER for number, name in enumerate(self.names))

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return {name: number for number, name in reversed(list(enumerate(self.names)))}

    def number_of(self, label: int | str) -> int | None:
        """Read a class by its number or its name; a name wins over the number that it looks like."""
        if isinstance(label, str):
            named = self._numbers.get(label)
            if named is not None:
                return named
            if not (label.isascii() and label.isdecimal() and len(label) <= len(str(len(self.names)))):
                return None
            label = int(label)
        return label if 0 <= label < len(self.names) else None


class KnownNames:
    """The names that were served here."""

    def __init__(self) -> None:
        self._by_mark: OrderedDict[tuple[int, int], ClassNames] = OrderedDict()

    def learn(self, names: Sequence[str]) -> ClassNames:
        key = (mark_of_names(names), len(names))
        known = self._by_mark.setdefault(key, ClassNames(tuple(names)))
        self._by_mark.move_to_end(key)
        if len(self._by_mark) > REMEMBERED:
            self._by_mark.popitem(last=False)
        return known

    def of(self, names_mark: int, class_count: int) -> ClassNames:
        """Give the names of this mark; numbers where nobody here has heard them."""
        known = self._by_mark.get((names_mark, class_count))
        return known if known is not None else _numbered(names_mark, class_count)


@lru_cache(REMEMBERED)
def _numbered(names_mark: int, class_count: int) -> ClassNames:
    numbers = tuple(map(str, range(class_count)))
    return ClassNames(numbers, are_known=mark_of_names(numbers) == names_mark)
