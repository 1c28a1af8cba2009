"""Drawn stand-ins for medical images: one module a modality, one function a kind of image.

They only look like their modality, well enough to show what a corruption does to it. They were
drawn by eye, from no patient, and have no diagnostic meaning. Every function takes a
`numpy.random.Generator` and gives a uint8 array of 224 x 224 (grey) or 224 x 224 x 3 (RGB).
"""
