"""Methods of the documented functions: signatures match the catalogue, and docstrings are complete."""

from __future__ import annotations

import inspect

import pytest

import tickframe as tf
from tickframe import compat
from tickframe.catalogue import FUNCTIONS

# Required parameters that are keyword-only, because a value alone does not show its meaning.
BY_KEYWORD = {"data_type", "chain_type", "time"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_method_has_the_parameters_of_the_catalogue(name: str) -> None:
    parameters = list(inspect.signature(getattr(tf.Client, name)).parameters.values())[1:]
    documented = {parameter.name: parameter for parameter in FUNCTIONS[name].parameters}
    assert {parameter.name for parameter in parameters} == set(documented)
    for parameter in parameters:
        required = documented[parameter.name].required
        assert (parameter.default is inspect.Parameter.empty) == required
        by_position = parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        assert by_position == (required and parameter.name not in BY_KEYWORD) or parameter.name == "pattern"
    positional = [each.name for each in parameters if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    assert positional == [each for each in documented if each in positional]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_docstring_describes_every_parameter_and_column(name: str) -> None:
    text = inspect.getdoc(getattr(tf.Client, name)) or ""
    function = FUNCTIONS[name]
    before, _, returns = text.partition("Returns\n")
    for parameter in function.parameters:
        assert parameter.name in before
    for column in (*function.columns, *sum(function.instrument_columns.values(), ())):
        assert f"``{column.name}``, {column.kind.value}: {column.description}" in returns


@pytest.mark.parametrize("name", [*FUNCTIONS, "get"])
def test_a_function_of_compat_has_the_documented_parameters_and_a_connection(name: str) -> None:
    assert name in compat.__all__
    parameters = inspect.signature(getattr(compat, name)).parameters
    assert parameters["connection"].default is None
    if name in FUNCTIONS:
        assert {*parameters} == {parameter.name for parameter in FUNCTIONS[name].parameters} | {"connection"}
