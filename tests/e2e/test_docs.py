"""What is written for people is true: man pages are there for every command, and
the commands in our documents exist."""

import glob
import os
import re
import unittest

from harness import PABAL, REPOSITORY, ServerCase, program, run


def names_of(*words):
    """The commands below these, as --help lists them."""
    said = run([PABAL, *words, "--help"]).text
    listed = re.search(r"^(?:Subcommands|Commands):\n((?: +.*\n)+)", said, re.M)
    return re.findall(r"^  (\S+)", listed[1], re.M) if listed else []


class ManPages(ServerCase):
    EXPECTED = {"man1/pabal-account.1": ("pabal account app-password add", "--quota SIZE", "pabal account disable alice@example.org"),
                "man5/pabal.toml.5": ("message_octets_max", "[[listener]]", "Mail for other servers")}

    def test_a_page_for_each_command_without_a_warning(self):
        folder = self.path("man")
        run([os.path.join(REPOSITORY, "packaging", "manpages"), PABAL, folder])
        pages = sorted(os.path.relpath(path, folder) for path in glob.glob(folder + "/*/*"))
        self.assertEqual(pages, sorted(["man1/pabal.1", "man5/pabal.toml.5"] + [f"man1/pabal-{name}.1" for name in names_of()]))
        for page in pages:
            done = run([program("groff"), "-K", "utf8", "-man", "-Tutf8", "-ww", os.path.join(folder, page)])
            self.assertEqual(done.error, "", page)
            plain = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.text)
            for words in self.EXPECTED.get(page, ()):
                self.assertTrue(words in plain, f"{page} does not say {words}")


class Demo(unittest.TestCase):
    """The first thing that README tells people to try; its status says whether both mails arrived unchanged."""

    def test_both_mails_arrive(self):
        said = run([PABAL, "demo", "--once"]).text
        self.assertIn("byte for byte what Alice sent", said)
        self.assertIn("byte for byte what Bob sent", said)

    def test_a_mail_that_has_to_wait(self):
        for broken in ("peer", "dns"):
            with self.subTest(broken=broken):
                self.assertIn("alice@seoul.test", run([PABAL, "demo", "--once", "--fail", broken]).text)


class Commands(unittest.TestCase):
    def test_commands_in_the_documents_exist(self):
        texts = [os.path.join(REPOSITORY, name) for name in ("README.md", "README.ko.md")]
        texts += glob.glob(REPOSITORY + "/docs/**/*.md", recursive=True) + glob.glob(REPOSITORY + "/packaging/**/*", recursive=True)
        below, asked = {}, 0
        for path in filter(os.path.isfile, texts):
            with open(path, encoding="utf-8") as source:
                text = source.read()
            for line in re.findall(r"(?:^    |`)pabal ((?:[a-z-]+ ?)+)", text, re.M):
                known = ()
                for word in line.split():
                    names = below.setdefault(known, names_of(*known))
                    if not names or word.startswith("-"):
                        break
                    self.assertIn(word, names, f"{os.path.relpath(path, REPOSITORY)}: pabal {line}")
                    known += (word,)
                    asked += 1
        self.assertGreater(asked, 40)


if __name__ == "__main__":
    unittest.main()
