"""What was measured, as Markdown and as a plot."""

import math
import statistics

HEAD = """# How fast it is

Measured by `script/bench --write` on one machine, all programs by turns: {processor}, {cores} cores, Python {python},
{peers}. Medians of {runs} runs, and from the slowest to the fastest of them; take other machines' ratios from a run there.

## One component on a recorded stream

A handshake and tuples from a file, the answers to `/dev/null`; the start of each program is taken off. *limit* is
`bench/limit.c`, which only finds frames and copies text. Bars: echo and split at least 30 times pystorm with JSON, the others 15
times; all within 3 times of the limit.

![tuples a second, by case and program](components.svg)
"""

COLORS = ["#1f5fa8", "#6f9fd8", "#c0504d", "#e09a97", "#9b8f4f", "#888888"]


def median(entry):
    return statistics.median(entry["rates"])


def table(case, found):
    peer, limit = median(found["pystorm, JSON"]), found.get("limit")
    lines = [f"\n### {case}\n", "| | tuples/s | from | to | times pystorm | limit is faster | CPU s/million | MB |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for name, entry in found.items():
        rate = median(entry)
        lines.append(f"| {name} | {rate:,.0f} | {min(entry['rates']):,.0f} | {max(entry['rates']):,.0f} | {rate / peer:.1f} | "
                     + (f"{median(limit) / rate:.1f}" if limit else "")
                     + f" | {statistics.median(entry['cpu']):.2f} | {statistics.median(entry['memory']) / 1e6:.1f} |")
    return "\n".join(lines) + "\n"


def missed(cases):
    """What the bars of HEAD have not been reached by."""
    for case, found in cases.items():
        rate = median(found["cstorm, JSON"])
        ratio, bar = rate / median(found["pystorm, JSON"]), 30 if case in ("echo", "split") else 15
        if ratio < bar:
            yield f"{case} is {ratio:.1f} times pystorm, not {bar}"
        if "limit" in found and median(found["limit"]) > 3 * rate:
            yield f"the limit of {case} is {median(found['limit']) / rate:.1f} times faster, not 3"


def markdown(results):
    machine = results["machine"]
    runs = len(next(iter(next(iter(results["cases"].values())).values()))["rates"])
    return HEAD.format(**{**machine, "peers": ", ".join(machine["peers"]), "runs": runs}) + "\nMissed: " + (
        "; ".join(missed(results["cases"])) or "none") + ".\n" + "".join(
        table(case, found) for case, found in results["cases"].items())


def plot(results):
    """Bars on a logarithmic scale, a group for each case."""
    cases = results["cases"]
    names = list(dict.fromkeys(name for found in cases.values() for name in found))
    bar, gap, height, left, top = 16, 24, 260, 70, 30
    least, most = 10_000, 10_000_000
    width = left + len(cases) * (len(names) * bar + gap) + 20

    def y(rate):
        share = (math.log10(rate) - math.log10(least)) / (math.log10(most) - math.log10(least))
        return top + height * (1 - min(max(share, 0), 1))

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top + height + 60 + 18 * len(names)}" '
             'font-family="sans-serif" font-size="11">', '<rect width="100%" height="100%" fill="white"/>',
             f'<text x="{left}" y="16">tuples a second</text>']
    for power in (10_000, 100_000, 1_000_000, 10_000_000):
        parts.append(f'<line x1="{left}" x2="{width - 10}" y1="{y(power):.1f}" y2="{y(power):.1f}" stroke="#ddd"/>'
                     f'<text x="{left - 6}" y="{y(power) + 4:.1f}" text-anchor="end">{power:,}</text>')
    for i, (case, found) in enumerate(cases.items()):
        start = left + i * (len(names) * bar + gap) + gap / 2
        for k, name in enumerate(names):
            if name in found:
                at = y(median(found[name]))
                parts.append(f'<rect x="{start + k * bar:.1f}" y="{at:.1f}" width="{bar - 2}" height="{top + height - at:.1f}" '
                             f'fill="{COLORS[k % len(COLORS)]}"/>')
        parts.append(f'<text x="{start + len(names) * bar / 2:.1f}" y="{top + height + 16}" text-anchor="middle">{case}</text>')
    for k, name in enumerate(names):
        at = top + height + 36 + 18 * k
        parts.append(f'<rect x="{left}" y="{at}" width="12" height="12" fill="{COLORS[k % len(COLORS)]}"/>'
                     f'<text x="{left + 18}" y="{at + 10}">{name}</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"
