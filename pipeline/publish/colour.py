"""How far apart two colours are for readers of full sight and for colour-blind ones, and how they stand on a ground.

Sight without one kind of cone: Machado, Oliveira and Fernandes (2009), IEEE TVCG 15(6), severity 1.0, on linear RGB.
Difference: CIEDE2000 (Sharma, Wu and Dalal 2005, Color Research and Application 30(1)). Contrast: WCAG 2.1.
"""

import numpy as np
from matplotlib.colors import to_rgba

Colour = tuple[float, float, float]
SIGHTS = {
    "full sight": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE: Colour = (1.0, 1.0, 1.0)


def on_ground(colour: object, alpha: float | None = None, ground: Colour = WHITE) -> Colour:
    """The colour as it is seen when it lets the ground shine through."""
    red, green, blue, own = to_rgba(colour)  # type: ignore[arg-type]
    share = own if alpha is None else alpha
    mixed = (share * part + (1 - share) * under for part, under in zip((red, green, blue), ground, strict=True))
    return tuple(mixed)  # type: ignore[return-value]


def contrast(first: Colour, second: Colour = WHITE) -> float:
    """Contrast ratio of WCAG 2.1: 1 for the same colour, 21 for black on white."""
    low, high = sorted(float(TO_XYZ[1] @ _linear(colour)) for colour in (first, second))
    return (high + 0.05) / (low + 0.05)


def difference(first: Colour, second: Colour, sight: str = "full sight") -> float:
    """CIEDE2000 difference of two colours for a reader of one of ``SIGHTS``; 1 to 2 is just noticeable."""
    return ciede2000(*(_lab(SIGHTS[sight] @ _linear(colour)) for colour in (first, second)))


def smallest_difference(first: Colour, second: Colour) -> tuple[float, str]:
    """The difference for the reader who sees the least of it, and what that reader's sight is."""
    return min((difference(first, second, sight), sight) for sight in SIGHTS)


def _linear(colour: Colour) -> np.ndarray:
    """sRGB without its gamma."""
    channels = np.asarray(colour, dtype=float)
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def _lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* under D65."""
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / TO_XYZ.sum(axis=1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(first: np.ndarray, second: np.ndarray) -> float:
    """Difference of two colours in CIE L*a*b*, with all weights one."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean_chroma**7 / (mean_chroma**7 + 25.0**7))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a * stretch)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    t = 1 - 0.17 * _cos(hue - 30) + 0.24 * _cos(2 * hue) + 0.32 * _cos(3 * hue + 6) - 0.20 * _cos(4 * hue - 63)
    s_light = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_chroma, s_hue = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    spin = 60 * np.exp(-(((hue - 275) / 25) ** 2))
    rotation = -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(np.radians(spin))
    parts = ((l2 - l1) / s_light, (c2 - c1) / s_chroma, d_hue / s_hue)
    return float(np.sqrt(sum(part**2 for part in parts) + rotation * parts[1] * parts[2]))


def _cos(degrees: float) -> float:
    return float(np.cos(np.radians(degrees)))
