"""Parameters, mappings, codes and labels are data: none runs, none leaves the folder it belongs to.

Whatever would run leaves a witness: a file or a variable that must not be there afterwards.
"""

import ast
import csv
import json
import re

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from papermill.translators import PythonTranslator

from deliveries import DATES, deliver_csv, plain_tables, with_cells
from invented_notebooks import (
    SAVES,
    rows,
    save_outputs,
    write_notebook,
    write_run_file,
    write_store,
)
from msanalysis.extract import ExtractRefused, open_extract
from msanalysis.figures import interactive
from msanalysis.figures.picture import Picture
from msanalysis.importing import import_extract
from msanalysis.output import Number, Sentences, save, sentences
from msanalysis.release import release
from msanalysis.release_check.pages import page_rules
from msanalysis.release_check.scripts import script_rules
from msanalysis.report import ReportIncomplete
from msanalysis.run import RunRefused, cache
from msanalysis.run.perform import perform
from msanalysis.run.plan import plan_runs
from msanalysis.stats import estimate_shares
from persons import make_cohort

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
FORMULAS = ["=cmd()", "+1+cmd()", "-cmd()", "@SUM(A1)", "\t=cmd()", "\r=cmd()"]


def plan(folder, text, parameters="", body=None):
    """Plan a run file over one invented notebook that takes `parameters`."""
    if not (folder / "store").exists():
        write_store(folder / "store")
    write_notebook(folder / "notebooks", "count", *([body] if body else []), parameters=parameters)
    return plan_runs(
        write_run_file(folder, text),
        extract=folder / "store",
        out=folder / "run",
        catalogue=rows("count"),
        notebooks=folder / "notebooks",
    )


@pytest.fixture
def witness(tmp_path):
    """Return a path that is not there when the test is over."""
    path = tmp_path / "witness"
    yield path
    assert not path.exists()


# --- YAML -----------------------------------------------------------------------------------------

TAGS = [
    "!!python/object/apply:os.system ['touch {}']",
    "!!python/object/apply:subprocess.check_output [[touch, '{}']]",
    "!!python/object/new:pathlib.Path ['{}']",
    "!!python/name:os.system",
    "!!python/module:os",
]


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_in_a_run_file_runs_nothing_and_is_refused(tmp_path, witness, tag):
    given = tag.format(witness)
    for text in (f"analyses: {given}", f"analyses: [count]\nextract: {given}", given):
        with pytest.raises(RunRefused, match=r"invented_run\.yaml"):
            plan(tmp_path, text)


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_in_a_mapping_or_a_delivery_or_a_store_runs_nothing(tmp_path, witness, tag):
    given = tag.format(witness)
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(f"tables: {given}\n")
    with pytest.raises(ExtractRefused, match="mapping"):
        import_extract(source, tmp_path / "out", mapping=mapping, **DATES)
    (source / "extract.yaml").write_text(f"truth: {given}\n")
    with pytest.raises(ExtractRefused, match=r"extract\.yaml"):
        import_extract(source, tmp_path / "out", **DATES)
    store = write_store(tmp_path / "store")
    (store / "extract.yaml").write_text(f"source: {given}\n")
    with pytest.raises(ExtractRefused, match=r"extract\.yaml"):
        open_extract(store)


@pytest.mark.parametrize(
    "given",
    [
        "{bare: {a: !!binary aGVtbWVsaWc=}}",
        "{bare: {a: {1: 2}}}",
        "{bare: {a: !!set {b}}}",
        '{bare: {"\\ud800": 1}}',
        '{word: "\\udfff"}',
    ],
)
def test_a_value_that_would_reach_the_notebook_as_another_is_refused(tmp_path, given):
    with pytest.raises(RunRefused, match="as JSON has them"):
        plan(
            tmp_path,
            f"analyses: [{{id: count, parameters: {given}}}]",
            'bare: dict = {}\nword: str = ""\n',
        )


# --- parameters on their way into a notebook ------------------------------------------------------

