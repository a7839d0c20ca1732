"""Somebody in front of a browser. Pages are driven by roles and labels, as a screen reader finds them."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from installation import Terminal
from programs import DEADLINE, eventually
from words import in_language

# What pages are looked at with: a desk, and the narrowest phone.
DESK = {"width": 1280, "height": 900}
PHONE_WIDTH = 360


class Visitor:
    """Somebody with a browser of their own. `words` are given in English and looked up in the language that they read.

    - `language`: what the browser asks for, `en` or `ja`.
    - `scheme`: `light` or `dark`.
    - `signed_in`: begins with a session; else before the sign-in page.
    - `has_scripts`: whether the browser runs JavaScript.
    """

    def __init__(
        self, browser: Browser, terminal: Terminal, *, language: str = "en", scheme: str = "light", signed_in: bool = True,
        has_scripts: bool = True,
    ):
        self.terminal = terminal
        self.language = language
        self.has_scripts = has_scripts
        self._complaints: list[str] = []
        self.context = browser.new_context(
            locale={"en": "en-US", "ja": "ja-JP"}[language], color_scheme=scheme, viewport=DESK, java_script_enabled=has_scripts,
            base_url=terminal.url, timezone_id="Asia/Tokyo",
            # A terminal vouches for its own certificate; its fingerprint is what people compare.
            ignore_https_errors=True)
        self.context.set_default_timeout(DEADLINE * 1000)
        expect.set_options(timeout=DEADLINE * 1000)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=terminal.url)
        self.context.on("console", self._listen)
        self.context.on("weberror", lambda error: self._complaints.append(f"{error.page.url if error.page else ''}: {error.error}"))
        if signed_in:
            self.sign_in_silently()
        self.page: Page = self.context.new_page()

    def sign_in_silently(self) -> None:
        """Gets the cookies of a session without the sign-in page."""
        cookies = self.terminal.cookies()
        self.context.add_cookies([{"name": name, "value": value, "url": self.terminal.url, "secure": self.terminal.url.startswith("https:")} for name, value in cookies.items()])

    # What Chromium reports as an error and tests bring about: answers of 4xx and 5xx.
    _EXPECTED = "Failed to load resource"

    def _listen(self, message: ConsoleMessage) -> None:
        address = message.page.url if message.page else ""
        if message.type == "error" and address.startswith(self.terminal.url) and not message.text.startswith(self._EXPECTED):
            self._complaints.append(f"{address}: {message.text}")

    def leave(self) -> list[str]:
        """Closes the browser; returns what it complained about."""
        self.context.close()
        return self._complaints

    # Words and places

    def say(self, words: str, *values: str) -> str:
        """`words` in the language that they read."""
        return in_language(words, self.language, *values)

    def open(self, path: str = "/") -> None:
        self.page.goto(path)

    @property
    def path(self) -> str:
        """Where they are."""
        return urlsplit(self.page.url).path

    # Seeing

    def status(self, words: str, *values: str) -> Locator:
        """The live region that says `words`."""
        return self.page.get_by_role("status").filter(has_text=self.say(words, *values)).first

    def sees(self, found: Locator) -> None:
        """Waits until it is seen. Without scripts they press Reload."""
        if self.has_scripts:
            expect(found).to_be_visible()
            return

        def look() -> bool:
            if found.is_visible():
                return True
            self.page.reload()
            return found.is_visible()

        eventually(lambda: f"{found} is seen on\n{self.text}", look)

    def reads(self, text: str | re.Pattern) -> None:
        """Waits until `text`, as it stands, is seen somewhere in the page's content."""
        self.sees(self.page.get_by_role("main").get_by_text(text).first)

    def reads_error(self, field: str, text: str | re.Pattern) -> None:
        """Waits until `field` is marked as wrong and described by `text`, for those who cannot see it too."""
        expect(self.field(field)).to_have_attribute("aria-invalid", "true")
        expect(self.field(field)).to_have_accessible_description(text if isinstance(text, re.Pattern) else re.compile(re.escape(text)))

    @property
    def text(self) -> str:
        """What the page's content says now."""
        return self.page.get_by_role("main").inner_text()

    # Doing

    def field(self, label: str) -> Locator:
        """The field with this label; optional ones say so behind it."""
        labelled = self.page.get_by_label(re.compile(rf"^{re.escape(self.say(label))}( [(（].+[)）])?$"))
        return labelled.and_(self.page.locator("input, textarea, select"))

    def fill(self, label: str, value: str) -> None:
        self.field(label).fill(value)

    def choose(self, label: str, option: str) -> None:
        """Chooses from a list."""
        self.field(label).select_option(label=option)

    def press(self, button: str, *values: str) -> None:
        self.page.get_by_role("button", name=self.say(button, *values), exact=True).click()

    def follow(self, link: str) -> None:
        """Follows a link; the first one where several lead to the same."""
        self.page.get_by_role("link", name=self.say(link), exact=True).first.click()

    def unfold(self, summary: str) -> None:
        """Opens a part of the page that is folded."""
        self.page.locator("summary").get_by_text(self.say(summary)).click()


class Typist(Visitor):
    """Somebody without a mouse: Tab, Enter and letters are all there is, and where the focus is must be seen."""

    # The most times that somebody presses Tab before giving up.
    PATIENCE = 60

    def _go_to(self, found: Locator) -> None:
        expect(found).to_be_visible()
        for _ in range(self.PATIENCE):
            if found.evaluate("element => element === document.activeElement"):
                style = found.evaluate("element => [getComputedStyle(element).outlineStyle, getComputedStyle(element).boxShadow]")
                assert style != ["none", "none"], f"the focus on {found} is not seen"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{self.PATIENCE} times Tab do not lead to {found} on\n{self.text}")

    def fill(self, label: str, value: str) -> None:
        self._go_to(self.field(label))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(value)

    def press(self, button: str, *values: str) -> None:
        self._go_to(self.page.get_by_role("button", name=self.say(button, *values), exact=True))
        self.page.keyboard.press("Enter")

    def follow(self, link: str) -> None:
        self._go_to(self.page.get_by_role("link", name=self.say(link), exact=True).first)
        self.page.keyboard.press("Enter")

    def unfold(self, summary: str) -> None:
        self._go_to(self.page.locator("summary").filter(has_text=self.say(summary)))
        self.page.keyboard.press("Enter")
