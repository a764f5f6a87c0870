"""Takes a picture of every page: `make screenshots`, into screenshots/ (LANGUAGES="en es ro fr" for all of them)."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import django
from PIL import Image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("screenshots"))
    parser.add_argument("--languages", nargs="+", default=["en"])
    parser.add_argument("--looks", nargs="+", default=["light", "dark", "phone"])
    parser.add_argument("--only", nargs="+", default=[], help="names of pages")
    parser.add_argument("--fold", action="store_true", help="only what is seen without scrolling, small: for the docs")
    parser.add_argument("--role", default="owner")
    parser.add_argument("--sample", type=Path, help="a folder where the sample has reached its day, made if missing")
    given = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amable.server.settings")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    django.setup()
    from tests.browser.chromium import chromium
    from tests.browser.sample_desk import reached, serving
    from tests.browser.test_pages import WIDTHS
    from tests.browser.views import views

    with tempfile.TemporaryDirectory() as beside:
        folder = given.sample or Path(beside) / "data"
        if not folder.exists():
            reached(folder)
        given.folder.mkdir(parents=True, exist_ok=True)
        with chromium() as browser, serving(folder) as desk:
            for language in given.languages:
                for look in given.looks:
                    page = desk.come_in(browser, given.role, language, **_look(look, WIDTHS))
                    for name, address in views(desk).items():
                        if given.only and name not in given.only:
                            continue
                        page.goto(address)
                        page.wait_for_load_state("networkidle")
                        place = given.folder / f"{name}-{language}-{look}.png"
                        page.screenshot(path=place, full_page=not given.fold)
                        if given.fold:
                            Image.open(place).quantize(128).save(place, optimize=True)
                        print(place, flush=True)
                    page.context.close()


def _look(name: str, widths: dict[str, dict[str, int]]) -> dict[str, object]:
    """How a browser is set up for `light`, `dark`, `phone` or `phone-dark`."""
    scheme = "dark" if name.endswith("dark") else "light"
    return {"viewport": widths["phone" if name.startswith("phone") else "desktop"], "color_scheme": scheme}


if __name__ == "__main__":
    main()
