"""Our numbers beside the published ones: what counts as agreement, and what is said of the rest."""

import csv
import json
import re

import pytest
from typer.testing import CliRunner

from msanalysis.cli import app
from msanalysis.compare import ComparisonRefused, compare_published, compare_runs, contradictions
from msanalysis.report import write_report
from msanalysis.report.comparison import write_apart

OURS = ["id", "population", "measure", "value", "unit", "n", "lower", "upper", "hidden"]
PRINTED = ["id", "where", "population", "measure", "value", "unit", "n", "note"]


def write(path, columns, rows):
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def make_release(folder, *rows, year=2024):
    folder.mkdir(parents=True)
    manifest = {
        "run": "invented",
        "report_year": year,
        "languages": ["nb", "en"],
        "extract": {"source": "synthetic"},
        "status_date": f"{year}-12-31",
        "data_cutoff": f"{year + 1}-05-15",
        "policy": "annual_report",
        "analyses": [],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    write(folder / "numbers.csv", OURS, [{"hidden": "0"} | row for row in rows])
    return folder


def only(tmp_path, printed, *ours):
    """Return the one line of a comparison of one published number."""
    release = make_release(tmp_path / "run" / "release", *ours)
    path = write(tmp_path / "published.csv", PRINTED, [{"id": "x"} | printed])
    (line,) = compare_published(release, path).lines
    return line


def share(value, n="", **others):
    return {"id": "x", "value": value, "unit": "percent", "n": n} | others


@pytest.mark.parametrize(
    ("printed", "ours"),
    [
        (share("20"), share("20.49", "100")),
        (share("69.7"), share("69.65", "100")),
        ({"value": "429", "unit": "persons"}, {"id": "x", "value": "429", "unit": "persons"}),
    ],
)
def test_what_rounds_to_the_printed_digit_is_equal(tmp_path, printed, ours):
    assert only(tmp_path, printed, ours).verdict == "equal"


def test_a_count_is_not_rounded(tmp_path):
    line = only(
        tmp_path,
        {"value": "45", "unit": "persons"},
        {"id": "x", "value": "46", "unit": "persons"},
    )
    assert (line.verdict, line.difference) == ("chance", 1)


def test_the_error_of_a_share_is_that_of_both_shares(tmp_path):
    # Two shares of 50 % of 100: sqrt(2 * 0.25 / 100) = 7.07 percentage points.
    line = only(tmp_path, share("50.0", "100"), share("60.05", "100"))
    of_ours = 0.6005 * 0.3995 / 100
    assert line.standardised == pytest.approx(10 / (100 * (0.25 / 100 + of_ours) ** 0.5))
    assert line.verdict == "chance"


def test_more_than_two_errors_beyond_the_rounding_is_apart(tmp_path):
    assert only(tmp_path, share("50.0", "100"), share("65", "100")).verdict == "apart"


def test_a_published_number_without_n_is_as_exact_as_ours(tmp_path):
    ours = {"id": "x", "value": "50", "unit": "years", "lower": "48.04", "upper": "51.96"}
    line = only(tmp_path, {"value": "47", "unit": "years"}, ours)
    assert line.standardised == pytest.approx(2.5 / (2**0.5), rel=1e-3)
    assert line.verdict == "chance"


def test_without_any_error_only_rounding_explains_a_difference(tmp_path):
    ours = {"id": "x", "value": "268.6", "unit": "per 100000"}
    line = only(tmp_path, {"value": "268", "unit": "per 100000"}, ours)
    assert (line.verdict, line.standardised) == ("apart", None)


def test_what_the_gate_hides_is_not_held_against_the_share_that_agrees(tmp_path):
    release = make_release(
        tmp_path / "release",
        {"id": "a", "value": "5", "unit": "persons"},
        {"id": "b", "value": "", "unit": "persons", "hidden": "1"},
    )
    rows = [{"id": id, "value": "5", "unit": "persons"} for id in "abc"]
    found = compare_published(release, write(tmp_path / "p.csv", PRINTED, rows))
    assert [line.verdict for line in found.lines] == ["equal", "hidden", "absent"]
    assert found.share == 0.5


def test_of_another_run_the_shown_numbers_are_compared_with_their_intervals(tmp_path):
    mean = {"unit": "years", "lower": "40", "upper": "44"}
    ours = make_release(tmp_path / "a", {"id": "x", "value": "42"} | mean)
    other = make_release(
        tmp_path / "b",
        {"id": "x", "value": "42.5"} | mean,
        {"id": "y", "value": "", "unit": "persons", "hidden": "1"},
    )
    (line,) = compare_runs(ours, other).lines
    assert (line.id, line.verdict, line.difference) == ("x", "chance", -0.5)


def test_of_a_year_without_published_numbers_nothing_is_written(tmp_path):
    release = make_release(tmp_path / "release", year=1999)
    assert compare_published(release) is None
    write_report(release)
    assert not [*release.rglob("comparison*")]
    assert contradictions(release) == []


def test_the_page_has_every_published_number_and_every_contradiction_in_both_languages(tmp_path):
    release = make_release(tmp_path / "release", {"id": "alive", "value": "13129"})
    found = compare_published(release)
    assert len(found.lines) == 155
    listed = contradictions(release)
    assert len(listed) >= 17
    write_report(release)
    for lang in ("nb", "en"):
        page = (release / "site" / f"comparison.{lang}.html").read_text(encoding="utf-8")
        assert all(page.count(f'id="number-{line.id}"') == 1 for line in found.lines)
        assert all(page.count(f"<li>{each['where']}: ") >= 1 for each in listed)


def test_the_page_calls_every_published_number_by_its_name_in_its_own_language(tmp_path):
    release = make_release(tmp_path / "release", {"id": "alive", "value": "13129"})
    write_report(release)
    called = {"nb": "Registrerte i live, Bergen", "en": "Registered and alive, Bergen"}
    for lang, other in (("nb", "en"), ("en", "nb")):
        page = (release / "site" / f"comparison.{lang}.html").read_text(encoding="utf-8")
        assert called[lang] in page
        assert called[other] not in page
        assert "<code>" not in page
        assert "alive 2024-12-31" not in page


def test_a_number_nobody_has_named_stands_with_its_id_and_population(tmp_path):
    release = make_release(tmp_path / "release", {"id": "x", "value": "5", "unit": "persons"})
    rows = [{"id": "x", "value": "5", "unit": "persons", "population": "users"}]
    found = compare_published(release, write(tmp_path / "p.csv", PRINTED, rows))
    write_apart(release, found, tmp_path / "page.html")
    assert '<code>x</code> <span lang="en">users</span>' in (tmp_path / "page.html").read_text()


def test_a_page_apart_carries_its_style_runs_nothing_and_leads_to_its_other_language(tmp_path):
    release = make_release(tmp_path / "release", {"id": "alive", "value": "13129"})
    write_apart(release, compare_published(release), tmp_path / "page.html")
    pages = [
        (tmp_path / name).read_text(encoding="utf-8") for name in ("page.html", "page.en.html")
    ]
    for page, other in zip(pages, ("page.en.html", "page.html"), strict=True):
        assert re.findall(r'href="([^"]*)"', page) == ["#content", other]
        assert "<script" not in page
        assert "src=" not in page
        assert page.count("<style>") >= 1


@pytest.mark.parametrize("missing", ["numbers.csv", "manifest.json"])
def test_a_folder_that_is_no_release_is_refused_by_name(tmp_path, missing):
    release = make_release(tmp_path / "release")
    (release / missing).unlink()
    with pytest.raises(ComparisonRefused, match=missing):
        compare_published(release)


def test_a_file_with_other_columns_is_refused(tmp_path):
    release = make_release(tmp_path / "release")
    path = write(tmp_path / "p.csv", ["id", "number"], [])
    with pytest.raises(ComparisonRefused, match="expected the columns id, where"):
        compare_published(release, path)


@pytest.mark.parametrize(("least", "code"), [("0.4", 0), ("0.6", 1)])
def test_the_command_fails_when_too_few_agree_and_names_those(tmp_path, least, code):
    run = make_release(
        tmp_path / "run" / "release", {"id": "a", "value": "5", "unit": "persons"}
    ).parent
    rows = [{"id": id, "value": "5", "unit": "persons"} for id in "ab"]
    path = write(tmp_path / "p.csv", PRINTED, rows)
    page = tmp_path / "page.html"
    arguments = ["compare", run, "--with", path, "--least", least, "--to", page]
    done = CliRunner().invoke(app, [*map(str, arguments)])
    assert done.exit_code == code
    assert done.output.splitlines() == ["absent: b -, p.csv 5", "1 of 2 agree with p.csv; 0 hidden"]
    assert "<code>b</code>" in page.read_text(encoding="utf-8")


def test_the_command_refuses_what_is_no_run_in_one_line(tmp_path):
    done = CliRunner().invoke(app, ["compare", str(tmp_path)])
    assert done.exit_code == 2
    assert done.output.startswith("msanalysis: ")
    assert "manifest.json" in done.output
