"""Local reports: a trust's own numbers in full, and nothing of another trust's."""

import dataclasses
import json
import re
import stat
from html import unescape

import nbformat
import numpy as np
import pandas as pd
import polars as pl
import pytest
from docx import Document
from matplotlib.text import Text
from scipy.optimize import linprog

from audited import released_as_one
from indicator_cohorts import definition, person, placed, registry
from invented_notebooks import rows as catalogue
from invented_notebooks import write_notebook, write_run_file, write_store
from msanalysis import codes, extract
from msanalysis.cohorts import (
    incomplete_records,
    indicator_persons,
    indicators_over_years,
    living,
    of_trust,
    registered,
    registered_events,
    registration_delays,
)
from msanalysis.core import Cohort
from msanalysis.figures import plot_patients_by_year
from msanalysis.labels import word
from msanalysis.release import POLICY_VARIABLE, ReleaseRefused, list_for_follow_up, release
from msanalysis.release.exits import (
    INVENTED_UNIT_VARIABLE,
    OWN_UNIT_VARIABLE,
    RESTRICTED_VARIABLE,
    WORKLISTS_VARIABLE,
)
from msanalysis.report import write_report
from msanalysis.report.document import write_documents
from msanalysis.report.words import WORDS
from msanalysis.run import PROJECT, RunRefused
from msanalysis.run.perform import perform_all
from msanalysis.run.plan import HIDES, plan_of, plan_runs
from msanalysis.stats import (
    count_missing,
    count_patients_by_year,
    estimate_indicator_years,
    estimate_indicators,
    estimate_quantiles,
    estimate_shares,
)
from msanalysis.synthetic import synthesise
from persons import extract_of, make_cohort

EDSS = definition("edss_measured")


@pytest.fixture
def local(tmp_path, monkeypatch):
    """Return what makes this the local report of a trust; gives the restricted folder."""
    folder = tmp_path / "restricted"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv(RESTRICTED_VARIABLE, str(folder))

    def of(trust: str):
        monkeypatch.setenv(OWN_UNIT_VARIABLE, trust)
        return folder

    return of


# --- what the gate shows of the trust, and of others ----------------------------------------------


def persons_of(counts: dict[str, tuple[int, int]]) -> Cohort:
    """Return a cohort by trust and indicator, with the regions that the trusts belong to."""
    trusts, states = [], []
    for trust, (met, n) in counts.items():
        trusts += [trust] * n
        states += ["met"] * met + ["not_met"] * (n - met)
    regions = {trust: codes.regions()[trust] for trust in counts}
    cohort = make_cohort(placed(trusts, **{"edss_measured 2024": states}))
    return dataclasses.replace(
        cohort,
        base="patients",
        dimensions={"trust": "residence_hf"},
        coarser={"residence_hf": {"region": regions}},
        asked={"edss_measured 2024": ("patients", {"alive": ("yes",)})},
    )


COUNTS = {"finnmark": (1, 3), "helgeland": (5, 12), "unn": (9, 30), "bergen": (30, 60)}


def test_own_numbers_stand_in_full_and_beside_them_only_region_and_nation(local):
    local("finnmark")
    result = estimate_indicator_years(persons_of(COUNTS), definitions=EDSS)
    shown = release(result, own_unit="finnmark", beside=("region", "nation"))
    assert set(shown.frame["unit"]) == {"finnmark", "nord", "norway"}
    own = shown.frame.set_index("unit").loc["finnmark"]
    assert [own["numerator"], own["denominator"]] == [1, 3]
    assert shown.own_unit == "finnmark"
    alone = release(result, own_unit="finnmark", beside=())
    assert set(alone.frame["unit"]) == {"finnmark"}


