"""Runs the end-to-end tests and counts what all tests said.

    results.py run-e2e DIRECTORY RESULT.json [FILTER]
    results.py count RESULTS     last line: "N passed, N failed"
"""

import glob
import json
import os
import sys
import unittest
import xml.etree.ElementTree as ET


def run_e2e(directory, result_path, wanted):
    sys.path.insert(0, directory)
    loader = unittest.TestLoader()
    suite = unittest.TestSuite()
    for path in sorted(glob.glob(os.path.join(directory, "*.py"))):
        name = os.path.basename(path)[:-3]
        if name != "__init__" and wanted in name:
            suite.addTests(loader.loadTestsFromName(name))
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = [f"{test.id()}: {why}" for test, why in result.skipped]
    with open(result_path, "w", encoding="utf-8") as out:
        json.dump({"passed": max(0, result.testsRun - failed - len(skipped)), "failed": failed, "skipped": skipped}, out)
    return 1 if failed else 0


def count(directory):
    passed, failed, skipped = 0, 0, []
    counted = {}  # program -> tests of it that failed
    for path in sorted(glob.glob(os.path.join(directory, "gtest", "*.xml"))):
        # A program that died leaves no file of its own, or an empty one.
        try:
            root = ET.parse(path).getroot()
        except ET.ParseError:
            continue
        program = os.path.basename(path)[:-4]
        counted[program] = 0
        for case in root.iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            if case.find("failure") is not None:
                failed += 1
                counted[program] += 1
                print(f"failed: {name}")
            elif case.get("result") == "skipped":
                skipped.append(name)
            elif case.get("status") == "run":
                passed += 1
    for ctest in sorted(glob.glob(os.path.join(directory, "ctest*.xml"))):
        for case in ET.parse(ctest).getroot().iter("testcase"):
            name = case.get("name")
            ran = case.get("status") == "run"
            # A program whose tests all passed may still end badly (a leak).
            if ran and f"{name}_test" not in counted:
                passed += 1
            elif not ran and counted.get(f"{name}_test", 0) == 0:
                failed += 1
                print(f"failed: {name}")
    e2e = os.path.join(directory, "e2e.json")
    if os.path.exists(e2e):
        with open(e2e, encoding="utf-8") as source:
            found = json.load(source)
        passed, failed = passed + found["passed"], failed + found["failed"]
        skipped += found["skipped"]
    for name in skipped:
        print(f"skipped: {name}")
    if passed == 0:
        print("no test ran")
        failed = max(failed, 1)
    print(f"{passed} passed, {failed} failed" + (f", {len(skipped)} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["run-e2e"]:
        sys.exit(run_e2e(sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else ""))
    if sys.argv[1:2] == ["count"]:
        sys.exit(count(sys.argv[2]))
    sys.exit(__doc__)
