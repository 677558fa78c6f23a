"""The web page in a real browser: clicks, keys, filters, hostile text, a phone, paper."""

import dataclasses
import datetime
import math
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import stance
from stance import Scorer, StanceRecord

from .example_records import example_records

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")  # fmt: skip
CHROMEDRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(
        not (CHROMIUM and CHROMEDRIVER),
        reason="needs chromium and chromedriver (apt-get install chromium chromium-driver)",
    ),
    # Selenium talks to the driver, and the driver to the browser, over loopback.
    pytest.mark.enable_socket,
    pytest.mark.allow_hosts(["127.0.0.1", "localhost", "::1"]),
]
WATCH = (
    "window.violations = [];"
    "addEventListener('securitypolicyviolation', e => violations.push(e.effectiveDirective))"
)
PAYLOADS = (
    "<script>window.canary=1</script>",
    "</script><script>window.canary=2</script>",
    '"><img src=x onerror=window.canary=3>',
    "<svg/onload=window.canary=4>",
    "javascript:window.canary=5",
    "{{7*7}} {% raw %} ${7*7}",
    "<!--<script>",
    "\u202egnihtemos\u202d \u200b\u2066isolated\u2028line\u0000 \ud800 \U0001f600",
    "W" * 300,
)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options, webdriver.ChromeService(CHROMEDRIVER))
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def records() -> list[StanceRecord]:
    return example_records(3000)


@pytest.fixture(scope="module")
def written(records: list[StanceRecord], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    stance.write_html(records, path)
    return path


def size(browser: object, width: int, height: int) -> None:
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


@pytest.fixture
def page(browser: object, written: Path) -> object:
    size(browser, 1440, 1000)
    browser.get(written.as_uri())
    return browser


def find(page: object, css: str) -> object:
    return page.find_element(By.CSS_SELECTOR, css)


def texts(page: object, css: str) -> list[str]:
    return page.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", css
    )


def choose(page: object, control: str, text: str) -> None:
    """As a user does: the text of the option is typed into the focused control."""
    from selenium.webdriver.support.ui import Select

    Select(find(page, f"#{control}")).select_by_visible_text(text)


def cell(page: object, source: str, target: str) -> object:
    return find(page, f'.heat button[aria-label^="{source} toward {target}:"]')


def of_dyad(records: list[StanceRecord], source: str, target: str) -> dict[str, stance.Cell]:
    vectors = stance.aggregate(records, by="month")
    return {
        v.period: c
        for v in vectors
        for c in v.cells
        if (v.source_id, c.target_id) == (source, target)
    }


def test_page_loads_nothing_and_breaks_no_policy(page: object) -> None:
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert page.execute_script("return violations") == []


def test_a_cell_opens_its_sentences(page: object, records: list[StanceRecord]) -> None:
    cell(page, "China", "Japan").click()
    assert find(page, "#pair-title").text == "China → Japan"
    own = {r.sentence for r in records if (r.source_id, r.target_id) == ("CHN", "JPN")}
    shown = texts(page, ".evidence .sentence")
    assert len(shown) == 15 and set(shown) <= own
    assert set(texts(page, "mark.source")) == {"Beijing"}
    assert set(texts(page, "mark.target")) == {"Japan"}
    find(page, "#sentences .more").click()
    assert len(texts(page, ".evidence .sentence")) == min(60, len(own))


def test_a_cue_is_marked_and_explained(browser: object, tmp_path: Path, scorer: Scorer) -> None:
    text = "Seoul thanked Washington for the loan. Seoul met Washington."
    path = tmp_path / "cues.html"
    stance.write_html(scorer([stance.Document("a", text)]), path, scorer=scorer)
    size(browser, 1440, 1000)
    browser.get(path.as_uri())
    find(browser, '.heat button[aria-label^="South Korea toward"]').click()
    assert texts(browser, ".sentence mark") == [
        "Seoul",
        "thanked",
        "Washington",
        "Seoul",
        "Washington",
    ]
    assert texts(browser, "#pair .note mark") == ["source", "target", "cue"]
    assert "they do not prove why" in find(browser, "#pair").text
    for media in ("", "print"):
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media})
        cue = find(browser, ".sentence mark.cue")
        assert cue.is_displayed() and cue.get_attribute("title") == "cue"
        # Not by colour alone.
        assert int(cue.value_of_css_property("font-weight")) >= 700
        assert cue.value_of_css_property("background-color") == "rgba(255, 236, 153, 1)"
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_a_page_without_a_model_speaks_of_no_cues(page: object) -> None:
    cell(page, "China", "Japan").click()
    assert not texts(page, "mark.cue") and "cue" not in find(page, "#pair").text