def test_the_trust_of_an_invented_registry_is_open_there_and_nowhere_else(local, monkeypatch):
    local("")
    monkeypatch.setenv(INVENTED_UNIT_VARIABLE, "finnmark")
    result = estimate_indicator_years(persons_of(COUNTS), definitions=EDSS)
    by_source = {
        source: dataclasses.replace(
            result, provenance=dataclasses.replace(result.provenance, source=source)
        )
        for source in ("synthetic", "registry", "project")
    }
    shown = release(by_source["synthetic"], own_unit="finnmark").frame.set_index("unit")
    assert shown.loc["finnmark", "denominator"] == 3
    for source in ("registry", "project"):
        with pytest.raises(ReleaseRefused, match="only the local report of a trust"):
            release(by_source[source], own_unit="finnmark")
    with pytest.raises(ReleaseRefused):
        release(by_source["synthetic"], own_unit="unn")


def test_a_total_that_gives_another_trust_back_to_one_that_knows_its_own_is_hidden(local):
    local("unn")
    only_two = {"finnmark": (1, 3), "unn": (9, 30), "bergen": (30, 60)}
    result = estimate_indicator_years(persons_of(only_two), definitions=EDSS)
    shown = release(result, own_unit="unn", beside=("region", "nation")).frame.set_index("unit")
    # 33 in the region less 30 of its own are the 3 of Finnmark; so with the 93 of the nation
    # less the 60 that anyone knows of Bergen.
    assert shown.loc["unn", "denominator"] == 30
    assert pd.isna(shown.loc["nord", "denominator"])


def test_what_the_annual_run_hides_is_hidden_in_a_local_report_too(local, tmp_path, monkeypatch):
    local("bergen")
    result = estimate_indicator_years(persons_of({"bergen": (30, 60)}), definitions=EDSS)
    keys = ["region", "nation"]
    before = release(result, own_unit="bergen", beside=keys).frame.set_index("unit")
    assert before.loc["vest", "denominator"] == 60
    box = {"alive": ["yes"], "region": ["vest"]}
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps([json.dumps(["patients", box], sort_keys=True)]))
    monkeypatch.setenv("MSANALYSIS_PLAN", str(plan))
    after = release(result, own_unit="bergen", beside=keys).frame.set_index("unit")
    assert pd.isna(after.loc["vest", ["numerator", "denominator", "share"]]).all()
    assert after.loc["bergen", "denominator"] == 60


def test_a_cohort_held_to_the_trust_stands_in_full_whatever_is_counted(local):
    local("forde")
    everyone = registry(person(1), person(2, residence_hf="bergen"), person(3, sex="male"))
    ours = of_trust(living(everyone), "forde")
    shown = release(estimate_shares(ours, column="sex"), own_unit="forde")
    assert shown.frame.set_index("level")["n"].to_dict() == {"all": 2, "female": 1, "male": 1}
    assert (shown.n_persons, shown.hidden.any(axis=None)) == (2, False)


@pytest.mark.parametrize("unit", ["bergen", ""])
def test_a_cohort_of_another_trust_is_refused(local, unit):
    local(unit)
    everyone = registry(person(1), person(2, residence_hf="bergen"))
    ours = of_trust(living(everyone), "forde")
    with pytest.raises(ReleaseRefused, match="own_unit"):
        release(estimate_shares(ours, column="sex"), own_unit=unit)
    with pytest.raises(ReleaseRefused, match="own_unit"):
        release(ours.attrition, own_unit="forde")


# --- what a trust can work out with its own numbers -----------------------------------------------


