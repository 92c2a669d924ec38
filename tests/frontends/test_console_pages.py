"""Every page of the owner's console in Chromium, wide and narrow, light and dark: what people see, what keyboards and readers of screens find, and pictures of all."""

import base64
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

from tests.enclave.raw_client import RawClient
from tests.enclave_server import Enclave
from tests.frontends.picture import work
from tests.frontends.test_console import browser

FUNCTION = "latest_year_of_birth_under_a_name_that_no_phone_shows_on_one_line_however_small_its_letters"
SOURCE = f"""def {FUNCTION}(data):
    # <b>one number</b>, and no name
    text = "latest of %d" % len(data)
    print(text)
    return {{"latest": int(data["birth_year"].max()), "patients": 100 * round(len(data) / 100)}}
"""
PAGES = {
    "door": "/console/login",
    "overview": "/console",
    "datasets": "/console/datasets",
    "dataset": "/console/datasets/Clinic?epsilon=5",
    "analysts": "/console/analysts",
    "requests": "/console/requests",
    "reviews": "/console/reviews",
    "review": "",
    "log": "/console/log?action=release",
    "empty log": "/console/log?actor=nobody-of-this-name",
    "nowhere": "/console/nowhere",
}
SIZES = {"wide": (1280, 900), "narrow": (500, 900)}  # chromium's windows are no narrower
CONTRAST = """
const parse = text => { const m = text.match(/[\\d.]+/g).map(Number); return m.length > 3 ? m : [...m, 1]; };
const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
const light = rgb => { const [r, g, b] = rgb.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
  return .2126 * r + .7152 * g + .0722 * b; };
const ground = element => { const stack = []; for (let e = element; e; e = e.parentElement) stack.push(parse(getComputedStyle(e).backgroundColor));
  return stack.reverse().reduce((below, top) => over(top, below), [255, 255, 255]); };
const bad = [];
for (const element of document.querySelectorAll('body *')) {
  if (![...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || element.closest('svg, option, datalist, .skip, :disabled')) continue;
  const below = ground(element), style = getComputedStyle(element);
  const inks = [light(over(parse(style.color), below)), light(below)].sort((a, b) => b - a);
  const ratio = (inks[0] + .05) / (inks[1] + .05);
  if (ratio < 4.5) bad.push(`${element.tagName}.${element.className} ${element.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
}
return bad;
"""
STRUCTURE = """
const bad = [], seen = new Set();
for (const field of document.querySelectorAll('input:not([type=hidden]), select'))
  if (!field.labels.length || !field.labels[0].textContent.trim()) bad.push('no label: ' + field.name);
for (const each of document.querySelectorAll('[id]')) { if (seen.has(each.id)) bad.push('twice: ' + each.id); seen.add(each.id); }
for (const each of document.querySelectorAll('button, a')) if (!each.textContent.trim()) bad.push('no name: ' + each.outerHTML);
for (const each of document.querySelectorAll('meter, svg')) if (!each.getAttribute('aria-label')) bad.push('no words: ' + each.outerHTML.slice(0, 60));
for (const each of document.querySelectorAll('th')) if (!each.scope) bad.push('no scope: ' + each.textContent);
let level = 0;
for (const each of document.querySelectorAll('h1, h2, h3, h4')) {
  const now = Number(each.tagName[1]); if (now > level + 1) bad.push(`h${level} then h${now}: ${each.textContent}`); level = now; }
if (document.querySelectorAll('h1').length !== 1 || document.querySelectorAll('main').length !== 1) bad.push('not one h1 in one main');
for (const each of document.querySelectorAll('*')) {
  const style = getComputedStyle(each);
  if (['auto', 'scroll'].includes(style.overflowX) && each.scrollWidth > each.clientWidth && each.tabIndex < 0) bad.push('a keyboard can\\'t scroll ' + each.className); }
if (document.documentElement.scrollWidth > innerWidth) bad.push(`wider than the window: ${document.documentElement.scrollWidth} of ${innerWidth}`);
if (!document.documentElement.lang) bad.push('no language');
return bad;
"""


@pytest.fixture(scope="module")
def busy(enclave: Enclave) -> str:
    """The page of code that waits, in an enclave where somebody has worked."""
    work(enclave)
    analyst, owner = RawClient(enclave).login(), RawClient(enclave, "owner").login()
    asked = {
        "function": FUNCTION,
        "source": SOURCE,
        "inputs": [{"argument": "data", "dataset": "Clinic", "table": "patients"}],
    }
    made = analyst.ask("POST", "/ag/v1/reviews", asked)
    assert made.status == 201, made.text
    denied = analyst.ask("POST", "/ag/v1/reviews", asked).json["request_id"]
    owner.ask("POST", f"/ag/v1/reviews/{denied}/deny", {"reason": "The same as the one before."})
    path = f"/reviews/{made.json['request_id']}"
    for on in ("mock", "data"):
        assert owner.ask("POST", f"/ag/v1{path}/runs", {"on": on}).json["outcome"] == "result"
    window = {"kind": "analyst", "epsilon": "2", "seconds": 7 * 86_400, "reason": "A little every week."}
    assert owner.ask("PUT", "/ag/v1/budgets/Wine", window).status == 200
    return f"/console{path}"


@pytest.fixture(scope="module")
def driver(enclave: Enclave) -> Iterator[webdriver.Chrome]:
    with browser(scripts=True) as opened:
        yield opened


