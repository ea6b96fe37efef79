"""The settings file: a TOML file that describes one service. It never holds a secret."""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import TypeGuard

from platformdirs import user_config_path

from tickframe.errors import SettingsError
from tickframe.local_files import replaced_file

_VARIABLE = "TICKFRAME_SETTINGS"

#: The secrets, which come from arguments, the environment or the keyring.
SECRETS = ("password", "api_key", "client_secret", "token")


class ValueKind(Enum):
    """The kind of a setting's value in the file."""

    TEXT = "a string"
    NUMBER = "a number"
    INTEGER = "an integer"
    BOOLEAN = "true or false"
    TEXT_OR_BOOLEAN = "true, false or a string"
    TEXT_OR_PAIR = "a string or two strings"
    TEXTS = "a table of strings"

    def accepts(self, value: object) -> bool:
        """Return whether a value of the file is of this kind."""
        return _ACCEPTS[self](value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


_ACCEPTS: Mapping[ValueKind, Callable[[object], bool]] = {
    ValueKind.TEXT: _is_text,
    ValueKind.NUMBER: _is_number,
    ValueKind.INTEGER: lambda value: isinstance(value, int) and not isinstance(value, bool),
    ValueKind.BOOLEAN: lambda value: isinstance(value, bool),
    ValueKind.TEXT_OR_BOOLEAN: lambda value: isinstance(value, bool | str),
    ValueKind.TEXT_OR_PAIR: lambda value: (
        _is_text(value) or (isinstance(value, list) and len(value) == 2 and all(map(_is_text, value)))
    ),
    ValueKind.TEXTS: lambda value: isinstance(value, dict) and all(map(_is_text, value.values())),
}


def settings_path() -> Path:
    """Return where the settings file is: ``TICKFRAME_SETTINGS``, or the user's configuration directory."""
    named = os.environ.get(_VARIABLE, "").strip()
    return Path(named) if named else user_config_path("tickframe", appauthor=False) / "settings.toml"


def read_settings_file(kinds: Mapping[str, ValueKind], path: Path | None = None) -> dict[str, object]:
    """Read the settings file; without one there are no settings in it.

    Parameters
    ----------
    kinds
        The kind of each known setting, by name.
    path
        The file; by default that of :func:`settings_path`.

    Raises
    ------
    SettingsError
        If the file that ``TICKFRAME_SETTINGS`` names does not exist; if a file cannot be read, or holds a secret,
        an unknown key or a value of another type. The message names the file and the key, and shows no value.
    """
    path = path or settings_path()
    is_named = bool(os.environ.get(_VARIABLE, "").strip())
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if is_named:
            raise SettingsError(
                f"{_VARIABLE} names {path}, which does not exist: correct it, or write the file with "
                "tickframe check --discover"
            ) from None
        return {}
    except OSError as error:
        if not is_named and isinstance(error, PermissionError) and not os.access(path.parent, os.X_OK):
            # A service runs as another user than the owner of its home directory, whose settings are not its own.
            return {}
        raise SettingsError(f"cannot read the settings file {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        # A very long number is a plain ValueError, deeply nested arrays a RecursionError. Without the cause, which has
        # the whole text.
        raise SettingsError(f"the settings file {path} is not TOML: {error}") from None
    for key, value in document.items():
        _check(path, key, value, kinds)
    return document


def _check(path: Path, key: str, value: object, kinds: Mapping[str, ValueKind]) -> None:
    spelled = key.lower().replace("-", "_")
    if spelled in SECRETS:
        raise SettingsError(
            f"{path}: {key} is a secret, which the settings file must not hold: remove it, and set "
            f"TICKFRAME_{spelled.upper()} or use the keyring"
        )
    if key not in kinds:
        raise SettingsError(f"{path}: unknown key {key!r}{_did_you_mean(spelled, kinds)}")
    if not kinds[key].accepts(value):
        raise SettingsError(f"{path}: {key} must be {kinds[key].value}, not {_shown(value)}")
    if key == "proxies" and isinstance(value, dict) and any("@" in address for address in value.values()):
        raise SettingsError(
            f"{path}: proxies holds a user or a password: set HTTPS_PROXY in the environment, or pass proxies= to "
            "Client"
        )


def _did_you_mean(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f": expected {', '.join(names)}"


def _shown(value: object) -> str:
    """Return the type of a value as TOML calls it: the value itself may be a secret in the wrong place."""
    match value:
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case int():
            return "an integer"
        case float():
            return "a float"
        case list():
            return "an array"
        case dict():
            return "a table"
        case _:
            return f"a {type(value).__name__}"


def write_settings_file(path: Path, settings: Mapping[str, object]) -> Path | None:
    """Write a settings file, which then appears as a whole.

    Parameters
    ----------
    path
        The file. Its directory is created.
    settings
        The settings by name.

    Returns
    -------
    Path or None
        The copy of the file that was there before, with its comments; None if there was none, or an equal one.
    """
    text = to_toml(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    previous = None
    if path.exists() and (before := path.read_bytes()) != text.encode():
        previous = path.with_name(f"{path.name}.previous")
        with replaced_file(previous) as file:
            file.write(before)
    with replaced_file(path) as file:
        file.write(text.encode())
    return previous


def to_toml(settings: Mapping[str, object]) -> str:
    """Return settings as TOML: single values first, then tables."""
    tables = {name: value for name, value in settings.items() if isinstance(value, Mapping)}
    lines = [f"{name} = {_literal(value)}" for name, value in settings.items() if name not in tables]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{_literal(key)} = {_literal(value)}" for key, value in table.items())]
    return "\n".join(lines).lstrip("\n") + "\n"


def _literal(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    # JSON's strings, numbers and booleans are TOML's, except that TOML escapes the delete character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
