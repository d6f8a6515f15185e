"""One expression, read against the series that there are.

Finds out which labels its result has, and tells on the way what Prometheus
would take and nobody would want: names and values that no series has, a rate
of what does not count, labels by which two sides can never meet. Labels are
those that a series may have; where they depend on others' doing, it is silent.
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

import promql_parser as promql

from monitoring.rules.review.known import TARGET, Known

OF_COUNTERS = {"rate", "irate", "increase", "resets"}
OF_GAUGES = {"delta", "idelta", "deriv", "predict_linear", "holt_winters", "avg_over_time", "sum_over_time"}
SETS = {"and", "or", "unless"}
COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}

Labels = frozenset[str]


class Reading:
    """What came of reading one expression."""

    def __init__(self, expression: str, known: Known, scrape_seconds: float, scrapes: int) -> None:
        """A window has to hold that many scrapes."""
        self.mistakes: list[str] = []
        self.labels: Labels = frozenset()
        self.can_be_empty = False
        """Whether there is something that the expression leaves out: what an alert must do where all is well."""
        self._known = known
        self._shortest = timedelta(seconds=scrape_seconds * scrapes)
        self._scrapes = scrapes
        try:
            parsed = promql.parse(expression)
        except ValueError as error:
            self.mistakes.append(f"is no PromQL: {error}")
            return
        self.labels = self._read(parsed) or frozenset()
        self.can_be_empty = _can_be_empty(parsed)

    def _read(self, part: Any) -> Labels | None:
        """Labels of a part's result; None for a number or a text."""
        match part:
            case promql.VectorSelector():
                return self._selector(part)
            case promql.MatrixSelector():
                if part.range < self._shortest:
                    self.mistakes.append(
                        f"looks at {promql.display_duration(part.range)}, in which there are fewer than"
                        f" {self._scrapes} scrapes"
                    )
                return self._selector(part.vector_selector)
            case promql.Call():
                return self._call(part)
            case promql.AggregateExpr():
                return self._aggregate(part)
            case promql.BinaryExpr():
                return self._binary(part)
            case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
                return self._read(part.expr)
            case _:
                return None

    def _selector(self, selector: Any) -> Labels:
        name = selector.name
        if name is None:
            self.mistakes.append("selects series without saying of which name")
            return TARGET
        series = self._known.get(name)
        if series is None:
            self.mistakes.append(f"uses {name}, which nobody exports or records{nearest(name, self._known)}")
            return TARGET
        for matcher in selector.matchers.matchers:
            if matcher.name not in series.labels:
                self._unknown_label(matcher.name, f"{name} is asked for", series.labels)
            elif matcher.name in series.values:
                self._value(name, matcher, series.values[matcher.name])
        return series.labels

    def _value(self, name: str, matcher: Any, values: tuple[str, ...]) -> None:
        is_pattern = matcher.op in (promql.MatchOp.Re, promql.MatchOp.NotRe)
        for wanted in matcher.value.split("|") if is_pattern else [matcher.value]:
            met = any(re.fullmatch(wanted, value) for value in values) if is_pattern else wanted in (*values, "")
            if not met:
                self.mistakes.append(
                    f"asks {name} for {matcher.name} {wanted!r}, which it never is{nearest(wanted, values)}"
                )

    def _call(self, call: Any) -> Labels | None:
        name = call.func.name
        of = [self._read(argument) for argument in call.args]
        vectors = [labels for labels in of if labels is not None]
        for argument in call.args:
            self._kind(name, argument)
        if name == "histogram_quantile" and vectors and "le" not in vectors[-1]:
            self.mistakes.append("takes a quantile of what has no le: the bounds of the histogram are summed away")
        if name == "vector":
            return frozenset()
        if name == "absent":
            matchers = call.args[0].matchers.matchers if isinstance(call.args[0], promql.VectorSelector) else []
            return frozenset(matcher.name for matcher in matchers if matcher.op == promql.MatchOp.Equal)
        if not vectors:
            return None
        return vectors[-1] - {"le"} if name == "histogram_quantile" else vectors[0]

    def _kind(self, function: str, argument: Any) -> None:
        if not isinstance(argument, promql.MatrixSelector):
            return
        name = argument.vector_selector.name or ""
        series = self._known.get(name)
        if series is None:
            return
        if function in OF_COUNTERS and not series.is_counter:
            self.mistakes.append(f"takes {function}() of {name}, which is a gauge: it falls without having been reset")
        if function in OF_GAUGES and series.is_counter:
            self.mistakes.append(f"takes {function}() of {name}, which is a counter: it only rises, and is reset")

    def _aggregate(self, aggregate: Any) -> Labels:
        of = self._read(aggregate.expr) or frozenset()
        if str(aggregate.op) in ("topk", "bottomk"):
            return of
        modifier = aggregate.modifier
        if modifier is None:
            return frozenset()
        for label in modifier.labels:
            if label not in of:
                self._unknown_label(label, f"{aggregate.op} is taken", of)
        named = frozenset(modifier.labels)
        return named if modifier.type == promql.AggModifierType.By else of - named

    def _binary(self, binary: Any) -> Labels | None:
        left, right = self._read(binary.lhs), self._read(binary.rhs)
        if left is None or right is None:
            return right if left is None else left
        operator = str(binary.op)
        matching = binary.modifier.matching if binary.modifier else None
        if matching is None:
            # A series of which labels are unknown may meet any; `or` takes both sides as they are.
            if left != right and operator != "or":
                self.mistakes.append(
                    f"joins two sides by `{operator}` that never meet, for they differ by"
                    f" {', '.join(sorted(left ^ right))}"
                )
            return left | right if operator == "or" else left
        named = frozenset(matching.labels)
        is_on = matching.type == promql.LabelModifierType.Include
        for label in sorted(named if is_on else frozenset()):
            for side in (left, right):
                if label not in side:
                    self._unknown_label(label, f"two sides are joined by `{operator}` on it, and one", side)
        if operator in SETS:
            return left | right if operator == "or" else left
        cardinality = binary.modifier.card
        added = frozenset(binary.modifier.group_labels or ())
        if cardinality == promql.VectorMatchCardinality.ManyToOne:
            return left | added
        if cardinality == promql.VectorMatchCardinality.OneToMany:
            return right | added
        return named if is_on else left - named

    def _unknown_label(self, label: str, where: str, labels: Labels) -> None:
        self.mistakes.append(f"names the label {label} where {where} has no such label{nearest(label, labels)}")


def _can_be_empty(part: Any) -> bool:
    match part:
        case promql.ParenExpr() | promql.UnaryExpr():
            return _can_be_empty(part.expr)
        case promql.AggregateExpr():
            return _can_be_empty(part.expr)
        case promql.Call():
            return part.func.name == "absent" or any(_can_be_empty(argument) for argument in part.args)
        case promql.BinaryExpr():
            operator = str(part.op)
            if operator in COMPARISONS:
                return not (part.modifier and part.modifier.return_bool)
            if operator == "or":
                return _can_be_empty(part.lhs) and _can_be_empty(part.rhs)
            return operator in SETS or _can_be_empty(part.lhs) or _can_be_empty(part.rhs)
        case _:
            return False


def nearest(name: str, names: Iterable[str]) -> str:
    """The name that may have been meant, as the end of a sentence."""
    # Of numbers the nearest in writing is no help.
    near = get_close_matches(name, [each for each in names if not each[:1].isdigit()], n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
