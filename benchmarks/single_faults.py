"""The single faults that can be put into a syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.Pow: ast.Mult,
}
COMMUTATIVE = {"min", "max", "minimum", "maximum"}  # whose arguments may be swapped
_TYPES = {"Literal", "TypeVar", "NewType", "cast", "tuple", "dict", "list", "Callable", "NDArray"}


Change = tuple[str, Callable[[], None]]  # in words, and the function that makes it
Replace = Callable[[ast.AST], None]


class Fault(NamedTuple):
    """One fault: the line, what changes in words, and the function that changes the tree."""

    line: int
    text: str
    put_in: Callable[[], None]


def faults(tree: ast.Module) -> list[Fault]:
    """Every single fault of a tree, in its order; `put_in` changes that tree."""
    passed_over = _passed_over(tree)
    found = []
    for parent, field, place, node in list(_nodes(tree)):
        if id(node) not in passed_over:
            replace = partial(_replace, parent, field, place)
            line = getattr(node, "lineno", getattr(parent, "lineno", 0))
            found += [Fault(line, text, put_in) for text, put_in in _of(node, parent, replace)]
    return found


def _nodes(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    for field, value in ast.iter_fields(tree):
        if field not in {"annotation", "returns", "type_params", "decorator_list"}:
            for place, child in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(child, ast.AST):
                    yield tree, field, place if isinstance(value, list) else None, child
                    yield from _nodes(child)


def _replace(parent: ast.AST, field: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[place] = node
    ast.fix_missing_locations(parent)


def _passed_over(tree: ast.Module) -> set[int]:
    """Nodes whose change nobody should notice: types, texts of errors, names of exports."""
    skipped: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            skipped.append(node)
        elif isinstance(node, ast.Raise):
            skipped += [n for n in ast.walk(node) if isinstance(n, ast.JoinedStr)]
        elif (isinstance(node, ast.Call) and getattr(node.func, "id", "") in _TYPES) or (
            isinstance(node, ast.Subscript) and getattr(node.value, "id", "") in _TYPES
        ):
            skipped.append(node)
    return {id(n) for node in skipped for n in ast.walk(node)}


def _of(node: Any, parent: ast.AST, replace: Replace) -> Iterator[Change]:
    if isinstance(node, ast.Constant):
        if not isinstance(parent, ast.Expr | ast.FormattedValue):
            for value in _others(node.value):
                yield f"{node.value} -> {value}", partial(replace, ast.Constant(value))
    elif isinstance(node, ast.stmt):
        yield from _of_statement(node, replace)
    else:
        yield from _of_expression(node, replace)
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        negated = ast.UnaryOp(ast.Not(), node.test)
        yield f"not ({ast.unparse(node.test)[:60]})", partial(_set, node, "test", negated)


def _of_expression(node: Any, replace: Replace) -> Iterator[Change]:
    text = _text(node)
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        other = COMPARISONS[type(node.ops[0])]
        yield f"{other.__name__} in {text}", partial(node.ops.__setitem__, 0, other())
    elif isinstance(node, ast.BoolOp):
        swapped = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield f"{type(swapped).__name__} in {text}", partial(setattr, node, "op", swapped)
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS and not _is_text(node.left):
        operator = OPERATORS[type(node.op)]
        yield f"{operator.__name__} in {text}", partial(setattr, node, "op", operator())
    elif isinstance(node, ast.UnaryOp):
        yield f"without its sign: {text}", partial(replace, node.operand)
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield f"without if: {text}", partial(setattr, node, "ifs", [])
    elif isinstance(node, ast.Call) and len(node.args) > 1 and _name(node) not in COMMUTATIVE:
        arguments = [node.args[1], node.args[0], *node.args[2:]]
        yield f"swapped arguments: {text}", partial(setattr, node, "args", arguments)


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))


def _of_statement(node: Any, replace: Replace) -> Iterator[Change]:
    text = _text(node)
    if isinstance(node, ast.Return):
        if not _is_none(node.value):
            yield f"None for {text}", partial(_set, node, "value", ast.Constant(None))
    elif isinstance(node, ast.Continue | ast.Break):
        other = ast.Break() if isinstance(node, ast.Continue) else ast.Continue()
        yield f"{type(other).__name__} for {text}", partial(replace, other)
    elif _may_go(node):
        yield f"removed: {text}", partial(replace, ast.Pass())


def _text(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:70]


def _set(node: ast.AST, field: str, value: ast.AST) -> None:
    setattr(node, field, value)
    ast.fix_missing_locations(node)


def _others(value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    if not isinstance(value, int | float):
        return []
    if isinstance(value, float):
        return [value * 2 or 1.0]
    return [value + 1] if value in (0, 1) else [value + 1, value - 1]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _is_none(node: ast.AST | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _may_go(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return isinstance(node.targets[0], ast.Subscript | ast.Attribute)
    return isinstance(node, ast.AugAssign | ast.Raise)
