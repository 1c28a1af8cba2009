"""What one commit does to a repository."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from medmnist_c.publishing.plan import RemoteFile, git_blob


@dataclass
class Changes:
    """What a commit is to do: files sent ahead and small ones, by path, and paths to delete."""

    sent: dict[str, CommitOperationAdd] = field(default_factory=dict)
    small: dict[str, bytes] = field(default_factory=dict)
    delete: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.sent or self.small or self.delete)

    def operations(self) -> list[CommitOperationAdd | CommitOperationDelete]:
        small = [CommitOperationAdd(path, content) for path, content in self.small.items()]
        return [*self.sent.values(), *small, *map(CommitOperationDelete, self.delete)]

    def applied_to(self, files: Mapping[str, RemoteFile]) -> dict[str, RemoteFile]:
        result = {path: file for path, file in files.items() if path not in self.delete}
        for path, one in self.sent.items():
            result[path] = RemoteFile(one.upload_info.size, one.upload_info.sha256.hex())
        for path, content in self.small.items():
            # Whether it became a large file shows when the files are next listed.
            result[path] = RemoteFile(len(content), None, git_blob(content))
        return result
