"""The words on corruptions: of all that there are, and of nothing else."""

from medmnist_c.corruptions.meanings import meanings
from medmnist_c.corruptions.table import CORRUPTIONS


def test_words_are_those_of_the_benchmark():
    told = meanings()
    assert set(told.datasets) == set(CORRUPTIONS)
    entries = [one for of_dataset in CORRUPTIONS.values() for one in of_dataset.values()]
    assert set(told.corruptions) == {one.name for one in entries}
    assert set(told.groups) == {one.group for one in entries}


def test_each_parameter_is_named():
    for of_dataset in CORRUPTIONS.values():
        for one in of_dataset.values():
            words = meanings().corruptions[one.name].parameters
            assert len(words) == len(one.algorithm.parameters) == len(one.parameters_in_words(1))
            assert ", ".join(one.parameters_in_words(3)) == one.algorithm.describe(
                one.parameters(3)
            )


def test_clinical_words_are_of_modalities_that_have_the_corruption():
    modality = {name: one.modality for name, one in meanings().datasets.items()}
    for name, words in meanings().corruptions.items():
        having = {modality[dataset] for dataset, every in CORRUPTIONS.items() if name in every}
        assert set(words.clinic) - {""} <= having, name
        assert all(words.in_the_clinic(one) for one in having)
