"""The look at a release on disk: what must not leave is found, what may is not."""

import base64
import hashlib
import json
import shutil
import stat
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from invented_notebooks import rows, save_outputs, write_notebook, write_run_file, write_store
from msanalysis.cli import app
from msanalysis.release import ReleaseRefused
from msanalysis.release_check import check_release
from msanalysis.release_check.identity_number import holds_identity_number
from msanalysis.run import cache
from msanalysis.run.perform import perform
from msanalysis.run.plan import plan_runs

FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
HEADER = "stratum,n\n"


def planned(folder):
    """Plan a run of one invented notebook, whose outputs are there already."""
    write_notebook(folder / "notebooks", "count")
    (run,) = plan_runs(
        write_run_file(folder, "analyses: [count]"),
        extract=write_store(folder / "store"),
        out=folder / "run",
        catalogue=rows("count"),
        notebooks=folder / "notebooks",
    )
    save_outputs(cache.entry(run, run.jobs[0]), "count")
    return run


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    return perform(planned(tmp_path_factory.mktemp("run"))).report.parent


@pytest.fixture
def release(released, tmp_path):
    return shutil.copytree(released, tmp_path / "release")


def put(release, name, content):
    """Write a file and have the manifest list it, so that only its content can be wrong."""
    path = release / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if name != "manifest.json":
        edit_manifest(release, lambda held: held["files"].update({name: sha256(path)}))


def edit_manifest(release, change):
    path = release / "manifest.json"
    held = json.loads(path.read_text(encoding="utf-8"))
    change(held)
    path.write_text(json.dumps(held), encoding="utf-8")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def said(release):
    return [str(finding) for finding in check_release(release)]


def test_a_release_as_a_run_writes_it_passes(release):
    assert said(release) == []


# --- what is there --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("tables/persons.parquet", "no kind of file that belongs here"),
        ("tables/count_table.xlsx", "no kind of file that belongs here"),
        ("notes.txt", "no kind of file that belongs here"),
        ("figures/loads.js", "no kind of file that belongs here"),
        ("figures/count.nb.html", "no kind of file that belongs here"),
        ("site/loads.js", "no kind of file that belongs here"),
        ("notebooks/count.py", "no kind of file that belongs here"),
        ("disclosure.html", "no kind of file that belongs here"),
        ("site/deep/index.en.html", "no kind of file that belongs here"),
        ("figures/more.nb.js", "no analysis declares it"),
        ("notebooks/other.ipynb", "no analysis declares it"),
        ("analyses/other.nb.html", "no analysis declares it"),
        ("site/other.nb.html", "no analysis declares it"),
        (".hidden", "no kind of file that belongs here"),
        ("tables/other.csv", "no analysis declares it"),
        ("figures/plotly.min.js", "no analysis declares it"),
    ],
)
def test_a_file_of_no_known_kind_or_that_nobody_declares_is_found(release, name, rule):
    put(release, name, HEADER)
    assert f"{name}: {rule}" in said(release)


def test_a_file_that_the_manifest_does_not_list_is_found(release):
    (release / "figures" / "count.nb.png").write_bytes(png())
    assert said(release) == ["figures/count.nb.png: not in the manifest"]


def test_a_file_that_was_changed_or_taken_away_after_the_run_is_found(release):
    (release / "numbers.csv").write_text("id\n")
    (release / "figures" / "count.nb.svg").unlink()
    found = said(release)
    assert "numbers.csv: changed since the manifest was written" in found
    assert "figures/count.nb.svg: in the manifest, but not there" in found


def test_links_and_folders_are_found(release, tmp_path):
    (tmp_path / "store").mkdir()
    (release / "restricted").symlink_to(tmp_path / "store")
    (release / "tables" / "deep").mkdir()
    rule = "neither a plain file nor a folder that belongs here"
    assert said(release) == [f"restricted: {rule}", f"tables/deep: {rule}"]


def test_a_manifest_that_is_missing_or_other_is_found(release):
    expected = ["manifest.json: missing, or not as a run writes it"]
    for content in ("[]", "{}", "{", '{"analyses": [], "files": []}'):
        (release / "manifest.json").write_text(content)
        assert said(release) == expected
    (release / "manifest.json").unlink()
    assert said(release) == expected


def test_what_is_too_large_is_found(release):
    put(release, "tables/count_table.csv", HEADER + "all,12\n" * 400_000)
    assert said(release) == ["tables/count_table.csv: larger than 2 MB"]