def bounds_of_hidden(table: pd.DataFrame, own: dict[str, int]) -> dict[str, tuple[float, float]]:
    """Return between which numbers each hidden trust lies for a reader who knows `own`.

    `table` has a row a trust, region and nation, missing where hidden; what it adds up to is known,
    and that a hidden number is at least 1. Independent of the gate.
    """
    shown = {unit: n for unit, n in table.items() if pd.notna(n)} | own
    unknown = [unit for unit in table.index if unit not in shown]
    parts = {"norway": [*dict.fromkeys(codes.regions().values())]}
    for trust, region in codes.regions().items():
        parts.setdefault(region, []).append(trust)
    rows, right = [], []
    for whole, some in parts.items():
        signs = {whole: 1, **dict.fromkeys(some, -1)}
        rows.append([signs.get(unit, 0) for unit in unknown])
        right.append(-sum(sign * shown.get(unit, 0) for unit, sign in signs.items()))
    found = {}
    for place, unit in enumerate(unknown):
        ends = [
            linprog(sign * np.eye(len(unknown))[place], A_eq=rows, b_eq=right, bounds=(1, 1e5))
            for sign in (1, -1)
        ]
        found[unit] = tuple(abs(end.fun) for end in ends)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_under_strict_a_trust_that_knows_its_own_numbers_learns_no_other_trusts(monkeypatch, seed):
    monkeypatch.setenv(POLICY_VARIABLE, "strict")
    trusts, random = codes.trusts(), np.random.default_rng(seed)
    n = dict(zip(trusts, random.integers(1, 60, len(trusts)).tolist(), strict=True))
    n |= {trusts[place]: int(few) for place, few in enumerate(random.integers(0, 9, 4))}
    cohort = persons_of({trust: (each // 2, each) for trust, each in n.items()})
    (shown,) = released_as_one([estimate_indicators(cohort, definitions=EDSS, year=2024)])
    table = shown.frame[shown.frame["year"] == "2024"].set_index("unit")["denominator"]
    hidden = [trust for trust in trusts if pd.isna(table[trust])]
    assert any(0 < n[trust] < 10 for trust in hidden)
    for insider in hidden:
        for unit, (low, high) in bounds_of_hidden(table, {insider: n[insider]}).items():
            if unit in n:
                assert high > low, f"{insider} learns {unit} exactly"
                assert high >= 10 or n[unit] >= 10, f"{insider} learns that {unit} is small"


def test_under_the_annual_policy_two_hidden_trusts_of_a_region_learn_each_others():
    """What docs/disclosure.md says is not promised: so that no one takes it for promised."""
    counts = {"finnmark": (1, 3), "helgeland": (2, 8), "unn": (20, 60), "bergen": (30, 60)}
    (shown,) = released_as_one(
        [estimate_indicators(persons_of(counts), definitions=EDSS, year=2024)]
    )
    table = shown.frame.set_index("unit")["denominator"]
    hidden = {trust for trust in counts if pd.isna(table[trust])}
    assert "finnmark" in hidden
    (partner,) = hidden - {"finnmark"}
    assert bounds_of_hidden(table, {partner: counts[partner][1]})["finnmark"] == (3, 3)


# --- what is counted ------------------------------------------------------------------------------


def test_the_report_year_of_a_local_report_is_that_of_the_annual_report():
    everyone = extract_of(synthesise(400, 3))
    indicators = codes.indicators()
    years = estimate_indicator_years(
        indicators_over_years(everyone, indicators, n_years=3), definitions=indicators
    ).frame
    annual = estimate_indicators(
        indicator_persons(everyone, indicators), definitions=indicators, year=2024
    ).frame
    keys, counts = ["indicator", "unit"], ["numerator", "denominator"]
    both = [each[each["year"] == "2024"].set_index(keys)[counts] for each in (years, annual)]
    pd.testing.assert_frame_equal(*both)
    assert set(years["year"]) == {"2022", "2023", "2024"}


def test_who_lived_at_the_end_of_an_earlier_year_is_another_set_of_persons():
    dead = person(2, diagnosis_date="2020-01-01", death_date="2024-06-01")
    everyone = registry(person(1, diagnosis_date="2020-01-01"), dead)
    years = indicators_over_years(everyone, codes.named(["edss_measured"]), n_years=2)
    (_, now), (_, before) = (years.asked[f"edss_measured {year}"] for year in (2024, 2023))
    assert now["alive"] == ("yes",)
    assert before == {
        **{name: now[name] for name in now if name != "alive"},
        "alive 2023": ("yes",),
    }


def test_patients_by_year_are_alive_from_their_diagnosis_until_their_death():
    everyone = registered(
        registry(
            person(1, diagnosis_date="2022-05-01"),
            person(2, diagnosis_date="2023-01-01", death_date="2024-03-01"),
            person(3, diagnosis_date="2024-06-01"),
            person(4, residence_hf="bergen"),
        )
    )
    counted = count_patients_by_year(of_trust(everyone, "forde"), n_years=3, last_year=2024).frame
    assert counted.to_dict("list") == {
        "year": ["2022", "2023", "2024"],
        "alive": [1, 2, 2],
        "newly_diagnosed": [1, 1, 1],
        "dead": [0, 0, 1],
    }


def test_registrations_are_counted_by_the_day_they_were_entered_also_where_there_are_none():
    visits = [
        {"patient_id": "1", "visit_date": "2019-05-01", "registered_date": "2024-02-01"},
        {"patient_id": "1", "visit_date": "2023-12-20", "registered_date": "2024-12-20"},
        {"patient_id": "2", "visit_date": "2023-12-20", "registered_date": "2024-12-20"},
        {"patient_id": "1", "visit_date": "2018-12-20", "registered_date": "2018-12-20"},
    ]
    everyone = registry(person(1), person(2, residence_hf="bergen"), visits=visits)
    entered = registered_events(everyone, trust="forde", kind="visits", n_years=2)
    rows = estimate_shares(entered, column="quarter").frame.set_index("level")["n"]
    assert rows[rows > 0].to_dict() == {"all": 2, "2024-Q1": 1, "2024-Q4": 1}
    assert [*rows.index[1:]] == [
        f"{year}-Q{quarter}" for year in (2023, 2024, 2025) for quarter in (1, 2, 3, 4)
    ][:10]
    delays = registration_delays(everyone, trust="forde", kind="visits", n_years=2)
    rows = estimate_quantiles(delays, column="delay_days", by="year").frame.set_index("stratum")
    assert rows["median"].to_dict() == {"all": 366, "2023": 366}


def test_a_patient_entered_before_the_diagnosis_waited_no_days():
    everyone = registry(
        person(1, diagnosis_date="2024-03-15", included_date="2024-03-25"),
        person(2, diagnosis_date="2024-03-15", included_date="2024-01-01"),
    )
    delays = registration_delays(everyone, trust="forde", kind="inclusions", n_years=1)
    assert sorted(delays.frame["delay_days"]) == [0, 10]


def test_what_is_missing_is_asked_only_of_those_it_concerns():
    everyone = registry(
        person(1, onset_precision="year", referral_date=None),
        person(2, diagnosis_date="2010-01-01", onset_course="unknown", referral_date=None),
        person(3, included_date=None),
        person(4, death_date="2020-01-01"),
        person(5, residence_hf="bergen", onset_precision="year"),
        edss=[{"patient_id": "1", "measured_date": "2024-02-01", "score": 1.0}],
        visits=[{"patient_id": "2", "visit_date": "2024-02-01", "treatment_updated": True}],
        untreated_periods=[{"patient_id": "1", "start_date": "2024-04-01", "reason": "age"}],
    )
    records = incomplete_records(everyone, EDSS, trust="forde")
    found = count_missing(records).frame.set_index("kind")
    assert found[["n", "denominator"]].T.to_dict("list") == {
        "lacks_data": [1, 3],
        "lacks_course": [1, 2],
        "lacks_onset_month": [1, 2],
        "lacks_referral_date": [1, 1],
        "lacks_treatment_status": [1, 2],
        "lacks_visit": [1, 2],
        "lacks_edss_measured": [1, 2],
    }


def test_a_kind_whose_columns_were_not_delivered_is_not_missing():
    everyone = registry(person(1))
    lean = dataclasses.replace(
        everyone, frames={"patients": everyone.frames["patients"].drop("referral_date")}
    )
    records = incomplete_records(lean, EDSS, trust="forde")
    assert {"lacks_referral_date", "lacks_visit", "lacks_edss_measured"}.isdisjoint(records.frame)
    assert "lacks_course" in records.frame


# --- the list for follow-up -----------------------------------------------------------------------


@pytest.fixture
def records():
    everyone = registry(
        person(1, onset_course="unknown"),
        person("=2", onset_course="unknown"),
        person(3, residence_hf="bergen", onset_course="unknown"),
    )
    return incomplete_records(everyone, (), trust="forde")


def test_no_list_of_patients_is_written_unless_it_is_asked_for(local, records):
    assert list_for_follow_up(records, own_unit="forde") is None
    assert not [*local("forde").iterdir()]


def test_the_list_holds_the_trusts_own_patients_for_its_owner_alone(local, records, monkeypatch):
    folder = local("forde")
    monkeypatch.setenv(WORKLISTS_VARIABLE, "1")
    path = list_for_follow_up(records, own_unit="forde")
    assert path == folder / "worklists" / "forde.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[:3] == ["kind,patient_id", "lacks_course,1", "lacks_course,'=2"]
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)] == [0o600, 0o700]
    assert "worklist" in (folder / "exits.log").read_text()


def test_a_list_of_another_trusts_patients_is_refused(local, records, monkeypatch):
    local("bergen")
    monkeypatch.setenv(WORKLISTS_VARIABLE, "1")
    for trust in ("bergen", "forde"):
        with pytest.raises(ReleaseRefused, match="the trust whose local report it is"):
            list_for_follow_up(records, own_unit=trust)


# --- the run --------------------------------------------------------------------------------------

SHARED = """\
import json, os
pids = pathlib.Path(extract).parent / "pids"
unit = os.environ["MSANALYSIS_OWN_UNIT"]
found = {"pid": os.getpid(), "left": "remembered" in dir(), "unit": unit}
(pids / trust).write_text(json.dumps(found))
remembered = 1
assert trust != "unn"
"""


def plan_local(tmp_path, text: str, **options):
    write_notebook(tmp_path / "notebooks", "count", parameters='trust: str = "forde"\n')
    store = tmp_path / "store"
    if not store.exists():
        write_store(store)
    return plan_runs(
        write_run_file(tmp_path, text),
        extract=store,
        out=tmp_path / "out",
        catalogue=catalogue("count"),
        notebooks=tmp_path / "notebooks",
        **options,
    )


@pytest.fixture
def annual(tmp_path, monkeypatch):
    """Write what a finished run hides; returns a function that changes it."""
    monkeypatch.setattr("msanalysis.run.plan.PROJECT", tmp_path)
    folder = tmp_path / "outputs" / "annual" / "restricted"
    folder.mkdir(parents=True)
    held = extract.open_extract(write_store(tmp_path / "store")).provenance

    def write(**changed):
        made_from = plan_of(held, held.status_date, held.data_cutoff, "annual_report")
        (folder / HIDES).write_text(json.dumps(made_from | {"hides": ["key"]} | changed))

    write()
    return write


LOCAL = (
    "analyses: [count]\nown_unit: trust\nplan_of: annual\n"
    "for_each: {parameter: trust, values: [finnmark, unn, forde]}"
)


def test_each_trust_has_a_run_of_its_own_under_the_plan_of_the_annual_run(tmp_path, annual):
    runs = plan_local(tmp_path, LOCAL, worklists=True)
    assert [(run.out.name, run.own_unit) for run in runs] == [
        (trust, trust) for trust in ("finnmark", "unn", "forde")
    ]
    assert all(run.hides == {"key"} and run.worklists for run in runs)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LOCAL.replace("plan_of: annual\n", ""), "own_unit: expected the parameter of for_each"),
        (LOCAL.replace("own_unit: trust", "own_unit: size"), "expected the parameter of for_each"),
        (LOCAL.replace("unn", "nowhere"), "no hospital trust nowhere; known are finnmark, unn"),
        (LOCAL.replace("plan_of: annual", "plan_of: other"), "run it first: msanalysis run params"),
    ],
)
def test_a_run_file_of_local_reports_that_cannot_be_meant_is_refused(tmp_path, annual, text, said):
    with pytest.raises(RunRefused, match=said):
        plan_local(tmp_path, text)


