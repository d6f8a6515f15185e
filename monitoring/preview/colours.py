"""Grafana's dark theme: its names of colours, and the order in which lines take them."""

CANVAS, PANEL, EDGE = "#111217", "#181b1f", "#25282d"
TEXT, DIM, GRID = "#ccccdc", "#8e8e9a", "#2c2f35"

_SHADES = ("dark-", "semi-dark-", "", "light-", "super-light-")
_HUES = {
    "red": ("#C4162A", "#E02F44", "#F2495C", "#FF7383", "#FFA6B0"),
    "orange": ("#FA6400", "#FF780A", "#FF9830", "#FFB357", "#FFCB7D"),
    "yellow": ("#E0B400", "#F2CC0C", "#FADE2A", "#FFEE52", "#FFF899"),
    "green": ("#37872D", "#56A64B", "#73BF69", "#96D98D", "#C8F2C2"),
    "blue": ("#1F60C4", "#3274D9", "#5794F2", "#8AB8FF", "#C0D8FF"),
    "purple": ("#8F3BB8", "#A352CC", "#B877D9", "#CA95E5", "#DEB6F2"),
}
NAMED = {
    **{shade + hue: colour for hue, colours in _HUES.items() for shade, colour in zip(_SHADES, colours, strict=True)},
    "text": TEXT,
    "white": "#ffffff",
    "black": "#000000",
    "gray": "#8e8e8e",
    "grey": "#8e8e8e",
    "transparent": PANEL,
}
CLASSIC = (
    *("#73BF69", "#F2CC0C", "#8AB8FF", "#FF780A", "#F2495C", "#5794F2", "#B877D9", "#705DA0"),
    *("#37872D", "#FADE2A", "#447EBC", "#C15C17", "#890F02", "#0A437C", "#6D1F62", "#584477"),
)


def colour(name: str) -> str:
    """The colour of a name, or what is one already."""
    return NAMED.get(name, name if name.startswith("#") else TEXT)