def test_another_script_under_the_name_of_the_plotting_library_is_found(release):
    def declare(held):
        held["analyses"][0]["figures"][0]["interactive"] = {"nb": "figures/count.nb.html"}

    edit_manifest(release, declare)
    put(release, "figures/plotly.min.js", "fetch('x')")
    assert said(release) == [
        "figures/plotly.min.js: not the plotting library that is installed here"
    ]


# --- tables ---------------------------------------------------------------------------------------

PERSONS = [f"P{number:03d}ED82" for number in range(200)]


def table(header, lines):
    return "\n".join([header, *lines]) + "\n"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("patient_id,n\na,12\n", "a column is named as an identifier or a date"),
        ("pasient,n\na,12\n", "a column is named as an identifier or a date"),
        ("birth_date,n\na,12\n", "a column is named as an identifier or a date"),
        ("Fødselsnummer,n\na,12\n", "a column is named as an identifier or a date"),
        (table("level,n", (f"{p},12" for p in PERSONS)), "more than 150 different values"),
        (table("level,n", (f"{n},12" for n in range(1000, 1200))), "more than 150 different"),
        (table("level,n", (f"{n % 7},1" for n in range(30))), "one row a person"),
        (
            table("stratum,sex,edss", (f"{n % 9},f,{n % 5}" for n in range(60))),
            "one row a person",
        ),
        (table("level,n", ["a,5"] * 20_001), "more than 20000 rows"),
        ("level,n\nP0003ED82,12\n", "a value that looks like an identifier"),
        ("level,n\np-004711,12\n", "a value that looks like an identifier"),
        ("level,n\n6f1c0d2e-9b1a-4c3d-8e5f-0a1b2c3d4e5f,12\n", "looks like an identifier"),
        ("level,n\n9b74c9897bac770ffc029102a200c5de,12\n", "looks like an identifier"),
        ("level,n\n1966-02-09,12\n", "a day that is none of the run's dates"),
        ("level,n\nfrom 9.2.1966,12\n", "a day that is none of the run's dates"),
        ("level,n\n=1+1,12\n", "a cell that a spreadsheet would run"),
        ("level,n\n@sum,12\n", "a cell that a spreadsheet would run"),
        ("level,n\n-a,12\n", "a cell that a spreadsheet would run"),
        ('"=cmd()",n\na,12\n', "a cell that a spreadsheet would run"),
        ("level,n\na,12,13\n", "not a CSV table with a header"),
        ("level,n\na\0,12\n", "not a CSV table with a header"),
        ('level,n\n"a,12\n', "not a CSV table with a header"),
        ("", "not a CSV table with a header"),
        ("level,n\næ,12\n".encode("latin-1"), "not UTF-8 text"),
    ],
)
def test_a_table_that_could_point_at_a_person_or_run_is_found(release, content, rule):
    put(release, "tables/count_table.csv", content)
    assert any(rule in line for line in said(release))


QUARTERS = [f"20{year}-Q{quarter}" for year in range(19, 25) for quarter in range(1, 5)]


@pytest.mark.parametrize(
    "content",
    [
        table(
            "level,n,denominator,share",
            ["all,1,1,1.0", *(f"{each},{each[-1:] == '3':d},1,NA" for each in QUARTERS)],
        ),
        table(
            "stratum,level,n,denominator",
            (f"{sex},{each},0,1" for sex in ("female", "male") for each in ("all", *QUARTERS)),
        ),
    ],
)
def test_many_levels_of_one_person_are_no_list_of_persons(release, content):
    put(release, "tables/count_table.csv", content)
    assert said(release) == []


@pytest.mark.parametrize(
    "content",
    [
        table("level,n", (f"{each},1" for each in QUARTERS)),
        table("level,n", ["all,1", *(f"{n % 7} years,1" for n in range(30))]),
        table("level,n,age", ["all,1,40", *(f"{n % 7} years,1,{n}" for n in range(30))]),
        table("level,n,denominator", ["all,24,1", *(f"{each},1,1" for each in QUARTERS)]),
        table("stratum,level,n", (f"all,{each},1" for each in QUARTERS)),
        table(
            "stratum,level,n",
            (f"{s},{each},1" for s in ("all", "female") for each in QUARTERS[:15]),
        ),
    ],
)
def test_a_list_of_persons_is_found_whatever_totals_stand_in_it(release, content):
    put(release, "tables/count_table.csv", content)
    assert said(release) == ["tables/count_table.csv: it looks like one row a person"]


