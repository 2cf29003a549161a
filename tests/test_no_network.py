"""A run speaks to nobody but its own kernels, and needs no network to do so."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import msanalysis
from invented_notebooks import SAVES, write_notebook, write_run_file, write_store
from msanalysis.run import PROJECT

LISTENS = '''\
"""Record every address a process of the run turns to, and refuse all but files on this machine."""
import os
import sys

WATCHED = ("connect", "bind", "sendto", "sendmsg", "getaddrinfo", "gethostbyname", "gethostbyaddr",
    "getnameinfo")


def watch(event, given):
    if event not in [f"socket.{name}" for name in WATCHED]:
        return
    address = given[1] if event.split(".")[1] in WATCHED[:4] else given
    with open(os.environ["ADDRESSES"], "a") as record:
        print(event, repr(address), file=record)
    if not isinstance(address, (str, bytes)):
        raise OSError(f"the test refuses {event}")


sys.addaudithook(watch)
'''
PERFORMS = """\
import sys
from pathlib import Path
from invented_notebooks import rows
from msanalysis.run.perform import perform
from msanalysis.run.plan import plan_runs

folder = Path(sys.argv[1])
(run,) = plan_runs(
    folder / "invented_run.yaml",
    extract=folder / "store",
    out=folder / "run",
    catalogue=rows("count"),
    notebooks=folder / "notebooks",
)
perform(run)
"""
COMMANDS = "from msanalysis.cli import app\napp()\n"
COUNTS = """\
import atexit, os
from pathlib import Path

def count():
    for name in ("snmp", "snmp6"):
        if Path("/proc/net", name).exists():
            Path(os.environ["ADDRESSES"] + name).write_text(Path("/proc/net", name).read_text())

atexit.register(count)
"""
WORKS = """\
import msanalysis.cohorts, msanalysis.figures, msanalysis.output
from msanalysis.extract import open_extract
from msanalysis.figures.picture import Picture
from matplotlib.figure import Figure
open_extract(extract).table("patients").collect()
Picture(lambda lang: Figure(), ("en",))._repr_png_()
"""
PHONES = """\
import socket
try:
    socket.create_connection(("192.0.2.1", 443), timeout=5)
except OSError as error:
    assert str(error) == "the test refuses socket.getaddrinfo"
else:
    raise AssertionError("somebody answered")
"""


def watched(folder, script, *arguments):
    """Run a script, in an empty network if there can be one; all its processes are watched."""
    (folder / "watch").mkdir(exist_ok=True)
    (folder / "watch" / "sitecustomize.py").write_text(LISTENS)
    (folder / "addresses").touch()
    places = [folder / "watch", Path(__file__).parent, Path(msanalysis.__file__).parents[1]]
    return subprocess.run(
        [*NOWHERE, sys.executable, "-c", COUNTS + script, *map(str, arguments)],
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(map(str, places)), "ADDRESSES": folder / "addresses"},
        capture_output=True,
        text=True,
        check=False,
    )


def turned_to(folder):
    """Leave out files, and a library's question whether this machine has IPv6 (it binds to it)."""
    own = re.compile(r"socket\.(bind|connect|sendto|sendmsg) (b?'|\('::1', 0\)$)")
    addresses = (folder / "addresses").read_text().splitlines()
    return [each for each in addresses if not own.match(each)]


def sent(snmp, snmp6):
    """Return what left a network, or would have: connections, packets, and those without a way."""
    found = dict(line.split() for line in snmp6.splitlines())
    lines = [line.split() for line in snmp.splitlines()]
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        kind = names[0].rstrip(":")
        found |= {f"{kind}{n}": v for n, v in zip(names[1:], values[1:], strict=True)}
    counted = ("TcpActiveOpens", "UdpOutDatagrams", "IpOutRequests", "IpOutNoRoutes")
    counted += ("Ip6OutRequests", "Ip6OutNoRoutes", "Udp6OutDatagrams")
    return {name: int(found[name]) for name in counted}


def require_nothing_sent(folder):
    """Hold the last watched command, where it ran in an empty network, to have sent nothing."""
    if NOWHERE:
        counters = [(folder / f"addresses{name}").read_text() for name in ("snmp", "snmp6")]
        assert not any(sent(*counters).values())


def empty_network():
    """Return what runs a command in a network that holds nothing, not even this machine; or []."""
    command = ["unshare", "--user", "--map-root-user", "--net"]
    there = shutil.which("unshare") and not subprocess.run([*command, "true"]).returncode
    return command if there else []


NOWHERE = empty_network()
needs_empty_network = pytest.mark.skipif(not NOWHERE, reason="this machine gives no empty network")


def test_a_run_turns_to_nobody_and_a_notebook_that_tries_is_refused(tmp_path):
    write_notebook(tmp_path / "notebooks", "count", WORKS + PHONES + SAVES)
    write_store(tmp_path / "store")
    write_run_file(tmp_path, "analyses: [count]")
    done = watched(tmp_path, PERFORMS, tmp_path)
    assert done.returncode == 0, done.stderr
    (outcome,) = json.loads((tmp_path / "run" / "release" / "manifest.json").read_text())[
        "analyses"
    ]
    assert (outcome["status"], outcome["failure"]) == ("ok", "")
    assert turned_to(tmp_path) == ["socket.getaddrinfo ('192.0.2.1', 443, 0, 1, 0)"]
    require_nothing_sent(tmp_path)


@needs_empty_network
def test_an_empty_network_counts_what_is_sent_past_python(tmp_path):
    phones = "import socket, sys\nsocket.socket().connect_ex(('192.0.2.1', 443))\n"
    reads = "for n in ('snmp', 'snmp6'): print(open(f'/proc/net/{n}').read(), end='#')\n"
    done = subprocess.run(
        [*NOWHERE, sys.executable, "-I", "-c", phones + reads],
        capture_output=True,
        text=True,
        check=True,
    )
    snmp, snmp6, _ = done.stdout.split("#")
    assert any(sent(snmp, snmp6).values())


@pytest.mark.slow
def test_the_annual_report_turns_to_nobody(tmp_path):
    store = tmp_path / "store"
    for command in (
        ("synth", tmp_path / "delivery", "--persons", 500),
        ("import", tmp_path / "delivery", store),
        ("run", PROJECT / "params" / "annual_report_2024.yaml", "--extract", store, "--out"),
    ):
        out = [tmp_path / "out"] if command[0] == "run" else []
        done = watched(tmp_path, COMMANDS, *command, *out)
        assert done.returncode == 0, done.stderr
    assert turned_to(tmp_path) == []
    require_nothing_sent(tmp_path)
