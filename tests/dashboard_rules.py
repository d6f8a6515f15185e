"""What is asked of every dashboard: the rules of Grafana's dashboard-linter, ported, and some of our own.

Each rule takes a dashboard as the JSON that Grafana loads and gives a sentence
for each thing that is wrong. Of the linter's rules two are left out, as
kubernetes-mixin leaves them out: our servers are found by what they export,
not by a `job` or an `instance` that somebody has to choose.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import promql_parser
from promql_parser import AggregateExpr, Call, Expr, MatrixSelector, VectorSelector

from monitoring.contract.metric import Kind
from monitoring.dashboards.foreign import FOREIGN
from tests.promql_labels import exported, is_known, labels, metrics, parts, recorded

Json = dict[str, Any]
Rule = Callable[[Json], Iterator[str]]

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
BUILT_IN = {
    "__rate_interval": "5m",
    "__interval": "1m",
    "__range": "1h",
    "__url_time_range": "",
    "__all_variables": "",
}
RATES = {"rate", "increase", "irate", "delta", "idelta", "deriv"}
OF_COUNTERS = {"rate", "increase", "irate", "resets", "changes"}
NEED_UNITS = {"stat", "timeseries", "table", "bargauge", "barchart", "heatmap", "state-timeline"}
KINDS = {"row", "text", *NEED_UNITS}
WINDOWS = {"5m": "minutes", "10m": "", "1h": "hour", "6h": "six hours", "24h": "24 hours", "3d": "three days"}
"""How a window that does not follow the dashboard's time is told in a panel's description."""


def panels(dashboard: Json) -> Iterator[Json]:
    """Every panel, those of folded rows too; no row's head."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def targets(dashboard: Json) -> Iterator[tuple[str, Json, Json]]:
    """Every query, with its panel and with what a finding says of where it stands."""
    for panel in panels(dashboard):
        for target in panel.get("targets", []):
            yield f"{dashboard['uid']}, {panel['title']!r}, query {target['refId']}", panel, target


def filled(text: str, dashboard: Json) -> str:
    """A query as Prometheus gets it, whatever is chosen."""
    values = {variable["name"]: ".*" for variable in dashboard["templating"]["list"]} | BUILT_IN
    return re.sub(r"\$\{?(\w+)\}?", lambda match: values.get(match[1], match[0]), text)


def parsed(text: str, dashboard: Json) -> Expr:
    return promql_parser.parse(filled(text, dashboard))


# Ported: of the whole dashboard


def it_cannot_be_edited(dashboard: Json) -> Iterator[str]:
    if dashboard.get("editable") is not False:
        yield f"{dashboard['uid']} can be edited where it is shown, and loses what was edited"


def it_has_a_variable_for_its_data_source(dashboard: Json) -> Iterator[str]:
    sources = [variable for variable in dashboard["templating"]["list"] if variable["type"] == "datasource"]
    if [(source["name"], source["query"]) for source in sources] != [("datasource", "prometheus")]:
        yield f"{dashboard['uid']} has no variable `datasource` of type prometheus, or more than one"


def its_variables_ask_what_can_be_asked(dashboard: Json) -> Iterator[str]:
    for variable in dashboard["templating"]["list"]:
        if variable["type"] != "query":
            continue
        asked = re.fullmatch(r"label_values\((?:(?P<selector>.+), )?(?P<label>\w+)\)", variable["query"]["query"])
        if asked is None or not asked["selector"]:
            yield f"{dashboard['uid']}, variable {variable['name']} is no label_values(selector, label)"
            continue
        expr = parsed(asked["selector"], dashboard)
        for name in metrics(expr):
            if not is_known(name):
                yield f"{dashboard['uid']}, variable {variable['name']} asks for {name}, which nobody exports"
                return
        if asked["label"] not in labels(expr):
            yield f"{dashboard['uid']}, variable {variable['name']} asks for a label that its metric does not have"


def its_variables_follow_the_time(dashboard: Json) -> Iterator[str]:
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query" and variable["refresh"] != 2:
            yield f"{dashboard['uid']}, variable {variable['name']} is not asked again when the time changes"


# Of the panels


def each_panel_says_what_it_is(dashboard: Json) -> Iterator[str]:
    for panel in panels(dashboard):
        if not panel.get("title") or len(panel.get("description", "")) < 20:
            yield f"{dashboard['uid']}, panel {panel['id']} has no title or no description"


def each_panel_asks_something(dashboard: Json) -> Iterator[str]:
    for panel in panels(dashboard):
        if panel["type"] != "text" and not panel.get("targets"):
            yield f"{dashboard['uid']}, {panel['title']!r} asks nothing"