def test_an_annual_run_of_another_extract_or_policy_is_no_plan(tmp_path, annual):
    annual(extract="e" * 64, policy="strict")
    with pytest.raises(RunRefused, match="is of another extract, policy; run it again"):
        plan_local(tmp_path, LOCAL)


def test_only_local_reports_have_worklists(tmp_path):
    with pytest.raises(RunRefused, match="only local reports"):
        plan_local(tmp_path, "analyses: [count]", worklists=True)


def test_notebooks_share_an_emptied_kernel_and_a_failed_one_is_not_used_again(tmp_path, annual):
    (tmp_path / "pids").mkdir()
    runs = plan_local(tmp_path, LOCAL)
    path = tmp_path / "notebooks" / "count.ipynb"
    content = json.loads(path.read_text())
    source = "".join(content["cells"][2]["source"]) + SHARED
    content["cells"][2]["source"] = source.splitlines(keepends=True)
    path.write_text(json.dumps(content))
    performed = perform_all(runs, jobs=1)
    assert [each.exit_code for each in performed] == [0, 1, 0]
    found = {each.name: json.loads(each.read_text()) for each in (tmp_path / "pids").iterdir()}
    assert not any(each["left"] for each in found.values())
    assert all(each["unit"] == trust for trust, each in found.items())
    assert found["finnmark"]["pid"] == found["unn"]["pid"] != found["forde"]["pid"]
    assert "AssertionError" in (runs[1].out / "restricted" / "logs" / "count.log").read_text()
    assert (runs[0].out / "restricted" / "logs" / "count.log").stat().st_size


