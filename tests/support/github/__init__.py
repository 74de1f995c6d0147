"""A scripted GitHub: a stateful server on loopback that answers as the real one does, with real git
repositories underneath. Standard library and git alone.

    with GitHub() as gh:
        gh.user("alice")
        shop = gh.repository("alice/shop", files={"a.py": "x = 1\\n"})
        bot = gh.token("bot", kind="fine-grained", permissions={"contents": "write", ...})
        ... run the program with GITHUB_API_URL=gh.api_url and GITHUB_TOKEN=bot ...
        shop.person_merges(1, "alice")
        gh.assert_no_duplicates()

Where things are: web.py the server, its log and its faults; api.py routing, tokens, permissions,
pages; shapes.py what answers look like; on_*.py the calls themselves; disk.py the git repositories;
smart_http.py clone and push; state.py what is remembered; people.py what persons and CI do;
hooks.py webhooks; checks.py the asserts; keys.py the signatures of apps.
"""
from .people import GitHub
from .web import FAULTS

__all__ = ["GitHub", "FAULTS"]
