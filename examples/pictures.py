"""The pictures of the READMEs: parts of the notebooks in this folder, with the outputs that are stored in them, as a browser shows them.

``python examples/pictures.py`` needs Chromium. Must not run a cell: what a picture shows is what ``demo.py --write`` kept.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from PIL import Image, ImageChops

EXAMPLES = Path(__file__).resolve().parent
SCALE = 1.5
WIDTH, HEIGHT = 800, 3000
"""Of a column, in CSS pixels; what is empty of its height is cut off."""
STYLE = "<style>.jp-OutputArea-prompt:empty { padding: 5px; border: 1px solid transparent; }</style>"
"""Outputs without a number stand where the others do, as in JupyterLab itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Columns side by side, each a run of cells of one notebook: from the cell that begins with the first text to before the second."""

    notebook: str
    theme: str
    columns: tuple[tuple[str, str], ...]


PICTURES = {
    "quickstart.png": Picture(
        notebook="quickstart.ipynb",
        theme="light",
        columns=(("## Describe", "## Filter"), ("## Filter", "## What it cost")),
    ),
    "exploring.png": Picture(
        notebook="exploring.ipynb",
        theme="dark",
        columns=(("## What is public", "## A distribution"), ("## A distribution", "## A trend")),
    ),
    "patients.png": Picture(
        notebook="patients.ipynb",
        theme="light",
        columns=(("## One row per patient", "## Group means"), ("## Group means", "## What it cost")),
    ),
}


def main() -> int:
    """Draw them all. The exit status."""
    browser = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
    )
    if not browser:
        print("pictures: these are taken with Chromium, which is not here", file=sys.stderr)
        return 1
    for name, picture in PICTURES.items():
        columns = [photographed(picture, begin, end, browser) for begin, end in picture.columns]
        beside(columns).save(EXAMPLES / name, optimize=True)
        print(name)
    return 0


def photographed(picture: Picture, begin: str, end: str, browser: str) -> Image.Image:
    """A run of cells, as the browser shows it, without what is empty below."""
    notebook = nbformat.read(EXAMPLES / picture.notebook, as_version=4)
    starts = [cell.source for cell in notebook.cells]
    first, last = (next(at for at, source in enumerate(starts) if source.startswith(text)) for text in (begin, end))
    notebook.cells = notebook.cells[first:last]
    page, _ = HTMLExporter(template_name="lab", theme=picture.theme).from_notebook_node(notebook)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.html").write_text(page + STYLE)
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--force-device-scale-factor={SCALE}", f"--window-size={WIDTH},{HEIGHT}"]
        command += [f"--screenshot={folder}/page.png", f"file://{folder}/page.html"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        with Image.open(Path(folder) / "page.png") as shot:
            return trimmed(shot.convert("RGB"))


def trimmed(shot: Image.Image) -> Image.Image:
    """Without the empty part below; its colour is that of the corner."""
    empty = Image.new("RGB", shot.size, shot.getpixel((0, shot.height - 1)))
    box = ImageChops.difference(shot, empty).getbbox() or (0, 0, shot.width, shot.height)
    return shot.crop((0, 0, shot.width, min(box[3] + 12, shot.height)))


def beside(columns: list[Image.Image]) -> Image.Image:
    """Side by side, on the colour of their own page, in few colours: a README's picture should be small."""
    whole = Image.new("RGB", (sum(each.width for each in columns), max(each.height for each in columns)))
    whole.paste(columns[0].getpixel((0, columns[0].height - 1)), (0, 0, whole.width, whole.height))
    left = 0
    for column in columns:
        whole.paste(column, (left, 0))
        left += column.width
    return whole.quantize(256, dither=Image.Dither.NONE)


if __name__ == "__main__":
    sys.exit(main())
