"""The jobs of a run as JUnit XML, which schedulers and CI servers read."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from cutkit.batch.store import JobRow
from cutkit.formats.jobs import JobFault

_NEVER_IN_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF])


def junit_xml(jobs: Sequence[JobRow], faults: Sequence[JobFault]) -> str:
    """A test case for every job: failed ones as failures, undone ones as skipped, refused ones as errors."""
    suite = ElementTree.Element("testsuite", name="cutkit batch")
    failures = skipped = 0
    for job in jobs:
        case = ElementTree.SubElement(
            suite, "testcase", classname=_text(job.source), name=_text(job.name), time=f"{job.spent_s:.3f}"
        )
        if job.state == "failed":
            failures += 1
            first = job.message.splitlines()[0] if job.message else "failed"
            failure = ElementTree.SubElement(case, "failure", message=_text(first), type=f"exit {job.exit_code}")
            failure.text = _text(job.message)
        elif job.state != "done":
            skipped += 1
            ElementTree.SubElement(case, "skipped", message=job.state)
        else:
            lines = [f"{m['path']}: {100 * m['efficiency']:.2f} %, {m['length_mm'] / 1000:.3f} m" for m in job.markers]
            ElementTree.SubElement(case, "system-out").text = _text("\n".join(lines))
    for fault in faults:
        case = ElementTree.SubElement(
            suite, "testcase", classname=_text(fault.file), name=_text(fault.job or fault.file)
        )
        ElementTree.SubElement(case, "error", message=_text(str(fault)), type="exit 3")
    counts = {"tests": len(jobs) + len(faults), "failures": failures, "errors": len(faults), "skipped": skipped}
    for key, value in counts.items():
        suite.set(key, str(value))
    suite.set("time", f"{sum(job.spent_s for job in jobs):.3f}")
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suite, encoding="unicode") + "\n"


def _text(value: str) -> str:
    """Text without the characters that XML cannot hold."""
    return value.translate(_NEVER_IN_XML)