@pytest.mark.parametrize(
    "content",
    [
        table("stratum,time_days,n_at_risk,estimate", (f"all,{n},{n},0.5" for n in range(900))),
        table("level,n,rate,lower", (f"a,9,{n}.5,-0.25" for n in range(200))),
        table(
            "period,n_events", (f"month {1990 + n}-{m:02d},7" for n in range(20) for m in range(12))
        ),
        table("stratum,value", (f"ous,{n}" for n in range(400))),
        table("stratum,share", (f"ous,{n}" for n in range(140))),
        "step,n\nall,20000101\nnot_diagnosed_by 2024-12-31,95\nmonth 2018-04,12345678901\n",
        "level,n\nL04AA23,12\nyear_2024,\nn_400,NA\ncovid-19,-3\n",
    ],
)
def test_counts_measures_and_the_dates_of_the_run_are_no_persons(release, content):
    put(release, "tables/count_table.csv", content)
    assert said(release) == []


def test_ids_of_numbers_are_no_persons(release):
    lines = (f"n_{word}_{year},p,n,1,persons,,,,0" for word in "abc" for year in range(1950, 2024))
    header = (release / "numbers.csv").read_text().splitlines()[0]
    put(release, "numbers.csv", table(header, lines))
    assert said(release) == []


# --- national identity numbers --------------------------------------------------------------------


def with_control_digits(nine):
    """Return the number that begins with nine digits, or None where there is none."""
    for ending in range(100):
        digits = [int(digit) for digit in f"{nine}{ending:02d}"]
        sums = (sum(d * w for d, w in zip(digits, each, strict=False)) for each in (FIRST, SECOND))
        if not any(total % 11 for total in sums):
            return f"{nine}{ending:02d}"
    return None


INVENTED = next(filter(None, (with_control_digits(f"098266{n:03d}") for n in range(900))))


def birthdays(day_added, month_added):
    return st.tuples(st.dates(), st.integers(0, 999)).map(
        lambda drawn: with_control_digits(
            f"{drawn[0].day + day_added:02d}{drawn[0].month + month_added:02d}"
            f"{drawn[0].year % 100:02d}{drawn[1]:03d}"
        )
    )


NUMBERS = st.sampled_from([(0, 0), (40, 0), (0, 40), (0, 80), (40, 80), (0, 65)]).flatmap(
    lambda added: birthdays(*added).filter(bool)
)


@given(NUMBERS)
def test_identity_d_and_synthetic_numbers_are_found_together_or_apart(number):
    for written in (number, f"{number[:6]} {number[6:]}", f"x,{number[:6]}-{number[6:]},y"):
        assert holds_identity_number(written)


@given(NUMBERS.filter(lambda number: number.startswith("0")))
def test_an_identity_number_that_lost_its_zero_as_a_number_does_is_found(number):
    for written in (number[1:], f"{int(number)}.0"):
        assert holds_identity_number(written)


@given(NUMBERS, st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_is_no_identity_number(number, place, added):
    digit = (int(number[place]) + added) % 10
    assert not holds_identity_number(f"{number[:place]}{digit}{number[place + 1 :]}")


@given(NUMBERS)
def test_eleven_digits_within_a_longer_number_or_word_are_no_identity_number(number):
    for written in (f"1{number}", f"{number}1", f"a{number}", f"0.{number}", f"{number}.5"):
        assert not holds_identity_number(written)


@pytest.mark.parametrize(
    ("said_there", "rule"),
    [
        ("P0003ED82", "a value that looks like an identifier"),
        ("9.2.1966", "a day that is none of the run's dates"),
        (INVENTED, "a national identity number"),
        ("/home/kari/a.csv", "a path of the machine"),
    ],
)
def test_the_manifest_is_looked_through_too(release, said_there, rule):
    edit_manifest(release, lambda held: held["analyses"][0].update(levels=[said_there]))
    assert said(release) == [f"manifest.json: {rule}"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tables/count_table.csv", "level,n\n{},12\n"),
        ("index.html", "<html><p>{}</p></html>"),
        ("figures/count.nb.svg", "<svg><!-- {} --></svg>"),
    ],
)
def test_an_identity_number_is_found_in_any_text(release, name, content):
    put(release, name, content.format(INVENTED))
    assert f"{name}: a national identity number" in said(release)


