"""Zero-shot classification: a model of images and text is asked which caption fits.

`prompts.json` holds the captions as versioned data; the weights of the classes are made of them once.
"""
