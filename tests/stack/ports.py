"""The ports and the IAM actions behind them, read from the Rust sources.

A method of a port names its actions in its documentation, as IAM spells them. What a
function can call is the sum of ports that its trait `World` is.
"""

import re
from functools import cache

from processes import ROOT

# Traits that a sum of ports may name and that call nothing.
NO_PORTS = {"Sync", "Tallied"}

# Its name, what it adds up, and its body.
TRAIT = re.compile(r"^pub(?:\(crate\))? trait (\w+):\s*([\w\s+]+?)\s*\{(\}|.*?^\})", re.MULTILINE | re.DOTALL)
METHOD = re.compile(r"((?:^ +///.*\n)*)^ +fn (\w+)", re.MULTILINE)
IN_WORDS = re.compile(r"`([a-z0-9-]+:[A-Z]\w+)`")
IN_CODE = re.compile(r'"([a-z0-9-]+:[A-Z]\w+)"')


def sources(folder):
    """The Rust files below a folder, tests left out, by their paths from there."""
    home = ROOT / folder
    paths = [path for path in home.rglob("*.rs") if path.name != "tests.rs" and "tests" not in path.parts[:-1]]
    assert paths, f"no Rust below {folder}"
    texts = {path.relative_to(home): path.read_text(encoding="utf-8") for path in paths}
    return {path: text.split("#[cfg(test)]\nmod tests {")[0] for path, text in texts.items()}


def traits(text):
    """The traits in a text: name to the names they add up, and their bodies."""
    return {name: (re.findall(r"\w+", total), body) for name, total, body in TRAIT.findall(text)}


@cache
def all_ports():
    """The ports of shared/core by name, each with its body."""
    texts = [text for path, text in sources("shared/core/src").items() if path.parts[0] in ("ports.rs", "ports")]
    return {name: body for text in texts for name, (_, body) in traits(text).items()}


def methods(port):
    """The methods of a port, as Port.method, each with the actions it names."""
    return [(f"{port}.{name}", set(IN_WORDS.findall(words))) for words, name in METHOD.findall(all_ports()[port])]


def actions(port):
    """The actions that the methods of a port name."""
    return {action for _, named in methods(port) for action in named}


@cache
def sums():
    """The traits of the shared crates that add up ports: name to what they name."""
    folders = ("shared/incident/src", "shared/diagnosis/src", "shared/cost/src", "shared/lambda/src")
    texts = [text for folder in folders for text in sources(folder).values()]
    return {name: parts for text in texts for name, (parts, _) in traits(text).items()}


def of_function(function):
    """The ports that a function's World adds up."""
    found = [
        parts
        for text in sources(f"functions/{function}/src").values()
        for name, (parts, _) in traits(text).items()
        if name == "World"
    ]
    assert len(found) == 1, f"{function} has {len(found)} traits World"
    return _added_up(found[0])


def _added_up(parts):
    ports = set()
    for part in parts:
        if part in all_ports():
            ports.add(part)
        elif part in sums():
            ports |= _added_up(sums()[part])
        else:
            assert part in NO_PORTS, f"{part} is neither a port nor a sum of ports that is known here"
    return ports


def calls():
    """What shared/aws calls: by its module, the ports implemented there and the actions it names."""
    modules = {}
    for path, text in sources("shared/aws/src").items():
        ports, called = modules.setdefault(path.parts[0].removesuffix(".rs"), (set(), set()))
        ports |= set(re.findall(r"^impl (\w+) for Account\b", text, re.MULTILINE)) & set(all_ports())
        called |= set(IN_CODE.findall(text))
    found = {module: both for module, both in modules.items() if both[0]}
    missing = set(all_ports()) - set().union(*(ports for ports, _ in found.values())) - {"Https"}
    assert not missing, f"shared/aws lacks {missing}"
    return found
