"""A small line plot as SVG."""

from __future__ import annotations

from pathlib import Path

Line = tuple[str, list[tuple[float, float]], float]  # title of the x axis, points, a level to compare with


def draw(file: Path, panels: list[Line], *, level: str) -> None:
    """Panels side by side: points in CPU seconds, the least-squares line through them, and the level, dashed."""
    parts = [_panel(panel, 20 + 380 * number, level) for number, panel in enumerate(panels)]
    size = f'viewBox="0 0 {380 * len(panels) + 20} 300" font-family="sans-serif" font-size="12"'
    file.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n' + "\n".join(parts) + "\n</svg>\n", encoding="utf-8"
    )


def fit(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Constant and slope of the least-squares line."""
    n, mx, my = len(points), sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
    slope = sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)
    assert n > 1
    return my - slope * mx, slope


def _panel(panel: Line, left: int, level: str) -> str:
    title, points, load = panel
    wide, high = max(x for x, _ in points), max([load, *(y for _, y in points)]) * 1.1

    def at(x: float, y: float) -> str:
        return f"{left + 40 + 300 * x / wide:.1f},{250 - 220 * y / high:.1f}"

    constant, slope = fit(points)
    marks = "".join('<circle cx="{}" cy="{}" r="3.5" fill="#1f6feb"/>'.format(*at(x, y).split(",")) for x, y in points)
    (x0, y0), (x1, y1) = at(0, 0).split(","), at(wide, high).split(",")
    ticks = "".join(
        f'<text x="{at(x, 0).split(",")[0]}" y="266" text-anchor="middle">{x:g}</text>' for x, _ in points
    ) + "".join(
        f'<text x="{float(x0) - 6}" y="{float(at(0, y).split(",")[1]) + 4}" text-anchor="end">{y:.0f}</text>'
        for y in (0, high / 2.2, high / 1.1)
    )
    return (
        f'<path d="M{x0},{y1} L{x0},{y0} L{x1},{y0}" fill="none" stroke="#666"/>'
        f'<polyline points="{at(0, max(0, constant))} {at(wide, constant + slope * wide)}" '
        'fill="none" stroke="#1f6feb"/>'
        f'<polyline points="{at(0, load)} {at(wide, load)}" stroke="#999" stroke-dasharray="4 4"/>'
        f'<text x="{x1}" y="{float(at(0, load).split(",")[1]) - 5}" text-anchor="end" fill="#666">{level}</text>'
        f'{marks}{ticks}<text x="{left + 190}" y="288" text-anchor="middle">{title}</text>'
        f'<text x="{x0}" y="18">CPU seconds</text>'
    )
