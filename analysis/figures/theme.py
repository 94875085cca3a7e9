"""How every figure looks, and how a chart becomes an SVG and a PNG file.

Charts are drawn in the light colours below. An SVG keeps them as plain attributes, which every
program can read, under a style sheet in which each colour is also the custom property
`--figure-<name>`. A page may set it, and a stand-alone file sets it itself for readers who prefer
dark colours, so that one file serves both.

Charts are about 480 units wide with letters of 12 to 14, so that they can be read on a telephone;
the view box lets them grow.
"""

import html
import re
import textwrap

import altair as alt
import vl_convert

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
"""vl-convert includes the first of these and measures text with it; the others are as wide."""

VEGA_LITE = "6.4"
PNG_SCALE = 2
CHARACTERS_PER_LINE = 80

# Name of the colour: light, dark. The hues are those of Okabe and Ito, adjusted until marks have a
# contrast of at least 3:1 with the page and any two are 15 units of CIELAB apart for colour-blind
# readers, whose vision the tests of the figures simulate.
COLOURS = {
    "ink": ("#1f2328", "#e8eaed"),
    "muted": ("#59636e", "#a4adb8"),
    "grid": ("#e3e6ea", "#353b43"),
    "shade": ("#eef0f3", "#262b31"),
    "page": ("#ffffff", "#14171a"),
    "blue": ("#0072b2", "#56b4e9"),
    "vermilion": ("#dd670f", "#f89754"),
    "green": ("#279c75", "#43e0b3"),
    "purple": ("#912b83", "#cb84a6"),
    "grey": ("#6b7280", "#bbc6da"),
    "amber": ("#895500", "#f1bb3b"),
    # Classes of the diverging scale, from below the mean to above it.
    "below-3": ("#b2541a", "#e08a4f"),
    "below-2": ("#e09560", "#8f5026"),
    "below-1": ("#f6d9c3", "#5c3b24"),
    "level": ("#f1f1f1", "#33383e"),
    "above-1": ("#c9e0f0", "#1f4258"),
    "above-2": ("#74b2d8", "#286489"),
    "above-3": ("#1b6ca3", "#6db8e6"),
}


def colour(name: str) -> str:
    """The light colour of a name in `COLOURS`."""
    return COLOURS[name][0]


RELATIONS = {
    "finetune": ("blue", "circle"),
    "adapter": ("vermilion", "square"),
    "merge": ("green", "diamond"),
    "quantized": ("grey", "triangle-up"),
    "unknown": ("purple", "cross"),
    "none": ("amber", "triangle-down"),
}
"""Relation: its colour and its shape, which always go together."""

SERIES = (("blue", "circle"), ("vermilion", "square"), ("green", "diamond"), ("purple", "cross"))
"""The same for series other than relations, in their order."""

CONFIGURATION = {
    "aria": False,
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": colour("ink"),
        "titleColor": colour("ink"),
        "labelFontSize": 12,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "gridColor": colour("grid"),
        "domainColor": colour("muted"),
        "tickColor": colour("muted"),
    },
    # Panels above each other start at the same left edge.
    "axisLeft": {"minExtent": 36},
    "header": {
        "labelColor": colour("ink"),
        "titleColor": colour("ink"),
        "labelFontSize": 13,
        "labelFontWeight": "bold",
        "titleFontSize": 13,
    },
    "legend": {
        "labelColor": colour("ink"),
        "titleColor": colour("ink"),
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "orient": "top",
        "symbolSize": 80,
        "labelLimit": 400,
        "columnPadding": 14,
    },
    "title": {
        "anchor": "start",
        "frame": "bounds",
        "color": colour("ink"),
        "subtitleColor": colour("muted"),
        "fontSize": 16,
        "subtitleFontSize": 12,
        "subtitlePadding": 6,
        "offset": 14,
        "lineHeight": 20,
        "subtitleLineHeight": 16,
    },
    "text": {"color": colour("ink"), "fontSize": 12},
    "point": {"filled": True, "opacity": 1},
    "rule": {"color": colour("muted")},
}


def wrapped(text: str, characters: int = CHARACTERS_PER_LINE) -> list[str]:
    """A text in lines that fit the width of a figure; a longer word is broken."""
    return textwrap.wrap(" ".join(text.split()), characters) or [""]


def titled(chart: alt.TopLevelMixin, title: str, subtitle: str) -> alt.TopLevelMixin:
    """A chart with a title and a subtitle, both in lines that fit."""
    return chart.properties(
        title=alt.TitleParams(text=wrapped(title, 56), subtitle=wrapped(subtitle)),
        padding={"left": 4, "right": 8, "top": 6, "bottom": 6},
    )