def test_cell_shows_the_mean_and_n_of_aggregate(page: object, records: list[StanceRecord]) -> None:
    (wanted,) = (
        c
        for v in stance.aggregate(records, by="all")
        for c in v.cells
        if (v.source_id, c.target_id) == ("CHN", "JPN")
    )
    number, n = cell(page, "China", "Japan").text.split("\n")
    assert float(number.replace("−", "-")) == pytest.approx(wanted.mean, abs=0.0051)
    assert int(n) == wanted.n


def test_period_filter_pools_the_periods(page: object, records: list[StanceRecord]) -> None:
    choose(page, "size", "40")
    choose(page, "from", "2024-03")
    choose(page, "to", "2024-05")
    cells = of_dyad(records, "CHN", "JPN")
    kept = [cells[m] for m in ("2024-03", "2024-04", "2024-05") if m in cells]
    n = sum(c.n for c in kept)
    mean = math.fsum(c.mean * c.n for c in kept) / n
    label = cell(page, "China", "Japan").get_attribute("aria-label").replace("−", "-")
    assert f", {n} sentence" in label and "interval" not in label
    assert "intervals are shown for one period or for all" in find(page, "#status").text
    assert float(label.split("mean ")[1].split(",")[0]) == pytest.approx(mean, abs=0.0051)
    cell(page, "China", "Japan").click()
    days = [t[:7] for t in texts(page, ".evidence .head b:first-child")]
    assert days and set(days) <= {"2024-03", "2024-04", "2024-05"}
    find(page, "#reset").click()
    time.sleep(0.1)
    assert (
        "24 of 24" in find(page, "#heat-note").text or "12 of 24" in find(page, "#heat-note").text
    )
    assert find(page, "#from").get_attribute("value") == "0"


def test_one_period_has_the_interval_of_aggregate(
    page: object, records: list[StanceRecord]
) -> None:
    choose(page, "size", "40")
    choose(page, "from", "2024-04")
    choose(page, "to", "2024-04")
    wanted = of_dyad(records, "CHN", "JPN")["2024-04"]
    label = cell(page, "China", "Japan").get_attribute("aria-label").replace("−", "-")
    low, high = label.split("interval ")[1].split(",")[0].split(" to ")
    assert float(low) == pytest.approx(wanted.low, abs=0.0051)
    assert float(high) == pytest.approx(wanted.high, abs=0.0051)


def test_crossed_periods_follow_the_end_that_was_moved(page: object) -> None:
    choose(page, "from", "2024-06")
    choose(page, "to", "2024-02")
    values = [find(page, f"#{id}").get_attribute("value") for id in ("from", "to")]
    assert values == ["1", "1"]


def test_actor_and_label_filters(page: object) -> None:
    choose(page, "source", "China")
    assert texts(page, ".heat tbody th") == ["China"]
    choose(page, "target", "Japan")
    assert find(page, "#status").text.startswith("1 pair,")
    choose(page, "label", "against")
    assert cell(page, "China", "Japan").text.split("\n")[0].endswith("%")
    cell(page, "China", "Japan").click()
    assert set(texts(page, ".evidence .head b.against")) == {"against"}
    assert not texts(page, ".evidence .head b.favor")
    choose(page, "source", "Japan")
    assert "No pair passes" in find(page, "#heatmap").text


