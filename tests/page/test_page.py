"""The page in a browser, by mouse and by keyboard, at two widths, light and dark."""

import json
from urllib.parse import urlsplit

import pytest
from axe_core_python.selenium import Axe
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait


def wait(browser, look, seconds=20):
    """Wait until something is so; what is looked at may be replaced meanwhile."""
    waiting = WebDriverWait(browser, seconds, 0.1, ignored_exceptions=[StaleElementReferenceException])
    return waiting.until(lambda _: look())


def one(browser, selector):
    return browser.find_element(By.CSS_SELECTOR, selector)


def several(browser, selector):
    return browser.find_elements(By.CSS_SELECTOR, selector)


def opened(browser, address):
    browser.get(address)
    wait(browser, lambda: "1,5" in one(browser, "#facts").text or "user" in one(browser, "#facts").text)
    wait(browser, lambda: several(browser, "#about .link"))
    return browser


def chosen(browser, field, text):
    one(browser, field).send_keys(text)
    wait(browser, lambda: several(browser, f"{field}-hits [role=option]"))
    one(browser, field).send_keys(Keys.ENTER)


def test_it_begins_with_something_to_look_at(browser, address):
    opened(browser, address)
    assert "AlternatingLeastSquares of" in one(browser, "#facts").text
    several(browser, "#about .link")[0].click()
    wait(browser, lambda: len(several(browser, "#about tbody tr")) == 10)
    assert "#item=" in browser.current_url
    browser.refresh()  # what was looked at is in the address
    wait(browser, lambda: len(several(browser, "#about tbody tr")) == 10)


def test_search_by_keyboard_and_reasons(browser, address):
    opened(browser, address)
    field = one(browser, "#search")
    field.send_keys("listener 1")
    wait(browser, lambda: len(several(browser, "#search-hits [role=option]")) > 2)
    assert field.get_attribute("aria-expanded") == "true"
    field.send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_UP)
    active = field.get_attribute("aria-activedescendant")
    assert one(browser, f"#{active}").get_attribute("aria-selected") == "true"
    field.send_keys(Keys.ESCAPE)
    assert field.get_attribute("aria-expanded") == "false"
    field.send_keys("7")
    wait(
        browser,
        lambda: any("listener 17" in hit.text for hit in several(browser, "#search-hits [role=option]")),
    )
    field.send_keys(Keys.ENTER)
    wait(browser, lambda: "User listener 17, who has" in one(browser, "#about").text)
    wait(browser, lambda: several(browser, "#about .why"))
    assert one(browser, "#about .why").text.startswith("because of ")
    assert " %)" in one(browser, "#about .why").text


def test_names_stand_for_labels(browser, address):
    opened(browser, address)
    chosen(browser, "#search", "système")
    wait(browser, lambda: "Lágos Dub Système, which" in one(browser, "#about").text)
    field = one(browser, "#search")
    field.send_keys("nobody is called so")
    wait(browser, lambda: "nothing is called so" in one(browser, "#search-hits").text)


def test_what_if_i_like_these(browser, address):
    opened(browser, address)
    chosen(browser, "#like", "système")
    wait(browser, lambda: len(several(browser, "#answer tbody tr")) == 10)
    before = one(browser, "#answer").text
    assert "because of Lágos Dub Système (100 %)" in before
    chosen(browser, "#like", "metal")
    wait(browser, lambda: len(several(browser, "#basket li")) == 2 and one(browser, "#answer").text != before)
    second = one(browser, "#answer").text
    weight = several(browser, "#basket input")[0]
    weight.clear()
    weight.send_keys("50", Keys.TAB)
    wait(browser, lambda: one(browser, "#answer").text != second)
    several(browser, "#basket li button:last-child")[1].click()
    wait(browser, lambda: len(several(browser, "#basket li")) == 1)
    one(browser, "#basket li button:last-child").click()
    wait(browser, lambda: "You might like" in one(browser, "#answer").text)


def pixels(browser, selector):
    return browser.execute_script(
        "const c = document.querySelector(arguments[0]); return c.toDataURL().length * 1e6 + c.toDataURL().slice(-9000)"
        ".split('').reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 999983, 7)",
        selector,
    )


def test_the_map_zooms_moves_and_is_pointed_at(browser, address):
    opened(browser, address)
    wait(browser, lambda: one(browser, "#map-canvas").get_attribute("data-final") == "true", 60)
    canvas = one(browser, "#map-canvas")
    drawings = [pixels(browser, "#map-canvas")]
    one(browser, "[data-zoom='1.5']").click()
    drawings.append(pixels(browser, "#map-canvas"))
    canvas.send_keys(Keys.ARROW_LEFT)
    drawings.append(pixels(browser, "#map-canvas"))
    canvas.send_keys("-")
    drawings.append(pixels(browser, "#map-canvas"))
    assert len(set(drawings)) == 4
    one(browser, "[data-zoom='0']").click()
    assert pixels(browser, "#map-canvas") == drawings[0]
    # Somewhere on it there is a point that tells its name, and can be chosen.
    for step in range(-60, 61, 6):
        ActionChains(browser).move_to_element_with_offset(canvas, step, step // 3).perform()
        if one(browser, "#map-tip").is_displayed():
            break
    name = one(browser, "#map-tip").text.rpartition(":")[0]
    ActionChains(browser).click().perform()
    wait(browser, lambda: f"{name}, which" in one(browser, "#about").text)


def test_popularity_as_picture_and_table(browser, address):
    opened(browser, address)
    wait(browser, lambda: "Each point is an item" in one(browser, "#popularity-note").text)
    one(browser, "#popularity summary").click()
    rows = several(browser, "#popularity-table tbody tr")
    assert len(rows) == 100
    assert rows[0].text.count("%") == 2


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_can_be_read_by_everybody(browser, address, theme):
    opened(browser, address)
    if theme == "dark":
        one(browser, "#theme").click()
        browser.refresh()  # it is remembered
        wait(browser, lambda: several(browser, "#about .link"))
    assert browser.execute_script("return document.documentElement.dataset.theme") == theme
    chosen(browser, "#search", "listener 12")
    chosen(browser, "#like", "dub")
    wait(browser, lambda: several(browser, "#about .why") and several(browser, "#answer tbody tr"))
    found = Axe().run(browser)["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found] == []
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")


def test_nothing_is_fetched_from_elsewhere_and_nothing_complains(browser, address):
    opened(browser, address)
    chosen(browser, "#search", "dub")
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    fetched = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert len(fetched) > 8
    assert {urlsplit(url).netloc for url in fetched} == {urlsplit(address).netloc}
    assert browser.get_log("browser") == []


def test_what_goes_wrong_is_said(browser, address):
    opened(browser, f"{address}#user=nobody")
    wait(browser, lambda: "There is no user 'nobody'" in one(browser, "#problem").text)