# --- the report -----------------------------------------------------------------------------------


LARGE, OF_ONE, OF_NOBODY = "bergen", "finnmark", "helgeland"


@pytest.fixture(scope="module")
def invented():
    """Return 300 persons: one of them, diagnosed in 2024, in Finnmark, and nobody in Helgeland."""
    made = synthesise(300, 5)
    patients = made.tables["patients"]
    new = patients.filter(
        pl.col("diagnosis_date").dt.year() == 2024, pl.col("death_date").is_null()
    )
    chosen = pl.col("patient_id") == new["patient_id"][0]
    elsewhere = pl.col("residence_hf").is_in([OF_ONE, OF_NOBODY])
    lives = pl.when(chosen).then(pl.lit(OF_ONE)).when(elsewhere).then(pl.lit("unn"))
    made.tables["patients"] = patients.with_columns(
        lives.otherwise("residence_hf").alias("residence_hf")
    )
    return extract_of(made)


@pytest.fixture(scope="module")
def saved(invented, tmp_path_factory):
    """Run the notebook's cells for each of the three trusts; return the folders they wrote."""
    cells = nbformat.read(PROJECT / "notebooks" / "local_report.ipynb", as_version=4).cells
    folders = {}
    for trust in (LARGE, OF_ONE, OF_NOBODY):
        space, folders[trust] = {}, tmp_path_factory.mktemp(trust)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(OWN_UNIT_VARIABLE, trust)
            patch.setenv(RESTRICTED_VARIABLE, str(tmp_path_factory.mktemp("restricted")))
            patch.setattr(extract, "open_extract", lambda *_, **__: invented)
            for cell in cells:
                if cell.cell_type == "code":
                    exec(compile(cell.source, cell.id, "exec"), space)
                if cell.id == "parameters":
                    space |= {"trust": trust, "out": str(folders[trust])}
    return folders


