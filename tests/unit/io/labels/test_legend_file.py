"""Legends written and read, and as ENVI, QGIS and spreadsheets have them."""

from __future__ import annotations

import pytest

from hsi_viewer.core.errors import ExportError, FileError, FormatError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.io.labels.legend_file import read_legend, write_legend

LEGEND = ClassLegend(
    [LabelClass(4, 'Corn & "maize" <old>', (230, 159, 0)), LabelClass(2, "Wälder", (0, 114, 178))]
)


@pytest.mark.parametrize("suffix", ["csv", "qml", "hdr"])
def test_round_trip(tmp_path, suffix):
    path = tmp_path / f"my legend.{suffix}"
    write_legend(path, LEGEND)
    back = read_legend(path)
    order = (lambda c: c.id) if suffix == "hdr" else (lambda c: 0)  # ENVI lists them by id
    assert list(back) == sorted(LEGEND, key=order)


@pytest.mark.parametrize(
    "text",
    [
        "id,name,colour\n1,Corn,#ff0000\n2,Oats,#00FF00\n",
        "value;label;red;green;blue\n1;Corn;255;0;0\n2;Oats;0;255;0\n",
        "1,Corn,255,0,0\n2,Oats,0,255,0\n",
        "Name\tHex\nCorn\tff0000\nOats\t00ff00\n",
        '\ufeffid,name,rgb\r\n1,Corn,"255,0,0"\r\n2,Oats,"(0, 255, 0)"\r\n',
    ],
)
def test_tables_of_many_kinds(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    classes = [(c.id, c.name, c.colour) for c in read_legend(path)]
    assert classes == [(1, "Corn", (255, 0, 0)), (2, "Oats", (0, 255, 0))]


def test_classes_without_colours_get_different_ones(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,name\n7,a\n9,b\n")
    first, second = read_legend(path)
    assert first.colour != second.colour
    assert (first.id, second.id) == (7, 9)


def test_a_vector_style_of_qgis_gives_its_categories(tmp_path):
    path = tmp_path / "style.qml"
    path.write_text(
        """<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis><renderer-v2 type="categorizedSymbol" attr="class_id"><categories>
 <category symbol="0" value="3" label="Corn"/><category symbol="1" value="5" label="Oats"/>
 <category symbol="2" value="" label=""/></categories><symbols>
 <symbol name="0" type="fill"><layer><Option type="Map">
  <Option name="color" type="QString" value="10,20,30,255,rgb:0.04,0.08,0.12,1"/>
 </Option></layer></symbol>
 <symbol name="1" type="fill"><layer><prop k="color" v="40,50,60,255"/></layer></symbol>
</symbols></renderer-v2></qgis>"""
    )
    classes = [(c.id, c.name, c.colour) for c in read_legend(path)]
    assert classes == [(3, "Corn", (10, 20, 30)), (5, "Oats", (40, 50, 60))]


def test_a_category_whose_colour_is_not_given_gets_one(tmp_path):
    path = tmp_path / "style.qml"
    path.write_text(
        """<qgis><renderer-v2 type="categorizedSymbol" attr="class_id"><categories>
 <category symbol="0" value="3" label="Corn"/><category symbol="9" value="5" label="Oats"/>
 <category symbol="1" value="6" label="Rye"/></categories><symbols>
 <symbol name="0" type="fill"><layer><prop k="style" v="solid"/></layer></symbol>
 <symbol name="1" type="line"><layer><prop k="line_color" v="40,50,60,255"/></layer></symbol>
</symbols></renderer-v2></qgis>"""
    )
    classes = [(c.id, c.name, c.colour) for c in read_legend(path)]
    assert [c[:2] for c in classes] == [(3, "Corn"), (5, "Oats"), (6, "Rye")]
    assert classes[2][2] == (40, 50, 60)
    assert len({colour for *_, colour in classes}) == 3


def test_a_header_that_is_of_no_image_is_overwritten(tmp_path):
    for text in ("no header", "ENVI\nclasses = 2\n", ""):
        (tmp_path / "a.hdr").write_text(text)
        write_legend(tmp_path / "a.hdr", LEGEND)
        names = {c.name for c in read_legend(tmp_path / "a.hdr")}
        assert names == {c.name for c in LEGEND}


def test_the_header_of_an_image_is_not_overwritten(tmp_path):
    path = tmp_path / "image.hdr"
    path.write_text("ENVI\nsamples = 3\nlines = 4\nbands = 5\n")
    with pytest.raises(ExportError, match="header of an image"):
        write_legend(path, LEGEND)
    assert "samples = 3" in path.read_text()


def test_what_is_no_legend_says_so(tmp_path):
    for name, text, message in [
        ("a.csv", "foo,bar\nx,y\n", "no column is called id or name"),
        ("b.csv", "", "contains no class"),
        ("c.csv", "id,name\n99999,a\n", "class id must be in"),
        ("d.qml", "<qgis>", "damaged"),
        ("e.qml", '<!DOCTYPE q [<!ENTITY a "b">]><qgis/>', "entities"),
        ("f.docx", "", "legends are"),
    ]:
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(FormatError, match=message):
            read_legend(path)
    with pytest.raises(FileError, match="does not exist"):
        read_legend(tmp_path / "missing.csv")
    with pytest.raises(ExportError, match="legends are written as"):
        write_legend(tmp_path / "a.xlsx", LEGEND)


@pytest.mark.parametrize("suffix", [".csv", ".qml", ".hdr"])
def test_names_of_several_lines_become_one_line(tmp_path, suffix):
    names = ("li\nne", "a\u2028b", "bell\x07\0", "half \ud800")
    legend = ClassLegend(LabelClass(i, name, (i, 2, 3)) for i, name in enumerate(names, 1))
    write_legend(tmp_path / f"a{suffix}", legend)
    back = read_legend(tmp_path / f"a{suffix}")
    assert [c.name for c in back] == ["li ne", "a b", "bell", "half"]


def test_the_colour_before_the_classification_is_none_of_a_class(tmp_path):
    symbol = '<symbol name="0"><layer><Option name="color" value="{},255"/></layer></symbol>'
    (tmp_path / "a.qml").write_text(
        '<qgis><renderer-v2 type="categorizedSymbol"><categories>'
        '<category value="1" label="roof" symbol="0"/></categories><symbols>'
        f"{symbol.format('230,0,0')}</symbols><source-symbol>{symbol.format('1,2,3')}"
        "</source-symbol></renderer-v2></qgis>"
    )
    assert [(c.name, c.colour) for c in read_legend(tmp_path / "a.qml")] == [("roof", (230, 0, 0))]
