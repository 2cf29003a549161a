"""The page that says what a release tells of persons, from the release alone."""

import json
import re
from html import unescape

import pandas as pd
import pytest

from msanalysis.output import Sentences, save
from msanalysis.release import POLICIES, POLICY_VARIABLE, release
from msanalysis.report import write_report
from msanalysis.report.disclosure import RULES
from msanalysis.stats import (
    estimate_flows,
    estimate_points,
    estimate_quantiles,
    estimate_shares,
    estimate_survival,
)
from persons import make_cohort


def invented_tables():
    n = 200
    frame = pd.DataFrame(
        {
            "sex": ["female"] * 123 + ["male"] * 70 + ["missing"] * 7,
            "before": ["none"] * n,
            "after": ["none"] * 150 + ["rituximab"] * 50,
            "trust": ["bergen"] * 150 + ["ous"] * 50,
            "age": range(n),
            "follow_up_days": range(1, n + 1),
            "end_reason": ["death"] * n,
        }
    )
    cohort = make_cohort(frame.astype({"before": "category", "after": "category"}))
    return {
        "sexes": release(estimate_shares(cohort, column="sex")),
        "curve": release(estimate_survival(cohort, event="death")),
        "flows": release(estimate_flows(cohort, states=["before", "after"])),
        "ages": release(estimate_quantiles(cohort, column="age", by="trust")),
        "points": release(estimate_points(cohort, column="age", by="trust")),
    }


def write_invented_release(folder, policy):
    """Write what the disclosure page is made of: tables and a manifest."""
    tables = invented_tables()
    words = Sentences(nb="", en="")
    save("invented", str(folder), numbers=[], figures={}, tables=tables, text=words)
    saved = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
    title = {"nb": "Oppdiktet <b>", "en": "Invented <b>"}
    described = [
        {"id": id, "caption": title, "file": f"tables/{id}.csv", **saved["cells"][id]}
        for id in tables
    ]
    analysis = {
        "id": "invented", "chapter": "1", "title": title, "status": "ok", "missing": [],
        "parameters": {}, "text": {"nb": "", "en": ""}, "figures": [], "tables": described,
    }  # fmt: skip
    manifest = {
        "report_year": 1999,
        "status_date": "1999-12-31",
        "data_cutoff": "2000-05-15",
        "languages": ["nb", "en"],
        "policy": policy,
        "extract": {"source": "synthetic"},
        "analyses": [analysis],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return saved


@pytest.fixture(params=POLICIES)
def page(request, tmp_path, monkeypatch):
    monkeypatch.setenv(POLICY_VARIABLE, request.param)
    write_invented_release(tmp_path, request.param)
    return request.param, pages_of(tmp_path)


def pages_of(folder):
    """Return the page in each language."""
    site = write_report(folder).parent / "site"
    return {
        lang: (site / f"disclosure.{lang}.html").read_text(encoding="utf-8")
        for lang in ("nb", "en")
    }


def rows(html):
    """Return (column, smallest, rounding) of every row."""
    found = re.findall(r"<td>([^<]*)</td><td class=\"count\">([^<]*)</td><td>([^<]*)</td>", html)
    return [tuple(map(unescape, row)) for row in found]


def test_every_table_has_its_rule_in_both_languages(page):
    policy, pages = page
    numbers = {"threshold": POLICIES[policy].threshold, "most": POLICIES[policy].threshold - 1}
    numbers |= {"curve_at_risk": POLICIES[policy].curve_at_risk}
    for lang, pooled in (("nb", "Slått sammen (få personer)"), ("en", "Pooled (few persons)")):
        for shape in ("table", "curve", "flow", "points_rule"):
            assert RULES[lang][shape].format(**numbers, pooled=pooled) in unescape(pages[lang])


def test_no_sentence_is_left_with_a_gap(page):
    _, pages = page
    for html in pages.values():
        style_free = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
        assert not re.search(r"[{}]", re.sub(r'data-some="[^"]*"', "", style_free))


def test_both_languages_have_the_same_sentences():
    assert RULES["nb"].keys() == RULES["en"].keys()


def test_the_smallest_count_of_a_column_is_that_of_the_released_table(tmp_path, monkeypatch):
    write_invented_release(tmp_path, "annual_report")
    pages = pages_of(tmp_path)
    assert rows(pages["en"])[0] == ("n", "7", "whole persons")
    assert ("Share", "", "4 decimals") in rows(pages["en"])
    assert ("Andel", "", "4 desimaler") in rows(pages["nb"])


def test_rounded_counts_are_said_to_be_rounded(tmp_path, monkeypatch):
    monkeypatch.setenv(POLICY_VARIABLE, "research")
    write_invented_release(tmp_path, "research")
    pages = pages_of(tmp_path)
    assert rows(pages["en"])[0] == ("n", "10", "nearest 10 persons")
    assert ("Median", "", "no finer than 10 persons") in rows(pages["en"])


def test_how_many_cells_are_hidden_is_not_on_the_page_but_beside_the_outputs(tmp_path, monkeypatch):
    monkeypatch.setenv(POLICY_VARIABLE, "strict")
    saved = write_invented_release(tmp_path, "strict")
    # Of all, female, male and missing: the seven are few, and the 70 would give them back.
    assert saved["hidden"]["sexes"] == {"counts": 8, "first": 1, "second": 1}
    assert "hidden" not in {*json.loads((tmp_path / "manifest.json").read_text())}
    pages = pages_of(tmp_path)
    assert rows(pages["en"])[0] == ("n", "123", "whole persons")


def test_captions_are_text_and_the_same_release_gives_the_same_bytes(page, tmp_path):
    _, pages = page
    assert "<b>" not in "".join(pages.values())
    assert pages_of(tmp_path) == pages
