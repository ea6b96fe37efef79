"""Requests by the name of their endpoint: the documented ones are checked, others are sent as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tickframe.catalogue import (
    REQUESTS,
    Function,
    camel_case,
    find_request,
    misspelt_request,
    similar_requests,
    timestamp_columns,
)
from tickframe.errors import warn
from tickframe.plan.arguments import did_you_mean, parse_string
from tickframe.plan.part import Part, frozen
from tickframe.plan.plan import Options, Plan


def plan_request(source: str, endpoint: str, parameters: Mapping[str, object], options: Options) -> Plan:
    """Return the plan for a request.

    Parameters
    ----------
    source, endpoint
        The data source, and the name of the endpoint or of a documented request.
    parameters
        Its parameters by name, in snake_case or camelCase. None is the same as omitting one.
    options
        How to run it.

    Raises
    ------
    ValueError
        For a source with documented requests, if the endpoint is misspelt, or a parameter missing or wrong.

    Warns
    -----
    TickframeWarning
        If a source with documented requests has no such request or parameter.
    """
    source, endpoint = parse_string(source, "source"), parse_string(endpoint, "endpoint")
    function = find_request(source, endpoint)
    if function is not None:
        return _documented(function, source, parameters, options)
    if source in REQUESTS:
        _check_endpoint(source, endpoint)
    values = _frozen({"source": source, **parameters})
    return Plan((Part(endpoint, endpoint, values, paged=True),), timestamp_columns(endpoint), options)


def _documented(function: Function, source: str, parameters: Mapping[str, object], options: Options) -> Plan:
    documented = {parameter.wire_name: parameter.name for parameter in function.parameters}
    arguments: dict[str, object] = {"source": source}
    others: dict[str, object] = {}
    for name, value in parameters.items():
        known = documented.get(camel_case(name))
        if known in arguments:
            raise ValueError(f"parameter {known!r} of {function.name} is given twice")
        if known is not None:
            arguments[known] = value
        elif suggestion := did_you_mean(camel_case(name), documented):
            raise ValueError(f"{function.name} has no parameter {name!r}{suggestion}")
        else:
            others[name] = value
            warn(f"parameter {name!r} of {function.name} is sent although it is not documented")
    plan = Plan.of(function, arguments, options)
    added = _frozen(others)
    parts = tuple(replace(part, parameters=(*part.parameters, *added)) for part in plan.parts)
    return replace(plan, parts=parts)


def _check_endpoint(source: str, endpoint: str) -> None:
    if misspelt := misspelt_request(source, endpoint):
        raise ValueError(
            f"{source} has no request {endpoint!r}: did you mean {misspelt!r}? If the service has it nevertheless, "
            f"call {misspelt!r} with the setting endpoints={{{misspelt!r}: {endpoint!r}}}"
        )
    elsewhere = [other for other in REQUESTS if find_request(other, endpoint) is not None]
    similar = similar_requests(source, endpoint)
    suggestion = ""
    if elsewhere:
        suggestion = f"; it is documented for {' and '.join(elsewhere)}"
    elif similar:
        suggestion = f"; did you mean {' or '.join(similar)}?"
    warn(f"request {endpoint!r} of {source} is sent although it is not documented{suggestion}")


def _frozen(parameters: Mapping[str, object]) -> tuple[tuple[str, object], ...]:
    return tuple((name, frozen(value)) for name, value in parameters.items() if value is not None)
