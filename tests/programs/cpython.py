# CPython's own tests, bare and under holdstill, compared test by test.
#
#   python3 cpython.py MODULE...      with HOLDSTILL, the path of the launcher
#
# A test that ends differently is run again by itself, both ways, up to three times: under load some
# fail now and then. It differs when it never ended in the same way. Status 0: none does.
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

LIMIT_S = 1800
AGAIN = 3


def outcome(case):
    for child in case:
        if child.tag in ("failure", "error", "skipped"):
            return child.tag
    return "ok"


def run(prefix, module, only=()):
    """What became of each test, by its name; and how the run ended."""
    with tempfile.TemporaryDirectory() as directory:
        results = os.path.join(directory, "results.xml")
        command = [*prefix, sys.executable, "-m", "test", "--junit-xml", results, "--timeout", "600"]
        for name in only:
            command += ["-m", name]
        try:
            status = subprocess.run([*command, module], cwd=directory, timeout=LIMIT_S, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
        except subprocess.TimeoutExpired:
            status = "too long"
        if not os.path.exists(results):
            return {}, status
        cases = xml.etree.ElementTree.parse(results).iter("testcase")
        return {case.get("name"): outcome(case) for case in cases}, status


def differing(bare, shimmed):
    return sorted(name for name in {*bare, *shimmed} if bare.get(name) != shimmed.get(name))


def compare(launcher, module):
    bare, status = run([], module)
    shimmed, shimmed_status = run([launcher], module)
    if not bare or not shimmed:
        print(f"{module}: no results; status {status} bare, {shimmed_status} under holdstill")
        return False
    differ = []
    for name in differing(bare, shimmed):
        ends = [f"{bare.get(name)} bare, {shimmed.get(name)} under holdstill"]
        for _ in range(AGAIN):
            one, _ = run([], module, [name.rsplit(".", 1)[-1]])
            other, _ = run([launcher], module, [name.rsplit(".", 1)[-1]])
            ends.append(f"{one.get(name)} bare, {other.get(name)} under holdstill")
            if name in one and one[name] == other.get(name):
                break
        else:
            differ.append(name)
        print(f"{name}: {'; then '.join(ends)}")
    passed = sum(end == "ok" for end in shimmed.values())
    print(f"{module}: {len(bare)} tests, {passed} ok, {len(differ)} different")
    return not differ


def main():
    launcher = os.environ["HOLDSTILL"]
    good = [compare(launcher, module) for module in sys.argv[1:]]
    return 0 if good and all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
