"""What lies over what: each layer of settings and rules over all that are below it, and where each is found."""

from __future__ import annotations

import pytest
from conftest import REPOSITORY

from cutkit.errors import InputError, UsageError
from cutkit.prepare.cloth import fabric_of, senseless
from cutkit.prepare.finding import RULES_VARIABLE, fabric_path, read_sources
from cutkit.prepare.layers import BUILT_IN, LAYERS, Setting, config_of
from cutkit.prepare.prepare import Preparer
from cutkit.prepare.sources import files_named, read_source
from cutkit.prepare.wanted import KEYS, OPTIONS, Wanted

TOTE = (REPOSITORY / "patterns" / "tote.dxf").read_bytes()
SHIRT = (REPOSITORY / "patterns" / "shirt.dxf").read_bytes()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with one pattern; the user's configuration is beside it."""
    monkeypatch.setenv(RULES_VARIABLE, str(tmp_path / "home" / "rules.toml"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    write(tmp_path / "home" / "rules.toml", "# nothing yet\n")
    (tmp_path / "work" / "tote.dxf").write_bytes(TOTE)
    return tmp_path / "work"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def wanted(**more):
    return Wanted(**({"words": OPTIONS, "patterns": ("tote.dxf",)} | more))


def config(asked):
    return config_of(asked, read_sources(asked))


# One key in every layer, from below: each of them wins over those before it.
def test_every_layer_wins_over_those_below_it(folder):
    def gap(**more):
        setting = config(wanted(**more)).setting("gap")
        return setting.value, setting.layer, setting.where

    assert gap() == (0.0, "built in", "built in")
    write(folder.parent / "home" / "rules.toml", '[nest]\ngap = "1mm"\n')
    assert gap() == (1.0, "user", "../home/rules.toml, line 2")
    write(folder / "cutkit.toml", '\n[nest]\ngap = "2mm"\n')
    assert gap() == (2.0, "project", "cutkit.toml, line 3")
    write(folder / "fabrics" / "denim.toml", 'width = "1m"\n\ngap = "3mm"\n')
    assert gap(fabric="denim") == (3.0, "fabric", "fabrics/denim.toml, line 3")
    rules = write(folder / "own.toml", '[nest]\ngap = "4mm"\n')
    assert gap(fabric="denim", rules=(rules,)) == (4.0, "rules", f"{rules}, line 2")
    job = {"words": KEYS, "where": "job a", "fabric": "denim", "rules": (rules,)}
    assert gap(**job, cloth={"gap": 5.0}) == (5.0, "order", "job a, gap")
    told = ('nest.gap="6mm"',)
    assert gap(fabric="denim", rules=(rules,), rule_texts=told) == (6.0, "options", '--rule nest.gap="6mm"')
    assert gap(rules=(rules,), rule_texts=told, cloth={"gap": 7.0}) == (7.0, "options", "--gap")
    last = config(wanted(fabric="denim", rules=(rules,), rule_texts=told, cloth={"gap": 7.0})).cloth["gap"]
    assert [setting.layer for setting in last] == [layer for layer in LAYERS if layer != "order"] + ["options"]


def test_each_key_is_looked_up_by_itself(folder):
    write(folder / "cutkit.toml", '[nest]\ngap = "2mm"\nselvedge = "1cm"\nwidth = "1m"\n')
    fabric = write(folder / "a.toml", 'selvedge_high = "3cm"\nnap = "one-way"\n')
    found = config(wanted(fabric=fabric, cloth={"width": 900.0, "gap": None}))
    values = {key: found[key] for key in ("gap", "selvedge_low", "selvedge_high", "width", "nap", "tilt")}
    assert values == {
        "gap": 2.0,
        "selvedge_low": 10.0,
        "selvedge_high": 30.0,
        "width": 900.0,
        "nap": "one-way",
        "tilt": BUILT_IN["tilt"],
    }


def test_rules_of_pieces_keep_the_order_of_their_layers(folder):
    write(folder.parent / "home" / "rules.toml", '[style."*"]\nnap = "one-way"\n[piece.A]\ntilt = 1\n')
    write(folder / "cutkit.toml", "[piece.A]\ntilt = 2\n")
    own = write(folder / "own.toml", "[piece.A]\ntilt = 3\n")
    table = write(folder / "order.csv", "size,count,style,tilt\nM,1,,4deg\n")
    found = config(wanted(rules=(own,), order_path=table, rule_texts=("piece.A.tilt=5",)))
    told = [(found.layer_of(rule), rule.kind, rule.name, rule.rules.tilt_deg) for rule in found.book.rules]
    assert told == [
        ("user", "style", "*", None),
        ("user", "piece", "A", 1.0),
        ("project", "piece", "A", 2.0),
        ("rules", "piece", "A", 3.0),
        ("order", "style", "*", 4.0),
        ("options", "piece", "A", 5.0),
    ]


def test_the_project_is_beside_the_pattern_or_upward_of_the_folder(folder, monkeypatch):
    upward = write(folder / "cutkit.toml", '[nest]\ngap = "1mm"\n')
    deep = folder / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    (folder / "other").mkdir()
    (folder / "other" / "tote.dxf").write_bytes(TOTE)
    asked = wanted(patterns=("../../other/tote.dxf",))
    assert config(asked).files == (("user", "../../../home/rules.toml"), ("project", "../../cutkit.toml"))
    write(folder / "other" / "cutkit.toml", '[nest]\ngap = "2mm"\n')
    assert config(asked)["gap"] == 2.0
    assert upward


def test_the_users_rules_can_be_moved_and_left_out(folder, monkeypatch):
    write(folder.parent / "home" / "rules.toml", '[nest]\ngap = "1mm"\n')
    monkeypatch.setenv(RULES_VARIABLE, "")
    assert config(wanted())["gap"] == 0.0
    monkeypatch.setenv(RULES_VARIABLE, str(folder / "none.toml"))
    with pytest.raises(InputError, match="no such file\nCUTKIT_RULES"):
        config(wanted())
    monkeypatch.delenv(RULES_VARIABLE)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "xdg"))
    monkeypatch.setattr("platformdirs.user_config_dir", lambda name, appauthor: str(folder / "xdg" / name))
    assert config(wanted())["gap"] == 0.0
    write(folder / "xdg" / "cutkit" / "rules.toml", '[nest]\ngap = "3mm"\n')
    assert config(wanted())["gap"] == 3.0