def own_numbers(folder) -> dict[str, str]:
    held = pd.read_csv(folder / "numbers.csv", dtype=str, keep_default_na=False)
    return held.set_index("id")["value"].to_dict()


def test_a_trust_of_one_patient_gets_all_its_numbers(saved):
    numbers = own_numbers(saved[OF_ONE])
    assert {numbers[id] for id in ("alive", "newly_diagnosed")} == {"1"}
    assert numbers["own_coverage_new"] == "1"
    held = pd.read_csv(saved[OF_ONE] / "numbers.csv")
    assert not held["hidden"].any()
    years = pd.read_csv(saved[OF_ONE] / "tables" / "local_indicators.csv")
    own = years[years["unit"] == OF_ONE]
    assert (
        own[own["year"] == 2024]
        .query("indicator == 'onset_to_diagnosis_24m'")["denominator"]
        .item()
        == 1
    )
    assert set(years["unit"]) == {OF_ONE, "nord", "norway"}


def test_a_trust_without_patients_gets_a_report_too(saved):
    assert own_numbers(saved[OF_NOBODY])["alive"] == "0"
    text = json.loads((saved[OF_NOBODY] / "analysis.json").read_text())["text"]["en"]
    assert "not available" in text


def test_no_local_report_names_another_trust(saved):
    others = set(codes.trusts())
    for trust, folder in saved.items():
        for path in (folder / "tables").glob("*.csv"):
            found = set(re.findall(r"[a-z_]+", path.read_text(encoding="utf-8")))
            assert found & others <= {trust}, path.name


