"""Notebooks in JupyterLab's own server: unedited, showing what is released, with plain errors."""

import json
import re
import shutil
import stat
import sys

import pytest

from attack.in_process import write_store
from jupyter_client_of_tests import opened_lab
from msanalysis.lab import open_lab
from msanalysis.run import PROJECT, RunRefused
from msanalysis.synthetic import synthesise

NOTEBOOKS = sorted(path.stem for path in (PROJECT / "notebooks").glob("[!_]*.ipynb"))
SHORTEST = "rituximab_time_to_switch"
SHOWN = {"Released": "text/html", "Picture": "image/png", "Sentences": "text/markdown"}
"""What a notebook may show, and how it looks."""

SECRET = "P-4711"
pytestmark = pytest.mark.xdist_group("lab")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(PROJECT / "notebooks", folder / "notebooks")
    write_store(synthesise(600), folder / "outputs" / "extracts" / "synthetic")
    return folder


@pytest.fixture(scope="module")
def server(project, tmp_path_factory):
    with opened_lab(project, tmp_path_factory.mktemp("home")) as opened:
        yield opened


@pytest.fixture(scope="module")
def kernel(server):
    with server.kernel("errors.ipynb") as opened:
        opened.run(PREPARED)
        yield opened


@pytest.mark.parametrize(
    "notebook",
    [pytest.param(id, marks=[] if id == SHORTEST else pytest.mark.slow) for id in NOTEBOOKS],
)
def test_a_notebook_runs_top_to_bottom_unedited_and_shows_only_what_is_released(
    server, project, notebook
):
    path = f"{notebook}.ipynb"
    cells = server.ask(f"api/contents/{path}")["content"]["cells"]
    with server.kernel(path) as kernel:
        for cell in (each for each in cells if each["cell_type"] == "code"):
            answer = kernel.run(cell["source"], shown="type(_).__name__")
            assert answer.reply["status"] == "ok", (cell["id"], answer.error)
            for output in answer.outputs:
                shown = answer.reply["user_expressions"]["shown"]["data"]["text/plain"].strip("'")
                assert (cell["id"], output["output_type"]) == (cell["id"], "execute_result")
                assert SHOWN.get(shown) in output["data"], (cell["id"], shown)
    saved = project / "outputs" / "notebooks" / notebook / "analysis.json"
    assert json.loads(saved.read_text(encoding="utf-8"))["analysis"] == notebook


def test_what_leaves_by_another_exit_is_logged_where_only_its_owner_can_enter(kernel, project):
    kernel.run("from msanalysis.release import deliver; deliver(result, 'sexes', receiver='skde')")
    restricted = project / "outputs" / "notebooks" / "restricted"
    assert stat.S_IMODE(restricted.stat().st_mode) == 0o700
    assert (restricted / "delivery" / "sexes.csv").is_file()
    assert "delivery sexes (shares, invented) to skde" in (restricted / "exits.log").read_text()


def test_the_kernel_is_of_this_environment_and_saving_a_notebook_changes_nothing_of_it(
    server, kernel
):
    found = server.ask("api/kernelspecs")["kernelspecs"]["python3"]["spec"]
    notebook = json.loads((PROJECT / "notebooks" / f"{SHORTEST}.ipynb").read_text())
    assert found["display_name"] == notebook["metadata"]["kernelspec"]["display_name"]
    answer = kernel.run("import sys; sys.executable")
    assert answer.outputs[0]["data"]["text/plain"] == repr(sys.executable)


