"""The eighteen corruptions as functions of images, the benchmark's table, the random streams."""

_OLDEST_OPENCV = (4, 10)

try:
    import cv2
except ImportError as error:
    raise ImportError(
        f"medmnist_c needs OpenCV, 4.10 or later, which cannot be imported ({error}); "
        "pip install opencv-python-headless, or any other package of it, such as opencv-python."
    ) from error
if tuple(map(int, cv2.__version__.split(".")[:2])) < _OLDEST_OPENCV:
    raise ImportError(
        f"medmnist_c needs OpenCV 4.10 or later, this is {cv2.__version__}; update the package of it "
        "that you have (opencv-python-headless, opencv-python, ...)."
    )
