"""What a story must hold, asked of the log and of what is there in the end."""
import collections
import json


class Checks:
    """Part of GitHub."""

    def requests(self, method=None, path=None, kind=None):
        """Entries of the log; path: a part of it."""
        return [e for e in self.log if (method in (None, e.method)) and (path is None or path in e.path)
                and kind in (None, e.kind)]

    def writes(self):
        """Requests that change something, and were answered so or not at all."""
        return [e for e in self.log if e.is_write and (e.status is None or e.status < 300)]

    def duplicates(self):
        """What is there more than once and should not be: (what, count) pairs."""
        seen = collections.Counter()
        for repo in self.repos.values():
            for issue in repo.issues.values():
                if issue.pull and issue.state == "open":
                    seen[("open pull request", repo.full_name, issue.login, issue.title)] += 1
                elif not issue.pull and issue.state == "open":
                    seen[("open issue", repo.full_name, issue.login, issue.title)] += 1
                for comment in issue.comments:
                    if self.users[comment.login].type == "Bot" or comment.login in self.bots:
                        seen[("comment", repo.full_name, issue.number, comment.login, comment.body)] += 1
                for review in issue.pull.reviews if issue.pull else ():
                    if self.users[review.login].type == "Bot" or review.login in self.bots:
                        seen[("review", repo.full_name, issue.number, review.login, review.body, review.commit_id)] += 1
            for check in repo.checks:
                if check.app is not None or check.login == "github-actions[bot]":
                    seen[("check run", repo.full_name, check.head_sha, check.login, check.name)] += 1
                    for note in check.annotations:
                        seen[("annotation", repo.full_name, check.id, json.dumps(note, sort_keys=True))] += 1
        return [(what, count) for what, count in seen.items() if count > 1]

    def assert_no_duplicates(self):
        assert not self.duplicates(), self.duplicates()

    def assert_writes_serialised(self, gap=0.0):
        """No write began before the one before it had ended, and gap seconds lay between them."""
        writes = [e for e in self.writes() if e.ended and e.kind in ("api", "graphql")]
        for before, after in zip(writes, writes[1:]):
            assert after.started >= before.ended + gap - 0.02, f"{after} came {after.started - before.ended:.3f} s after {before}"

    def assert_never_approves(self, *logins):
        """Nobody of these (all who are no persons) approved or merged anything."""
        logins = logins or [u.login for u in self.users.values() if u.type == "Bot" or u.login in self.bots]
        for entry in self.log:
            sent = entry.json if entry.kind == "api" and entry.is_write else None
            assert not (isinstance(sent, dict) and sent.get("event") == "APPROVE" and entry.login in logins), str(entry)
            assert not (entry.method == "PUT" and entry.path.endswith("/merge") and entry.login in logins), str(entry)

    def assert_no_token_elsewhere(self):
        """No token came to another host than the API's, nor stood anywhere but in the header for it."""
        assert not self.leaks, [str(e) for e in self.leaks]
        for entry in self.log:
            rest = entry.path + "?" + entry.query
            rest += json.dumps({k: v for k, v in entry.headers.items() if k != "authorization"})
            for token in self.tokens:
                assert token not in rest and token.encode() not in entry.body, f"a token in {entry}"

    def assert_no_force_push_of_others(self, prefix="selfheal/"):
        """Branches of persons only ever moved forward."""
        for move in self.moves:
            if move["forced"] and self.users[move["login"]].type == "Bot" and not move["branch"].startswith(prefix):
                raise AssertionError(f"force push: {move}")

    def assert_sound(self, gap=0.0):
        """All of the above, and that nothing broke in here."""
        self.assert_no_duplicates()
        self.assert_writes_serialised(gap)
        self.assert_never_approves()
        self.assert_no_token_elsewhere()
        self.assert_no_force_push_of_others()
        assert not self.crashes, self.crashes[0]