# --- pages and drawings ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ('<img src="https://example.org/a.png">', "an address on the internet"),
        ('<img src="//example.org/a.png">', "an address on the internet"),
        ('<a href="http&#58;//example.org">x</a>', "an address on the internet"),
        ("<style>p { background: url(ftp://a/b) }</style>", "an address on the internet"),
        ('<img src="../restricted/notebooks/a.png">', "not in the release"),
        ("<img src=/etc/motd>", "not in the release"),
        ('<a href="tables/none.csv">x</a>', "not in the release"),
        ('<a href="javascript:alert(1)">x</a>', "not in the release"),
        ('<img src="../../restricted/notebooks/a.png">', "not in the release"),
        ('<p data-drawing="figures/none.en.js">x</p>', "not in the release"),
        ('<link rel="stylesheet" href="site/style.css">', "something that runs"),
        ('<link rel="preload" href="site/style.css">', "something that runs"),
        ("<script>alert(1)</script>", "something that runs"),
        ('<script src="figures/plotly.min.js"></script>', "something that runs"),
        ("<style>@import 'a.css'</style>", "something that runs"),
        ('<p onclick="a()">x</p>', "something that runs"),
        ('<meta http-equiv="refresh" content="0">', "something that runs"),
        ('<form action="index.html"></form>', "something that runs"),
        ("<p>no policy</p>", "no content security policy"),
        (
            '<meta http-equiv="Content-Security-Policy" content="default-src *">',
            "no content security policy",
        ),
        ("<pre>Traceback (most recent call last)</pre>", "a traceback"),
        ("<pre>/home/kari/extract/patients.csv</pre>", "a path of the machine"),
        (r"<pre>C:\Users\kari\patients.csv</pre>", "a path of the machine"),
        ("<p>born 9.2.1966</p>", "a day that is none of the run's dates"),
        ("<p>P0003ED82</p>", "a value that looks like an identifier"),
        ('<p title="born 9.2.1966">x</p>', "a day that is none of the run's dates"),
        ("<p data-note='P0003ED82'>x</p>", "a value that looks like an identifier"),
        ('<img src="data:image/png;base64,AAAA">', "not a PNG picture"),
    ],
)
@pytest.mark.parametrize("name", ["index.html", "site/disclosure.en.html"])
def test_a_page_that_loads_runs_or_tells_more_is_found(release, name, content, rule):
    put(release, name, f"<!doctype html><html>{content}</html>")
    assert any(rule in line for line in said(release))


POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'\">"
)


@pytest.mark.parametrize(
    "content",
    [
        "<script defer>alert(1)</script>",
        '<script src="site/script.js" defer>alert(1)</script>',
        '<script src="site/script.js" type="module"></script>',
        '<script src="figures/count.nb.svg" defer></script>',
        '<link rel="stylesheet" href="figures/count.nb.svg">',
        '<link rel="import" href="site/style.css">',
    ],
)
def test_no_other_script_or_style_runs_under_the_policy_either(release, content):
    put(release, "index.html", f"<!doctype html><html>{POLICY}{content}</html>")
    assert any("something that runs" in line for line in said(release))


def test_the_shared_script_and_style_under_the_policy_pass(release):
    shared = (
        '<link rel="stylesheet" href="{0}site/style.css"><script src="{0}site/script.js" defer>'
    )
    for name, root in (("index.html", ""), ("site/disclosure.en.html", "../")):
        put(release, name, f"<html>{POLICY}{shared.format(root)}</script></html>")
    assert said(release) == []


@pytest.mark.parametrize("name", ["site/style.css", "site/script.js"])
def test_a_shared_file_that_is_not_the_package_s_is_found(release, name):
    put(release, name, (release / name).read_text(encoding="utf-8") + " ")
    assert said(release) == [f"{name}: not as the report that is installed here has it"]