def test_every_page_and_figure_says_in_both_languages_whom_it_is_for(tmp_path):
    manifest = {
        "own_unit": "forde", "languages": ["nb", "en"], "report_year": 2024,
        "status_date": "2024-12-31", "data_cutoff": "2025-05-15", "policy": "annual_report",
        "extract": {"source": "registry"}, "analyses": [],
    }  # fmt: skip
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    write_report(tmp_path)
    pages = [*tmp_path.rglob("*.html")]
    assert len(pages) == 8
    for page in pages:
        text, words = unescape(page.read_text(encoding="utf-8")), WORDS[language_of(page)]
        assert words["alone"].format(trust="Førde") in text
        in_print = re.search(r"@page \{[^}]*content: \"([^\"]*)\"", text)[1]
        assert in_print == words["short_alone"].format(trust="Førde")


def language_of(page):
    return "en" if page.name.endswith(".en.html") else "nb"


def test_the_word_document_says_on_every_page_whom_it_is_for_and_holds_the_table_of_the_text(
    tmp_path,
):
    table = "| In the year | Number |\n|---|---|\n| EDSS | 1 of 2 |"
    analysis = {
        "id": "a", "chapter": "6", "title": {"en": "A"}, "status": "ok", "missing": [],
        "text": {"en": f"Before.\n\n{table}\n\nAfter."}, "figures": [], "tables": [],
    }  # fmt: skip
    manifest = {
        "own_unit": "forde", "languages": ["en"], "report_year": 2024,
        "status_date": "2024-12-31", "data_cutoff": "2025-05-15", "policy": "annual_report",
        "extract": {"source": "registry"}, "analyses": [analysis],
    }  # fmt: skip
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    document = Document(write_documents(tmp_path)[0])
    headers = [each.text for each in document.sections[0].header.paragraphs]
    assert WORDS["en"]["alone"].format(trust="Førde") in headers
    assert [[cell.text for cell in row.cells] for row in document.tables[0].rows] == [
        ["In the year", "Number"],
        ["EDSS", "1 of 2"],
    ]


def test_every_figure_of_a_local_report_says_in_both_languages_whom_it_is_for(local):
    local("forde")
    patients = of_trust(registered(registry(person(1))), "forde")
    counted = release(count_patients_by_year(patients, n_years=2, last_year=2024), own_unit="forde")
    drawing = plot_patients_by_year(counted, lang=["nb", "en"])
    for lang in drawing.lang:
        texts = {each.get_text() for each in drawing.draw(lang).findobj(Text)}
        assert word("for_alone forde", lang) in texts
