"""What Prometheus gets: the numbers themselves, and the alerts and the
dashboard in packaging/ that are made for them."""

import datetime
import json
import os
import re
import shutil
import urllib.request

from harness import REPOSITORY, WAIT_SECONDS, ServerCase, message, program, run

ALICE = "alice@seoul.test"
RULES = os.path.join(REPOSITORY, "packaging", "prometheus", "pabal.rules.yml")
DASHBOARD = os.path.join(REPOSITORY, "packaging", "grafana", "pabal.json")


class Metrics(ServerCase):
    def setUp(self):
        super().setUp()
        self.pabal = self.server("seoul.test", accounts=["alice"])

    def text(self):
        with urllib.request.urlopen(self.pabal.metrics_url() + "/metrics", timeout=WAIT_SECONDS) as answer:
            return answer.read().decode()

    def test_values(self):
        with self.pabal.smtp() as client:
            client.sendmail("x@elsewhere.test", [ALICE], message("x@elsewhere.test", ALICE))
        with self.pabal.imap(ALICE) as session:
            session.noop()
        values = self.pabal.metrics()
        self.assertEqual(values["pabal_messages_accepted_total"], "1")
        self.assertEqual(values["pabal_message_acceptance_duration_seconds_count"], "1")
        self.assertEqual(values['pabal_logins_total{protocol="imap"}'], "1")
        self.assertEqual(values['pabal_auth_failures_total{protocol="imap"}'], "0")
        self.assertGreaterEqual(int(values["pabal_imap_command_duration_seconds_count"]), 2)
        self.assertEqual(values["pabal_queue_oldest_age_seconds"], "0")
        self.assertGreater(int(values["process_start_time_seconds"]), 1_700_000_000)
        ends = [int(value) for name, value in values.items() if name.startswith("pabal_tls_certificate_expiry_timestamp_seconds{")]
        openssl = run([program("openssl"), "x509", "-noout", "-enddate", "-dateopt", "iso_8601", "-in", self.pabal.certificate]).text
        when = datetime.datetime.fromisoformat(openssl.strip().removeprefix("notAfter=").replace("Z", "+00:00"))
        self.assertEqual(ends, [int(when.timestamp())])
        self.assertTrue(any(name.startswith('pabal_build_info{version="') for name in values))
        with urllib.request.urlopen(self.pabal.metrics_url() + "/healthz", timeout=WAIT_SECONDS) as answer:
            self.assertEqual(answer.status, 200)

    def test_prometheus_finds_nothing_to_complain_about(self):
        done = run([program("promtool"), "check", "metrics"], input=self.text(), check=False)
        self.assertEqual((done.returncode, done.text, done.error), (0, "", ""))

    def test_alerts(self):
        """By Prometheus itself: troubles raise each of them, a healthy server none."""
        run([program("promtool"), "check", "rules", RULES])
        folder = self.path("rules")
        os.mkdir(folder)
        shutil.copy(RULES, folder)
        shutil.copy(os.path.join(REPOSITORY, "tests", "e2e", "metrics", "rules.test.yml"), folder)
        run([program("promtool"), "test", "rules", "rules.test.yml"], cwd=folder)

    def test_alerts_and_dashboard_ask_for_what_there_is(self):
        there = set(re.findall(r"^# TYPE (\w+) ", self.text(), re.M))
        with open(RULES) as rules, open(DASHBOARD) as dashboard:
            asked = [line for line in rules if not line.lstrip().startswith(("#", "description:"))]
            queries = [target["expr"] for panel in json.load(dashboard)["panels"] for target in panel["targets"]]
        names = set(re.findall(r"\b(?:pabal|process)_\w+", "\n".join(asked + queries)))
        self.assertGreater(len(names), 15)
        self.assertEqual({re.sub(r"_(bucket|sum|count)$", "", name) for name in names} - there, set())
