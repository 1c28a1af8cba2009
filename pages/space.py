"""A site as a static Space on the Hub."""

from pathlib import Path

from huggingface_hub import HfApi, get_token

from medmnist_c.builder.errors import PublishError
from medmnist_c.builder.files import absolute
from medmnist_c.builder.retry import RetryPolicy
from medmnist_c.pages.write import site_files
from medmnist_c.publishing.hub.client import HubClient, quiet_clients
from medmnist_c.publishing.hub.repository import check_name

_TYPE = "space"


def push_folder(
    folder: str | Path, repo: str, *, private: bool = False, token: str | None = None
) -> str:
    """Put a site into a static Space, made if it is not there; returns the Space's address.

    Files of an earlier site that this one has not are deleted in the same commit.

    Args:
        folder: that `write_site` has written.
        repo: "USER/NAME".
        private: make the Space private, if it is made.
        token: by default the environment's, or that of the login.

    Raises:
        SiteError: the folder is no whole site.
        PublishError: the name is none, there is no token, or the Hub refuses.
    """
    check_name(repo)
    files = site_files(folder)
    if not (token or get_token()):
        raise PublishError(
            "There is no token for the Hub; log in with `hf auth login`, set HF_TOKEN, or give --token."
        )
    api = HfApi(token=token)
    client = HubClient(repo, token or get_token(), RetryPolicy(), lambda sentence: None)
    with quiet_clients():
        made = client.call(
            "make the Space",
            lambda: api.create_repo(
                repo, repo_type=_TYPE, space_sdk="static", private=private or None, exist_ok=True
            ),
        )
        client.call(
            "write the files",
            lambda: api.upload_folder(
                repo_id=repo,
                repo_type=_TYPE,
                folder_path=absolute(folder),
                allow_patterns=files,
                delete_patterns="*",
                commit_message="The site",
            ),
        )
    return str(made)
