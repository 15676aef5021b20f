"""A notebook in JupyterLab's page, used through a browser as by hand."""

import functools

from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.ui import WebDriverWait

# A picture as the browser has decoded it; null while there is nothing to see.
PIXELS = """
const [image] = arguments;
if (!image.complete || !image.naturalWidth || !image.offsetParent) return null;
const canvas = document.createElement('canvas');
[canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
canvas.getContext('2d').drawImage(image, 0, 0);
return canvas.toDataURL();
"""
PROMPTS = """
return [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(p => p.textContent);
"""


class NotebookPage:
    """An open notebook. Methods wait for what they need and raise TimeoutException otherwise."""

    def __init__(self, driver, url):
        self.driver = driver
        driver.get(url)
        self._wait().until(expected.element_to_be_clickable((By.CSS_SELECTOR, ".jp-CodeCell")))
        # A cell that is run before there is a kernel is not run.
        idle = (By.CSS_SELECTOR, ".jp-Notebook-ExecutionIndicator[data-status='idle']")
        self._wait(120).until(expected.presence_of_element_located(idle), "the kernel is not idle")

    def _wait(self, seconds=60):
        ignored = (StaleElementReferenceException,)
        return WebDriverWait(self.driver, seconds, ignored_exceptions=ignored)

    def _click(self, *locator):
        self._wait().until(expected.element_to_be_clickable(locator)).click()

    def run_all(self, seconds=180):
        """Choose "Run All Cells" from the menu and wait until no cell runs or waits any more."""
        prompts = functools.partial(self.driver.execute_script, PROMPTS)
        self._choose("Run", "runmenu:run-all")
        try:
            self._wait(30).until(lambda _: set(prompts()) != {"[ ]:"})
        except TimeoutException:
            # The page was not ready for it, on a busy machine: once more, as anybody would.
            self._choose("Run", "runmenu:run-all")
        try:
            # One after the other; a cell whose code is hidden has no prompt.
            self._wait(seconds).until(lambda _: not {"[ ]:", "[*]:"} & set(prompts()))
        except TimeoutException:
            raise TimeoutException(f"cells are still running: {' '.join(prompts())}") from None

    def cell(self, code):
        """The code cell in whose editor `code` stands."""
        path = (
            f"//div[contains(@class, 'jp-CodeCell')][.//*[@class='cm-line'][contains(., '{code}')]]"
        )
        located = expected.presence_of_element_located((By.XPATH, path))
        return self._wait().until(located, f"no cell contains {code}")

    def retype_last_line(self, code, line):
        """Type `line` over the last line of a cell; its indentation stays."""
        editor = self._editor(code)
        editor.send_keys(Keys.CONTROL + Keys.END)
        editor.send_keys(Keys.SHIFT + Keys.HOME)
        editor.send_keys(line)

    def run(self, code):
        """Run a cell from its editor and wait until it has ended."""
        before = self._prompt(code)
        self.start(code)
        ended = self._wait()
        ended.until(
            lambda _: self._prompt(code) not in (before, "[*]:"), "the cell has not been run"
        )

    def start(self, code):
        """Run a cell from its editor and wait for nothing."""
        self._editor(code).send_keys(Keys.CONTROL + Keys.ENTER)

    def interrupt(self, code):
        """Wait until a cell runs, choose "Interrupt Kernel" from the menu, wait until it has ended."""
        self._wait().until(lambda _: self._prompt(code) == "[*]:", "the cell does not run")
        self._choose("Kernel", "kernelmenu:interrupt")
        self._wait().until(lambda _: self._prompt(code) != "[*]:", "the cell has not ended")

    def _editor(self, code):
        """A cell's editor, in sight and clicked."""
        editor = self.cell(code).find_element(By.CSS_SELECTOR, ".cm-content")
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", editor)
        editor.click()
        return editor

    def _prompt(self, code):
        return self.cell(code).find_element(By.CSS_SELECTOR, ".jp-InputPrompt").text

    def _choose(self, menu, command):
        self._click(
            By.XPATH, f"//li[contains(@class, 'lm-MenuBar-item')][normalize-space()='{menu}']"
        )
        self._click(By.CSS_SELECTOR, f".lm-Menu-item[data-command='{command}']")

    def run_with_next(self, code):
        """Run a cell and the one below it, whose code may be hidden."""
        self.run(code)
        cell = self.cell(code)
        cell.find_element(By.CSS_SELECTOR, ".cm-content").send_keys(Keys.SHIFT + Keys.ENTER)
        ActionChains(self.driver).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(
            Keys.CONTROL
        ).perform()

    def expect_shown(self, text):
        """Wait until some cell shows `text`."""
        outputs = (By.CSS_SELECTOR, ".jp-Cell-outputWrapper")
        self._wait(20).until(
            lambda driver: any(text in o.text for o in driver.find_elements(*outputs)),
            f"expected {text!r}",
        )

    def save(self):
        """Save the notebook and wait until it is on the disk."""
        self._choose("File", "docmanager:save")
        clean = "//li[contains(@class, 'jp-mod-current')][contains(@class, 'jp-mod-dirty')]"
        self._wait().until_not(lambda d: d.find_elements(By.XPATH, clean), "not saved")

    def press(self, label):
        """Press a widget's button."""
        self._click(By.XPATH, f"//button[normalize-space()='{label}']")

    def expect_output(self, code, text):
        """Wait until a cell shows `text`."""
        output = self.cell(code).find_element(By.CSS_SELECTOR, ".jp-Cell-outputWrapper")
        self._wait(20).until(lambda _: text in output.text, f"expected {text!r}")

    def complaints(self):
        """The tracebacks and texts on stderr that cells show; JupyterLab does not tell them apart."""
        selector = "[data-mime-type='application/vnd.jupyter.stderr']"
        return [e.text for e in self.driver.find_elements(By.CSS_SELECTOR, selector)]

    def complaint(self):
        """The first traceback or text on stderr."""
        selector = "[data-mime-type='application/vnd.jupyter.stderr']"
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def slider(self, name=None):
        """The handle of the first slider, or of the first one that is called `name`."""
        named = f"[.//label[normalize-space()='{name}']]" if name else ""
        path = (
            f"//div[contains(@class, 'widget-slider')]{named}//*[contains(@class, 'noUi-handle')]"
        )
        located = expected.presence_of_element_located((By.XPATH, path))
        return self._wait().until(located, "there is no such slider")

    def pixels(self, slider):
        """The first picture shown in a slider's widget, as a data URL."""
        path = "ancestor::*[contains(@class, 'jp-OutputArea-child')]//img"

        def first(driver):
            images = slider.find_elements(By.XPATH, path)
            return next(filter(None, (driver.execute_script(PIXELS, i) for i in images)), None)

        return self._wait().until(first, "there is no picture beside the slider")

    def move(self, slider):
        """Move a slider by some steps with the keyboard; wait until its picture has changed."""
        before = self.pixels(slider)
        at_end = slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
        slider.send_keys((Keys.ARROW_LEFT if at_end else Keys.ARROW_RIGHT) * 3)
        self._wait().until(lambda _: self.pixels(slider) != before, "the picture has not changed")

    def choices(self):
        """The questions with options."""
        return self.driver.find_elements("css selector", ".widget-radio")

    def choose(self, choice):
        """Pick the first option of a question, and wait until it is judged."""
        choice.find_element("css selector", "input").click()
        box = choice.find_element("xpath", "./..")
        self._wait().until(lambda _: {"✓", "✗"} & set(box.text))

    def screenshot(self, element, path):
        """Save what the window shows with `element` in its middle."""
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        self.driver.save_screenshot(str(path))