def enter(driver: webdriver.Chrome, enclave: Enclave, role: str = "owner") -> None:
    driver.delete_all_cookies()
    driver.get(f"{enclave.url}/console")
    account = enclave.accounts[role]
    driver.find_element(By.NAME, "user_id").send_keys(account["user_id"])
    secret = driver.find_element(By.NAME, "user_secret")
    secret.send_keys(account["user_secret"], Keys.ENTER)
    WebDriverWait(driver, 20).until(staleness_of(secret))  # else the next page is left for the one behind the login


def look(driver: webdriver.Chrome, size: str, scheme: str) -> None:
    feature: dict[str, Any] = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", feature)
    width, height = SIZES[size]
    narrow = {"width": 360 if size == "narrow" else width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)


@pytest.mark.parametrize(("size", "scheme"), list(itertools.product(SIZES, ("light", "dark"))))
def test_every_page_can_be_read_by_everybody(
    enclave: Enclave, busy: str, driver: webdriver.Chrome, tmp_path: Path, *, size: str, scheme: str
) -> None:
    look(driver, size, scheme)
    enter(driver, enclave)
    titles = []
    for name, path in PAGES.items():
        driver.get(enclave.url + (path or busy))
        titles.append(driver.title)
        assert (name, driver.execute_script(STRUCTURE), driver.execute_script(CONTRAST)) == (name, [], [])
        image = driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})["data"]
        (tmp_path / f"{name}-{size}-{scheme}.png").write_bytes(base64.b64decode(image))
    assert len(set(titles)) == len(titles) - 1, titles  # the log stands there twice


def test_a_page_is_light_and_asks_for_nothing_elsewhere(enclave: Enclave, busy: str, driver: webdriver.Chrome) -> None:
    look(driver, "wide", "light")
    enter(driver, enclave)
    for path in PAGES.values():
        driver.get(enclave.url + (path or busy))
        weighed = "return performance.getEntries().filter(e => e.decodedBodySize).map(e => [e.name, e.decodedBodySize])"
        loaded = driver.execute_script(weighed)
        assert all(name.startswith(enclave.url) for name, _ in loaded), loaded
        assert sum(size for _, size in loaded) < 150_000, loaded
        assert len(loaded) <= 2, loaded
    assert [entry for entry in driver.get_log("browser") if "404" not in entry["message"]] == []


def test_a_keyboard_reaches_everything_in_the_order_of_the_page(
    enclave: Enclave, busy: str, driver: webdriver.Chrome
) -> None:
    look(driver, "wide", "light")
    enter(driver, enclave)
    driver.get(enclave.url + busy)
    reached = []
    for _ in range(60):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        found = driver.switch_to.active_element
        if found.tag_name == "body":
            break
        reached.append(found.text or found.get_attribute("name") or found.get_attribute("aria-label"))
    assert reached[:2] == ["To the content", "Overview"]
    for wanted in ("Log out", "Run on mock", "Deposit this result", "Deny"):
        assert wanted in reached, reached
    assert reached.index("Run on mock") < reached.index("Deposit this result") < reached.index("Deny")


@pytest.mark.parametrize("scripts", [False])
def test_an_owner_reads_code_runs_it_and_deposits(enclave: Enclave, busy: str, *, scripts: bool) -> None:
    with browser(scripts=scripts) as driver:
        enter(driver, enclave)
        driver.get(enclave.url + busy)
        shown = driver.find_element(By.TAG_NAME, "main").text
        assert re.search(r"# <b>one number</b>, and no name", shown)
        assert "It has run on data 1 of 1 times" in shown
        runs = driver.find_elements(By.CSS_SELECTOR, ".run")
        assert [each.find_element(By.TAG_NAME, "h3").text.split()[1] for each in runs] == ["data", "mock", "mock"]
        assert "'latest': " in runs[0].text
        assert not driver.find_element(By.CSS_SELECTOR, "button[value=run-data]").is_enabled()
        runs[0].find_element(By.NAME, "reason").send_keys("two numbers")
        runs[0].find_element(By.CSS_SELECTOR, "button[value=deposit]").click()
        shown = driver.find_element(By.TAG_NAME, "main").text
        assert re.search(r"Approved by demo-owner on .* UTC: two numbers", shown), shown
        assert re.search(r"What was deposited\s+\{'latest': \d+, 'patients': \d+00\}", shown), shown
        enter(driver, enclave, "auditor")
        driver.get(enclave.url + busy)
        shown = driver.find_element(By.TAG_NAME, "main").text
        assert "latest'" not in shown.partition("Runs")[2]
        assert driver.find_elements(By.CSS_SELECTOR, "main form") == []


def test_filters_of_the_log_stay_in_the_address(enclave: Enclave, busy: str, driver: webdriver.Chrome) -> None:
    look(driver, "wide", "light")
    enter(driver, enclave)
    driver.get(f"{enclave.url}/console/log")
    driver.find_element(By.NAME, "action").send_keys("release")
    driver.find_element(By.NAME, "subject").send_keys("Wine", Keys.ENTER)
    WebDriverWait(driver, 30).until(lambda shown: "action=release" in shown.current_url)
    assert "subject=Wine" in driver.current_url
    assert {each.text for each in driver.find_elements(By.CSS_SELECTOR, "td .tag")} == {"release"}
    driver.refresh()
    assert driver.find_element(By.NAME, "subject").get_attribute("value") == "Wine"
