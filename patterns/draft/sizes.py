"""Body measurements, in millimetres, by size. These tables are the ones to change and redraft.

The figures are this project's own, in even steps around an average body of each group; they follow no published chart.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Body:
    """The body a size is drafted for. ``scye_mm``: nape to the armpits' level; ``rise_mm``: waist to seat."""

    size: str
    chest_mm: float
    waist_mm: float
    hip_mm: float
    neck_mm: float
    back_width_mm: float
    nape_to_waist_mm: float
    scye_mm: float
    arm_mm: float
    upper_arm_mm: float
    wrist_mm: float
    rise_mm: float
    inside_leg_mm: float
    head_mm: float


_COLUMNS = (
    "chest_mm waist_mm hip_mm neck_mm back_width_mm nape_to_waist_mm "
    "scye_mm arm_mm upper_arm_mm wrist_mm rise_mm inside_leg_mm head_mm"
)

_MEN = """
XS      860   720   900   365   372   430   224   622   284   162   252   800   560
S       920   780   950   380   384   436   231   631   302   167   258   805   568
M       980   840  1000   395   396   442   238   640   320   172   264   810   576
L      1040   900  1050   410   408   448   245   649   338   177   270   815   584
XL     1100   965  1100   425   420   454   252   658   356   182   276   820   592
XXL    1160  1030  1150   440   432   460   259   667   374   187   282   825   600
3XL    1220  1095  1200   455   444   466   266   676   392   192   288   830   608
"""

_MEN_BY_WAIST = """
28      880   711   900   370   376   432   226   625   290   164   246   805   562
30      920   762   940   380   384   436   231   631   302   167   250   808   568
32      960   813   980   390   392   440   236   637   314   170   254   811   573
34     1000   864  1020   400   400   444   241   643   326   174   258   814   579
36     1040   914  1060   410   408   448   245   649   338   177   262   817   584
38     1080   965  1100   420   416   452   250   655   350   180   266   820   589
40     1120  1016  1140   430   424   456   255   661   362   184   270   823   595
"""

_WOMEN = """
34      800   640   860   335   328   404   198   588   260   152   262   770   545
36      840   680   900   345   338   408   203   592   270   155   266   772   550
38      880   720   940   355   348   412   208   596   280   158   270   774   555
40      920   760   980   365   358   416   213   600   292   161   274   776   560
42      960   800  1020   375   368   420   218   604   304   164   278   778   565
44     1000   845  1060   385   378   424   223   608   318   167   282   780   570
46     1050   900  1110   397   391   428   229   612   334   171   287   782   575
"""


def _table(text: str) -> dict[str, Body]:
    names = _COLUMNS.split()
    rows = [row.split() for row in text.strip().splitlines()]
    return {row[0]: Body(row[0], **dict(zip(names, map(float, row[1:]), strict=True))) for row in rows}


MEN = _table(_MEN)
MEN_BY_WAIST = _table(_MEN_BY_WAIST)
WOMEN = _table(_WOMEN)