def test_a_fabric_by_its_name(folder):
    write(folder.parent / "home" / "fabrics" / "denim.toml", 'name = "home"\n')
    assert config(wanted(fabric="denim"))["name"] == "home"
    write(folder / "fabrics" / "denim.toml", 'name = "work"\n')
    assert config(wanted(fabric="denim"))["name"] == "work"
    write(folder / "cutkit.toml", '[nest]\nfabric = "denim"\n')
    assert config(wanted())["name"] == "work"
    with pytest.raises(UsageError) as caught:
        config(wanted(fabric="demin"))
    assert str(caught.value) == ("--fabric: there is no fabric 'demin'\nKnown are denim. Did you mean 'denim'?")


def test_a_fabric_that_a_rules_file_names_lies_beside_it(folder):
    write(folder.parent / "home" / "velvet.toml", 'name = "velvet"\n')
    write(folder.parent / "home" / "rules.toml", '[nest]\nfabric = "./velvet.toml"\n')
    assert config(wanted())["name"] == "velvet"
    write(folder / "cutkit.toml", '[nest]\nfabric = "none"\n')
    with pytest.raises(UsageError, match=r"cutkit.toml, line 2: there is no fabric 'none'"):
        config(wanted())


# --- the cloth of it


def cloth(folder, text, **more):
    fabric = write(folder / "cloth.toml", text)
    found = config(wanted(fabric=fabric, **more))
    return fabric_of(found, "STYLE"), [(one.key, str(one.error)) for one in senseless(found, OPTIONS)]


def test_a_cloth_with_everything(folder):
    text = 'width = "1m"\nselvedge_low = "1cm"\nselvedge_high = "2cm"\nmargin_start = "3cm"\nmargin_end = "4cm"\n'
    text += 'max_length = "5m"\nshrinkage = {warp = "2%"}\nweight = "100g/m2"\nprice = "5/m"\nface = false\n'
    fabric, wrong = cloth(folder, text)
    assert wrong == []
    assert (fabric.usable_width_mm, fabric.longest_mm, fabric.name) == (970.0, 4930.0, "STYLE")
    assert (fabric.shrinkage, fabric.weight_gsm, fabric.price_per_m, fabric.has_face) == (
        (0.02, 0.0),
        100.0,
        5.0,
        False,
    )