RUNS = "__import__('os').environ.update(ran='1')"
QUOTED = [
    '"',
    "'",
    '"""',
    "'''",
    "\\",
    '\\"',
    '\\\\"',
    "\\'",
    '"\n{}\n"',
    "'\n{}\n'",
    '"""\n{}\n"""',
    '\\"\n{}\n#',
    '"); {}; ("',
    "\n{}\n",
    "\r{}\r",
    "\r\n{}",
    "\u2028{}\u2029",
    "\x85{}\x0b\x0c\x1c\x1d\x1e",
    "\n%env ran=1\n",
    "{{ {} }}",
    "{{% {} %}}",
    "${{{}}}",
    "\\x22\n{}",
    "\\N{{QUOTATION MARK}}{}",
    "# {}",
    "\x00\x01\x07\x1b[31m\x7f",
    "\ufeff\u200b\u202e\u200d",
    "æøå 𝛼 🧠 e\u0301",
    " {} ",
    "",
]
COMPARES = """\
import json, os, pathlib
assert "ran" not in os.environ, "a text was run"
expected_values = json.loads(pathlib.Path(expected).read_text(encoding="utf-8"))
assert [words, nested, word, numbers] == expected_values, "changed on their way"
assert [type(each) for each in numbers] == [type(each) for each in expected_values[3]]
"""


