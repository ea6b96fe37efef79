"""The function and the metrics of the vendor's package ``xythub_tca``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping

from tickframe.catalogue import METRICS, TickDataFlag
from tickframe.catalogue.metrics import METRIC_NAME
from tickframe.compat.library import DataObject, XytClient


def tick_analytics(
    source: str,
    symbols: Iterable[str],
    metrics: Mapping[str, Mapping[str, object]],
    flags: Iterable[TickDataFlag | str] | None = None,
    connection: XytClient | None = None,
) -> DataObject:
    """Calculate metrics of some symbols.

    How metrics travel is not documented, so it is inferred; see :func:`tickframe.catalogue.wire_metrics`.

    Parameters
    ----------
    source
        The data source, ``"TCA"``.
    symbols
        The symbols.
    metrics
        Metrics, such as ``MarketAggregate(...)``, by the name that their columns begin with.
    flags
        Members or names of :class:`TickDataFlag`.
    connection
        The connection; by default :meth:`XytClient.default`.
    """
    arguments = {"source": source, "endpoint": "tick_analytics", "symbols": symbols, "metrics": metrics, "flags": flags}
    return (connection or XytClient.default()).call("get", arguments)


def _metric(name: str) -> Callable[..., dict[str, object]]:
    """Return the function with the name and the documented arguments of a metric."""
    metric = METRICS[name]
    keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature(
        [
            *(inspect.Parameter(each.name, keyword) for each in metric.parameters if each.required),
            *(inspect.Parameter(each.name, keyword, default=None) for each in metric.parameters if not each.required),
        ]
    )

    def described(*arguments: object, **keywords: object) -> dict[str, object]:
        return {METRIC_NAME: name, **signature.bind(*arguments, **keywords).arguments}

    fields = f" Fields: {', '.join(metric.fields)}." if metric.fields else " One column, without fields."
    described.__name__ = described.__qualname__ = name
    described.__doc__ = f"{metric.description}{fields}"
    described.__signature__ = signature  # type: ignore[attr-defined]
    return described


BookSnapshot = _metric("BookSnapshot")
BookAggregate = _metric("BookAggregate")
BookDepth = _metric("BookDepth")
MarketAggregate = _metric("MarketAggregate")
PVWAP = _metric("PVWAP")
RPM = _metric("RPM")
Volatility = _metric("Volatility")
MarketParticipation = _metric("MarketParticipation")
