"""The compiled kernel; pyproject.toml has the rest of the build."""

import sys
from pathlib import Path

from setuptools import Extension, setup

sources = sorted(str(path) for path in Path("kernel").glob("*.c"))
optimised = [] if sys.platform == "win32" else ["-O3", "-std=c11", "-Wall", "-Wextra"]

setup(
    ext_modules=[
        Extension(
            "tickframe._kernel",
            sources=sources,
            depends=["kernel/kernel.h"],
            extra_compile_args=optimised,
            define_macros=[("Py_LIMITED_API", "0x030B0000")],
            py_limited_api=True,
            # Without a compiler the package still installs, and the official parser decodes.
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
