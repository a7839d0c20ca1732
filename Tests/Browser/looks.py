"""Looks at pages: takes their picture, and asks axe-core whether everybody can use them."""

import os
import re
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT

from programs import TREE
from visitor import DESK, PHONE_WIDTH, Visitor

# Where the pictures go; CI keeps them.
SCREENSHOTS = Path(os.environ.get("TEST_SCREENSHOTS") or TREE / ".build" / "screenshots")

# What axe-core looks at in each colour scheme: in the second one only what colours are about. Light comes last: what follows is seen in it.
SCHEMES = {"dark": {"runOnly": ["color-contrast"]}, "light": {}}

# Asks axe-core for its violations alone: the rest of its answer takes it most of its time.
_ASK_AXE = '''async (options) => {
    const { violations } = await axe.run(document, { ...options, resultTypes: ["violations"] });
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
}'''

_JAPANESE_LETTERS = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
# Words that stay as they are in Japanese.
_SAME_IN_EVERY_LANGUAGE = re.compile(r"(Towline|SSH|TLS|CSV|JSON|OpenAPI|FQDN|SHA-?256|URL|QR)")


class Look:
    """Looks at one page after another, in one language, and collects what is wrong with them."""

    def __init__(self, visitor: Visitor):
        self.visitor = visitor
        self.faults: list[str] = []
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def at(self, name: str, path: str | None = None) -> None:
        """Looks at the page at `path`, or at the one that is open: in both colour schemes, and on a phone."""
        page = self.visitor.page
        if path is not None:
            self.visitor.open(path)
        language = page.locator("html").get_attribute("lang")
        if language != self.visitor.language:
            self.faults.append(f"{name}: the page says that its language is {language}")
        for scheme, rules in SCHEMES.items():
            page.emulate_media(color_scheme=scheme)
            page.screenshot(
                path=SCREENSHOTS / f"{name}.{self.visitor.language}.{scheme}.png", full_page=True, animations="disabled")
            self.faults += [f"{name} ({scheme}): {violation}" for violation in self._violations(rules)]
        self._on_a_phone(name)
        if self.visitor.language == "ja":
            self._all_in_japanese(name)

    def _violations(self, rules: dict) -> list[str]:
        """What axe-core finds by these rules."""
        page = self.visitor.page
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        return page.evaluate(_ASK_AXE, rules)

    def _on_a_phone(self, name: str) -> None:
        page = self.visitor.page
        page.set_viewport_size({"width": PHONE_WIDTH, "height": 740})
        width = page.evaluate("document.scrollingElement.scrollWidth")
        if width > PHONE_WIDTH:
            self.faults.append(f"{name}: is {width} px wide on a phone of {PHONE_WIDTH} px")
        page.screenshot(path=SCREENSHOTS / f"{name}.{self.visitor.language}.phone.png", full_page=True, animations="disabled")
        page.set_viewport_size(DESK)

    def _all_in_japanese(self, name: str) -> None:
        """Headings, buttons, links and labels without a Japanese letter are ones that nobody translated."""
        for kind in ("heading", "button", "link"):
            for words in self.visitor.page.get_by_role(kind).all_inner_texts():
                left = _SAME_IN_EVERY_LANGUAGE.sub("", words)
                # The switch to the other language, and what a page is named after: a login user.
                is_name = words in ("English", self.visitor.path.rpartition("/")[2])
                if re.search("[A-Za-z]{3}", left) and not _JAPANESE_LETTERS.search(words) and not is_name:
                    self.faults.append(f"{name}: this {kind} is not in Japanese: {words!r}")

    def conclude(self) -> None:
        """Fails with everything that was found."""
        assert not self.faults, "\n" + "\n".join(dict.fromkeys(self.faults))
