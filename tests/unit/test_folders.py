"""The picture of the folders in docs/index.md agrees with the tree."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]


def first_line(package: Path) -> str:
    """The first line of a package's docstring."""
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n")[0].rstrip(".")


def picture(package: Path, depth: int = 0) -> list[str]:
    """A line for a package and each below it: its name, and what it holds."""
    inner = sorted(folder.parent for folder in package.glob("*/__init__.py"))
    line = f"{'  ' * depth + package.name + '/':22}{first_line(package)}"
    return [line, *(row for folder in inner for row in picture(folder, depth + 1))]


def test_the_picture_of_the_folders_is_the_tree():
    page = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    drawn = page.partition("## The folders")[2].split("```")[1].strip("\n")
    expected = "\n".join(picture(ROOT / "hsi_viewer"))
    assert drawn == expected, f"The picture should be:\n{expected}"


def test_every_package_says_what_it_holds():
    packages = [path.parent for path in (ROOT / "hsi_viewer").rglob("__init__.py")]
    assert len(packages) > 30
    for package in packages:
        assert 10 < len(first_line(package)) <= 100, package
