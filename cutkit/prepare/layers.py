"""What all files and options say of a nest, one over the other, each key by itself, with where it was said.

From below: what is built in, the user's rules, the project's rules, the fabric, the rules files that are named, the
order (a job's keys, the columns of its table), options. The later one wins. Rules of pieces are kept in this order,
too, for the book of rules to choose from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from cutkit.formats.fabrics import both_selvedges, parse_fabric
from cutkit.formats.orders import order_rules
from cutkit.formats.rules import RulesFile, parse_rule, parse_rules
from cutkit.prepare.sources import Role, SourceFile, of_role
from cutkit.prepare.wanted import Wanted
from cutkit.rules import PieceRules, Rule, RuleBook

Layer = Literal["built in", "user", "project", "fabric", "rules", "order", "options"]
LAYERS: tuple[Layer, ...] = ("built in", "user", "project", "fabric", "rules", "order", "options")
BUILT_IN: Mapping[str, Any] = {
    "fabric": None,
    "name": None,
    "width": None,
    "selvedge_low": 0.0,
    "selvedge_high": 0.0,
    "margin_start": 0.0,
    "margin_end": 0.0,
    "gap": 0.0,
    "max_length": None,
    "span": None,
    "tilt": 0.0,
    "nap": "two-way",
    "spread": "face-up",
    "face": True,
    "repeat": None,
    "zones": (),
    "flaws": (),
    "rolls": None,
    "qualities": (),
    "shrinkage": (0.0, 0.0),
    "weight": None,
    "price": None,
}
"""What holds for a cloth where nobody says a thing; None: nothing."""
_FILES: tuple[tuple[Layer, Role], ...] = (
    ("user", "user-rules"),
    ("project", "project-rules"),
    ("fabric", "fabric"),
    ("rules", "own-rules"),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """A value, the layer that it comes from, and where it stands there: file and line, or a key."""

    value: Any
    layer: Layer
    where: str


@dataclass(frozen=True)
class Config:
    """What holds: for the cloth by key all that was said, the last of which wins; the book of rules; and the files, by
    layer, in their order. ``layer_of`` tells the layer of a rule."""

    cloth: Mapping[str, tuple[Setting, ...]]
    book: RuleBook
    files: tuple[tuple[Layer, str], ...]
    rule_layers: tuple[Layer, ...]

    def __getitem__(self, key: str) -> Any:
        """The value that holds for a key of the cloth."""
        return self.setting(key).value

    def setting(self, key: str) -> Setting:
        """What holds for a key of the cloth."""
        return self.cloth[key][-1]

    def with_setting(self, key: str, setting: Setting) -> Config:
        """The same with one thing more said for a key of the cloth."""
        return replace(self, cloth={**self.cloth, key: (*self.cloth[key], setting)})

    def layer_of(self, rule: Rule) -> Layer:
        """The layer that a rule of the book comes from."""
        return next(layer for each, layer in zip(self.book.rules, self.rule_layers, strict=True) if each is rule)


def config_of(wanted: Wanted, files: Sequence[SourceFile]) -> Config:
    """All that is said of a nest; InputError for the first thing in one of its files that cannot be understood."""
    cloth = {key: [Setting(value, "built in", "built in")] for key, value in BUILT_IN.items()}
    rules: list[tuple[Layer, Rule]] = []
    for layer, role in _FILES:
        for file in of_role(files, role):
            found = read_layer(file)
            rules += [(layer, rule) for rule in found.rules]
            for key, said in found.cloth.items():
                cloth[key].append(Setting(said.value, layer, said.where))
    for file in of_role(files, "order"):
        rules += [("order", rule) for rule in order_rules(file.data, where=file.path)]
    asked: Layer = "options" if wanted.words.options else "order"
    for text in wanted.rule_texts:
        told = parse_rule(text)
        rules += [(asked, rule) for rule in told.rules]
        for key, said in told.cloth.items():
            cloth[key].append(Setting(said.value, asked, said.where))
    for key, value in _asked(wanted).items():
        cloth[key].append(Setting(value, asked, wanted.place(key)))
    default = PieceRules(tilt_deg=cloth["tilt"][-1].value)
    return Config(
        cloth={key: tuple(settings) for key, settings in cloth.items()},
        book=RuleBook(tuple(rule for _, rule in rules), default),
        files=tuple((layer, file.given) for layer, role in _FILES for file in of_role(files, role)),
        rule_layers=tuple(layer for layer, _ in rules),
    )


def read_layer(file: SourceFile) -> RulesFile:
    """A rules file, or a fabric file, which has no rules of pieces; InputError where it cannot be understood."""
    if file.role == "fabric":
        return RulesFile(parse_fabric(file.data, file.given), ())
    return parse_rules(file.data, file.given)


def _asked(wanted: Wanted) -> Mapping[str, Any]:
    files = {"fabric": wanted.fabric, "rolls": wanted.rolls}
    named = {key: path for key, path in files.items() if path is not None}
    return named | both_selvedges({key: value for key, value in wanted.cloth.items() if value is not None})


def layer_files(files: Iterable[SourceFile]) -> list[SourceFile]:
    """The rules and fabric files among these, in the order of their layers."""
    listed = list(files)
    return [file for _, role in _FILES for file in of_role(listed, role)]
