"""The site as a Space, and scores that the Hub states, with the stand-in for the Hub."""

import json

import pytest
from hub.by_hand import add, commit
from hub.process import Hub, running_hub
from huggingface_hub import HfApi, constants

from medmnist_c.builder.errors import PublishError
from medmnist_c.pages.errors import SiteError
from medmnist_c.pages.explorer.gallery import sample_gallery
from medmnist_c.pages.leaderboard.hub import stated_scores
from medmnist_c.pages.space import push_folder
from medmnist_c.pages.write import Site, site_files, write_site

SPACE = "someone/board"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with running_hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(autouse=True)
def aimed(hub: Hub, monkeypatch) -> None:
    for name, value in (("ENDPOINT", hub.url), ("HF_HUB_DISABLE_XET", True)):
        monkeypatch.setattr(constants, name, value)
    monkeypatch.setattr("huggingface_hub.hf_api.ENDPOINT", hub.url, raising=False)


def files(hub: Hub) -> set[str]:
    return set(hub.repository(SPACE, repo_type="space")["files"])


def test_the_space_holds_the_site_and_nothing_older(hub, tmp_path):
    write_site(Site(gallery=sample_gallery(("breastmnist",))), tmp_path / "a", tmp_path)
    address = push_folder(tmp_path / "a", SPACE, token=hub.token)
    assert address == f"{hub.url}/spaces/{SPACE}"
    assert files(hub) == {*site_files(tmp_path / "a"), ".gitattributes"}
    (tmp_path / "a/private.txt").write_text("not of the site")
    write_site(Site(gallery=sample_gallery(("octmnist",))), tmp_path / "a", tmp_path)
    push_folder(tmp_path / "a", SPACE, token=hub.token)
    assert files(hub) == {*site_files(tmp_path / "a"), ".gitattributes"}
    assert "images/breastmnist/0/clean.webp" not in files(hub)
    before = len(hub.repository(SPACE, repo_type="space")["commits"])
    push_folder(tmp_path / "a", SPACE, token=hub.token)
    assert len(hub.repository(SPACE, repo_type="space")["commits"]) == before


def test_who_may_not_write_is_told(hub, tmp_path):
    write_site(Site(gallery=sample_gallery(())), tmp_path / "a", tmp_path)
    with pytest.raises(
        PublishError, match="Cannot make the Space of someone/other: this token may only read"
    ):
        push_folder(tmp_path / "a", "someone/other", token=hub.read_token)
    with pytest.raises(PublishError, match="no token"):
        push_folder(tmp_path / "a", "someone/other")


def test_what_the_hub_states(hub):
    api = HfApi(hub.url, hub.token)
    api.create_repo("someone/medmnist_c", repo_type="dataset")
    with pytest.raises(SiteError, match="Cannot read the Hub's leaderboard of someone/medmnist_c"):
        stated_scores("someone/medmnist_c", hub.token)
    row = {"rank": 1, "modelId": "them/model", "value": 0.5, "filename": "x", "verified": True}
    row |= {"author": {"type": "user", "name": "them"}, "notes": "<b>bold</b>"}
    bad = row | {"modelId": "javascript:alert(1)//x/y", "verified": "yes"}
    rows = json.dumps([row, bad]).encode()
    commit(api, "someone/medmnist_c", add("leaderboard.json", rows))
    good, hostile = stated_scores("someone/medmnist_c", hub.token)
    assert (good.url, good.value, good.verified) == (f"{hub.url}/them/model", 0.5, True)
    assert hostile.url is None and not hostile.verified and good.notes == "<b>bold</b>"