def test_what_a_notebook_shows_is_not_saved_in_it(server, project):
    path = f"{SHORTEST}.ipynb"
    content = server.ask(f"api/contents/{path}")["content"]
    shown = {"output_type": "stream", "name": "stdout", "text": SECRET}
    content["metadata"]["language_info"] |= {"version": "3.11.7", "file_extension": ".py"}
    for cell in content["cells"]:
        cell["metadata"] |= {"trusted": True, "editable": True}
        if cell["cell_type"] == "code":
            cell |= {"outputs": [shown], "execution_count": 7}
    server.save(path, content)
    saved = (project / "notebooks" / path).read_text(encoding="utf-8")
    assert json.loads(saved) == json.loads((PROJECT / "notebooks" / path).read_text())
    assert saved == (PROJECT / "notebooks" / path).read_text(encoding="utf-8")


def test_jupyterlab_asks_nobody_for_news(server):
    (config,) = re.findall(
        r'jupyter-config-data" type="application/json">(.*?)<', server.page("lab")
    )
    disabled = json.loads(config)["disabledExtensions"]
    assert "@jupyterlab/apputils-extension:announcements" in disabled


@pytest.mark.parametrize(
    ("project_of", "own_unit", "said"),
    [("nowhere", "forde", "clone the repository"), (None, "oslo", "no hospital trust oslo; known")],
)
def test_what_cannot_be_opened_is_refused_with_the_next_step(tmp_path, project_of, own_unit, said):
    where = tmp_path / project_of if project_of else PROJECT
    with pytest.raises(RunRefused, match=said):
        open_lab(own_unit=own_unit, project=where)


# --- errors ---------------------------------------------------------------------------------------

PREPARED = f"""
import pandas as pd
from datetime import date
from msanalysis.cohorts import rituximab_starters
from msanalysis.core import Cohort, Provenance
from msanalysis.extract import open_extract
from msanalysis.figures import plot_shares, plot_survival
from msanalysis.output import number, save, sentences
from msanalysis.release import release
from msanalysis.stats import estimate_mean, estimate_shares, estimate_survival
held = Provenance("synthetic", "0" * 64, date(2024, 12, 31), date(2025, 5, 15))
nobody = pd.DataFrame({{"step": pd.Series(dtype="object"), "n": pd.Series(dtype="int64")}})
persons = pd.DataFrame({{"sex": ["female"] * 6 + ["male"] * 6, "brand": ["{SECRET}"] * 12}})
cohort = Cohort("invented", persons, nobody, held)
result = estimate_shares(cohort, column="sex")
released = release(result)
registry = open_extract("../outputs/extracts/synthetic")
lang, out = ["en"], "../outputs/notebooks/errors"
text = sentences("overall_survival", [], lang=[])
"""

PARAMETERS = """\
extract: str = "../outputs/extracts/synthetic"  # folder of an imported extract
lang: list[str] = ["nb", "en"]  # languages
out: str = "out"  # folder
gap_days: int = {gap}  # days that make a stop [1, 3650]
censor_at: str = "{censor}"  # where follow-up ends [cutoff | last_visit]
"""
SAVE = "save('errors', out, numbers={0}, figures={1}, tables={2}, text=text)"