def test_texts_with_quotes_and_line_ends_reach_a_notebook_as_they_are_and_run_nothing(tmp_path):
    words = [text.format(RUNS) for text in QUOTED]
    nested = {text: [text, {text: None}] for text in words}
    numbers = [0, -1, 10**25, 0.1, -1e-300, 1.5e300]
    values = [words, nested, "\n".join(words), numbers]
    (tmp_path / "expected.json").write_text(json.dumps(values), encoding="utf-8")
    given = dict(zip(("words", "nested", "word", "numbers"), values, strict=True))
    given["expected"] = str(tmp_path / "expected.json")
    (run,) = plan(
        tmp_path,
        yaml.safe_dump({"analyses": [{"id": "count", "parameters": given}]}),
        'words: list[str] = []\nnested: dict = {}\nword: str = ""\nnumbers: list[float] = []\n'
        'expected: str = ""\n',
        COMPARES + SAVES,
    )
    performed = perform(run)
    assert [(each.status, each.failure) for each in performed.outcomes] == [("ok", "")]
    manifest = json.loads((run.out / "release" / "manifest.json").read_text(encoding="utf-8"))
    shown = manifest["analyses"][0]["parameters"]
    assert [shown[name] for name in ("words", "nested", "word", "numbers")] == values
    assert str(tmp_path) not in shown["expected"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(VALUES)
def test_any_value_is_written_into_a_notebook_as_one_literal_and_nothing_more(value):
    (assigned,) = ast.parse(PythonTranslator.codify({"given": value})).body
    assert isinstance(assigned, ast.Assign)
    written = eval(compile(ast.Expression(assigned.value), "", "eval"), {"float": float})
    assert repr(written) == repr(value)
    calls = [node for node in ast.walk(assigned) if isinstance(node, ast.Call)]
    assert all(ast.unparse(call.func) == "float" for call in calls)


# --- staying in the folder ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["..yaml", "...yaml", ".hidden.yaml", "release.yaml", "a b.yaml"])
def test_a_run_file_whose_name_would_be_another_folder_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_text("analyses: [overall_survival]")
    with pytest.raises(RunRefused, match="rename it"):
        plan_runs(path, extract=write_store(tmp_path / "store"))


@pytest.mark.parametrize("id", ["../count", "/etc/passwd", "count/../count", "count\\..", ""])
def test_an_analysis_that_would_be_another_path_is_refused(tmp_path, id):
    with pytest.raises(RunRefused, match="no analysis"):
        plan(tmp_path, yaml.safe_dump({"analyses": [{"id": id}]}))


@pytest.mark.parametrize(
    "value", ["..", ".", "../x", "/tmp/x", "a/b", "a\\b", "", "release", "a\n"]
)
def test_a_value_of_for_each_that_would_be_another_path_is_refused(tmp_path, value):
    given = {"analyses": ["count"], "for_each": {"parameter": "word", "values": [value]}}
    with pytest.raises(RunRefused, match="fit to name a folder"):
        plan(tmp_path, yaml.safe_dump(given), 'word: str = ""\n')


@pytest.mark.parametrize("file", ["../patients.csv", "/etc/passwd", "a/patients.csv", "./a.csv"])
def test_a_mapping_reads_no_file_outside_the_delivery(tmp_path, file):
    (tmp_path / "patients.csv").write_text("patient_id\na\n")
    source = deliver_csv(tmp_path / "delivery", {})
    mapping = tmp_path / "mapping.yaml"
    columns = {name: name for name in ("patient_id", "sex", "birth_date", "residence_hf")}
    mapping.write_text(yaml.safe_dump({"tables": {"patients": {"file": file, "columns": columns}}}))
    with pytest.raises(ExtractRefused, match="a file's name, without folders"):
        import_extract(source, tmp_path / "out", mapping=mapping, **DATES)


@pytest.mark.parametrize("table", ["../patients", "patients/../x", "/tmp/x", "__class__"])
def test_a_mapping_writes_no_table_but_the_schemas(tmp_path, table):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    mapping = tmp_path / "mapping.yaml"
    stated = {"tables": {table: {"file": "patients.csv", "columns": {"patient_id": "patient_id"}}}}
    mapping.write_text(yaml.safe_dump(stated))
    with pytest.raises(ExtractRefused, match="no such table"):
        import_extract(source, tmp_path / "out", mapping=mapping, **DATES)


@pytest.fixture(scope="module")
def shares():
    return release(
        estimate_shares(
            make_cohort(pd.DataFrame({"sex": ["female"] * 9 + ["male"] * 9})), column="sex"
        )
    )


@pytest.mark.parametrize("id", ["../x", "/tmp/x", "a/b", "a.b", "..", "", "A", "å", "a\n", SCRIPT])
def test_an_id_of_a_table_or_figure_that_would_be_another_path_is_refused(tmp_path, shares, id):
    drawn = Picture(lambda lang: Figure(), ("en",))
    for tables, figures in (({id: shares}, {}), ({}, {id: drawn})):
        with pytest.raises(ValueError, match="the id of a figure or table"):
            save_all(tmp_path / "out", tables=tables, figures=figures)
    assert not list(tmp_path.rglob("*.*"))


def save_all(out, numbers=(), figures=None, tables=None, text=None):
    save(
        "count",
        str(out),
        numbers=numbers,
        figures=figures or {},
        tables=tables or {},
        text=Sentences(en="") if text is None else text,
    )


@pytest.mark.parametrize(
    "given",
    [
        {"tables": {"a": pd.DataFrame({"patient_id": ["P-4711"]})}},
        {"figures": {"a": Figure()}},
        {"numbers": [{"id": "a", "value": 1}]},
        {"text": {"en": "P-4711"}},
    ],
)
def test_nothing_is_saved_that_was_not_made_from_what_is_released(tmp_path, given):
    with pytest.raises(TypeError, match="has not passed the gate"):
        save_all(tmp_path / "out", **given)
    assert not (tmp_path / "out").exists()


# --- spreadsheets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", FORMULAS)
def test_a_code_like_a_formula_is_written_as_a_text(tmp_path, code):
    levels = [code] * 9 + ["male"] * 9
    released = release(estimate_shares(make_cohort(pd.DataFrame({"sex": levels})), column="sex"))
    counted = Number(code, "persons", "n", -1.5, "per 100", None, -2.0, None, 0)
    save_all(tmp_path, numbers=[counted], tables={"a": released})
    for name in ("numbers.csv", "tables/a.csv"):
        with (tmp_path / name).open(encoding="utf-8", newline="") as handle:
            texts = [cell for row in csv.reader(handle) for cell in row]
        assert f"'{code.strip()}" in texts
        assert not [text for text in texts if re.match(r"[=@\t\r]|[+-]\D", text)]
    with (tmp_path / "numbers.csv").open(encoding="utf-8", newline="") as handle:
        assert next(csv.DictReader(handle))["value"] == "-1.5"


@pytest.mark.parametrize("code", [*FORMULAS, SCRIPT, "{{ 7 * 7 }}", "../x"])
def test_an_unknown_code_in_a_delivery_is_set_aside_and_never_shown(tmp_path, code):
    tables = with_cells(plain_tables(), "treatments", "substance", code, range(1, 2))
    store = tmp_path / "store"
    report = import_extract(deliver_csv(tmp_path / "delivery", tables), store, **DATES)
    assert [(each.rule, each.rows) for each in report.set_aside] == [("unknown code", (1,))]
    assert code.strip() not in open_extract(store).table("treatments").collect()["substance"]
    for name in ("import_report.html", "import_report.json"):
        assert code.strip() not in (store / name).read_text(encoding="utf-8")


# --- pages and drawings ---------------------------------------------------------------------------


def test_names_of_delivered_files_and_columns_are_no_html_in_the_import_report(tmp_path):
    tables = plain_tables()
    tables["visits"] = tables["visits"].rename({"registered_date": SCRIPT})
    store = tmp_path / "store"
    import_extract(deliver_csv(tmp_path / "delivery", tables), store, **DATES)
    page = (store / "import_report.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;" in page
    assert not list(page_rules(store, "import_report.html", page))


PAGE = "analyses/count.nb.html"


def page_of(folder, edit):
    """Return the page of the analysis of a release whose saved outputs were edited."""
    (run,) = plan(folder, "analyses: [count]")
    saved = cache.entry(run, run.jobs[0])
    save_outputs(saved, "count")
    edit(saved)
    return (perform(run).report.parent / PAGE).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        SCRIPT,
        "{{ 7 * 7 }} {% for a in b %}",
        "[a](javascript:alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "</p></main></html>",
        "`<b>` &lt;script&gt; &#60;script>",
        "| a |\n|---|\n| <b>x</b> |",
    ],
)
def test_a_sentence_is_markdown_and_nothing_more(tmp_path, text):
    def say(saved):
        held = json.loads((saved / "analysis.json").read_text())
        held["text"] = {"nb": text, "en": text}
        (saved / "analysis.json").write_text(json.dumps(held))

    page = page_of(tmp_path, say)
    assert not list(page_rules(tmp_path / "run" / "release", PAGE, page))
    assert "49" not in re.search(r'<section id="text".*?</section>', page, re.DOTALL)[0]
    assert page.count("</main>") == 1