# --- data for scripts, and notebooks --------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "const SEARCH = [];\nalert(1);\n",
        "const SEARCH = alert(1);\n",
        "const SEARCH = [alert(1)];\n",
        "const SEARCH = {};\n",
        "alert(1)",
        'Plotly.newPlot("a", []);\n',
        "",
    ],
)
def test_an_index_of_the_search_that_is_more_than_data_is_found(release, content):
    put(release, "site/search.nb.js", content)
    assert said(release) == [
        "site/search.nb.js: something else than data for a script of the report"
    ]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('Plotly.newPlot("count", [{"a": 1}], {}, {});\n', []),
        ('Plotly.newPlot("count", [], {}, {});alert(1);\n', ["something else than data"]),
        ('Plotly.newPlot("count", alert(1));\n', ["something else than data"]),
        ('Plotly.newPlot("P0003ED82");\n', ["looks like an identifier"]),
        ('Plotly.newPlot("count", "https://example.org");\n', ["an address on the internet"]),
        (r'Plotly.newPlot("count", "https:\/\/example.org");' "\n", ["an address on the internet"]),
    ],
)
def test_a_drawing_of_an_interactive_figure_is_data_that_leads_nowhere(release, content, found):
    def declare(held):
        held["analyses"][0]["figures"][0]["interactive"] = {"nb": "figures/count.nb.js"}

    edit_manifest(release, declare)
    put(release, "figures/count.nb.js", content)
    assert len(said(release)) == len(found)
    assert all(rule in line for rule, line in zip(found, said(release), strict=True))


def edit_notebook(release, change):
    held = json.loads((release / "notebooks" / "count.ipynb").read_text(encoding="utf-8"))
    change(held["cells"][-1])
    put(release, "notebooks/count.ipynb", json.dumps(held))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"outputs": [{"output_type": "stream", "text": ["12"]}]}, "more than words and code"),
        ({"execution_count": 3}, "more than words and code"),
        ({"attachments": {"a.png": {}}}, "more than words and code"),
        ({"metadata": {"papermill": {}}}, "more than words and code"),
        ({"source": ["# P0003ED82"]}, "looks like an identifier"),
        ({"source": ['since = "2019-03-02"']}, "a day that is none of the run's dates"),
        ({"source": ["# see https://example.org"]}, "an address on the internet"),
        ({"source": ['open("/home/kari/a.csv")']}, "a path of the machine"),
        ({"source": ['open(r"N:\\Avdeling\\kari\\a.csv")']}, "a path of the machine"),
        ({"source": ['open(r"\\\\felles.example\\kari\\a.csv")']}, "a path of the machine"),
        ({"source": ['open("/data/durable/kari/a.csv")']}, "a path of the machine"),
        ({"source": ["# pasted\t2019-03-02\t7"]}, "a day that is none of the run's dates"),
        ({"metadata": 3}, "not a notebook"),
    ],
)
def test_a_notebook_that_holds_more_than_its_source_is_found(release, change, rule):
    edit_notebook(release, lambda cell: cell.update(change))
    (found,) = said(release)
    assert found.startswith("notebooks/count.ipynb: ")
    assert rule in found


def test_the_days_a_notebook_declares_as_parameters_are_known(release):
    bounded = {
        "source": ['since: str = "2018-02-01"  # from when [2007-03-02, 2019-03-02]'],
        "metadata": {"tags": ["parameters"]},
    }
    edit_notebook(release, lambda cell: cell.update(bounded))
    assert said(release) == []


def test_a_day_that_a_comment_tells_beside_a_parameter_is_not_known_by_that(release):
    told = {
        "source": ['extract: str = "a"  # of the person who came 2019-03-02 [2007-03-02, ]'],
        "metadata": {"tags": ["parameters"]},
    }
    edit_notebook(release, lambda cell: cell.update(told))
    (found,) = said(release)
    assert "a day that is none of the run's dates" in found


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ('<image xlink:href="http://example.org/a.png"/>', "an address on the internet"),
        ('<use href="other.svg#a"/>', "not in the release"),
        ("<script>alert(1)</script>", "something that runs"),
        ("<foreignObject><p>x</p></foreignObject>", "something that runs"),
        ('<!ENTITY a "b">', "something that runs"),
        ("<![CDATA[x]]>", "something that runs"),
        ('<a:script xmlns:a="http://www.w3.org/2000/svg">alert(1)</a:script>', "that runs"),
        ('<use xmlns:a="http://www.w3.org/1999/xlink" a:href="other.svg#a"/>', "not in the"),
        ("<style>@im<!-- -->port 'other.css';</style>", "something that runs"),
        ('<?xml-stylesheet href="other.css"?>', "something that runs"),
        ("<g>", "not a drawing that a browser reads"),
        ("<!-- P0003ED82 -->", "looks like an identifier"),
    ],
)
def test_a_drawing_that_loads_runs_or_tells_more_is_found(release, content, rule):
    put(release, "figures/count.nb.svg", f'<svg xmlns="http://www.w3.org/2000/svg">{content}</svg>')
    assert any(rule in line for line in said(release))