FORGOTTEN = {
    "a result drawn": ("plot_shares(result, lang=lang, measured='sex')", "call release()"),
    "a cohort drawn": ("plot_shares(cohort, lang=lang, measured='sex')", "call release()"),
    "a result quoted": ("number('women', result, 'n', level='female')", "call release()"),
    "a result saved": (SAVE.format("[]", "{}", "{'sexes': result}"), "call release()"),
    "a result saved as a figure": (SAVE.format("[]", "{'sexes': result}", "{}"), "release() first"),
    "a result saved as a number": (SAVE.format("[result]", "{}", "{}"), "call release() first"),
    "a cohort released": ("release(cohort)", "pass what a function of msanalysis.stats returned"),
}
WRONG = {
    "a parameter out of its range": (PARAMETERS.format(gap=-3, censor="cutoff"), "[1, 3650]"),
    "a parameter of another type": (PARAMETERS.format(gap="'x'", censor="cutoff"), "expected int"),
    "a parameter that is no choice": (
        PARAMETERS.format(gap=3, censor="never"),
        "expected one of cutoff, last_visit",
    ),
    "no literal": (PARAMETERS.format(gap="1 + x", censor="cutoff"), "line 4 of the parameters"),
    "a statistic's parameter": ("estimate_survival(cohort, evnt='switch')", "it takes event, "),
    "a statistic's parameter left out": ("estimate_shares(cohort)", "it takes column"),
    "a figure's parameter": ("plot_shares(released, lang=lang, measure='sex')", "measured"),
    "a cohort's parameter": ("rituximab_starters(cohort, gap=3)", "it takes extract, stop_ends"),
    "a missing column": (
        "estimate_shares(cohort, column='colour')",
        "has no column 'colour', which the division into levels needs: choose one of sex, brand",
    ),
    "a column without numbers": ("estimate_mean(cohort, column='brand')", "choose one that does"),
    "a column the table has not": ("number('women', released, 'n', colour='red')", "no column col"),
    "a missing word": ("plot_shares(released, lang=lang, measured='x')", "labels.csv"),
    "a code without a word": (
        "from msanalysis.tables import format_table\n"
        f"format_table(pd.DataFrame({{'stratum': ['{SECRET}']}}), 'nb')",
        "a code or a column has no word; add a row",
    ),
    "no extract": ("open_extract('nowhere')", "`make report` makes that of the invented registry"),
    "no text": ("sentences('no_such', [], lang=lang)", "src/msanalysis/texts"),
    "a number the text asks for": ("sentences('overall_survival', [], lang=lang)", "number("),
    "another trust": ("release(result, own_unit='ahus')", "msanalysis lab --own-unit ahus"),
}


@pytest.mark.parametrize("case", [*FORGOTTEN, *WRONG])
def test_an_error_says_what_to_do_next_without_a_traceback_through_the_package(kernel, case):
    code, said = (FORGOTTEN | WRONG)[case]
    answer = kernel.run(code)
    (line,) = answer.error["traceback"]
    assert said in line
    assert line == f"{answer.error['ename']}: {answer.error['evalue']}"
    # A client that is not JupyterLab reads the reply; where drawing failed it has no message.
    assert answer.reply["evalue"] in (answer.error["evalue"], "None")
    assert ".py" not in line
    assert SECRET not in json.dumps([answer.outputs, answer.reply])


@pytest.mark.parametrize("name", ["cohort", "result"])
def test_what_is_not_released_shows_no_number_but_how_to_release_it(kernel, name):
    (output,) = kernel.run(name).outputs
    assert "release(" in output["data"]["text/plain"]
    assert set(output["data"]) == {"text/plain"}
    assert SECRET not in json.dumps(output)


HOSTILE = {
    "while it computes": "estimate_survival(cohort, event='switch', by='brand')",
    "while a library computes": "release(estimate_mean(cohort, column='sex'))",
    "in a lookup": "rituximab_starters(registry, censor_at='{0}')",
    "in a conversion": "from msanalysis.stats import in_days; in_days(['{0}'], 'months')",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_went_wrong_inside_is_named_without_content(kernel, case):
    answer = kernel.run(HOSTILE[case].format(SECRET))
    assert len(answer.error["traceback"]) == 1
    assert SECRET not in json.dumps([answer.outputs, answer.reply["evalue"]])


def test_an_error_of_the_notebook_s_own_code_is_shown_as_ever(kernel):
    error = kernel.run("number_of_persons").error
    assert error["ename"] == "NameError"
    assert "number_of_persons" in "".join(error["traceback"][1:])


def test_an_interrupted_cell_says_so(kernel):
    interrupts = (
        "class Slow:\n"
        "    def __getattr__(self, name):\n"
        "        raise KeyboardInterrupt\n"
        "rituximab_starters(Slow())"
    )
    error = kernel.run(interrupts).error
    assert (error["ename"], error["traceback"]) == (
        "KeyboardInterrupt",
        ["KeyboardInterrupt: interrupted"],
    )
