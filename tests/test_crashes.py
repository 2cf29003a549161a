"""Nothing is lost: whatever ends a run, a notebook or an import, the last release is whole."""

import errno
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from deliveries import DATES, deliver_csv, plain_tables
from invented_notebooks import SAVES, rows, save_outputs, write_notebook, write_run_file
from msanalysis.cli import app
from msanalysis.extract import ExtractRefused, open_extract
from msanalysis.folders import put_in_place
from msanalysis.importing import import_extract
from msanalysis.importing.store import whole_folder
from msanalysis.run import cache
from msanalysis.run.perform import perform
from msanalysis.run.plan import plan_runs
from msanalysis.run.workers import LOCK, ROOM, Limits, run_side_by_side
from run_invented import IDS, N_PERSONS, planned, prepare

RUNS = Path(__file__).parent / "run_invented.py"
GONE_SECONDS = 120
fcntl = pytest.importorskip("fcntl", reason="kill -9, mounts, fork: not on Windows")


def version_of(release: Path) -> int:
    """Return which version a release is of, having made sure that it is whole."""
    manifest = json.loads((release / "manifest.json").read_text("utf-8"))
    files = {path for path in release.rglob("*") if path.is_file()} - {release / "manifest.json"}
    assert manifest["files"] == {
        path.relative_to(release).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
    tables = [(release / "tables" / f"{id}_table.csv").read_text("utf-8") for id in IDS]
    (version,) = {each["parameters"]["version"] for each in manifest["analyses"]}
    assert tables == [f"stratum,n\nall,{N_PERSONS + version}\n"] * len(IDS)
    return version


# --- a run that is killed -------------------------------------------------------------------------


@pytest.fixture
def killable(tmp_path):
    """A folder with a release of version 0, and an environment by which its processes are known."""
    prepare(tmp_path)
    temporary = tempfile.mkdtemp(dir="/tmp")
    environment = os.environ | {"TMPDIR": temporary, "MARK": str(tmp_path)}
    began = time.monotonic()
    start(tmp_path, 0, environment).wait()
    yield tmp_path, environment, time.monotonic() - began
    shutil.rmtree(temporary)


def start(folder: Path, version: int, environment: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, RUNS, folder, str(version)], env=environment)


