"""How much personal data redaction finds, how often it is wrong, and how fast it is.

Run it as
    python -m benchmarks.measure_redaction --conversations 'training/conversations/*.jsonl' \
        --presidio synth_dataset_v2.json --tweets twcs.csv
It writes benchmarks/results/redaction.json and the figures in docs/redaction.md.

A finding is right when at least half of it is personal data of its kind; personal data is found when 80 %
of its characters are behind a tag of its kind, and masked when they are behind any tag. Titles ("Mrs") are
not counted as part of a name.
Rules were first written while looking at the development half of the conversations only; docs/redaction.md
tells what the held-out half said then, and what was changed after.
"""

import argparse
import csv
import glob
import hashlib
import json
import os
import platform
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from statsmodels.stats.proportion import proportion_confint

from schemas.personal_data import TAGS
from transforms.redact_text import Finding, find_personal_data, redact_text

RESULTS = Path(__file__).parent / "results" / "redaction.json"
DOCS = Path(__file__).parents[1] / "docs" / "redaction.md"
BEGIN, END = "<!-- figures begin -->", "<!-- figures end -->"
OUR_NAMES = {"BSN_OR_TAX_ID": "TAX_ID"}
# Microsoft's kinds that we have too. A finding on one of the others is not counted: no kind of ours is
# meant by it.
PRESIDIO_NAMES = {
    "EMAIL_ADDRESS": "EMAIL", "PHONE_NUMBER": "PHONE", "IBAN_CODE": "IBAN", "CREDIT_CARD": "CARD",
    "US_SSN": "TAX_ID", "STREET_ADDRESS": "ADDRESS", "PERSON": "PERSON",
}  # fmt: skip
UNCOUNTED = "OTHER"
_TITLES = re.compile(r"^(?:(?:Mrs?|Ms|Dr|Herr|Frau|Captain|Drs|mr|dr|Mevr)\.? )+")


@dataclass(frozen=True)
class Text:
    """One text with its personal data, as (start, end, kind)."""

    lang: str
    text: str
    truth: frozenset[tuple[int, int, str]]
    half: str = "all"


@dataclass
class Score:
    """Counts of one kind in one language."""

    there: int = 0
    found: int = 0
    masked: int = 0
    findings: int = 0
    right: int = 0
    missed: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Counts, shares and the 95 % Wilson interval of the recall."""
        low, high = proportion_confint(self.found, self.there, method="wilson") if self.there else (None, None)
        return {
            **asdict(self),
            "recall": self.found / self.there if self.there else None,
            "recall_interval": [low, high],
            "masked_share": self.masked / self.there if self.there else None,
            "precision": self.right / self.findings if self.findings else None,
        }


def read_conversations(pattern: str) -> Iterator[Text]:
    """Read the project's conversations; a conversation's half is drawn by its id."""
    for path in sorted(glob.glob(pattern)):
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            talk = json.loads(line)
            half = "held_out" if hashlib.sha256(talk["id"].encode()).digest()[0] % 2 else "development"
            for message in talk["messages"]:
                yield Text(talk["lang"], message["text"], frozenset(_places(message)), half)


def _places(message: dict[str, Any]) -> Iterator[tuple[int, int, str]]:
    for kind, value in message.get("pii") or ():
        if kind == "PERSON":
            value = _TITLES.sub("", value) or value
        for match in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", str(message["text"])):
            yield *match.span(), OUR_NAMES.get(kind, kind)


def read_presidio(path: str) -> Iterator[Text]:
    """Read Microsoft's synthetic English texts."""
    for row in json.loads(Path(path).read_text(encoding="utf-8")):
        spans = [
            (span["start_position"], span["end_position"], PRESIDIO_NAMES.get(span["entity_type"], UNCOUNTED))
            for span in row["spans"]
        ]
        yield Text("en", row["full_text"], frozenset(spans))


def find_until_stable(text: str) -> list[Finding]:
    """Find what `redact_text` redacts, in the places of the original text."""
    origin, found = list(range(len(text))), []
    while findings := find_personal_data(text):
        found += [Finding(origin[one.start], origin[one.end - 1] + 1, one.kind) for one in findings]
        for one in reversed(findings):
            tag = TAGS[one.kind]
            text = text[: one.start] + tag + text[one.end :]
            origin[one.start : one.end] = [origin[one.start]] * len(tag)
    return found


def score(texts: Iterable[Text]) -> dict[str, dict[str, dict[str, Any]]]:
    """Score each kind in each language."""
    scores: dict[tuple[str, str], Score] = defaultdict(Score)
    for text in texts:
        findings = find_until_stable(text.text)
        _score_truth(text, findings, scores)
        _score_findings(text, findings, scores)
    kinds = sorted({kind for kind, _ in scores} - {UNCOUNTED})
    langs = sorted({lang for _, lang in scores})
    return {kind: {lang: scores[kind, lang].figures() for lang in langs} for kind in kinds}


