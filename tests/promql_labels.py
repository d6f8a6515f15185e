"""Which metrics an expression asks for, and which labels its result has, by Prometheus' own rules of matching.

So that a legend which names a label that was summed away is found without any
data. Knows the contract, the recording rules and what is said to be foreign.
"""

from collections.abc import Iterator
from functools import cache

import promql_parser
from promql_parser import (
    AggModifierType,
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    StringLiteral,
    SubqueryExpr,
    UnaryExpr,
    VectorMatchCardinality,
    VectorSelector,
)

from monitoring import slo
from monitoring.contract import CONTRACT
from monitoring.contract.load_tests import LOAD_TESTS
from monitoring.contract.metric import Kind
from monitoring.dashboards.foreign import FOREIGN, TARGET
from monitoring.rules import families
from monitoring.rules.rule import Record

SCALARS = {"scalar", "vector", "time"}
SAME_LABELS = {"topk", "bottomk"}
SETS = {"and", "unless", "or"}


@cache
def exported() -> dict[str, Kind]:
    """Every name that the series of our servers and load tests have, with what they are."""
    names: dict[str, Kind] = {}
    for metric in (*CONTRACT, *LOAD_TESTS):
        if metric.kind is Kind.HISTOGRAM:
            names |= {f"{metric.name}_{part}": Kind.COUNTER for part in ("bucket", "count", "sum")}
        else:
            names[metric.name] = metric.kind
    return names


@cache
def recorded() -> dict[str, str]:
    """Every recording rule's expression by its name."""
    groups = families.recording(slo.read())
    return {rule.name: rule.expression for group in groups for rule in group.rules if isinstance(rule, Record)}


def parts(expr: Expr) -> Iterator[Expr]:
    """An expression and all that it is made of."""
    yield expr
    match expr:
        case AggregateExpr() | ParenExpr() | UnaryExpr() | SubqueryExpr():
            yield from parts(expr.expr)
        case BinaryExpr():
            yield from parts(expr.lhs)
            yield from parts(expr.rhs)
        case Call():
            for argument in expr.args:
                yield from parts(argument)
        case MatrixSelector():
            yield expr.vector_selector
        case _:
            pass


def metrics(expr: Expr) -> set[str]:
    return {part.name for part in parts(expr) if isinstance(part, VectorSelector) and part.name}


def is_known(name: str) -> bool:
    return name in exported() or name in recorded() or name in FOREIGN


@cache
def _of_metric(name: str) -> frozenset[str]:
    if name in recorded():
        return labels(promql_parser.parse(recorded()[name]))
    if name in FOREIGN:
        return frozenset(FOREIGN[name].labels)
    for metric in (*CONTRACT, *LOAD_TESTS):
        if name.removesuffix("_bucket") == metric.name and metric.kind is Kind.HISTOGRAM:
            return frozenset((*metric.labels, *TARGET, "le"))
        if name in (metric.name, f"{metric.name}_sum", f"{metric.name}_count"):
            return frozenset((*metric.labels, *TARGET))
    raise KeyError(name)


def labels(expr: Expr) -> frozenset[str]:
    """The labels that the result of an expression can have."""
    match expr:
        case VectorSelector():
            return _of_metric(expr.name or "")
        case MatrixSelector():
            return labels(expr.vector_selector)
        case ParenExpr() | UnaryExpr() | SubqueryExpr():
            return labels(expr.expr)
        case AggregateExpr():
            return _aggregated(expr)
        case BinaryExpr():
            return _matched(expr)
        case Call():
            if expr.func.name in SCALARS:
                return frozenset()
            inner = labels(expr.args[-1] if expr.func.name == "histogram_quantile" else expr.args[0])
            return inner - {"le"} if expr.func.name == "histogram_quantile" else inner
        case _:
            return frozenset()


def _aggregated(expr: AggregateExpr) -> frozenset[str]:
    inner = labels(expr.expr)
    if str(expr.op) in SAME_LABELS:
        return inner
    if expr.modifier is None:
        return frozenset()
    named = frozenset(expr.modifier.labels)
    return named & inner if expr.modifier.type == AggModifierType.By else inner - named


def _is_scalar(expr: Expr) -> bool:
    match expr:
        case NumberLiteral() | StringLiteral():
            return True
        case ParenExpr() | UnaryExpr():
            return _is_scalar(expr.expr)
        case BinaryExpr():
            return _is_scalar(expr.lhs) and _is_scalar(expr.rhs)
        case Call():
            return expr.func.name in {"scalar", "time"}
        case _:
            return False


def _matched(expr: BinaryExpr) -> frozenset[str]:
    if _is_scalar(expr.lhs):
        return labels(expr.rhs)
    left = labels(expr.lhs)
    operator = str(expr.op)
    if operator == "or":
        return left | labels(expr.rhs)
    if operator in SETS or _is_scalar(expr.rhs) or expr.modifier is None:
        return left
    if expr.modifier.card == VectorMatchCardinality.ManyToOne:
        return left
    if expr.modifier.card == VectorMatchCardinality.OneToMany:
        return labels(expr.rhs)
    on = expr.modifier.matching
    return left if on is None else left & frozenset(on.labels)
