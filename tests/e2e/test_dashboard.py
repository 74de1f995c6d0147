"""The dashboard issue that pr keeps: opened once, changed when there is news, and left alone."""
import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from stories import GREEN, WHEN, World, make_bundle  # noqa: E402

FOLDER = tempfile.TemporaryDirectory()
RED_BUNDLE = os.path.join(FOLDER.name, "red.json")
GREEN_BUNDLE = os.path.join(FOLDER.name, "green.json")


def setUpModule():
    make_bundle(RED_BUNDLE)
    make_bundle(GREEN_BUNDLE, {"stats.py": GREEN})


class Case(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.__exit__)
        self.shop, self.gh = self.world.shop, self.world.gh

    def pr(self, operation, path=RED_BUNDLE, **env):
        """One run; the writes to issues that it made beside pull requests."""
        before = len(self.gh.log)
        run = self.world.pr(path, **{"SELFHEAL_PUBLISH_DASHBOARD": "true", **env})
        self.assertEqual(run.code, 0, str(run))
        self.assertNotIn("dashboard", run.err)
        pulls = run.json["pull_requests"]
        self.assertEqual(pulls[0]["operation"] if pulls else None, operation, str(run))
        return [e for e in self.gh.log[before:] if e.is_write and e.path.endswith("/issues") or
                e.method == "PATCH" and self.dashboards() and e.path.endswith(f"/issues/{self.dashboards()[0].number}")]

    def dashboards(self):
        return [i for i in self.shop.issues.values() if not i.pull]

    def body(self):
        [issue] = self.dashboards()
        return issue.body

    def test_opened_once(self):
        self.assertEqual(len(self.pr("created")), 1)
        [issue] = self.dashboards()
        self.assertEqual((issue.title, issue.labels), ("selfheal dashboard", ["self-healing"]))
        self.assertIn("### Open pull requests\n\n- #1 ", issue.body)
        self.assertEqual(issue.body.count("- [ ]"), 2)
        self.assertEqual(self.pr("kept"), [])
        self.assertEqual(self.dashboards(), [issue])
        self.gh.assert_sound()

    def test_updated(self):
        self.pr("created")
        self.shop.person_closes("alice", 1)
        self.assertEqual(len(self.pr("none")), 1)
        self.assertNotIn("### Open pull requests", self.body())
        self.assertIn("### Passed over", self.body())
        self.assertEqual(self.pr("none"), [])
        self.gh.assert_sound()

    def test_base_green(self):
        self.pr("created")
        self.shop.person_pushes("bob", {"stats.py": GREEN}, when=WHEN)
        self.pr("closed", GREEN_BUNDLE)
        self.assertIn("Nothing is open", self.body())
        self.assertEqual(len(self.dashboards()), 1)

    def tick(self, word):
        issue = self.dashboards()[0]
        self.assertIn(f"- [ ] {word}", issue.body)
        self.shop.person_edits_body("alice", issue.number, issue.body.replace(f"- [ ] {word}", f"- [x] {word}"))

    def test_retry_lifts_a_refusal(self):
        self.pr("created")
        self.shop.person_closes("alice", 1)
        self.pr("none")
        self.tick("retry")
        self.pr("created")
        self.assertNotIn("- [x]", self.body())
        self.assertIn("### Open pull requests", self.body())
        self.assertEqual(len(self.world.own_pulls()), 2)

    def test_ignore_closes_for_good(self):
        self.pr("created")
        self.tick("ignore")
        self.pr("none")
        self.assertEqual(self.shop.pull(1).state, "closed")
        self.assertNotIn("- [x]", self.body())
        self.pr("none")

    def test_approve_makes_a_draft_ready(self):
        self.pr("created", SELFHEAL_PUBLISH_DRAFT="always")
        self.assertTrue(self.shop.pull(1).pull.draft)
        self.tick("approve")
        self.pr("kept", SELFHEAL_PUBLISH_DRAFT="always")
        self.assertFalse(self.shop.pull(1).pull.draft)
        self.gh.assert_never_approves()

    def test_nothing_to_list_opens_nothing(self):
        self.shop.person_pushes("bob", {"stats.py": GREEN}, when=WHEN)
        self.assertEqual(self.pr(None, GREEN_BUNDLE), [])
        self.assertEqual(self.dashboards(), [])

    def test_off(self):
        self.assertEqual(self.pr("created", SELFHEAL_PUBLISH_DASHBOARD="false"), [])
        self.assertEqual(self.dashboards(), [])

    def test_closed_by_a_person_stays_closed(self):
        self.pr("created")
        number = self.dashboards()[0].number
        self.shop.person_closes("alice", number)
        self.shop.person_closes("alice", 1)
        self.assertEqual(self.pr("none"), [])
        self.assertEqual([i.state for i in self.dashboards()], ["closed"])

    def test_a_stranger_with_the_marker_is_not_us(self):
        self.pr("created")
        body = self.body()
        other = World()
        self.addCleanup(other.__exit__)
        theirs = other.shop.person_opens_issue("bob", "selfheal dashboard", body.replace("- [ ]", "- [x]"), ["self-healing"])
        self.world, self.shop, self.gh = other, other.shop, other.gh
        self.pr("created")
        self.assertEqual(len(self.dashboards()), 2)
        self.assertIn("- [x]", theirs.body)
        ours = [i for i in self.dashboards() if i.login != "bob"][0]
        self.assertNotIn("- [x]", ours.body)

    def test_no_permission_for_issues(self):
        self.world.env["GITHUB_TOKEN"] = self.shop.actions_token(contents="write", pull_requests="write")
        run = self.world.pr(RED_BUNDLE, SELFHEAL_PUBLISH_DASHBOARD="true")
        self.assertEqual((run.code, run.json["pull_requests"][0]["operation"]), (0, "created"), str(run))
        self.assertIn("cannot update the dashboard", run.err)


if __name__ == "__main__":
    unittest.main()
