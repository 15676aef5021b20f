"""Code that uses the answers, for questions about them: see `autograder viva`."""

from autograder.checking import Scenario

SCENARIOS = [
    Scenario(
        "brighten",
        "image = np.array([[[$low, 100, 250]]], dtype=np.uint8)\nbrighter = brighten(image, $amount)\n",
        "brighter.ravel().tolist()",
        {"low": [0, 10], "amount": [0, 5, 10, 100, -20]},
    ),
    Scenario(
        "brighten",
        "image = np.full((2, $width, 3), 200, dtype=np.uint8)\nbrighter = brighten(image, $amount)\n",
        "(brighter.shape, int(brighter.max()), int(image.max()))",
        {"width": [3, 4], "amount": [0, 50, 60]},
    ),
    Scenario(
        "pixelate",
        """\
image = np.zeros(($height, 4, 1), dtype=np.uint8)
image[0, :2] = $bright
squares = pixelate(image, 2)
""",
        "squares[:, :, 0].tolist()",
        {"height": [2], "bright": [0, 100, 200]},
    ),
    Scenario(
        "pixelate",
        "image = np.zeros(($height, 6, 3), dtype=np.uint8)\nsquares = pixelate(image, $size)\n",
        "squares.shape",
        {"height": [6, 12], "size": [1, 2, 3]},
    ),
]