def test_tables_sort_by_every_column(page: object) -> None:
    def means() -> list[float]:
        return [float(t.replace("−", "-")) for t in texts(page, "#pairs tbody td:nth-child(2)")]

    header = "#pairs th:nth-child(2)"
    find(page, f"{header} button").click()
    assert means() == sorted(means(), reverse=True)
    assert find(page, header).get_attribute("aria-sort") == "descending"
    find(page, f"{header} button").send_keys(Keys.ENTER)
    assert means() == sorted(means())
    for i in range(len(texts(page, "#pairs th"))):
        page.find_elements(By.CSS_SELECTOR, "#pairs th button")[i].click()
    assert len(means()) == 12


def test_words_and_outlets_filter_sentences(page: object) -> None:
    find(page, "#words").send_keys("CEASEFIRE")
    shown = texts(page, ".evidence .sentence")
    assert shown and all("ceasefire" in text for text in shown)
    choose(page, "outlet", "Kyodo")
    assert all("Kyodo" in head for head in texts(page, ".evidence .head"))


def test_keys_alone_open_a_cell(page: object) -> None:
    find(page, "#order").send_keys(Keys.TAB)
    start = page.switch_to.active_element
    assert start.get_attribute("aria-pressed") == "true"
    ring = page.execute_script("return getComputedStyle(arguments[0]).outlineStyle", start)
    assert ring == "solid"
    for key in (Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ARROW_UP):
        page.switch_to.active_element.send_keys(key)
    chosen = page.switch_to.active_element
    label = chosen.get_attribute("aria-label")
    assert label and chosen != start
    assert len(texts(page, ".heat button[tabindex='0']")) == 1
    chosen.send_keys(Keys.ENTER)
    title = find(page, "#pair-title").text
    assert title.replace(" → ", " toward ") == label.split(":")[0]
    assert page.switch_to.active_element.get_attribute("id") == "pair-title"


def test_every_control_has_a_name(page: object) -> None:
    unnamed = page.execute_script(
        "return [...document.querySelectorAll('select, input, button')]"
        ".filter(e => !(e.labels?.length || e.textContent.trim() || e.ariaLabel)).map(e => e.outerHTML)"
    )
    assert unnamed == []


def test_a_point_of_the_series_chooses_its_period(page: object) -> None:
    cell(page, "China", "Japan").click()
    page.find_elements(By.CSS_SELECTOR, ".series .point")[3].click()
    assert find(page, "#from").get_attribute("value") == find(page, "#to").get_attribute("value")
    assert find(page, "#from").get_attribute("value") != "0"


