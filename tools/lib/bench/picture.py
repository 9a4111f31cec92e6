"""Results as a picture (SVG): fork time against threads, and lock cost by kind."""

import html
import math
import re

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 460, 340, 64, 48, 110
COLOURS = {"bare": "#888888", "shim": "#1565c0"}


def text(x, y, what, anchor="middle", turn=0, size=12):
    turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{turned}>'
            f"{html.escape(what)}</text>")


def line(points, colour, width=1):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


class Panel:
    def __init__(self, left, title, top, unit):
        self.left, self.top = left + LEFT, top
        self.right, self.floor = left + WIDTH - 12, HEIGHT - BOTTOM
        self.parts = [text((self.left + self.right) / 2, 22, title, size=14)]
        for side, x in (("bare", self.left + 12), ("shim", self.left + 72)):
            self.parts.append(f'<rect x="{x}" y="30" width="10" height="10" fill="{COLOURS[side]}"/>')
            self.parts.append(text(x + 14, 39, side, "start"))
        for value in ticks(top):
            y = self.y(value)
            self.parts.append(line([(self.left, y), (self.right, y)], "#dddddd"))
            self.parts.append(text(self.left - 6, y + 4, f"{value:g} {unit}", "end"))

    def y(self, value):
        return self.floor - (self.floor - TOP) * value / self.top


def ticks(top):
    step = 10 ** math.floor(math.log10(top))
    for fine in (1, 0.5, 0.2):
        if top / (step * fine) >= 4:
            break
    return [i * step * fine for i in range(int(top / (step * fine) + 1e-9) + 1)]


def forks(results, left):
    rows = sorted((int(re.search(r"[0-9]+", r["what"]).group()), r) for r in results)
    panel = Panel(left, "fork + wait, by idle threads", 1.1 * max(median(r, s) for _, r in rows for s in COLOURS), "us")
    def x(threads):
        return panel.left + 14 + (panel.right - panel.left - 40) * math.log2(1 + threads) / math.log2(1 + rows[-1][0] or 2)
    for side, colour in COLOURS.items():
        points = [(x(threads), panel.y(median(r, side))) for threads, r in rows]
        panel.parts.append(line(points, colour, 2))
        panel.parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>' for px, py in points]
    panel.parts += [text(x(threads), panel.floor + 16, str(threads)) for threads, _ in rows]
    return panel.parts


def locks(results, left):
    panel = Panel(left, "lock + unlock, uncontended", 1.1 * max(median(r, s) for r in results for s in COLOURS), "ns")
    step = (panel.right - panel.left) / len(results)
    for number, r in enumerate(results):
        middle = panel.left + step * (number + 0.5)
        for side, shift in (("bare", -0.36), ("shim", 0.02)):
            y = panel.y(median(r, side))
            panel.parts.append(f'<rect x="{middle + shift * step:.1f}" y="{y:.1f}" width="{0.34 * step:.1f}" '
                               f'height="{panel.floor - y:.1f}" fill="{COLOURS[side]}"/>')
        panel.parts.append(text(middle + 4, panel.floor + 12, r["what"], "end", -40, 10))
    return panel.parts


def median(result, side):
    scale = 1e3 if result["unit"] == "us" else 1
    return result[side]["median"] / scale


def draw(results):
    """None if the rows that it shows were not measured."""
    measured = [r for r in results if "bare" in r]
    panels = [(forks, [r for r in measured if r["row"] == "S5"]),
              (locks, [r for r in measured if r["row"] in ("S1", "S2", "S3")])]
    panels = [(panel, shown) for panel, shown in panels if shown]
    if not panels:
        return None
    parts = [part for number, (panel, shown) in enumerate(panels) for part in panel(shown, number * WIDTH)]
    width = len(panels) * WIDTH
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" '
                      f'font-family="sans-serif"><rect width="{width}" height="{HEIGHT}" fill="white"/>',
                      *parts, "</svg>", ""])
