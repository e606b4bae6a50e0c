"""CloudWatch's metric math and the rules of its composite alarms: the part that our stacks use."""

import operator
import re
from functools import cache

from . import Unknown

TOKEN = re.compile(r'\s*(?:(\d+(?:\.\d+)?)|("[^"]*")|([A-Za-z_]\w*)|(>=|<=|==|[-+*/()<>,]))')
WEIGHT = {"OR": 1, "AND": 2, ">": 3, "<": 3, ">=": 3, "<=": 3, "==": 3, "+": 4, "-": 4, "*": 5, "/": 5}
DO = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "/": lambda a, b: a / b if b else None,
    ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le, "==": operator.eq,
    "AND": lambda a, b: bool(a) and bool(b),
    "OR": lambda a, b: bool(a) or bool(b),
}  # fmt: skip


@cache
def parsed(text):
    """An expression as a tree of tuples. What cannot be read raises Unknown."""
    words, place = [], 0
    while place < len(text.rstrip()):
        match = TOKEN.match(text, place)
        if not match:
            raise Unknown(f"cannot read {text[place:]!r} of {text!r}")
        words.append(match)
        place = match.end()
    tree, rest = _operation(tuple(words), 0)
    if rest:
        raise Unknown(f"{len(rest)} words too many in {text!r}")
    return tree


def _operation(words, least):
    left, words = _operand(words)
    while words and (sign := words[0][4] or words[0][3]) in WEIGHT and WEIGHT[sign] > least:
        right, words = _operation(words[1:], WEIGHT[sign])
        left = (sign, left, right)
    return left, words


def _operand(words):
    if not words:
        raise Unknown("an expression that ends too soon")
    (number, text, name, sign), words = words[0].groups(), words[1:]
    if number or text:
        return ("value", float(number) if number else text[1:-1]), words
    if sign == "(":
        inner, words = _operation(words, 0)
        return inner, _without(")", words)
    if not name:
        raise Unknown(f"no value at {sign!r}")
    if not words or words[0][4] != "(":
        return ("name", name), words
    given, words = [], words[1:]
    while True:
        one, words = _operation(words, 0)
        given.append(one)
        if not words or words[0][4] != ",":
            return ("call", name, *given), _without(")", words)
        words = words[1:]


def _without(sign, words):
    if not words or words[0][4] != sign:
        raise Unknown(f"no {sign!r}")
    return words[1:]


def evaluated(text, named, count):
    """A list of `count` values, with None for what is missing; a band is a list of pairs.

    `named` gives the list of values that an id stands for.
    """
    return _value(parsed(text), named, count)


def _value(tree, named, count):
    match tree:
        case ("value", float() as number):
            return [number] * count
        case ("name", name):
            return named(name)
        case ("call", "IF", condition, then, otherwise):
            sides = (_value(part, named, count) for part in (condition, then, otherwise))
            return [None if c is None else a if c else b for c, a, b in zip(*sides, strict=True)]
        case ("call", "FILL", series, ("value", filler)):
            return [filler if value is None else value for value in _value(series, named, count)]
        case ("call", "DIFF", series):
            values = _value(series, named, count)
            return [None, *(None if a is None or b is None else b - a for a, b in zip(values, values[1:], strict=False))]
        case ("call", "ANOMALY_DETECTION_BAND", series, ("value", width)):
            return band(_value(series, named, count), width)
        case (sign, left, right) if sign in DO:
            pairs = zip(_value(left, named, count), _value(right, named, count), strict=True)
            return [None if a is None or b is None else DO[sign](a, b) for a, b in pairs]
    raise Unknown(f"no such metric math: {tree}")


def band(values, width):
    """What is usual, as pairs of least and most: the mean of the hour around, and what strays from it.

    CloudWatch learns its band from two weeks; this one knows the values that are drawn.
    """
    def usual(place):
        near = [v for v in values[max(0, place - 6) : place + 7] if v is not None]
        return sum(near) / len(near)

    means = [usual(place) for place in range(len(values))]
    strays = [(v - mean) ** 2 for v, mean in zip(values, means, strict=True) if v is not None]
    deviation = (sum(strays) / len(strays)) ** 0.5
    return [(max(0.0, mean - width * deviation), mean + width * deviation) for mean in means]


def holds(rule, states):
    """Whether a composite's rule is true, with the states of alarms by name."""
    def true(tree):
        match tree:
            case ("call", "ALARM" | "OK" as state, ("value", str() as name)):
                return states[name] == state
            case ("AND" | "OR" as sign, left, right):
                return DO[sign](true(left), true(right))
        raise Unknown(f"no such rule: {tree}")

    return true(parsed(rule))