@pytest.mark.parametrize("width", [360, 800, 1440])
def test_page_is_as_wide_as_the_screen(browser: object, written: Path, width: int) -> None:
    size(browser, width, 740)
    browser.get(written.as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    cell(browser, "China", "Ethiopia").click()
    assert find(browser, "#pair-title").is_displayed()
    top = browser.execute_script(
        "return document.getElementById('pair-title').getBoundingClientRect().top"
    )
    assert -1 <= top < 740


def test_paper_has_no_controls_and_several_sheets(page: object) -> None:
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    hidden = [find(page, css).is_displayed() for css in ("#filters", ".more", "#words")]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert hidden == [False] * 3
    assert len(page.print_page()) > 20_000


def hostile_records() -> list[StanceRecord]:
    """Every payload in every text field, on pairs of its own."""
    (plain,) = example_records(1)
    made = []
    for i, bad in enumerate(PAYLOADS):
        text = f"{bad} condemned {bad}."
        made.append(
            dataclasses.replace(
                plain, document_id=f"{bad}{i}", outlet=bad, sentence=text, sentence_start=0,
                source_id=f"ent:{bad}", source_text=bad, source_start=0, source_end=len(bad),
                source_role=bad, target_id=f"ent:{bad}x", target_text=bad, target_start=len(bad) + 11,
                target_end=2 * len(bad) + 11, target_role=bad, act=bad, shift_from="favor",
                abstained=bad, date=datetime.date(1800, 1, 1) if i else datetime.date(2099, 12, 31),
            )
        )  # fmt: skip
    plain = dataclasses.replace(plain, model_id="".join(PAYLOADS))
    made = [dataclasses.replace(record, model_id=plain.model_id) for record in made]
    long = "A" * 50_000
    made.append(dataclasses.replace(plain, sentence=long, sentence_start=0, target_end=10**9))
    made.append(dataclasses.replace(plain, sentence=" ".join(PAYLOADS) * 100, source_start=-5))
    return made


@pytest.mark.parametrize(("width", "cued"), [(360, False), (1440, False), (360, True)])
def test_hostile_text_runs_nothing_and_breaks_nothing(
    browser: object, tmp_path: Path, scorer: Scorer, width: int, cued: bool
) -> None:
    path = tmp_path / "hostile.html"
    records = hostile_records()
    if cued:
        model = scorer.config.model_id
        polar = {"p_against": 0.9, "p_neutral": 0.1, "p_favor": 0.0}
        records = [dataclasses.replace(r, model_id=model, **polar) for r in records]
    stance.write_html(records, path, title="".join(PAYLOADS), scorer=scorer if cued else None)
    size(browser, width, 900)
    browser.get(path.as_uri())
    buttons = len(browser.find_elements(By.CSS_SELECTOR, ".heat button"))
    assert buttons == len(PAYLOADS) + 1
    marked: list[str] = []
    for i in range(buttons):
        browser.find_elements(By.CSS_SELECTOR, ".heat button")[i].click()
        assert texts(browser, ".evidence .sentence")
        marked += texts(browser, ".sentence mark.cue")
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        tall = browser.execute_script(
            "return document.querySelector('.sentence').getBoundingClientRect().height"
        )
        assert tall < 900
    assert bool(marked) is cued
    everywhere = browser.execute_script("return document.body.innerText")
    assert "{{7*7}}" in everywhere and "49" not in everywhere.split("{{7*7}}")[1][:20]
    assert "\u202e" not in everywhere and "<script>window.canary=1" in everywhere
    assert browser.execute_script("return window.canary ?? null") is None
    assert browser.execute_script("return violations") == []
    assert texts(browser, "img, iframe, a[href^=javascript]") == []


def test_the_policy_blocks_what_is_injected(page: object) -> None:
    """The second wall: had text become markup after all, it would not run or load."""
    inject = (
        "const s = document.createElement('script');"
        "try { s.textContent = 'window.canary = 1' } catch (e) { window.refused = e.name }"
        "document.body.append(s);"
        "const i = document.createElement('img'); i.src = 'x.png'; document.body.append(i);"
        "document.body.setAttribute('data-x', '1');"
        "try { document.body.innerHTML = '<b>' } catch (e) { window.refusedMarkup = e.name }"
    )
    page.execute_script(inject)
    time.sleep(0.2)
    assert page.execute_script("return [window.canary ?? null, window.refusedMarkup]") == [
        None,
        "TypeError",
    ]
    assert {"img-src", "require-trusted-types-for"} <= set(page.execute_script("return violations"))


def test_an_inline_script_in_the_file_is_blocked(
    browser: object, written: Path, tmp_path: Path
) -> None:
    path = tmp_path / "tampered.html"
    text = written.read_text(encoding="utf-8")
    path.write_text(text.replace("</main>", "</main><script>window.canary = 1</script>"))
    browser.get(path.as_uri())
    assert browser.execute_script("return window.canary ?? null") is None
    assert browser.execute_script("return violations") == ["script-src-elem"]


@pytest.mark.parametrize("kept", [0, 1])
def test_page_of_few_records(browser: object, tmp_path: Path, kept: int) -> None:
    path = tmp_path / "few.html"
    stance.write_html([dataclasses.replace(r, date=None) for r in example_records(kept)], path)
    browser.get(path.as_uri())
    assert (
        find(browser, "#status").text
        == f"{kept} pair{'' if kept else 's'}, {kept} sentence{'' if kept else 's'}"
    )
    expected = "No sentence of this pair has a date." if kept else "No pair passes the filters."
    assert expected in browser.execute_script("return document.body.innerText")


def test_a_click_answers_within_a_second(page: object) -> None:
    """Best of three, as the page's own clock has it, with layout."""
    click = (
        "const begun = performance.now(); arguments[0].click(); document.body.offsetHeight;"
        "return performance.now() - begun"
    )
    button = cell(page, "China", "Japan")
    assert min(page.execute_script(click, button) for _ in range(3)) < 1000
    assert texts(page, ".evidence .sentence")
