"""One way to check what comes from a file: settings, sidecars, sessions, runs, models.

A type describes what is expected, ranges by `Annotated[int, Field(ge=1)]`; pydantic compares.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, TypeVar, cast

from pydantic import Field, Strict, TypeAdapter, ValidationError, WrapValidator
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

T = TypeVar("T")

# Parts of what `checked` compares, which would else make numbers of texts and of true and false.
Whole = Annotated[int, Strict()]
Real = Annotated[float, Strict()]
Finite = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Text = Annotated[str, Strict()]
Flag = Annotated[bool, Strict()]


class InvalidError(ValueError):
    """What was read isn't what it should be; the text is "where: what is wrong"."""


_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


def parsed(kind: type[T], text: str | bytes, *, strict: bool = True) -> T:
    """A value of a type from JSON text.

    Parameters
    ----------
    kind : the type: a dataclass, a model of pydantic or anything else that it understands.
    text : JSON.
    strict : whether numbers must be numbers, and not texts that hold some.

    Raises
    ------
    InvalidError
        if the text isn't JSON, or of another type.
    """
    try:
        return cast("T", _adapter(kind).validate_json(text, strict=strict or None))
    except ValidationError as error:
        raise InvalidError(_reason(error)) from error


def json_values(text: str | bytes) -> Any:
    """JSON values of a text whose types `checked` compares.

    Names of files that aren't valid UTF-8 are kept: pydantic refuses their lone surrogates.

    Raises
    ------
    InvalidError
        if the text isn't JSON, is nested too deeply, or holds a number that is too long.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidError(str(error)) from error


def checked(kind: type[T], value: object, *, strict: bool = False) -> T:
    """A value of a type from JSON values, where tuples are lists unless `strict`.

    Raises
    ------
    InvalidError
        if it is of another type.
    """
    try:
        return cast("T", _adapter(kind).validate_python(value, strict=strict or None))
    except ValidationError as error:
        raise InvalidError(_reason(error)) from error


def or_else(default: Any) -> WrapValidator:
    """For `Annotated`: the default in the place of a value that isn't valid."""

    def take(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError:
            return default

    return WrapValidator(take)


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
