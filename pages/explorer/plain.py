"""What the explorer's program reads: images, parameters and words, as plain data."""

from medmnist_c.corruptions.meanings import meanings
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES, Corruption
from medmnist_c.evaluation.report.baseline import alexnet, is_stable
from medmnist_c.pages.explorer.gallery import Gallery


def plain_gallery(gallery: Gallery) -> dict:
    """Datasets of a gallery by name, and what `load_dataset` takes beside a configuration."""
    names = list(dict.fromkeys(one.dataset for one in gallery.shown))
    source = gallery.source
    given = [f"seed={source.seed}"] * (source.seed is not None)
    given += [f"data_dir={str(source.data_dir)!r}"] * (source.data_dir is not None)
    return {
        "extension": gallery.extension,
        "arguments": "".join(f", {one}" for one in given),
        "datasets": {name: _dataset(name, gallery) for name in names},
    }


def _dataset(name: str, gallery: Gallery) -> dict:
    words = meanings().datasets[name]
    return {
        "title": words.title,
        "modality": words.modality,
        "shows": words.shows,
        "images": [
            {"folder": one.folder, "index": one.index, "caption": one.caption}
            for one in gallery.shown
            if one.dataset == name
        ],
        "corruptions": {
            corruption: _corruption(name, one) for corruption, one in CORRUPTIONS[name].items()
        },
    }


def _corruption(dataset: str, one: Corruption) -> dict:
    words = meanings().corruptions[one.name]
    return {
        "title": words.title,
        "group": one.group,
        "what": words.what,
        "clinic": words.in_the_clinic(meanings().datasets[dataset].modality),
        "parameters": list(words.parameters),
        "values": [list(one.parameters_in_words(severity)) for severity in SEVERITIES],
        "stable": is_stable(alexnet().drop(dataset, one.name, SEVERITIES)),
    }
