"""What runs beside a student's code: it calls the code and reports, and judges nothing."""


def brightened(ns, image, amount):
    """The student's result, and the given image after the call."""
    # What arrives here cannot be written to; a student may expect that an image can.
    image = image.copy()
    return {"result": ns.brighten(image, amount), "image": image}


def pixelated(ns, image, size):
    """The student's result, and the given image after the call."""
    image = image.copy()
    return {"result": ns.pixelate(image, size), "image": image}
