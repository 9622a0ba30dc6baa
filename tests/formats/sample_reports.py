"""A report of sample markers, for the tests of pages: names that hurt, a flaw, pieces left over, two orders."""

from __future__ import annotations

from dataclasses import replace

from ruled_markers import SPLICES, ruled_marker
from sample_markers import marker_of

from cutkit.formats.report_page import PageAnswer, PageCell, PageColumn, PageItem, PageList, PageTable, ReportPage
from cutkit.model import Defect, Marker, Unplaced
from cutkit.outputs.report_page import report_page
from cutkit.report.balance import Spread
from cutkit.report.summary import Cut, Factor, Summary, Terms, summarize

HOSTILE = "</script><b>\"Ärmel\" & 'co' {{title}}"
DATE = "2026-11-27"
FAILED = PageItem(
    HOSTILE,
    "failed",
    f"a line\n{HOSTILE}",
    "what to do",
    alarm=True,
    facts=(("Due", "in winter"), (HOSTILE, "a fact")),
    danger=f"{HOSTILE} must not be cut",
)


def renamed(marker: Marker, **names: str) -> Marker:
    """The marker with pieces of other names, by their old ones."""
    pieces = tuple(replace(p, name=names.get(p.name, p.name)) for p in marker.pieces)
    return replace(marker, pieces=pieces)


def sample_summary() -> Summary:
    """Three markers of two orders, with everything that a report can tell."""
    plain = marker_of(["S", "M", "M", "L"])
    flawed = marker_of(["M", "L"], defects=(Defect((200.0, 1250.0, 500.0, 1400.0)),))
    left = replace(plain, unplaced=(Unplaced("Cuff-S", 1, "no room in 4 m"),))
    terms = Terms(
        price_per_m=6.5,
        currency="EUR",
        weight_g_m2=140.0,
        co2e=Factor(12.5, "kg/kg", "EPD 1234, 2025 <draft> & notes"),
        water=Factor(0.9, "m3/kg", "the same"),
    )
    spread = Spread(plies=12, end_allowance_mm=40.0, splices=2, splice_mm=50.0, flaws_mm=300.0, remnants_mm=1700.0)
    cuts = [
        Cut(marker=plain, path="week48/shirt-shell.marker.json", order="Shirt 1207", spread=spread, terms=terms),
        Cut(marker=renamed(flawed, Front=HOSTILE), path="a<b>.marker.json", order=HOSTILE, terms=terms),
        Cut(marker=left, path="week48/rest.marker.json", order="Shirt 1207", spread=Spread(plies=3), terms=terms),
    ]
    return summarize([replace(cut, due="2026-12-01", cut_s=754.0) for cut in cuts])


def ruled_page() -> ReportPage:
    """The page of one marker with every rule of cloth."""
    cut = Cut(
        marker=ruled_marker(3), path="rules.marker.json", order="Shirt 1207", spread=Spread(plies=4), terms=Terms()
    )
    page = report_page(summarize([cut]), date=DATE)
    return replace(page, sheets=tuple(replace(sheet, splices=SPLICES[3]) for sheet in page.sheets))


def sample_page() -> ReportPage:
    """The page of ``sample_summary``, with what a night has before it."""
    columns = (PageColumn("Cut"), PageColumn("Program", numeric=False, wraps=True))
    rows = ((PageCell("1", 1.0), PageCell(HOSTILE, anchor="marker-1")), (PageCell("2", 2.0), PageCell("", alarm=True)))
    cut = PageTable("What to cut first", columns, rows, lead=HOSTILE, cards=True)
    failed = FAILED
    first = (
        cut,
        PageList("What failed", (failed, PageItem("b", "queued", "why"))),
        PageTable("None", (), (), lead="-"),
    )
    answers = (
        PageAnswer(
            "Cut first",
            "Shirt 1207",
            (("Due", "2026-12-01"), (HOSTILE, "of 4 m")),
            "Then the rest.",
            (("Next", "2026-12-02"),),
            "marker-1",
        ),
        PageAnswer(
            "Failed",
            "2 jobs",
            ((HOSTILE, "a reason that is too long for the line of its name"),),
            alarm=True,
            items=(FAILED,),
        ),
        PageAnswer("Cloth to issue", "12.34 m in all"),
    )
    return replace(report_page(sample_summary(), date=DATE), first=first, answers=answers)
