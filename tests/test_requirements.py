"""The lower bounds of the dependencies exclude the versions that have known security faults."""

from __future__ import annotations

import re

import pytest

from tests.oldest_requirements import lower_bounds

# The first version without a fault that matters to what a package does here, by the advisory of each year.
FIRST_WITHOUT_FAULTS = {
    # CVE-2025-50181, -50182, -66418, -66471, CVE-2026-21441, -44431, -44432: redirects and decompression.
    "urllib3": "2.7.0",
    # CVE-2024-47081: netrc; CVE-2026-25645: extracted certificates.
    "requests": "2.33.0",
    # CVE-2025-4565: recursion in the parser that is written in Python; CVE-2026-0994: recursion in JSON.
    "protobuf": "5.29.6",
    # CVE-2024-34062: arguments of its command line.
    "tqdm": "4.66.3",
    # CVE-2025-43859: malformed chunks, which uvicorn reads with it.
    "h11": "0.16.0",
    # CVE-2025-54121, -62727: forms and ranges; CVE-2026-48710, -54282, -54283: the Host header and forms.
    "starlette": "1.3.1",
    # CVE-2026-23528: the dashboard.
    "distributed": "2026.1.0",
    # CVE-2023-47248: types in IPC and Parquet files.
    "pyarrow": "14.0.1",
}


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, [*re.findall("[0-9]+", version), 0, 0][:3]))


@pytest.mark.parametrize("name", FIRST_WITHOUT_FAULTS)
def test_a_lower_bound_excludes_versions_with_known_faults(name: str) -> None:
    bounds = dict(bound.split("==") for bound in lower_bounds())
    assert numbers(bounds[name]) >= numbers(FIRST_WITHOUT_FAULTS[name])
