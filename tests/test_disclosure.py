"""The page that says what a release tells of persons, from the release alone."""

import json
import re
from html import unescape

import pandas as pd
import pytest

from msanalysis.output import Sentences, save
from msanalysis.release import POLICIES, POLICY_VARIABLE, release
from msanalysis.report.disclosure import RULES, write_disclosure
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
    analysis = {"chapter": "1", "title": title, "status": "ok", "tables": described}
    manifest = {
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
    return request.param, write_disclosure(tmp_path).read_text(encoding="utf-8")


def rows(html, lang):
    """Return (column, smallest, rounding) of every row in one language."""
    (part,) = re.findall(rf'<main id="{lang}".*?</main>', html, re.DOTALL)
    found = re.findall(r"<td>([^<]*)</td><td class=\"count\">([^<]*)</td><td>([^<]*)</td>", part)
    return [tuple(map(unescape, row)) for row in found]


def test_every_table_has_its_rule_in_both_languages(page):
    policy, html = page
    numbers = {"threshold": POLICIES[policy].threshold, "most": POLICIES[policy].threshold - 1}
    numbers |= {"curve_at_risk": POLICIES[policy].curve_at_risk}
    text = unescape(html)
    for lang, pooled in (("nb", "Slått sammen (få personer)"), ("en", "Pooled (few persons)")):
        for shape in ("table", "curve", "flow", "points_rule"):
            assert RULES[lang][shape].format(**numbers, pooled=pooled) in text


def test_no_sentence_is_left_with_a_gap(page):
    _, html = page
    style_free = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    assert not re.search(r"[{}]", style_free)


def test_both_languages_have_the_same_sentences():
    assert RULES["nb"].keys() == RULES["en"].keys()


def test_the_smallest_count_of_a_column_is_that_of_the_released_table(tmp_path, monkeypatch):
    write_invented_release(tmp_path, "annual_report")
    html = write_disclosure(tmp_path).read_text(encoding="utf-8")
    assert rows(html, "en")[0] == ("n", "7", "whole persons")
    assert ("Share", "", "4 decimals") in rows(html, "en")
    assert ("Andel", "", "4 desimaler") in rows(html, "nb")


def test_rounded_counts_are_said_to_be_rounded(tmp_path, monkeypatch):
    monkeypatch.setenv(POLICY_VARIABLE, "research")
    write_invented_release(tmp_path, "research")
    html = write_disclosure(tmp_path).read_text(encoding="utf-8")
    assert rows(html, "en")[0] == ("n", "10", "nearest 10 persons")
    assert ("Median", "", "no finer than 10 persons") in rows(html, "en")


def test_how_many_cells_are_hidden_is_not_on_the_page_but_beside_the_outputs(tmp_path, monkeypatch):
    monkeypatch.setenv(POLICY_VARIABLE, "strict")
    saved = write_invented_release(tmp_path, "strict")
    # Of all, female, male and missing: the seven are few, and the 70 would give them back.
    assert saved["hidden"]["sexes"] == {"counts": 8, "first": 1, "second": 1}
    assert "hidden" not in {*json.loads((tmp_path / "manifest.json").read_text())}
    html = write_disclosure(tmp_path).read_text(encoding="utf-8")
    assert rows(html, "en")[0] == ("n", "123", "whole persons")


def test_captions_are_text_and_the_same_release_gives_the_same_bytes(page, tmp_path):
    _, html = page
    assert "<b>" not in html
    assert write_disclosure(tmp_path).read_text(encoding="utf-8") == html
