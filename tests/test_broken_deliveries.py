"""A broken delivery is refused, or goes on without some rows; it never hangs, and shows nothing."""

import json
import shutil
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from broken_deliveries import READ, REFUSED, SAVED, SET_ASIDE, Broken, as_format, deliver
from deliveries import SECRET
from msanalysis.cli import app
from msanalysis.extract import open_extract

LIMIT_SECONDS, LIMIT_WAITING_SECONDS = 10, 60
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes, devices and alarms")


@contextmanager
def no_hang():
    """End this process when an import goes on, or waits, for ever."""
    signal.setitimer(signal.ITIMER_PROF, LIMIT_SECONDS)
    signal.alarm(LIMIT_WAITING_SECONDS)
    yield
    signal.alarm(0)
    signal.setitimer(signal.ITIMER_PROF, 0)


def import_by_command(folder: Path, captured) -> tuple[int, str]:
    """Return exit code and all that was said, having made sure that nothing leaks or stays."""
    store = folder.parent / "store"
    with no_hang():
        done = CliRunner().invoke(app, ["import", str(folder), str(store)])
    said = done.output + done.stderr + "".join(captured.readouterr())
    reports = [path.read_text("utf-8") for path in store.glob("*.[hjy]*")]
    assert SECRET not in said + "".join(reports)
    assert "Traceback" not in said
    assert "panicked" not in said
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert not list(folder.parent.glob(".*")), "a temporary folder is left"
    return done.exit_code, said


def test_the_corpus_is_large_and_each_case_is_another():
    ids = [case.id for case in (*REFUSED, *SET_ASIDE)]
    assert len(set(ids)) == len(ids) >= 60


def test_the_delivery_they_are_made_of_is_sound(tmp_path, capfd):
    code, said = import_by_command(deliver(tmp_path / "delivery"), capfd)
    assert (code, said.partition(";")[0]) == (0, "40 persons in 4 tables")
    assert "0 rows set aside" in said


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.id)
def test_it_is_refused_by_name_with_the_next_step(tmp_path, capfd, case: Broken):
    folder = deliver(tmp_path / "delivery")
    case.spoil(folder)
    code, said = import_by_command(folder, capfd)
    assert code == 3, said
    for part in case.says:
        assert part in said
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("case", SET_ASIDE, ids=lambda case: case.id)
def test_its_row_is_set_aside_by_table_column_and_rule(tmp_path, capfd, case: Broken):
    folder = deliver(tmp_path / "delivery")
    case.spoil(folder)
    code, said = import_by_command(folder, capfd)
    assert code == 0, said
    report = json.loads((tmp_path / "store" / "import_report.json").read_text("utf-8"))
    table, column, rule, row = case.set_aside
    found = {(f["table"], f["column"], f["rule"], *f["rows"]) for f in report["set_aside"]}
    assert (table, column, rule, row) in found
    assert {each[3] for each in found} == {row}


@pytest.mark.parametrize("spoil", READ.values(), ids=READ)
def test_it_is_unusual_and_read_all_the_same(tmp_path, capfd, spoil):
    folder = deliver(tmp_path / "delivery")
    spoil(folder)
    code, said = import_by_command(folder, capfd)
    assert code == 0, said
    assert "0 rows set aside" in said
    assert len(open_extract(tmp_path / "store").table("edss").collect()) == 40


# --- and whatever else can happen to the bytes of a file -----------------------------------------

FLIP, CUT, INSERT, REPEAT = "flip", "cut", "insert", "repeat"
damages = st.lists(
    st.tuples(
        st.sampled_from([FLIP, CUT, INSERT, REPEAT]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=8) | st.sampled_from([b'"', b"\n", b",", b"\xff" * 4]),
    ),
    min_size=1,
    max_size=4,
)


def damaged(content: bytes, damage: list[tuple[str, float, bytes]]) -> bytes:
    for how, share, inserted in damage:
        place = int(share * len(content))
        head, tail = content[:place], content[place:]
        content = {
            FLIP: head + inserted + tail[len(inserted) :],
            CUT: head,
            INSERT: head + inserted + tail,
            REPEAT: head + tail[: len(tail) // 2] + tail,
        }[how]
    return content


@pytest.fixture(scope="module")
def sound_files(tmp_path_factory) -> dict[str, bytes]:
    """A sound delivery's files by name: its tables as CSV, and one of them in every format."""
    folder = deliver(tmp_path_factory.mktemp("sound") / "delivery")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    for kind in ("parquet", "xlsx", *SAVED):
        path = as_format(folder, kind)
        files[path.name] = path.read_bytes()
        path.unlink()
    return files


FILES = ["edss.csv", "extract.yaml", "edss.parquet", "edss.xlsx", *(f"edss.{k}" for k in SAVED)]
SHARED_FOLDER = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=25, suppress_health_check=SHARED_FOLDER)
@given(damages)
def test_whatever_happens_to_its_bytes_it_is_imported_or_refused(
    tmp_path, capfd, sound_files, name, damage
):
    import_damaged(tmp_path, capfd, sound_files, name, damage)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
@settings(max_examples=500, suppress_health_check=SHARED_FOLDER)
@given(damages)
def test_whatever_happens_to_its_bytes_it_is_imported_or_refused_at_length(
    tmp_path, capfd, sound_files, name, damage
):
    import_damaged(tmp_path, capfd, sound_files, name, damage)


def import_damaged(tmp_path, capfd, sound_files, name, damage):
    folder = tmp_path / "delivery"
    folder.mkdir(exist_ok=True)
    for file in {"patients.csv", "extract.yaml", name}:
        content = sound_files[file]
        (folder / file).write_bytes(damaged(content, damage) if file == name else content)
    code, _ = import_by_command(folder, capfd)
    assert code in (0, 3)
    shutil.rmtree(tmp_path / "store", ignore_errors=True)