def processes_of(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("MARK") == mark and process.status() != "zombie":
                found.append(process)
    return found


def wait_until_gone(mark: str) -> None:
    """Kernels notice within a second or so; nobody tells when."""
    deadline = time.monotonic() + GONE_SECONDS
    while (left := processes_of(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left, "a worker or a kernel outlived its run"


def kill_at_random_moments(killable, seeds: range) -> None:
    folder, environment, run_seconds = killable
    release, private = folder / "run" / "release", Path(environment["TMPDIR"])
    for seed in seeds:
        before = version_of(release)
        killed = start(folder, before + 1, environment)
        time.sleep(random.Random(seed).uniform(0, run_seconds))
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        # between two renames there is no release, but the old one: the next run puts it back
        held = release if release.exists() else release.with_name(".release-old")
        assert version_of(held) in (before, before + 1)
        wait_until_gone(environment["MARK"])
        for room in private.glob(f"{ROOM}*"):
            os.utime(room, (0, 0))
        assert start(folder, before + 1, environment).wait() == 0
        assert version_of(release) == before + 1
        assert {path.name for path in release.parent.iterdir()} == {"release", "restricted"}
        assert not list(private.glob(f"{ROOM}*")), "a private folder is left"


def test_a_run_killed_at_any_moment_leaves_a_whole_release_and_no_process(killable):
    kill_at_random_moments(killable, range(4))


@pytest.mark.slow
def test_a_run_killed_at_any_of_fifty_moments_leaves_a_whole_release_and_no_process(killable):
    kill_at_random_moments(killable, range(4, 54))


def cached(folder: Path, version: int):
    """Plan a version whose notebooks need not run, their outputs being there."""
    run = planned(folder, version)
    for job in run.jobs:
        entry = cache.entry(run, job)
        if not entry.exists():
            save_outputs(entry, job.analysis.id)
        table = entry / "tables" / f"{job.analysis.id}_table.csv"
        table.write_text(f"stratum,n\nall,{N_PERSONS + version}\n")
    return run


def killed_at_step(run, step: int) -> bool:
    """Perform in a process that kills itself before its nth change of a file, if it gets there."""
    child = os.fork()
    if not child:
        changes = iter(range(step))

        def kill_itself(event: str, arguments: tuple) -> None:
            writes = event == "open" and isinstance(arguments[1], str) and "w" in arguments[1]
            changed = writes or event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir")
            if changed and next(changes, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(kill_itself)
        with suppress(BaseException):
            perform(run)
            os._exit(0)
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def kill_before_changes(folder: Path, stride: int) -> None:
    prepare(folder)
    perform(cached(folder, 0))
    release = folder / "run" / "release"
    version = 1
    while killed_at_step(cached(folder, version), (version - 1) * stride):
        held = release if release.exists() else release.with_name(".release-old")
        assert version_of(held) in (version - 1, version)
        assert perform(cached(folder, version)).exit_code == 0
        assert version_of(release) == version
        version += 1
    assert version * stride > 20


def test_a_run_killed_before_a_change_of_a_file_leaves_a_whole_release(tmp_path):
    kill_before_changes(tmp_path, stride=5)


@pytest.mark.slow
def test_a_run_killed_before_any_change_of_a_file_leaves_a_whole_release(tmp_path):
    kill_before_changes(tmp_path, stride=1)


def test_a_folder_that_cannot_be_put_in_place_leaves_the_old_one(tmp_path):
    new, place, aside = (tmp_path / name for name in ("new", "place", "aside"))
    place.mkdir()
    (place / "old").touch()
    with pytest.raises(FileNotFoundError):
        put_in_place(new, place, aside)
    assert [path.name for path in place.iterdir()] == ["old"]
    assert not aside.exists()


def test_private_folders_of_runs_that_were_killed_are_removed_and_no_others(monkeypatch):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr("tempfile.tempdir", folder)
        rooms = {name: Path(folder) / f"{ROOM}{name}" for name in ("old", "new", "used", "bare")}
        for room in (*rooms.values(), Path(folder) / "other"):
            room.mkdir()
            (room / LOCK).touch()
        (rooms["bare"] / LOCK).unlink()
        for name in ("old", "used", "bare"):
            os.utime(rooms[name], (0, 0))
        with (rooms["used"] / LOCK).open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            run_side_by_side([], jobs=1, limits=Limits(1, 1), started=print, ended=print)
        left = {path.name for path in Path(folder).iterdir()}
    assert left == {f"{ROOM}new", f"{ROOM}used", "other"}


# --- a disk that is full, or may not be written ---------------------------------------------------


def fails_to_write(monkeypatch, number: int, of: str) -> None:
    """Let every write below a folder of that name fail, as a full disk does."""
    whole = Path.write_text

    def write(path: Path, *arguments, **options):
        if of in path.parts:
            raise OSError(number, os.strerror(number))
        return whole(path, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", write)


def command(folder: Path, *more: str):
    run_file = write_run_file(folder, "analyses: [overall_survival]")
    arguments = ["run", run_file, "--extract", folder / "store", "--out", folder / "run", *more]
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "No space left on device"), (errno.EROFS, "Read-only file system")],
)
def test_a_release_that_cannot_be_written_is_told_and_leaves_the_old_one(
    tmp_path, monkeypatch, number, said
):
    prepare(tmp_path)
    assert command(tmp_path).exit_code == 0
    manifest = (tmp_path / "run" / "release" / "manifest.json").read_bytes()
    (tmp_path / "run" / "release" / "numbers.csv").write_text("")  # so that it is made anew
    with monkeypatch.context() as machine:
        fails_to_write(machine, number, ".release-new")
        done = command(tmp_path)
    assert (done.exit_code, said in done.stderr) == (2, True)
    assert (tmp_path / "run" / "release" / "manifest.json").read_bytes() == manifest
    assert command(tmp_path).exit_code == 0


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, of two megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user may mount nothing")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def fill(disk: Path) -> None:
    with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as handle:
        while True:
            handle.write(bytes(4096))


def test_a_run_on_a_full_disk_says_so_and_leaves_the_old_release(tmp_path, small_disk):
    prepare(tmp_path)
    (tmp_path / "run").symlink_to(small_disk)
    assert command(tmp_path).exit_code == 0
    manifest = (small_disk / "release" / "manifest.json").read_bytes()
    (small_disk / "release" / "numbers.csv").write_text("")  # so that it is made anew
    fill(small_disk)
    done = command(tmp_path)
    assert (done.exit_code, "No space left on device" in done.stderr) == (2, True)
    assert "Traceback" not in done.output
    assert (small_disk / "release" / "manifest.json").read_bytes() == manifest
    (small_disk / "ballast").unlink()
    assert command(tmp_path).exit_code == 0


@pytest.mark.slow
def test_a_notebook_that_fills_the_disk_fails_and_the_others_finish(tmp_path, small_disk):
    prepare(tmp_path)
    fills = f"open({str(small_disk / 'ballast')!r}, 'wb', buffering=0).write(bytes(1 << 24))\n"
    fills += "(__import__('pathlib').Path(out) / 'more').write_text('x' * 9999)\n"
    write_notebook(tmp_path / "notebooks", "second", fills, "version: int = 0\n")
    (tmp_path / "run").symlink_to(small_disk)
    done = subprocess.run(
        [sys.executable, RUNS, tmp_path, "0"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 1
    assert not (small_disk / "release").exists() or manifest_is_whole(small_disk / "release")


def manifest_is_whole(release: Path) -> bool:
    files = json.loads((release / "manifest.json").read_text("utf-8"))["files"]
    return all((release / name).is_file() for name in files)


def test_an_import_on_a_full_disk_is_refused_and_leaves_the_old_store(tmp_path, small_disk):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    store = small_disk / "store"
    import_extract(source, store, **DATES)
    fill(small_disk)
    with pytest.raises(ExtractRefused, match="is the disk full"):
        import_extract(source, store, **DATES)
    assert len(open_extract(store).table("patients").collect()) == 40
    assert {path.name for path in small_disk.iterdir()} == {"store", "ballast"}


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder nobody can write")
def test_a_run_into_a_folder_nobody_can_write_is_told(tmp_path):
    prepare(tmp_path)
    (tmp_path / "run").symlink_to("/proc/self")
    done = command(tmp_path)
    assert done.exit_code == 2
    assert done.stderr.startswith("msanalysis: /")
    assert "Traceback" not in done.output


# --- two at once ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_of_two_runs_into_one_folder_the_second_is_refused_and_the_first_goes_on(tmp_path):
    prepare(tmp_path)
    # a notebook is published as it stands, and must name no folder of the machine
    waits = "import os, time\nopen(os.environ['AT_WORK'], 'w').close()\n"
    waits += "while not os.path.exists(os.environ['GO']):\n    time.sleep(0.1)\n"
    write_notebook(tmp_path / "notebooks", "first", waits + SAVES, "version: int = 0\n")
    told = {"AT_WORK": str(tmp_path / "at_work"), "GO": str(tmp_path / "go")}
    first = start(tmp_path, 0, os.environ | told)
    while not (tmp_path / "at_work").exists():
        assert first.poll() is None
        time.sleep(0.05)
    second = command(tmp_path)
    (tmp_path / "go").touch()
    assert (second.exit_code, "another run is writing to" in second.stderr) == (2, True)
    assert first.wait() == 0


def test_of_two_imports_into_one_store_the_second_is_refused(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    with (
        whole_folder(tmp_path / "store", "fingerprint:"),
        pytest.raises(ExtractRefused, match="another import is writing it; wait for it"),
    ):
        import_extract(source, tmp_path / "store", **DATES)
    import_extract(source, tmp_path / "store", **DATES)


def test_what_a_killed_import_left_is_put_back_or_removed(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    store, room = tmp_path / "store", tmp_path / ".store.new"
    import_extract(source, store, **DATES)
    room.mkdir()
    store.rename(room / "replaced")
    (room / "made").mkdir()
    (source / "patients.csv").write_text("garbage")
    with pytest.raises(ExtractRefused):
        import_extract(source, store, **DATES)
    with suppress(FileExistsError), whole_folder(store, "no store holds this text"):
        pass
    assert len(open_extract(store).table("patients").collect()) == 40
    assert not room.exists()


# --- a notebook that goes wrong -------------------------------------------------------------------

EATS = "held = []\nwhile True:\n    held.append(bytearray(b'x' * (1 << 24)))\n"
HANGS = "import time\ntime.sleep(600)\n"
DIES = "import os\nos._exit(0)\n"
LEAVES = (
    "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', '"
    + HANGS.replace("\n", "; ")
    + "'])\n"
)
ORPHANS = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n" + HANGS


def test_a_notebook_that_goes_wrong_fails_by_name_and_the_rest_finish(tmp_path, monkeypatch):
    monkeypatch.setenv("MARK", str(tmp_path))
    prepare(tmp_path)
    bodies = {
        "dies": DIES,
        "eats": EATS,
        "orphans": ORPHANS,
        "well": LEAVES + SAVES,
    }
    for id, body in bodies.items():
        write_notebook(tmp_path / "notebooks", id, body)
    text = f"analyses: [{', '.join(bodies)}]\nlimits: {{memory_gb: 0.7}}"
    (run,) = plan_runs(
        write_run_file(tmp_path, text),
        extract=tmp_path / "store",
        out=tmp_path / "run",
        catalogue=rows(*bodies),
        notebooks=tmp_path / "notebooks",
    )
    performed = perform(run, jobs=2)
    assert {each.job.analysis.id: each.failure for each in performed.outcomes} == {
        "dies": "its kernel died: a cell ended it, or the memory was full",
        "eats": "took more than 0.7 GB of memory",
        "orphans": "its process ended early",
        "well": "",
    }
    assert performed.exit_code == 1
    assert manifest_is_whole(run.out / "release")
    own = psutil.Process().pid
    assert [each for each in processes_of(str(tmp_path)) if each.pid != own] == []


@pytest.mark.parametrize("limits", ["{seconds: 0}", "{memory_gb: -1}", "{seconds: .inf}", "{s: 1}"])
def test_limits_that_are_none_are_refused(tmp_path, limits):
    prepare(tmp_path)
    run_file = write_run_file(tmp_path, f"analyses: [overall_survival]\nlimits: {limits}")
    done = CliRunner().invoke(app, ["run", str(run_file), "--extract", str(tmp_path / "store")])
    assert (done.exit_code, "limits." in done.stderr) == (2, True)
