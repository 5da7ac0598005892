"""Renders a Jinja template as Home Assistant would: reads {template, variables, states} as JSON from stdin, prints the text. Unknown names are errors."""

import json
import sys

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

given = json.load(sys.stdin)


def as_int(value, default=None):
    try:
        return int(float(value))
    except (TypeError, ValueError):
        if default is None:
            raise
        return default


environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
environment.filters["int"] = as_int
environment.globals["states"] = lambda entity: given["states"][entity]
print(environment.from_string(given["template"]).render(**given["variables"]))
