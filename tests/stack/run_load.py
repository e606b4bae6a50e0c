"""Runs load/scaling.js without k6, and prints what it would have k6 do, as JSON.

    .tools/load/bin/python tests/stack/run_load.py '{"URL": "https://…"}' [MINUTE ...]

V8 runs it, as it is; only k6's modules are stood in for, by what records
the requests of one iteration at each MINUTE. Runs in the `load` environment.
"""

import json
import re
import sys
from pathlib import Path

from py_mini_racer import JSEvalException, MiniRacer

SCRIPT = Path(__file__).resolve().parents[2] / "load" / "scaling.js"
K6 = """
const asked = [];
let status = 200, now = 0;
const http = {get: (url, params) => { asked.push({url, tags: params.tags || {}}); return {status, error: ''}; }};
const check = (value, checks) => Object.values(checks).every((holds) => holds(value));
const fail = (why) => { throw new Error(why); };
Date.now = () => now;
"""

if __name__ == "__main__":
    environment, *minutes = sys.argv[1:]
    text = SCRIPT.read_text(encoding="utf-8")
    text = re.sub(r"^import .+ from 'k6(/\w+)?';$", "", text, flags=re.MULTILINE)
    text = text.replace("export default function", "function iteration").replace("export ", "")
    engine = MiniRacer()
    try:
        engine.eval(f"{K6} const __ENV = {environment}; {text}")
        told = {"options": json.loads(engine.eval("JSON.stringify(options)"))}
        engine.eval("const began = setup();")
        for minute in minutes:
            engine.eval(f"now = {minute} * 60000; iteration(began);")
        told["asked"] = json.loads(engine.eval("JSON.stringify(asked)"))
        engine.eval("status = 404")
        told["without_an_answer"] = engine.eval("try { setup(); 'nothing' } catch (error) { error.message }")
    except JSEvalException as error:
        told = {"error": str(error)}
    finally:
        # Left open, V8's threads keep the process from ending, one time in four.
        engine.close()
    print(json.dumps(told))