def test_a_template_in_a_number_is_no_template():
    names = (
        "dead survival_median survival_median_rrms survival_median_ppms survival_median_unknown "
        "survival_log_rank_course survival_log_rank_sex survival_median_delayed_entry"
    )
    absent = (None, "persons", None, None, None, 1, "hidden_number")
    numbers = [Number(name, "{{ 7 * 7 }}", "n", *absent) for name in names.split()]
    found = sentences("overall_survival", numbers, lang=["en"])
    assert "49" not in found["en"]
    assert "{{" not in found["en"]


@pytest.mark.parametrize("code", [SCRIPT, "=cmd()", "{{ 7 * 7 }}", "P-4711", "kari nordmann"])
def test_a_code_without_a_word_stops_the_report_and_is_not_named(tmp_path, code):
    def add(saved):
        lines = [["stratum", "n"], ["all", 12], [code, 7]]
        with (saved / "tables" / "count_table.csv").open("w", newline="") as handle:
            csv.writer(handle).writerows(lines)

    with pytest.raises(ReportIncomplete, match=r"tables/count_table\.csv") as refused:
        page_of(tmp_path, add)
    assert code not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("text", [SCRIPT, "--><script>alert(1)</script><!--", "]]>", "&a; <b", '"'])
def test_a_text_in_a_drawing_is_a_text(tmp_path, text):
    def draw(lang):
        figure = Figure()
        figure.text(0.1, 0.5, text, parse_math=False)
        figure.add_artist(figure.patch).set_gid(text)
        return figure

    Picture(draw, ("en",)).save(tmp_path / "figures", "a")
    drawing = (tmp_path / "figures" / "a.en.svg").read_text(encoding="utf-8")
    assert not list(page_rules(tmp_path, "figures/a.en.svg", drawing))


@pytest.mark.parametrize("text", [SCRIPT, "</script><script>alert(1)//", "<!--<script>", "\u2028"])
def test_a_text_in_an_interactive_figure_cannot_end_its_script(tmp_path, text):
    (tmp_path / "figures").mkdir()
    drawing = {"data": [{"labels": [text], text: 1}], "layout": {"title": {"text": text}}}
    interactive.save(tmp_path / "figures", "a", {"en": drawing})
    script = (tmp_path / "figures" / "a.en.js").read_text(encoding="utf-8")
    assert not list(script_rules("figures/a.en.js", script))
    assert "<" not in script
