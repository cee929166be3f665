#!/usr/bin/env python3
"""What apache-otava (PyPI, its defaults) finds in the nights that build/dev/benchmarks/night_series
makes up, beside what the gate and `qbench nights` found in them.

    build/dev/benchmarks/night_series > nights.csv
    python3 -m venv /tmp/otava && /tmp/otava/bin/pip install apache-otava
    /tmp/otava/bin/python scripts/peers/otava_nights.py nights.csv

Otava sees a stored series, so it is given every night's series up to then, twice: the medians of the
new build, which is what one stores, and their ratios to the baseline of the same night. A change
counts on the first night on which a change point to the worse is reported, wherever it lies in the
series. A false alarm is a night on which one is reported for the first time where nothing changed.
"""
import csv
import sys
from collections import defaultdict
from statistics import median

from otava.series import AnalysisOptions, Metric, Series

CHANGE = 20  # nights before it
WINDOW = 60  # nights that are looked back on, of a series that has many


def worse(values):
    """The nights (from 1) at which otava sees a change to larger values."""
    series = Series(
        test_name="night", branch=None, time=list(range(len(values))),
        metrics={"value": Metric(1, 1.0)}, data={"value": values}, attributes={})
    analyzed = series.analyze(AnalysisOptions())
    return [point.index + 1 for point in analyzed.change_points["value"]
            if point.forward_change_percent() > 0]


def reports(values):
    """For each night what otava reports after it: the nights of its changes to the worse."""
    for night in range(1, len(values) + 1):
        start = max(0, night - WINDOW)
        yield [start + at for at in worse(values[start:night])] if night >= 3 else []


def first_report(reported, begin):
    """The first night after which a change to the worse is reported that is not before `begin`."""
    for night, changes in enumerate(reported, 1):
        if night >= begin and any(at >= begin - 2 for at in changes):
            return night
    return None


def false_alarms(reported):
    """Nights on which a change to the worse that was not known yet is reported."""
    nights, known = set(), set()
    for night, changes in enumerate(reported, 1):
        for place in changes:
            if not any(abs(place - other) <= 3 for other in known):
                nights.add(night)
            known.add(place)
    return nights


def delay_text(nights, count):
    found = sorted(n - CHANGE for n in nights if n is not None)
    if not found:
        return f"none of {count}"
    return (f"{len(found)} of {count}; nights after the change: median {median(found):g}, "
            f"worst {found[-1]}")


def main(path):
    series = defaultdict(lambda: defaultdict(list))
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            series[row["series"]][int(row["cell"])].append(
                (float(row["median_ms"]), float(row["ratio"]), int(row["red"]),
                 [int(night) for night in row["slower_since"].split(";") if night]))
    views = {
        "qbench nights": lambda values: [v[3] for v in values],
        "gate or qbench nights": lambda values: [
            v[3] + ([night] if v[2] else []) for night, v in enumerate(values, 1)],
        "otava, medians": lambda values: reports([v[0] for v in values]),
        "otava, ratios": lambda values: reports([v[1] for v in values]),
    }

    same = series["same"]
    nights = len(same[0])
    red = {night for values in same.values() for night, v in enumerate(values, 1) if v[2]}
    print(f"same build, {nights} nights of {len(same)} cells: nights with a false alarm")
    print(f"  gate: {len(red)}")
    for name, view in views.items():
        alarms = set()
        for values in same.values():
            alarms |= false_alarms(view(values))
        print(f"  {name}: {len(alarms)}")

    for kind in ("step", "creep"):
        group = [cells[0] for name, cells in series.items() if name.startswith(kind)]
        print(f"{kind}: found")
        gate = [next((n for n, v in enumerate(values, 1) if v[2] and n > CHANGE), None)
                for values in group]
        print(f"  gate: {delay_text(gate, len(group))}")
        for name, view in views.items():
            found = [first_report(view(values), CHANGE + 1) for values in group]
            print(f"  {name}: {delay_text(found, len(group))}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
