"""The picture of the console in the READMEs: a demo enclave at work, as its owner sees it in Chromium.

``.venv-frontends/bin/python -m tests.frontends.picture`` (after ``make frontends``) writes it. Nothing in it is made up: an analyst asks, requests and submits first.
"""

import sys
import tempfile
from pathlib import Path

from selenium.webdriver.common.by import By

from tests.enclave.raw_client import RawClient
from tests.enclave_server import Enclave, running_enclave
from tests.frontends.conftest import OURS
from tests.frontends.test_console import browser

PICTURE = Path(__file__).resolve().parents[2] / "enclave" / "console.png"
ASKED = {
    "Clinic": (
        "clinic['patients'].count(eps=1)",
        "clinic['visits'].groupby('department').mean(eps=4)",
        "clinic['visits'].describe(eps=6)",
    ),
    "Breast Cancer": (
        "breast_cancer['train_x'].describe(eps=8)",
        "breast_cancer['train_x'][['mean_radius', 'mean_area']].corr(eps=2)",
    ),
    "Wine": ("wine['train_x'].mean(eps=1.5)",),
}


def main() -> int:
    """Write the picture. The exit status."""
    command = (str(OURS / "python"), "-m", "ag_enclave")
    with tempfile.TemporaryDirectory() as folder, running_enclave(Path(folder), demo=True, command=command) as enclave:
        work(enclave)
        photograph(enclave)
    print(PICTURE)
    return 0


def work(enclave: Enclave) -> None:
    """An analyst's morning."""
    analyst = RawClient(enclave).login()
    for dataset, cells in ASKED.items():
        with analyst.session(dataset) as channels:
            for cell in cells:
                channels.execute(cell)
    reason = "Costs by region and year for the annual report"
    analyst.ask("POST", "/ag/v1/requests", {"dataset": "Clinic", "epsilon": "5", "reason": reason})


def photograph(enclave: Enclave) -> None:
    """The overview, once the log has everything."""
    with browser(scripts=True) as driver:
        driver.set_window_size(1240, 920)
        driver.get(enclave.url)
        owner = enclave.accounts["owner"]
        driver.find_element(By.NAME, "user_id").send_keys(owner["user_id"])
        driver.find_element(By.NAME, "user_secret").send_keys(owner["user_secret"])
        driver.find_element(By.CSS_SELECTOR, "form.door button").click()
        driver.save_screenshot(str(PICTURE))


if __name__ == "__main__":
    sys.exit(main())
