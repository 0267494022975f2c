"""The benchmark's checks as a testinfra user would write them; see 3-testinfra.mjs."""

import json
import os

import pytest

with open(os.environ["NIXSPEC_BENCH_CHECKS"], encoding="utf-8") as file:
    CHECKS = json.load(file)

READ = {
    ("unit", "active"): lambda host, name: host.service(name).is_running,
    ("unit", "enabled"): lambda host, name: host.service(name).is_enabled,
    ("port", "listening"): lambda host, name: host.socket(
        "tcp://127.0.0.1:" + name.split(":")[1]
    ).is_listening,
    ("file", "mode"): lambda host, name: "%04o" % host.file(name).mode,
    ("file", "owner"): lambda host, name: host.file(name).user,
    ("user", "uid"): lambda host, name: host.user(name).uid,
    ("user", "shell"): lambda host, name: host.user(name).shell,
    ("group", "gid"): lambda host, name: host.group(name).gid,
    ("command", "exit-status"): lambda host, line: host.run(line).rc,
    ("command", "stdout"): lambda host, line: host.run(line).stdout.rstrip("\n"),
    ("http", "status"): lambda host, url: int(
        host.check_output("curl -s -o /dev/null -w '%%{http_code}' %s", url)
    ),
    ("sysctl", "value"): lambda host, name: str(host.sysctl(name)),
    ("mount", "filesystem"): lambda host, name: host.mount_point(name).filesystem,
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check["subject"])
def test_check(host, check):
    read = READ[check["kind"], check["property"]]
    assert read(host, check["subject"]) == check["expected"]
