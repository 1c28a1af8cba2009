"""A stand-in for all tests of a module, and stock clients set up for it."""

import itertools

import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.utils import disable_progress_bars

from hub.by_hand import PART
from hub.process import running_hub

disable_progress_bars()
_numbers = itertools.count()


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    root = tmp_path_factory.mktemp("hub")
    with running_hub(root, page_size=3, part_size=PART, card_limit=5000, regular_limit=4000) as hub:
        yield hub


@pytest.fixture
def api(hub, monkeypatch, tmp_path):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    hub.mend()
    hub.forget_requests()
    return HfApi(hub.url, hub.token)


@pytest.fixture
def repo(hub, api, request):
    """A data set repository of this test alone."""
    name = f"someone/{request.function.__name__}-{next(_numbers)}"
    api.create_repo(name, repo_type="dataset")
    hub.forget_requests()
    return name


@pytest.fixture
def xet(api, monkeypatch):
    pytest.importorskip("hf_xet")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