def test_folded_cloth_is_half_as_wide_and_has_no_selvedge_on_its_fold(folder):
    text = 'width = "1m"\nselvedge = "1cm"\nspread = '
    fabric, _ = cloth(folder, f'{text}"folded"\n')
    assert (fabric.width_mm, fabric.usable_width_mm, fabric.folds_mm) == (500.0, 490.0, (0.0,))
    fabric, _ = cloth(folder, f'{text}"tubular"\n')
    assert (fabric.width_mm, fabric.usable_width_mm, fabric.folds_mm) == (1000.0, 1000.0, (0.0, 1000.0))


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ('width = "2cm"\nselvedge = "1cm"', "selvedge", "no usable width is left of 20 mm"),
        ('width = "1m"\ngap = "2m"', "gap", "the gap of 2000 mm is wider"),
        ('width = "1m"\nmax_length = "5cm"\nmargin_start = "5cm"', "max_length", "no length is left"),
        ('width = "1m"\nnap = "one-way"\ntilt = 100', "tilt", "--tilt 100 turns pieces against"),
        (
            'width = "1m"\nzones = [{name="a", from="0m", to="2m"}]',
            "zones",
            "cloth.toml, line 2: zone 'a' ends at 2000",
        ),
        (
            'width = "1m"\nspread = "folded"\nflaws = [{from=["0m", "60cm"], to=["1m", "70cm"]}]',
            "flaws",
            "cloth.toml, line 3: a flaw reaches from 600 to 700 mm across, and the cloth from 0 to 500",
        ),
    ],
)
def test_a_cloth_that_cannot_be_meant(folder, text, key, says):
    _, wrong = cloth(folder, text)
    assert [found for found, _ in wrong] == [key]
    assert says in wrong[0][1]


# --- ready to be nested


def prepared(**more):
    asked = wanted(**({"cloth": {"width": 1500.0}} | more))
    return Preparer().prepare(asked, read_sources(asked))


def test_rules_reach_the_pieces_and_their_files_the_inputs(folder):
    (folder / "shirt.dxf").write_bytes(SHIRT)
    write(folder / "cutkit.toml", '[category.COLLAR]\nquality = "A"\n')
    own = write(
        folder / "own.toml", '[nest]\ntilt = "1deg"\n[piece."FRONT_?"]\nbuffer = "3mm"\n[piece.NIX]\ntilt = 1\n'
    )
    job = prepared(patterns=("shirt.dxf",), rules=("own.toml",), fabric=write(folder / "a.toml", 'name = "Oxford"\n'))
    pieces = {piece.name: piece for piece in job.demands[0].pieces}
    assert {name for name, piece in pieces.items() if piece.quality == "A"} == {"COLLAR_TOP", "COLLAR_UNDER"}
    assert {name for name, piece in pieces.items() if piece.block is not None} == {"FRONT_L", "FRONT_R"}
    assert {piece.tilt_deg for piece in pieces.values()} == {1.0}
    assert [file.path for file in job.inputs] == [
        "shirt.dxf",
        str(folder / "a.toml"),
        "own.toml",
        "cutkit.toml",
        "../home/rules.toml",
    ]
    assert job.fabric.name == "Oxford"
    (unused,) = [notice for notice in job.notices if notice.code == "rule-unused"]
    assert unused.message == "own.toml: piece 'NIX' (line 5) matches no piece"
    assert own


def test_the_users_rules_need_not_match(folder):
    write(folder.parent / "home" / "rules.toml", "[piece.NIX]\ntilt = 1\n")
    assert [notice.code for notice in prepared().notices if notice.code == "rule-unused"] == []


def test_an_order_calls_a_style_by_its_file_too(folder):
    (folder / "shirt.dxf").write_bytes(SHIRT)
    table = write(folder / "order.csv", "size;count;style;tilt\nM;1;shirt;3deg\nL;1;MENS SHIRT;\n")
    job = prepared(patterns=("shirt.dxf",), order_path=table)
    assert {piece.tilt_deg for piece in job.demands[0].pieces} == {3.0}
    assert not any(notice.code == "rule-unused" for notice in job.notices)


def test_lines_of_one_style_must_not_differ(folder):
    table = write(folder / "order.csv", "size,count,tilt\nM,1,3deg\nL,1,2deg\n")
    with pytest.raises(InputError, match=r"order.csv, line 3: column 'tilt': '2deg' is not what line 2 says"):
        prepared(order_path=table)


def test_shrinkage_is_applied_and_told(folder):
    plain = prepared()
    shrunk = prepared(fabric=write(folder / "a.toml", 'shrinkage = {warp = "20%", weft = "40%"}\n'))
    for before, after in zip(plain.demands[0].pieces, shrunk.demands[0].pieces, strict=True):
        assert after.outline.area == pytest.approx(before.outline.area / 0.8 / 0.6)
    assert [notice.code for notice in shrunk.notices if notice.code == "shrinkage"] == ["shrinkage"]
    assert shrunk.fabric.shrinkage == (0.2, 0.4)


