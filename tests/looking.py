"""What a picture that came over HTTP shows."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def opened(answer: Any) -> Image.Image:
    """The picture in an answer; its type is what the headers say."""
    assert answer.status_code == 200, answer.text
    image = Image.open(io.BytesIO(answer.content))
    assert answer.headers["content-type"] == image.get_format_mimetype()
    return image


def pixels(answer: Any) -> NDArray[Any]:
    """(height, width) or (height, width, channels)."""
    return np.asarray(opened(answer))
