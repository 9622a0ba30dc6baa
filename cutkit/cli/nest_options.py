"""What ``nest`` and ``estimate`` share: the options that say what is ordered, of which pieces, on which cloth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import LENGTH, F, layer_options

if TYPE_CHECKING:
    from cutkit.prepare.prepare import Prepared
    from cutkit.prepare.wanted import Wanted


CLOTH_OPTIONS = (
    "width",
    "selvedge",
    "margin_start",
    "margin_end",
    "gap",
    "max_length",
    "span",
    "nap",
    "spread",
    "face",
)
"""The options that are keys of a fabric file, too; and ``--tilt``."""


def job_options(command: F) -> F:
    """What is ordered, of which pieces, on which cloth: the options that ``wanted_of`` reads."""
    for option in reversed(
        (
            click.option(
                "--width", type=LENGTH, help="The fabric's width, selvedges included (150cm, 60in). Not for JSON."
            ),
            click.option(
                "--order", metavar="S=1,M=2|FILE.csv", help="Garments per size; without it one of the sample size."
            ),
            click.option("--units", type=click.Choice(["mm", "cm", "in"]), help="The unit of the pattern files."),
            click.option(
                "--rul", metavar="FILE", help="The grade rule table; found beside the DXF where it has its name."
            ),
            layer_options,
            click.option("--fabric", metavar="FILE|NAME", help="The cloth: a TOML file, or one of the folder fabrics."),
            click.option(
                "--rules",
                multiple=True,
                metavar="FILE",
                help="Rules of styles, categories and pieces (TOML), besides the user's and the project's; as often"
                " as wanted.",
            ),
            click.option(
                "--rule",
                multiple=True,
                metavar="KEY=VALUE",
                help='One rule, as in a file: piece."COLLAR*".tilt="1deg"; as often as wanted.',
            ),
            click.option("--material", metavar="NAME", help="Only the pieces of this material."),
            click.option(
                "--selvedge", type=LENGTH, help="Unusable edge on either side of the fabric; none if not given."
            ),
            click.option("--margin-start", type=LENGTH, help="Cloth before the first piece that stays empty."),
            click.option("--margin-end", type=LENGTH, help="Cloth behind the last piece that stays empty."),
            click.option("--gap", type=LENGTH, help="Least distance between two pieces; none if not given."),
            click.option(
                "--tilt",
                "tilt_deg",
                type=click.FloatRange(0, 180),
                metavar="DEG",
                help="How far pieces may be turned off their grain, in degrees; 180: freely. Not at all if not given.",
            ),
            click.option(
                "--nap",
                type=click.Choice(["two-way", "one-way", "per-bundle"]),
                help="Whether pieces may lie upside down: each (if not given), none, or whole garments.",
            ),
            click.option(
                "--spread",
                type=click.Choice(["face-up", "face-to-face", "folded", "tubular"]),
                help="How the cloth lies: open and face up (if not given), plies in pairs face to face, folded to half"
                " its width, or a tube.",
            ),
            click.option(
                "--face/--no-face", default=None, help="Whether the cloth has a right side; it has if not given."
            ),
            click.option(
                "--order-plies",
                type=click.IntRange(1, 10_000),
                metavar="N",
                help="The order is for so many plies together: the marker holds its part of it.",
            ),
            click.option(
                "--sets",
                type=click.Choice(["full", "half"]),
                help="Face to face: whole garments in the marker (if not given), or halves that two plies complete.",
            ),
            click.option(
                "--remainder", is_flag=True, help="Garments that the plies leave over get a marker of their own."
            ),
        )
    ):
        command = option(command)
    return command


def prepared(inputs: tuple[str, ...], options: dict[str, Any]) -> Prepared:
    """What ``job_options`` ask for, ready to be nested; what does not go together is a UsageError."""
    from cutkit.prepare.finding import read_sources
    from cutkit.prepare.prepare import Preparer

    wanted = wanted_of(inputs, options)
    return Preparer().prepare(wanted, read_sources(wanted))


def wanted_of(inputs: tuple[str, ...], options: dict[str, Any]) -> Wanted:
    """What ``job_options`` ask for."""
    from cutkit.formats.orders import is_order_path
    from cutkit.prepare.wanted import OPTIONS, Wanted

    order = options["order"]
    is_table = order is not None and is_order_path(order)
    return Wanted(
        words=OPTIONS,
        patterns=inputs,
        order=None if is_table else order,
        order_path=order.strip() if is_table else None,
        start=options.get("start"),
        locks=options.get("lock", ()),
        material=options["material"],
        units=options["units"],
        rul=options["rul"],
        cut_layer=options["cut_layer"],
        mark_layer=options["mark_layer"],
        ignore_layer=options["ignore_layer"],
        fabric=options["fabric"],
        rules=options["rules"],
        rolls=options.get("rolls"),
        rule_texts=options["rule"],
        cloth={key: options.get(key) for key in CLOTH_OPTIONS} | {"tilt": options["tilt_deg"]},
        order_plies=options["order_plies"],
        sets=options["sets"],
        remainder=options["remainder"],
    )
