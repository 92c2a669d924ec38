"""The owner's console in Chromium, with JavaScript switched off and on: an analyst asks, the owner logs in, decides, changes a cap and reads the log."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.enclave.raw_client import RawClient
from tests.enclave_server import Enclave


@contextlib.contextmanager
def browser(*, scripts: bool) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    for word in (
        "--headless=new",
        "--no-sandbox",
        "--ignore-certificate-errors",
        "--hide-scrollbars",
        "--window-size=1400,1500",
    ):
        options.add_argument(word)
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    driver = webdriver.Chrome(options=options)
    try:
        yield driver
    finally:
        driver.quit()


@pytest.mark.parametrize("scripts", [True, False])
def test_an_owner_decides_and_reads_the_log(enclave: Enclave, tmp_path: Path, *, scripts: bool) -> None:
    reason = f"a second cohort, {'with' if scripts else 'without'} scripts"
    analyst = RawClient(enclave).login()
    asked = analyst.ask("POST", "/ag/v1/requests", {"dataset": "Clinic", "epsilon": "2.5", "reason": reason})
    assert asked.status == 201, asked.json
    with browser(scripts=scripts) as driver:

        def wait(text: str) -> None:
            # Between two pages the old one's body is asked for its text in vain.
            patient = WebDriverWait(driver, 30, ignored_exceptions=(StaleElementReferenceException,))
            patient.until(lambda shown: text in shown.find_element(By.TAG_NAME, "body").text)

        driver.get(enclave.url)
        owner = enclave.accounts["owner"]
        driver.find_element(By.NAME, "user_id").send_keys(owner["user_id"])
        driver.find_element(By.NAME, "user_secret").send_keys(owner["user_secret"])
        driver.find_element(By.CSS_SELECTOR, "form.door button").click()
        wait("for budget wait")
        driver.save_screenshot(str(tmp_path / "overview.png"))
        driver.find_element(By.LINK_TEXT, "Requests").click()
        wait(reason)
        driver.find_element(By.NAME, "reason").send_keys("granted")
        driver.find_element(By.CSS_SELECTOR, "button[value=accept]").click()
        wait("accepted ε 2.5")
        driver.get(f"{enclave.url}/console/datasets/Clinic")
        Select(driver.find_element(By.NAME, "kind")).select_by_value("everyone")
        driver.find_element(By.NAME, "epsilon").send_keys("321")
        driver.find_element(By.NAME, "reason").send_keys("a longer study")
        driver.find_element(By.CSS_SELECTOR, "form.fields button").click()
        wait("321")
        driver.find_element(By.LINK_TEXT, "Audit log").click()
        wait("a longer study")
        driver.find_element(By.CSS_SELECTOR, "form.who button").click()
        wait("For owners and auditors")
    told = analyst.ask("GET", f"/ag/v1/requests/{asked.json['request_id']}").json
    assert (told["state"], told["answer"]) == ("accepted", "granted")
