"""The report as a browser shows it from disk: nothing is fetched, all that moves moves.

Needs Chromium and Playwright's Python client; without them these tests are skipped and say so.
"""

import shutil
from contextlib import contextmanager

import pytest

from invented_release import write_invented_release
from msanalysis.report import write_report

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"),
    pytest.mark.xdist_group("browser"),
]
WIDTHS = (360, 800, 1400)
UNFOLD = "for (const each of document.querySelectorAll('details')) each.open = true"
LONG = "Andelen_som_ikke_har_startet_annen_behandling " * 3


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "release with a space æ"
    write_report(write_invented_release(folder))
    return folder


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        yield started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@contextmanager
def opened(browser, path, anchor="", **context):
    """Open a page from disk; on leaving, hold it to have said nothing and fetched nothing."""
    held = browser.new_context(**context)
    page, said, asked = held.new_page(), [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri() + anchor)
    yield page
    held.close()
    assert said == []
    assert asked
    assert all(url.startswith(("file://", "data:", "blob:")) for url in asked)


def pages_of(release):
    return sorted(release.rglob("*.html"))


def test_no_page_says_anything_fetches_anything_or_scrolls_sideways(browser, release):
    for path in pages_of(release):
        with opened(browser, path) as page:
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide == width, (path.name, width)


def test_not_even_long_words_make_a_page_scroll_sideways(browser, tmp_path):
    release = write_invented_release(tmp_path / "release", caption=LONG, text=LONG)
    write_report(release)
    for name in ("analyses/first.nb.html", "site/disclosure.nb.html"):
        viewport = {"width": 360, "height": 800}
        with opened(browser, release / name, viewport=viewport) as page:
            page.evaluate(UNFOLD)
            assert page.evaluate("document.documentElement.scrollWidth") == 360, name


def test_every_picture_is_drawn_and_the_style_holds(browser, release):
    with opened(browser, release / "analyses" / "first.nb.html") as page:
        widths = page.evaluate("[...document.images].map((image) => image.naturalWidth)")
        assert widths
        assert all(width > 100 for width in widths)
        assert page.evaluate("getComputedStyle(document.querySelector('.frame')).display") == "grid"


# --- what moves -----------------------------------------------------------------------------------


def test_the_sankey_is_drawn_when_asked_for_and_answers_the_mouse(browser, release):
    path = release / "analyses" / "first.en.html"
    with opened(browser, path, viewport={"width": 1400, "height": 900}) as page:
        assert not page.evaluate("'Plotly' in window")
        button = page.get_by_role("button", name="Show interactively")
        button.click()
        page.locator("#sankey .sankey-node rect").first.hover()
        page.wait_for_selector("#sankey .hoverlayer .hovertext")
        drawing = page.locator("#figure-sankey .drawing")
        assert drawing.evaluate("each => each.scrollHeight <= each.clientHeight")
        assert "anti-CD20" in page.locator("#sankey .hoverlayer").text_content()
        assert page.locator("#figure-sankey img").is_hidden()
        page.get_by_role("button", name="Show as a picture").click()
        assert page.locator("#figure-sankey img").is_visible()


@pytest.mark.parametrize(
    ("words", "label", "lands"),
    [
        ("CAPTION of late", "Figure 2.1.10", "figure-late"),
        ("curve figure", None, None),
        ("table 1", "Table 1", "table-curve"),
        ("no such thing", None, None),
    ],
)
def test_search_finds_figures_and_tables_and_leads_there(browser, release, words, label, lands):
    with opened(browser, release / "index.html") as page:
        page.goto((release / "site" / "index.en.html").as_uri())
        page.get_by_label("Search figures and tables").fill(words)
        hits = page.locator(".found a")
        if label is None:
            assert hits.count() == 0
            assert page.get_by_role("status").inner_text() == "Nothing found"
            return
        assert hits.first.inner_text().startswith(label)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/first.en.html#{lands}")
        assert page.locator(f"#{lands}").is_visible()


def test_what_a_search_leads_to_is_unfolded_and_escape_closes_the_list(browser, release):
    with opened(browser, release / "analyses" / "first.en.html", "#table-ages") as page:
        assert page.locator("#table-ages").evaluate("table => table.open")
        search = page.get_by_label("Search figures and tables")
        search.fill("flows")
        assert page.locator(".found").is_visible()
        search.press("Escape")
        assert page.locator(".found").is_hidden()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_link_to_the_other_language_keeps_the_place(browser, release, width):
    path = release / "analyses" / "first.nb.html"
    with opened(browser, path, viewport={"width": width, "height": 600}) as page:
        for id in ("figure-early", "figure-beside", "table-first_attrition"):
            page.evaluate("id => document.getElementById(id).scrollIntoView()", id)
            page.locator(".twin").evaluate("link => link.click()")
            page.wait_for_url("**/first.en.html#*")
            assert 0 <= page.locator(f"#{id}").bounding_box()["y"] < 300
            page.go_back()


def test_from_the_top_it_leads_to_the_top_and_the_overview_to_the_overview(browser, release):
    with opened(browser, release / "index.html") as page:
        page.get_by_role("link", name="English").click()
        page.wait_for_url("**/site/index.en.html")
        page.get_by_role("link", name="Norsk").click()
        page.wait_for_url("**/index.html")


# --- for everyone ---------------------------------------------------------------------------------


def test_the_keyboard_gets_to_the_content_first(browser, release):
    with opened(browser, release / "analyses" / "first.nb.html") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Hopp til innholdet"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"


def test_a_page_reads_well_without_its_script(browser, release):
    path = release / "analyses" / "first.nb.html"
    with opened(browser, path, java_script_enabled=False) as page:
        assert page.get_by_label("Søk i figurer og tabeller").is_hidden()
        assert page.get_by_role("button").count() == 0
        page.get_by_text("Innhold", exact=True).click()
        assert page.get_by_role("link", name="Oversikt").is_visible()
        page.locator("#table-curve summary").click()
        assert page.locator("#table-curve table").is_visible()
        assert page.locator(".twin").get_attribute("href") == "../analyses/first.en.html"


def serious(browser, path, scheme):
    """Return what axe finds serious in a page with all that is folded unfolded."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-core is not installed"
    )
    with opened(browser, path, color_scheme=scheme) as page:
        page.evaluate(UNFOLD)
        found = axe.Axe().run(page, options={"preload": False}).response["violations"]
    return [
        (path.name, each["id"], each["nodes"][0]["html"])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("index.html", "light"), ("analyses/first.nb.html", "light"), ("index.html", "dark")],
)
def test_axe_finds_nothing_serious(browser, release, name, scheme):
    assert serious(browser, release / name, scheme) == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(browser, release, scheme):
    assert not [each for path in pages_of(release) for each in serious(browser, path, scheme)]


def test_paper_has_a_figure_a_page_and_neither_menu_nor_search(browser, release, tmp_path):
    with opened(browser, release / "analyses" / "first.nb.html") as page:
        page.emulate_media(media="print")
        for hidden in ("nav", ".bar", "#notebook", "#table-curve", ".files"):
            assert page.locator(hidden).first.is_hidden(), hidden
        breaks = page.evaluate(
            "[...document.querySelectorAll('section.figure')]"
            ".map((each) => getComputedStyle(each).breakBefore)"
        )
        assert breaks == ["page"] * 4
        assert page.locator(".synthetic").is_visible()