def specification(chart: alt.TopLevelMixin) -> dict:
    """The Vega-Lite specification of a chart, with this module's configuration."""
    drawn = chart.to_dict()
    return drawn | {"config": CONFIGURATION}


def rendered(chart: alt.TopLevelMixin) -> str:
    """A chart as SVG in light colours, without a background."""
    return vl_convert.vegalite_to_svg(specification(chart), vl_version=VEGA_LITE)


def svg(text: str, name: str, title: str, description: str) -> str:
    """A rendered chart as an SVG file, which scales and adapts to dark pages.

    `name` prefixes the ids within, so that several figures fit on one page; screen readers read
    `title` and `description`.
    """
    text = as_one_image(text)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    head, view_box, body = re.match(r"<svg (.*?)viewBox=\"([^\"]*)\">(.*)", text, re.S).groups()
    kept = " ".join(re.findall(r'xmlns(?::\w+)?="[^"]*"', head))
    described = (
        f'<svg {kept} class="figure" viewBox="{view_box}" role="img" '
        f'aria-labelledby="{name}-title {name}-description" '
        f'style="width:100%;max-width:{round(1.4 * float(view_box.split()[2]))}px;height:auto">'
        f'<title id="{name}-title">{html.escape(title)}</title>'
        f'<desc id="{name}-description">{html.escape(description)}</desc>'
        f"<style>{style_sheet()}</style>"
    )
    return described + body + "\n"


def as_one_image(text: str) -> str:
    """A rendered chart that screen readers take as one image, and not as an image per mark.

    A mark's `description` in the chart becomes its title, which is shown under the pointer.
    """
    said = r' aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="[^"]*"'

    def with_title(found: re.Match) -> str:
        title = html.escape(html.unescape(found[2]), quote=False)
        return f"<path{found[3]}><title>{title}</title></path>"

    text = re.sub(rf'<(path){said}((?: [\w:-]+="[^"]*")*)\s*/>', with_title, text)
    return re.sub(r' (?:role="graphics-[a-z]+"|aria-[a-z]+="[^"]*")', "", text)


BELOW_TITLE = 12
"""The space between the last line of a subtitle and the drawing, less the drawing's margin."""


def untitled(text: str) -> str:
    """The same picture without its title and subtitle, for a page that has them as text.

    The view box is cut above the drawing. A picture without a title stays as it is.
    """
    start = text.rfind('<g class="mark-group role-title">')
    if start < 0 or 'font-size="16px"' not in text[start:]:
        return text
    end = text.index("</g></g>", text.index('<path class="foreground"', start)) + len("</g></g>")
    title = text[start:end]
    last = title.rpartition('class="mark-text role-title-')[2]
    shifts = r"translate\([-\d.]+,([-\d.]+)\)"
    baseline = sum(map(float, re.findall(shifts, last) + re.findall(r'dy="([\d.]+)"', last)))
    root, group = (float(re.search(shifts, part)[1]) for part in (text, title))
    cut = max(0.0, root + group + baseline + BELOW_TITLE)
    left, top, width, height = map(float, re.search(r'viewBox="([^"]*)"', text)[1].split())
    box = f'viewBox="{left:g} {top + cut:g} {width:g} {height - cut:g}"'
    return re.sub(r'viewBox="[^"]*"', box, text[:start] + text[end:], count=1)


def png(text: str) -> bytes:
    """A rendered chart as PNG on white, for papers and previews."""
    page = f'<rect width="100%" height="100%" fill="{colour("page")}"/>'
    return vl_convert.svg_to_png(text.replace(">", f">{page}", 1), scale=PNG_SCALE)


def style_sheet() -> str:
    """The rules that turn each light colour of an SVG into a custom property."""
    rules = [
        f"svg.figure [{attribute}='{light}']{{{attribute}:var(--figure-{name},{light})}}"
        for name, (light, _) in COLOURS.items()
        for attribute in ("fill", "stroke")
    ]
    dark = "".join(f"--figure-{name}:{colour};" for name, (_, colour) in COLOURS.items())
    # The figure is the root only in a file of its own; within a page, the page decides.
    alone = f"svg.figure:root{{{dark}background:var(--figure-page)}}"
    sheet = "".join(rules) + f"@media (prefers-color-scheme:dark){{{alone}}}"
    # Programs without custom properties skip all this and use the plain attributes.
    return f"@supports (fill:var(--figure-ink)){{{sheet}}}"
