"""Holds trainings to scikit-learn, to themselves, and to their memory. Started by tests/risk/run."""
import csv
import gzip
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

PROGRAM, DATA, WORK = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
# As many figures as are printed agree.
CLOSE = 1e-7
# What a training takes at the most, in KiB; and how many edits are looked at.
MOST_KIB = 64 * 1024
MOST_ROWS = 100_000
DAY = 86_400_000
failed = False


def check(what, is_well, said=""):
    global failed
    failed = failed or not is_well
    print(f"{'ok     ' if is_well else 'FAILED '} {what}{'' if is_well else f': {said}'}", flush=True)


def train(*options):
    """The figures of a training, and what it told of each tested edit."""
    told = WORK / "told.csv"
    said = subprocess.run([PROGRAM, "risk", "train", "--json", "--predictions", told, *options], check=True, capture_output=True).stdout
    return json.loads(said), said + told.read_bytes(), list(csv.DictReader(told.open()))


def recompute(told, rate):
    """The figures by scikit-learn."""
    def figures(rows, say):
        met, said = [int(row["met"]) for row in rows], [say(row) for row in rows]
        return {"roc_auc": roc_auc_score(met, said), "average_precision": average_precision_score(met, said), "brier": brier_score_loss(met, said)}

    apart = [row for row in told if row["behind"] == "0"]
    return {
        "all": figures(told, lambda row: float(row["probability"])),
        "trivial": figures(told, lambda row: float(row["behind"])),
        "not_behind": figures(apart, lambda row: float(row["probability"])),
        "constant": figures(apart, lambda row: rate),
    }


def agree(what, figures, told):
    trained = figures["trained"]
    wanted = recompute(told, trained["met"] / trained["rows"])
    apart = [f"{name}.{figure} is {figures[name][figure]}, scikit-learn says {value}"
             for name, of in wanted.items() for figure, value in of.items() if abs(figures[name][figure] - value) > CLOSE]
    check(f"{what}: twelve figures are scikit-learn's ({figures['state']}, ROC-AUC {figures['all']['roc_auc']:.3f})", not apart, apart)


def fill(rows):
    """A month of edits of forty records; every fourth record's meet others, mostly."""
    db = sqlite3.connect(WORK / "data" / "tandem.db")
    tenant, = db.execute("SELECT MIN(id) FROM tenants").fetchone()
    draw, now, span = random.Random(7), int(time.time() * 1000), 29 * DAY
    db.execute("DELETE FROM history")
    for n in range(rows):
        record, user = draw.randrange(40), 1 + n % 3
        met = draw.random() < (0.7 if record % 4 == 0 else 0.02)
        stamp = now - 30 * DAY + n * span // rows
        values = (tenant, "task", f"00000000-0000-4000-8000-{record:012}", stamp, n, user, user, n + 1, stamp - 3_600_000, n + 2,
                  "remarks", stamp - 600_000, None, "conflict" if met else "written", met)
        db.execute("INSERT INTO history (tenant, domain, id, stamp, place, user_id, device, base, base_at, version, fields, edited_at, cursor_at, "
                   "outcome, met) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    db.commit()
    db.close()


def measured(what, *options):
    """A training under /usr/bin/time: what it took, and that it came to its end."""
    peak = WORK / "peak"
    begun = time.monotonic()
    said = subprocess.run(["/usr/bin/time", "-f", "%M", "-o", peak, PROGRAM, "risk", "train", "--json", *options], check=True, capture_output=True)
    figures, kib, seconds = json.loads(said.stdout), int(peak.read_text().split()[-1]), time.monotonic() - begun
    state = f"{figures['state']}{' ' + figures['reason'] if figures['reason'] else ''}"
    is_well = kib <= MOST_KIB and figures["rows"] == MOST_ROWS and figures["state"] != "skipped"
    check(f"{what}: {figures['rows']} edits take {kib / 1024:.1f} MiB and {seconds:.1f} s", is_well, state)


for packed in sorted(DATA.glob("edits_*.csv.gz")):
    file = WORK / packed.stem
    with gzip.open(packed) as source, file.open("wb") as target:
        shutil.copyfileobj(source, target)
    figures, written, told = train("--from", file)
    agree(file.name, figures, told)
    check(f"{file.name}: the same rows give the same bytes", train("--from", file)[1] == written)

fill(2_400)
figures, written, told = train("--dry-run")
agree("the site's own history", figures, told)
check("the same rows give the same bytes", train("--dry-run")[1] == written)
export = WORK / "export.csv"
subprocess.run([PROGRAM, "risk", "export", "--out", export], check=True, capture_output=True)
exported, _, told = train("--from", export)
agree("its export", exported, told)
names = ["all", "trivial", "not_behind", "constant", "picked", "rows", "met"]
check("both say the same", all(exported[name] == figures[name] for name in names))

fill(MOST_ROWS)
measured("the site's own history", "--dry-run")
subprocess.run([PROGRAM, "risk", "export", "--out", export], check=True, capture_output=True)
measured("its export", "--from", export)
sys.exit(failed)
