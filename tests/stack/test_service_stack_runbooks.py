"""runbooks/: every alarm has its page, every page its sections, and what it says is true."""

import json
import re
import shlex

import botocore.session
import pytest
from botocore import xform_name
from companion import EVERYTHING, SERVICES, Stack
from processes import ROOT

PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "runbooks").glob("*.md"))}
# Those that an alarm may lead to, but for the index.
SIGNALS = ["latency.md", "traffic.md", "errors.md", "saturation.md", "dependency.md", "deployments.md", "queue.md"]
SECTIONS = [
    "What it means", "What Nightshift does", "Look at, in this order", "Queries", "Undo", "Wake whom",
]  # fmt: skip
# What every command of the CLI takes, and no operation.
GLOBAL = {"region", "query", "output"}


def source(path):
    return (ROOT / path).read_text(encoding="utf-8")


def refusals():
    """The names of the refusals, as the code has them."""
    body = source("shared/core/src/refusal.rs").split("pub enum Refusal {")[1].split("\n}\n")[0]
    return set(re.findall(r"^    ([A-Z]\w+)", body, re.MULTILINE))


def commands(text):
    """The AWS CLI's commands in a text, as lists of words; those inside others as well."""
    found = []
    for start in re.finditer(r"\baws (?=[a-z0-9-]+ [a-z-]+)", text):
        rest = text[start.start() :].split("\n")[0]
        # One that stands in brackets ends with them.
        ends = [i for i, sign in enumerate(rest) if sign == ")" and rest[:i].count("(") < rest[: i + 1].count(")")]
        found.append(shlex.split(re.sub(r'"?\$\(.*?\)"?', "VALUE", rest[: ends[0]] if ends else rest)))
    return found


def check(words):
    """That the AWS CLI knows such a command, by botocore's models."""
    service, operation, *arguments = words[1:]
    client = botocore.session.get_session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in client.operation_names}
    assert operation in names, words
    model = client.operation_model(names[operation])
    members = {xform_name(name, "-"): name for name in model.input_shape.members}
    options = {word.removeprefix("--").removeprefix("no-") for word in arguments if word.startswith("--")}
    assert options - GLOBAL <= set(members), (words, options - GLOBAL - set(members))
    required = {xform_name(name, "-") for name in model.input_shape.required_members}
    assert required <= options, (words, required - options)


@pytest.mark.parametrize("page", SIGNALS)
def test_a_page_has_every_section_in_this_order_and_something_in_each(page):
    parts = re.split(r"^## (.+)$", PAGES[page], flags=re.MULTILINE)
    assert parts[1::2] == SECTIONS
    assert all(len(text.split()) >= 15 for text in parts[2::2]), page
    assert "```\n" in parts[2 * SECTIONS.index("Queries") + 2], page


def test_the_index_leads_to_every_page_and_no_page_leads_nowhere():
    for page, text in PAGES.items():
        linked = set(re.findall(r"\]\(([\w-]+\.md)(?:#[\w-]+)?\)", text))
        assert linked <= set(PAGES), (page, linked - set(PAGES))
    assert set(re.findall(r"\]\(([\w-]+\.md)\)", PAGES["README.md"])) == set(PAGES) - {"README.md"}


def test_every_alarm_leads_to_its_page_and_the_page_names_the_alarm():
    for kind, parameters in SERVICES.items():
        for name, alarm in Stack("service", parameters).alarms().items():
            page = json.loads(alarm["AlarmDescription"])["runbook"].rsplit("/", 1)[-1]
            assert page in PAGES, (kind, name)
            short = alarm["AlarmName"].removeprefix("prod-checkout-").removesuffix("-second")
            short = re.sub(r"^errors-burn-\w+$", "errors-burn-…", short)
            assert short in PAGES[page], (kind, name, page)


def test_every_refusal_on_a_page_is_one_that_nightshift_knows():
    known = refusals()
    assert {"NotOptedIn", "CoolingDown", "LeftToCircuitBreaker"} <= known and len(known) > 40
    # What looks like a refusal: words in code marks that are made of at least two.
    others = set(Stack("service", EVERYTHING).values) | set(re.findall(r"^  (\w+):$", source("template.yaml"), re.MULTILINE))
    metrics = set(re.findall(r"Metric(?:Name)?: (\w+)", source("stacks/service.yaml")))
    named = {}
    for page, text in PAGES.items():
        for word in re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]*)+)`", text):
            named.setdefault(word, page)
    words = {word: page for word, page in named.items() if word not in others | metrics | set(FOREIGN)}
    assert set(words) <= known, {word: page for word, page in words.items() if word not in known}
    assert len(set(words) & known) >= 25


# Names of AWS on the pages that are neither parameters nor metrics of ours.
FOREIGN = [
    "ApproximateNumberOfMessagesNotVisible", "ClientTLSNegotiationErrorCount", "CurrConnections", "DashboardUrl", "DiskQueueDepth", "HaltCommand",
    "MessageRetentionPeriod", "NewConnectionCount", "NumberOfMessagesSent", "OptIn", "OutOfMemoryError",
    "ReadLatency", "RejectedConnectionCount", "ResponseTime", "UnHealthyHost", "WriteLatency",
]  # fmt: skip


def test_every_command_on_a_page_and_in_an_output_is_one_that_the_cli_takes():
    texts = list(PAGES.values()) + list(Stack("service", EVERYTHING | {"CreateLogGroup": "false", "CreateRepository": "false"}).outputs().values())
    everything = {"MainRegion": "eu-west-1", "NotificationEmail": "you@example.com", "BillAbove": "10"}
    texts += Stack("account", everything, region="us-east-1").outputs().values()
    texts += [spec["Description"] for spec in Stack("service", EVERYTHING).template["Parameters"].values()]
    found = [words for text in texts for words in commands(text) if len(words) > 3]
    assert len(found) >= 40
    for words in found:
        check(words)


def test_what_a_page_says_of_the_policy_is_the_default():
    policy = source("config/nightshift.toml")
    for said, written in {
        "90 % sure, `act_at`": "act_at = 90 ",
        "70 % sure, `scale_out_at`": "scale_out_at = 70 ",
        "younger than ten minutes": 'newborn = "10m"',
        "denied for seven days": 'deny_for = "7d"',
        "A day has two remedies": "remedies_per_day = 2",
        "three of the new release's own tasks": "failures = 3 ",
        "two on a service of at most two tasks": "small_failures = 2",
        "ran half an hour": 'soak = "30m"',
        "half\n  as many tasks again": "step_percent = 150",
        "four times as many (`most_percent`)": "most_percent = 400",
    }.items():
        assert any(said in text for text in PAGES.values()), said
        assert written in policy, written


def test_the_ladder_is_the_one_in_the_code():
    page, code = PAGES["severity.md"], source("shared/incident/src/severity.rs")
    felt = re.search(r"const FELT: \[&str; \d+\] = \[(.*?)\]", code)[1]
    listed = page.split("has one of these in its name:")[1].split(". So does")[0]
    assert re.findall(r"`(\w+)`", listed) == re.findall(r'"(\w+)"', felt)
    production = re.search(r'matches!\(environment.*?, (".*?")\)', source("shared/core/src/service.rs"))[1]
    assert set(re.findall(r'"(\w+)"', production)) <= set(re.findall(r"`(\w+)`", page))
    # Its rows, from the first on, in the order of the match arms.
    rows = re.findall(r"^\| .* \| (P\d) \|$", page, re.MULTILINE)
    arms = re.findall(r"Severity::(P\d)", code.split("pub fn severity(")[1].split("/// Whether a service may wake")[0])
    assert rows == arms
