"""What was measured, as text, as Markdown and as plots."""

import json
import math
import re
import statistics

HEAD = """# How fast it is

Measured by `script/bench --write`, all programs of a part by turns. Medians of several runs, and from the slowest to the fastest of
them. Machines differ, and others use this one, too: take ratios, and another machine's from a run there.

## The bars

{bars}
"""

COLORS = ["#1f5fa8", "#6f9fd8", "#c0504d", "#e09a97", "#9b8f4f", "#5a8f5a", "#7a5f9a", "#888888"]


def rounded(value):
    """Six digits tell all that a run does."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    return value


def as_json(results):
    text = json.dumps(rounded(results), indent=1) + "\n"
    return re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), text)


# Bars: one with a negative number is to be kept below.


def reached(value, bar):
    return value >= bar if bar >= 0 else value <= -bar


def bar_lines(found, part):
    for text, value, bar in part.bars(found):
        yield f"{text}: {value:.3g} (bar: {abs(bar):g})", reached(value, bar)


def part_text(part, found):
    """For a terminal: the same tables, which are text, too."""
    lines = [f"# {part.TITLE}"]
    for name, text in part.tables(found):
        lines += ["", name, text.rstrip("\n")]
    missed = [line for line, good in bar_lines(found, part) if not good]
    return "\n".join([*lines, "", *(f"missed: {line}" for line in missed)])


def machine_text(part):
    machine = part["machine"]
    return (f"{machine['processor']}, {machine['cores']} cores; " + ", ".join(f"{name} {version}" for name, version in
            machine["versions"].items()) + f"; {part['runs']} run{'' if part['runs'] == 1 else 's'}")


def markdown(kept, parts):
    lines = []
    body = []
    for name, part in kept["parts"].items():
        module = parts[name]
        for line, good in bar_lines(part["cases"], module):
            lines.append(f"- {'reached' if good else '**missed**'}: {name}, {line}")
        body += [f"\n## {module.TITLE}\n", module.TEXT, f"{machine_text(part)}.\n"]
        body += [f"![{module.TITLE}]({image})\n" for image in IMAGES.get(name, [])]
        for case, text in module.tables(part["cases"]):
            body += [f"### {case}\n", text]
    return HEAD.format(bars="\n".join(lines)) + "\n".join(body)


# Plots

IMAGES = {"components": ["components.svg"], "runner": ["runner.svg"], "growth": ["growth.svg"]}


def decades(least, most):
    return [10**power for power in range(round(math.log10(least)), round(math.log10(most)) + 1)]


def frame(width, height, parts):
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" font-family="sans-serif" '
                      'font-size="11">', '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>"]) + "\n"


def scale(least, most, from_, to):
    low, high = math.log10(least), math.log10(most)
    return lambda value: from_ + (to - from_) * min(max((math.log10(max(value, 1e-12)) - low) / (high - low), 0), 1)


def plot_bars(cases, least, most):
    """Rates on a logarithmic scale, a group for each case."""
    names = list(dict.fromkeys(name for found in cases.values() for name in found))
    bar, gap, height, left, top = 14, 24, 260, 80, 30
    width = left + len(cases) * (len(names) * bar + gap) + 20
    y = scale(least, most, top + height, top)
    parts = [f'<text x="{left}" y="16">tuples a second</text>']
    for value in decades(least, most):
        parts.append(f'<line x1="{left}" x2="{width - 10}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>'
                     f'<text x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,}</text>')
    for i, (case, found) in enumerate(cases.items()):
        start = left + i * (len(names) * bar + gap) + gap / 2
        for k, name in enumerate(names):
            if name in found:
                at = y(statistics.median(found[name]["rates"]))
                parts.append(f'<rect x="{start + k * bar:.1f}" y="{at:.1f}" width="{bar - 2}" height="{top + height - at:.1f}" '
                             f'fill="{COLORS[k % len(COLORS)]}"/>')
        parts.append(f'<text x="{start + len(names) * bar / 2:.1f}" y="{top + height + 16}" text-anchor="middle">{case}</text>')
    for k, name in enumerate(names):
        at = top + height + 36 + 18 * k
        parts.append(f'<rect x="{left}" y="{at}" width="12" height="12" fill="{COLORS[k % len(COLORS)]}"/>'
                     f'<text x="{left + 18}" y="{at + 10}">{name}</text>')
    return frame(width, top + height + 60 + 18 * len(names), parts)


def plot_growth(cases):
    """A small plot for each case, both scales logarithmic."""
    width, height, left, top = 230, 160, 60, 30
    parts = []
    for i, (case, points) in enumerate(cases.items()):
        places = {int(point): statistics.median(entry["micros"]) for point, entry in points.items()}
        least = 10 ** math.floor(math.log10(min(places.values())))
        most = 10 ** math.ceil(math.log10(max(max(places.values()), least * 10)))
        x0, y0 = left + (i % 3) * (width + left + 20), top + (i // 3) * (height + 70)
        x, y = scale(min(places), max(places), x0, x0 + width), scale(least, most, y0 + height, y0)
        parts.append(f'<text x="{x0}" y="{y0 - 10}">microseconds a tuple, by {case}</text>')
        for value in (10**power for power in range(round(math.log10(least)), round(math.log10(most)) + 1)):
            parts.append(f'<line x1="{x0}" x2="{x0 + width}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>'
                         f'<text x="{x0 - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
        parts += [f'<text x="{x(point):.1f}" y="{y0 + height + 16}" text-anchor="middle">{point:,}</text>'
                  for point in (min(places), max(places))]
        line = " ".join(f"{x(point):.1f},{y(value):.1f}" for point, value in places.items())
        parts.append(f'<polyline points="{line}" fill="none" stroke="{COLORS[0]}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(point):.1f}" cy="{y(value):.1f}" r="3" fill="{COLORS[0]}"/>' for point, value in places.items()]
    rows = (len(cases) + 2) // 3
    return frame(3 * (width + left + 20) + 20, top + rows * (height + 70), parts)


def plots(kept):
    found = {name: part["cases"] for name, part in kept["parts"].items()}
    made = {}
    if "components" in found:
        made["components.svg"] = plot_bars(found["components"], 10_000, 20_000_000)
    if "runner" in found:
        made["runner.svg"] = plot_bars(found["runner"], 1_000, 10_000_000)
    if "growth" in found:
        made["growth.svg"] = plot_growth(found["growth"])
    return made