@pytest.mark.parametrize(
    "kind", ["svg", 'svg SYSTEM "other.dtd"', "svg [<!ATTLIST g x CDATA '1'>]"]
)
def test_a_drawing_that_declares_more_than_what_it_is_is_found(release, kind):
    put(release, "figures/count.nb.svg", f"<!DOCTYPE {kind}><svg/>")
    assert any("something that runs, loads or replaces" in line for line in said(release))


def test_the_names_of_vocabularies_and_ids_in_a_drawing_are_no_addresses_or_persons(release):
    drawing = (
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"\n'
        '  "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
        '<svg xmlns:xlink="http://www.w3.org/1999/xlink" xmlns="http://www.w3.org/2000/svg">'
        '<path id="p1234567890" d="M 12345678901 2"/><use xlink:href="#p1234567890"/></svg>'
    )
    put(release, "figures/count.nb.svg", drawing)
    assert said(release) == []


# --- pictures -------------------------------------------------------------------------------------


def chunk(name, data=b""):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(*more):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + head + pixels + b"".join(more) + chunk(b"IEND")


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (png(chunk(b"tEXt", b"Author\0P-4711")), "more than pixels"),
        (png(chunk(b"eXIf", b"P-4711")), "more than pixels"),
        (png() + b"P-4711", "more than pixels"),
        (png()[:-6], "more than pixels"),
        (b"PK\x03\x04", "not a PNG picture"),
    ],
)
def test_a_picture_that_holds_more_than_pixels_is_found(release, content, rule):
    put(release, "figures/count.nb.png", content)
    put(release, "figures/count.nb.svg", f'<svg><image href="{embedded(content)}"/></svg>')
    found = said(release)
    assert len(found) == 2
    assert all(rule in line for line in found)


def embedded(content):
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def test_a_picture_of_pixels_passes(release):
    put(release, "figures/count.nb.png", png())
    put(release, "figures/count.nb.svg", f'<svg><image href="{embedded(png())}"/></svg>')
    assert said(release) == []


# --- the command, and the run ---------------------------------------------------------------------


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_passes_a_release_and_refuses_with_4_without_content(release):
    assert invoke("check-release", release).exit_code == 0
    put(release, "tables/count_table.csv", "level,n\nP0003ED82,12\n")
    put(release, "tables/P0003ED82.csv", "level,n\nP0003ED82,12\n")
    refused = invoke("check-release", release)
    assert refused.exit_code == 4
    assert "tables/count_table.csv: a value that looks like an identifier" in refused.stdout
    assert "tables/(a name that is not shown): no analysis declares it" in refused.stdout
    assert "P0003ED82" not in refused.output


def test_the_command_on_no_folder_is_wrong_use(tmp_path):
    done = invoke("check-release", tmp_path / "none")
    assert done.exit_code == 2
    assert "expected a release folder" in done.stderr


def test_a_release_is_closed_until_it_has_been_looked_through(tmp_path, monkeypatch):
    run, modes = planned(tmp_path), []

    def looks(folder):
        modes.append(stat.S_IMODE(folder.stat().st_mode))
        return check_release(folder)

    monkeypatch.setattr("msanalysis.run.publish.check_release", looks)
    (tmp_path / "as_made").mkdir()
    modes.append(stat.S_IMODE(perform(run).report.parent.stat().st_mode))
    assert modes == [0o700, stat.S_IMODE((tmp_path / "as_made").stat().st_mode)]


def test_a_run_whose_release_is_refused_leaves_the_last_one_and_nothing_of_the_new(tmp_path):
    run = planned(tmp_path)
    report = perform(run).report
    before = report.read_bytes()
    saved = cache.entry(run, run.jobs[0]) / "tables" / "count_table.csv"
    saved.write_text("step,n\nnot_diagnosed_by 1966-02-09,12\n")
    (report.parent / "numbers.csv").write_text("")  # so that it is made anew
    with pytest.raises(ReleaseRefused, match="a day that is none") as refused:
        perform(run)
    assert "1966" not in str(refused.value)
    assert report.read_bytes() == before
    assert {path.name for path in run.out.iterdir()} == {"release", "restricted"}