def test_an_instance_reads_no_rules(folder):
    from jobs_for_tests import write_instance

    write(folder / "cutkit.toml", "[nest]\nnonsense = 1\n")
    write_instance(folder / "a.json", 1)
    job = prepared(patterns=("a.json",), cloth={"gap": 1.0})
    assert (job.settings.gap_mm, job.config, [file.path for file in job.inputs]) == (1.0, None, ["a.json"])
    for more, key in (
        ({"fabric": "x"}, "--fabric"),
        ({"rule_texts": ("a",)}, "--rule"),
        ({"cloth": {"face": True}}, "--face"),
    ):
        with pytest.raises(UsageError, match=f"{key} does not go with a strip-packing instance"):
            prepared(patterns=("a.json",), **({"cloth": {}} | more))


def test_what_the_plies_leave_over_gets_a_marker_of_its_own(folder):
    job = prepared(order="M=5", order_plies=2, remainder=True)
    assert job.endings == ("", "remainder")
    assert [len({copy.bundle for copy in demand.copies}) for demand in job.demands] == [2, 1]


ROLLS = "roll,width,length,kind\nR1,150cm,20m,roll\nR2,148cm,3m,remnant\n"


def test_a_fabric_names_the_rolls_that_there_are(folder):
    write(folder / "fabrics" / "rolls.csv", ROLLS)
    write(folder / "fabrics" / "denim.toml", 'rolls = "rolls.csv"\n')
    job = prepared(fabric="denim", cloth={})
    assert [(roll.name, roll.width_mm) for roll in job.rolls] == [("R1", 1500.0), ("R2", 1480.0)]
    assert job.config.setting("width") == Setting(1500.0, "fabric", "fabrics/denim.toml, line 1")
    assert [file.path for file in job.inputs][1:3] == ["fabrics/rolls.csv", "fabrics/denim.toml"]
    other = write(folder / "other.csv", ROLLS.replace("R1", "R9"))
    job = prepared(fabric="denim", rolls=other)
    assert [roll.name for roll in job.rolls] == ["R9", "R2"]
    assert [file.path for file in job.inputs][1] == other


@pytest.mark.parametrize(
    ("rule", "near"), [('piece."HANDEL"', "'HANDLE'"), ('style."tot"', "'tote'"), ('piece."ZZZ"', "")]
)
def test_a_rule_that_matches_no_piece_says_what_was_probably_meant(folder, rule, near):
    told = {notice.code: notice.message for notice in prepared(rule_texts=(f'{rule}.tilt="1deg"',)).notices}
    assert told["rule-unused"].endswith(f"matches no piece (Did you mean {near}?)" if near else "matches no piece")


def test_rolls_take_the_place_of_the_cloths_width_and_flaws_and_it_is_said(folder):
    write(folder / "rolls.csv", ROLLS)
    flaws = 'width = "140cm"\nflaws = [{from = ["0cm", "0cm"], to = ["9cm", "9cm"]}]\n'
    write(folder / "fabrics" / "denim.toml", flaws)
    told = {notice.code: notice.message for notice in prepared(fabric="denim", rolls="rolls.csv", cloth={}).notices}
    assert told["rolls-width"] == "no roll is 1400 mm wide, as fabrics/denim.toml, line 1 says: theirs hold"
    assert told["rolls-flaws"] == "the flaws of fabrics/denim.toml, line 2 are not used: each roll has its own"
    write(folder / "fabrics" / "denim.toml", 'width = "148cm"\n')
    silent = prepared(fabric="denim", rolls="rolls.csv", cloth={}).notices
    assert not [notice for notice in silent if notice.code.startswith("rolls")]


def test_a_roll_with_a_flaw_for_a_class_that_there_is_not_is_refused(folder):
    flaw = "R1,,,,1m,0cm,2m,10cm,C\n"
    write(folder / "rolls.csv", ROLLS.replace("kind", "kind,x0,y0,x1,y1,allows") + flaw)
    write(folder / "fabrics" / "denim.toml", 'qualities = ["A", "B"]\n')
    with pytest.raises(InputError, match="'C'"):
        prepared(fabric="denim", rolls="rolls.csv", cloth={})


def test_where_nobody_deals_out_rolls_it_is_said(folder):
    write(folder / "fabrics" / "denim.toml", 'rolls = "rolls.csv"\n')
    asked = wanted(fabric="denim", cloth={"width": 1000.0})
    files = [read_source(path, role) for _, role, path in files_named(asked)]
    files.append(read_source(fabric_path(asked, files), "fabric"))
    job = Preparer().prepare(asked, files)
    assert job.rolls == ()
    assert [notice.code for notice in job.notices if notice.code.startswith("rolls")] == ["rolls-not-used"]