def _score_truth(text: Text, findings: list[Finding], scores: dict[tuple[str, str], Score]) -> None:
    for start, end, kind in sorted(text.truth):
        one = scores[kind, text.lang]
        one.there += 1
        one.found += _covered(start, end, [finding for finding in findings if finding.kind == kind]) >= 0.8
        is_masked = _covered(start, end, findings) >= 0.8
        one.masked += is_masked
        if not is_masked:
            one.missed.append(text.text[start:end])


def _score_findings(text: Text, findings: list[Finding], scores: dict[tuple[str, str], Score]) -> None:
    for finding in findings:
        overlaps = {kind: 0 for _, _, kind in text.truth}
        for start, end, kind in text.truth:
            overlaps[kind] += max(0, min(end, finding.end) - max(start, finding.start))
        half = (finding.end - finding.start) / 2
        if overlaps.get(finding.kind, 0) < half and overlaps.get(UNCOUNTED, 0) >= half:
            continue
        scores[finding.kind, text.lang].findings += 1
        scores[finding.kind, text.lang].right += overlaps.get(finding.kind, 0) >= half


def _covered(start: int, end: int, findings: list[Finding]) -> float:
    return sum(max(0, min(end, one.end) - max(start, one.start)) for one in findings) / (end - start)


def measure_speed(texts: list[str], least: int = 30_000) -> dict[str, float]:
    """Messages per second of processor time, one thread: with hints, and with every rule on every text."""
    batch = pa.record_batch({"text": pa.array(texts * -(-least // len(texts)), pa.string())})
    redact_text(batch.slice(0, 100))
    hinted = min(_seconds(lambda: redact_text(batch)) for _ in range(3)) / len(batch)
    sample = texts[:2000]
    plain = _seconds(lambda: [find_personal_data(text) for text in sample]) / len(sample)
    return {"messages_per_second": 1 / hinted, "messages_per_second_without_hints": 1 / plain}


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def as_table(scores: dict[str, dict[str, dict[str, Any]]]) -> str:
    """Lay the scores out as a table in Markdown."""
    lines = [
        "| kind | language | there | recall | 95 % interval | masked by any tag | findings | precision |",
        "| --- | --- | ---: | ---: | --- | ---: | ---: | ---: |",
    ]
    for kind, langs in scores.items():
        for lang, one in langs.items():
            low, high = one["recall_interval"]
            interval = f"{low:.2f} to {high:.2f}" if low is not None else ""
            shares = [
                f"{one[name]:.3f}" if one[name] is not None else "" for name in ("recall", "masked_share", "precision")
            ]
            lines.append(
                f"| {kind} | {lang} | {one['there']} | {shares[0]} | {interval} | {shares[1]} "
                f"| {one['findings']} | {shares[2]} |"
            )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", default="training/conversations/*.jsonl")
    parser.add_argument("--presidio", help="synth_dataset_v2.json of microsoft/presidio-research")
    parser.add_argument("--tweets", help="CSV with a column `text`")
    options = parser.parse_args()
    talks = list(read_conversations(options.conversations))
    groups = {half: score(one for one in talks if one.half == half) for half in ("held_out", "development")}
    groups["all"] = score(talks)
    if options.presidio:
        groups["presidio"] = score(read_presidio(options.presidio))
        for one in (one for langs in groups["presidio"].values() for one in langs.values()):
            del one["missed"]  # the data set is not ours to publish
    speeds = {"conversations": measure_speed([one.text for one in talks])}
    if options.tweets:
        with Path(options.tweets).open(newline="", encoding="utf-8") as file:
            speeds["tweets"] = measure_speed([row["text"] for row in csv.DictReader(file) if row["text"]])
    machine = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
    machine |= {"python": platform.python_version(), "pyarrow": pa.__version__}
    report = {"date": date.today().isoformat(), "machine": machine, "speeds": speeds, "scores": groups}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_docs(groups, speeds)


HEADINGS = {
    "held_out": "Conversations, held-out half",
    "development": "Conversations, development half",
    "all": "Conversations, both halves",
    "presidio": "Presidio's synthetic texts (English)",
}


def write_docs(groups: dict[str, dict[str, dict[str, dict[str, Any]]]], speeds: dict[str, dict[str, float]]) -> None:
    """Put the figures between the two marks of docs/redaction.md."""
    parts = [f"### {HEADINGS[name]}\n\n{as_table(scores)}" for name, scores in groups.items()]
    rows = [
        f"| {name} | {one['messages_per_second']:,.0f} | {one['messages_per_second_without_hints']:,.0f} |"
        for name, one in speeds.items()
    ]
    speed = [
        "### Speed: messages per second of processor time, one thread",
        "",
        "| texts | messages/s | without hints |",
        "| --- | ---: | ---: |",
        *rows,
    ]
    before, _, rest = DOCS.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    figures = "\n\n".join([BEGIN, *parts, "\n".join(speed), END])
    DOCS.write_text(before + figures + after, encoding="utf-8")


if __name__ == "__main__":
    main()
