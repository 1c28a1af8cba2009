"""A stand-in for the Hugging Face Hub: a process on 127.0.0.1 that stock clients can publish to.

It speaks what `huggingface_hub`, `datasets` and `hf_xet` put on the wire when HF_ENDPOINT points at
it, keeps repositories on disk, checks every digest and size it is told, refuses what the Hub
refuses and breaks when told to. Tests start it with `hub.process.running_hub`.

Where it differs from the Hub: commits and trees have made-up object ids (a file's are git's own);
LFS content comes from the same origin, without a redirect to a CDN; `.gitignore` is not honoured;
no rate limit unless a fault sets one; `expand` adds nothing to a tree; one account, which may write
everywhere but in `accounts.FOREIGN`.

Uploads by Xet run hf_xet's own code on a local store (see `hub.xet` for what that leaves out);
downloads are plain HTTP, as from a Hub that sends no X-Xet-Hash.
"""
