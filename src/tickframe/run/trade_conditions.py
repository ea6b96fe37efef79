"""The meanings of trade conditions, from the metadata of responses.

Documented are the names ``trade_description`` and ``trade_category``, for each condition. Where in the metadata they
are is inferred: a mapping for each condition, or a list or a mapping for each name, at any depth.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd
import pyarrow as pa

from tickframe.arrow_to_pandas import to_dataframe

_CONDITION, _DESCRIPTION, _CATEGORY = "trade_condition", "trade_description", "trade_category"
# The name is not documented.
_CONTINUOUS = "continuous_session"

_SCHEMA = pa.schema(
    {"condition": pa.string(), "description": pa.string(), "category": pa.string(), _CONTINUOUS: pa.bool_()}
)

_Row = tuple[str, str | None, str | None, bool | None]


def trade_conditions(metas: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Return the meanings of trade conditions as a table.

    Parameters
    ----------
    metas
        The metadata of each response.

    Returns
    -------
    pandas.DataFrame
        ``condition``, ``description``, ``category`` (str) and ``continuous_session`` (bool), null where the service
        does not say; each different meaning once, ordered by condition.
    """
    # The wire does not order conditions.
    rows = sorted(dict.fromkeys(row for meta in metas for row in _rows(meta)), key=operator.itemgetter(0))
    columns = zip(*rows, strict=True) if rows else ((),) * len(_SCHEMA)
    return to_dataframe(
        pa.table([pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)], _SCHEMA)
    )


def _rows(meta: Mapping[str, object]) -> Iterator[_Row]:
    if _DESCRIPTION in meta or _CATEGORY in meta:
        yield from _rows_by_name(meta)
        return
    for condition, value in meta.items():
        if not isinstance(value, Mapping):
            continue
        if isinstance(value.get(_DESCRIPTION), str) or isinstance(value.get(_CATEGORY), str):
            yield _row(condition, value)
        else:
            yield from _rows(value)


def _rows_by_name(meta: Mapping[str, object]) -> Iterator[_Row]:
    """Return the rows of metadata with a list or a mapping for each name."""
    conditions = meta.get(_CONDITION)
    by_name: dict[str, Mapping[object, object]] = {}
    for name, values in meta.items():
        if isinstance(values, Mapping):
            by_name[name] = values
        elif isinstance(values, list) and isinstance(conditions, list) and len(values) == len(conditions):
            by_name[name] = dict(zip(conditions, values, strict=True))
    described = {**by_name.get(_DESCRIPTION, {}), **by_name.get(_CATEGORY, {})}
    for condition in described:
        yield _row(str(condition), {name: values.get(condition) for name, values in by_name.items()})


def _row(condition: str, fields: Mapping[str, object]) -> _Row:
    description, category = fields.get(_DESCRIPTION), fields.get(_CATEGORY)
    continuous = next((value for name, value in fields.items() if name.endswith(_CONTINUOUS)), None)
    return (
        condition,
        description if isinstance(description, str) else None,
        category if isinstance(category, str) else None,
        bool(continuous) if isinstance(continuous, bool | int) else None,
    )
