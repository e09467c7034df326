"""docs/model-card.md, written from the measured figures."""

from typing import Any

from models.manifest import Manifest

TEMPLATE = """# Model card: {name}

Written by `python -m training.evaluate`; do not edit. Revision `{revision}`, {megabytes:.1f} MB, licence {license}.

One multilingual transformer (12 layers, 384 wide, mean pooling, at most {max_tokens} tokens per window) with four
heads. Customer messages get `sentiment`, `state` and `signals`, agent messages get `steps`.
Base model: {base_model}.
How it was trained, on what and why that may be used: [training/README.md](../training/README.md).

## Real messages
{dev_messages} public messages in English, German and Dutch, annotated by language models that followed a
written guide, and never trained on. They were used to choose between recipes and for the thresholds of signals, steps
and review, so the figures flatter the model a little: expect less on texts that no choice was made on. Intervals:
95 %, bootstrap over messages.

{dev}

### State and sentiment by language and source
{slices}

### Precision and recall per label
{labels}

## Written messages
The validation split of the written conversations ({written_messages} messages; whole conversations, one in eight).
Easier than real messages: same authors as the training split.

{written}

UMSAB validation tweets, sentiment macro-F1: {tweets}.

## Confidence and review
`confidence` is the probability that the least certain decision on the message is right: the chosen label's
probability for sentiment and state; p for each given and 1 - p for each withheld signal or step; the least of these.
Each head has a temperature, fitted on the validation split. Expected calibration error on real messages: {ece}.

`needs_review` is set below {review}: {flagged} of the real messages are flagged, and {caught} of the messages with
any error are among them. {wrong} of all messages have an error in some label; among the unflagged {left}.

## Shipped file against the trained checkpoint
Weights are stored as int8 with a scale per output (embeddings and matrices) and float16 (the rest), and computed in
float32.

{shipped}

Bit-identical probabilities on 320 messages: {invariance}.

## Speed
Measured while some eight other processes computed on the same two cores: a floor, not what an idle machine does, and no
statement on how threads scale.

{speed}

## Language detection
Where the export names no language, `py3langid` restricted to nine languages decides. On the real messages:
{languages}. Libraries compared once, on the
unnormalised texts and without the rules for short ones (share right, texts per second on a shared machine):

| library | candidates | right | en | de | nl | texts/s |
| --- | --- | --- | --- | --- | --- | --- |
| py3langid 0.4.0 | en de nl | 99.7 % | 99.6 % | 99.7 % | 100 % | 4,019 |
| py3langid 0.4.0 | 9 languages | 99.6 % | 99.5 % | 99.7 % | 100 % | 971 |
| lingua 2.1.1, high accuracy | en de nl | 98.8 % | 98.2 % | 99.5 % | 100 % | 1,165 |
| lingua 2.1.1, high accuracy | 9 languages | 98.3 % | 97.5 % | 99.2 % | 100 % | 456 |
| lingua 2.1.1, low accuracy | 9 languages | 95.3 % | 92.9 % | 98.4 % | 100 % | 753 |

The machine was busy to a varying degree, so read the speeds as an order of magnitude. lingua also weighs 96 MB
against 4.5 MB.

## Limits
- Other languages than English, German and Dutch are scored, but nothing is promised for them.
- The most frequent errors in `state` on real messages, counted for revision dcd53967280d: uncertainty read as
  neutral (139 of 492), neutral as uncertainty (83 of 538, of which 53 German small talk and news about
  the railway), amazement as neutral (79 of 209, of which 32 Dutch restaurant reviews), uncertainty as
  amazement (39 of 492, of which 23 disappointed Dutch book reviews).
- Signals are weak: half of those it gives on real messages are right. Do not read single ones; count many.
- `needs_review` finds few errors: most wrong messages are confidently wrong.
- Each message is read alone: "ok" after a promise and "ok" after a refusal get the same label.
- Texts over {max_tokens} tokens are split: sentiment is the mean over windows by tokens, the state's last window
  weighs as much as all before it, signals and steps count if any window shows them.
"""


def render_card(results: dict[str, Any], manifest: Manifest) -> str:
    """Return the card as Markdown."""
    dev, written, shipped = results["dev"], results["validation"], results["shipped"]
    review = dev["review"]
    return TEMPLATE.format(
        **{key: getattr(manifest, key) for key in ("name", "revision", "license", "max_tokens", "base_model")},
        megabytes=shipped["bytes"] / 1e6,
        dev_messages=_count(dev),
        written_messages=_count(written),
        dev=_heads(dev["heads"]),
        written=_heads(written["heads"]),
        slices=_slices(dev["heads"]),
        labels=_labels(dev["heads"]),
        tweets=", ".join(
            f"{name.removeprefix('lang ')} {part['macro_f1']:.3f}"
            for name, part in results["umsab_validation"].items()
            if name.startswith("lang")
        ),
        ece=", ".join(f"{name} {parts['all']['ece']:.3f}" for name, parts in dev["heads"].items()),
        review=", ".join(f"{value:.2f} for {role} messages" for role, value in manifest.review_thresholds.items()),
        flagged=_percent(review["flagged_share"]),
        caught=_percent(review["errors_caught_share"]),
        wrong=_percent(review["wrong_share"]),
        left=_percent(review["wrong_share_of_unflagged"]),
        shipped=_table(
            ("head", "checkpoint, float32", "shipped", "loss"),
            [
                (name, *(f"{head[key]:.4f}" for key in ("checkpoint", "shipped", "loss")))
                for name, head in shipped["heads"].items()
            ],
        ),
        invariance=", ".join(
            f"{name.replace('_', ' ')}: {'yes' if same else 'NO'}" for name, same in shipped["bit_identical"].items()
        ),
        speed=_table(
            ("threads", "messages/s", "padding"),
            [(s["threads"], s["messages_per_second"], _percent(s["padding_share"])) for s in results["speed"]],
        ),
        languages=", ".join(
            f"{name} {value}" if name == "undetected" else f"{name} {_percent(value)}"
            for name, value in results["languages"].items()
        ),
    )


def _count(measured: dict[str, Any]) -> int:
    return measured["heads"]["state"]["all"]["messages"] + measured["heads"]["steps"]["all"]["messages"]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _interval(part: dict[str, Any]) -> str:
    low, high = part["macro_f1_interval"]
    return f"{part['macro_f1']:.3f} ({low:.3f} to {high:.3f})"


def _heads(heads: dict[str, Any]) -> str:
    rows = [(n, h["all"]["messages"], _interval(h["all"]), f"{h['all']['micro_f1']:.3f}") for n, h in heads.items()]
    return _table(("head", "messages", "macro-F1", "micro-F1"), rows)


def _slices(heads: dict[str, Any]) -> str:
    rows = [
        (name, part["messages"], _interval(heads["state"][name]), _interval(heads["sentiment"][name]))
        for name, part in heads["state"].items()
        if name != "all"
    ]
    return _table(("slice", "messages", "state macro-F1", "sentiment macro-F1"), rows)


def _labels(heads: dict[str, Any]) -> str:
    rows = [
        (name, label, f"{f['precision']:.2f}", f"{f['recall']:.2f}", f"{f['f1']:.2f}", f["support"])
        for name, parts in heads.items()
        for label, f in parts["all"]["labels"].items()
    ]
    return _table(("head", "label", "precision", "recall", "F1", "examples"), rows)


def _table(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
