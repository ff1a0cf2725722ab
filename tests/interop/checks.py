"""What holds of files that go between Tenon and other packages, counted as it is checked."""
import sys

failures = []
checked = 0


def check(what, ok):
    global checked
    checked += 1
    if not ok:
        failures.append(what)
        print("FAILED:", what)


def finish():
    print(f"{checked - len(failures)} of {checked} checks passed")
    sys.exit(1 if failures else 0)