def each_source_is_the_variables(dashboard: Json) -> Iterator[str]:
    holders = [("panel", each["title"], each) for each in panels(dashboard)]
    holders += [("query", where, target) for where, _, target in targets(dashboard)]
    holders += [("annotation", each["name"], each) for each in dashboard["annotations"]["list"]]
    holders += [("variable", each["name"], each) for each in dashboard["templating"]["list"] if each["type"] == "query"]
    for kind, name, holder in holders:
        if holder.get("datasource") != SOURCE:
            yield f"{dashboard['uid']}, {kind} {name!r}: data source {holder.get('datasource')}"
    for name in ("__inputs", "__requires"):
        if name in dashboard:
            yield f"{dashboard['uid']} has {name}, which files that are provisioned do not resolve"


def each_value_has_a_unit(dashboard: Json) -> Iterator[str]:
    for panel in panels(dashboard):
        if panel["type"] in NEED_UNITS and not panel["fieldConfig"]["defaults"].get("unit"):
            yield f"{dashboard['uid']}, {panel['title']!r} has no unit"


# Of the queries


def each_query_is_promql(dashboard: Json) -> Iterator[str]:
    for where, _, target in targets(dashboard):
        try:
            parsed(target["expr"], dashboard)
        except ValueError as fault:
            yield f"{where}: {fault}"


def each_rate_follows_the_time(dashboard: Json) -> Iterator[str]:
    """Or looks over a window of its own, of which the panel's description tells."""
    for where, panel, target in targets(dashboard):
        for window in re.findall(r"\[([^\]]+)\]", target["expr"]):
            told = WINDOWS.get(window)
            if window != "$__rate_interval" and (told is None or told not in panel["description"]):
                yield f"{where}: looks over {window}, and its description does not say so"


def each_counter_is_a_rate_before_it_is_a_sum(dashboard: Json) -> Iterator[str]:
    for where, _, target in targets(dashboard):
        expr = parsed(target["expr"], dashboard)
        rates = sum(isinstance(part, Call) and part.func.name in OF_COUNTERS for part in parts(expr))
        counters = [part for part in parts(expr) if isinstance(part, VectorSelector) and _counts(part.name or "")]
        if len(counters) > rates:
            yield f"{where}: shows a counter as it stands, of which a restart makes a fall"
        for part in parts(expr):
            if isinstance(part, Call) and part.func.name in OF_COUNTERS and not _is_a_matrix(part.args[0]):
                yield f"{where}: {part.func.name} of what has been summed already"


def _counts(name: str) -> bool:
    return exported().get(name) is Kind.COUNTER or (name in FOREIGN and name.endswith("_total"))


def _is_a_matrix(expr: Expr) -> bool:
    return isinstance(expr, MatrixSelector)


# Of our own


def its_panels_have_numbers_of_their_own(dashboard: Json) -> Iterator[str]:
    numbers = [panel["id"] for panel in (*dashboard["panels"], *panels(dashboard)) if panel["type"] == "row"]
    numbers += [panel["id"] for panel in panels(dashboard)]
    if len(numbers) != len(set(numbers)):
        yield f"{dashboard['uid']} has two panels of one number"
    for where, panel, _ in targets(dashboard):
        letters = [target["refId"] for target in panel["targets"]]
        if len(letters) != len(set(letters)):
            yield f"{where}: two queries of one letter"


def its_panels_lie_beside_each_other(dashboard: Json) -> Iterator[str]:
    taken: dict[tuple[int, int], str] = {}
    everything = [*dashboard["panels"], *(each for row in dashboard["panels"] for each in row.get("panels", []))]
    for panel in everything:
        place = panel["gridPos"]
        if place["x"] < 0 or place["w"] < 1 or place["x"] + place["w"] > 24:
            yield f"{dashboard['uid']}, {panel['title']!r} is outside the 24 columns"
        for column in range(place["x"], place["x"] + place["w"]):
            for line in range(place["y"], place["y"] + place["h"]):
                if (column, line) in taken:
                    yield f"{dashboard['uid']}, {panel['title']!r} lies on {taken[column, line]!r}"
                    return
                taken[column, line] = panel["title"]


def each_metric_is_somebodys(dashboard: Json) -> Iterator[str]:
    asked = [(where, target["expr"]) for where, _, target in targets(dashboard)]
    asked += [(f"annotation {each['name']}", each["expr"]) for each in dashboard["annotations"]["list"]]
    for where, expr in asked:
        for name in metrics(parsed(expr, dashboard)):
            if not is_known(name):
                yield f"{where}: {name} is in no contract, no rule, and not said to be foreign"


