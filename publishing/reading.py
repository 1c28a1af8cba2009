"""What lies in a dataset repository on the Hub at one revision."""

from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.errors import RevisionNotFoundError
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from medmnist_c.builder.errors import PublishError
from medmnist_c.publishing import manifest as manifests
from medmnist_c.publishing.plan import RemoteFile, State

REPO_TYPE = "dataset"


def read_state(api: HfApi, name: str, revision: str) -> State:
    """Files and manifest of a repository at the head of a branch or pull request.

    Raises:
        PublishError: there is no such revision, or the manifest is none.
        Errors of the client, to be sorted by `failures`.
    """
    try:
        head = api.repo_info(name, repo_type=REPO_TYPE, revision=revision).sha
    except RevisionNotFoundError:
        raise PublishError(
            f"{name} has no revision {revision!r}; make the branch first, or leave --revision out."
        ) from None
    rows = api.list_repo_tree(name, recursive=True, revision=head, repo_type=REPO_TYPE)
    files = {
        row.path: RemoteFile(row.size, row.lfs and row.lfs.sha256, row.blob_id)
        for row in rows
        if hasattr(row, "blob_id")  # a file, not a folder
    }
    manifest = _read_manifest(api, name, head) if manifests.PATH in files else manifests.Manifest()
    return State(head, files, manifest)


def _read_manifest(api: HfApi, name: str, head: str) -> manifests.Manifest:
    url = hf_hub_url(
        name, manifests.PATH, repo_type=REPO_TYPE, revision=head, endpoint=api.endpoint
    )
    answer = get_session().get(url, headers=build_hf_headers(token=api.token))
    hf_raise_for_status(answer)
    try:
        return manifests.from_bytes(answer.content)
    except ValueError as error:
        raise PublishError(
            f"{manifests.PATH} of {name} cannot be read ({error}); restore it from the repository's "
            "history, or delete it there to have all test sets looked at anew."
        ) from None