def each_description_names_its_metrics(dashboard: Json) -> Iterator[str]:
    """What a recording rule is made of counts: a reader looks for the metric, not for the rule."""
    for panel in panels(dashboard):
        if panel["type"] == "text":
            continue
        named = set(re.findall(r"\b[A-Za-z]+_\w+\b|\bup\b|\bALERTS\b", panel["description"]))
        asked: set[str] = set()
        for target in panel["targets"]:
            asked |= made_of(metrics(parsed(target["expr"], dashboard)))
        bases = {re.sub(r"_(bucket|sum|count)$", "", name) if name in exported() else name for name in asked}
        if not named & bases:
            yield f"{dashboard['uid']}, {panel['title']!r} does not name any of its metrics: {', '.join(sorted(bases))}"
        for name in named:
            if name.startswith("ecluse_") and name not in bases:
                yield f"{dashboard['uid']}, {panel['title']!r} names {name}, for which it does not ask"


def made_of(names: set[str]) -> set[str]:
    """The metrics themselves, of which recording rules are made."""
    found: set[str] = set()
    for name in names:
        found |= made_of(metrics(promql_parser.parse(recorded()[name]))) if name in recorded() else {name}
    return found


def each_legend_names_labels_that_there_are(dashboard: Json) -> Iterator[str]:
    for where, _, target in targets(dashboard):
        there = labels(parsed(target["expr"], dashboard))
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            if label not in there:
                yield f"{where}: its legend names {label}, its result has {', '.join(sorted(there)) or 'no label'}"
        if target["format"] == "time_series" and target["legendFormat"] and there - {"le"}:
            told = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            if not told and not isinstance(parsed(target["expr"], dashboard), AggregateExpr):
                yield f"{where}: its result has {', '.join(sorted(there))}, and its legend names none of them"


def each_selector_follows_the_choices(dashboard: Json) -> Iterator[str]:
    """What is ours is narrowed by the namespace chosen, and by the model where it has one."""
    for where, _, target in targets(dashboard):
        for part in parts(promql_parser.parse(_bare(target["expr"]))):
            if not isinstance(part, VectorSelector) or not part.name or part.name.startswith("slo:"):
                continue
            matched = {matcher.name for matcher in part.matchers.matchers}
            wanted = {"namespace"} if part.name in FOREIGN else {"namespace", "model_name"} & labels(part)
            for name in wanted - matched:
                yield f"{where}: {part.name} is not narrowed by {name}"


def _bare(text: str) -> str:
    return text.replace("$__rate_interval", "5m")


def its_variables_exist(dashboard: Json) -> Iterator[str]:
    known = {variable["name"] for variable in dashboard["templating"]["list"]} | set(BUILT_IN)
    texts = [(where, target["expr"]) for where, _, target in targets(dashboard)]
    texts += [(each["name"], each["expr"]) for each in dashboard["annotations"]["list"]]
    texts += [(each["title"], each["title"]) for each in (*dashboard["panels"], *panels(dashboard))]
    for where, text in texts:
        for name in re.findall(r"\$\{?(\w+)", text):
            if name not in known:
                yield f"{where}: there is no variable {name}"


def it_says_what_stands_for_nothing(dashboard: Json) -> Iterator[str]:
    for panel in panels(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        special = [each for each in defaults["mappings"] if each["type"] == "special"]
        if panel["type"] != "text" and (not defaults.get("noValue") or not special):
            yield f"{dashboard['uid']}, {panel['title']!r} says nothing where there is nothing"


def it_is_of_the_form_we_promise(dashboard: Json) -> Iterator[str]:
    promised = {"schemaVersion": 41, "refresh": "30s", "time": {"from": "now-1h", "to": "now"}, "tags": ["ecluse"]}
    for name, value in promised.items():
        if dashboard.get(name) != value:
            yield f"{dashboard['uid']}: {name} is {dashboard.get(name)}"
    for panel in panels(dashboard):
        if panel["type"] not in KINDS:
            yield f"{dashboard['uid']}, {panel['title']!r} is of the kind {panel['type']}"


PORTED: tuple[Rule, ...] = (
    it_cannot_be_edited,
    it_has_a_variable_for_its_data_source,
    its_variables_ask_what_can_be_asked,
    its_variables_follow_the_time,
    each_panel_says_what_it_is,
    each_panel_asks_something,
    each_source_is_the_variables,
    each_value_has_a_unit,
    each_query_is_promql,
    each_rate_follows_the_time,
    each_counter_is_a_rate_before_it_is_a_sum,
)
OWN: tuple[Rule, ...] = (
    its_panels_have_numbers_of_their_own,
    its_panels_lie_beside_each_other,
    each_metric_is_somebodys,
    each_description_names_its_metrics,
    each_legend_names_labels_that_there_are,
    each_selector_follows_the_choices,
    its_variables_exist,
    it_says_what_stands_for_nothing,
    it_is_of_the_form_we_promise,
)
