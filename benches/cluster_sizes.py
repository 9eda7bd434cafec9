"""How long an epoch takes and how much memory a worker needs, by arithmetic from measured constants; writes the table of docs/cluster.md.

    python benches/cluster_sizes.py

Constants: nanoseconds for an entry in both halves of an epoch on one thread (`benches/cluster.py --scale 1.0`, one worker through
Ray, AVX-512), and what of a thread is left where sixteen share a memory. Everything else follows from what travels (docs/cluster.md).
"""

NANOSECONDS_PER_ENTRY = 70
SHARED = 0.7
# How much more work it is where sums travel (two workers in turn in one process).
SUMS = 2.3
THREADS, FACTORS, STEPS, ENTRIES_PER_USER = 16, 64, 3, 50
SIZES = [(10**6, 3 * 10**5), (10**7, 10**6), (10**8, 10**6), (10**9, 10**6)]


def epoch(users, items, workers, gigabits):
    """Return the seconds of an epoch, what travels, and the GiB of a worker and of whoever asked."""
    entries = users * ENTRIES_PER_USER
    compute = entries * NANOSECONDS_PER_ENTRY * 1e-9 / (workers * THREADS * SHARED)
    users_travel = workers == 1 or users * 2 <= items * 8 * (STEPS + 1)
    others = 1 - 1 / workers
    if users_travel:
        # Of somebody's user a worker has no item at all with this chance.
        without = (1 - 1 / workers) ** ENTRIES_PER_USER
        received = 2 * FACTORS * others * (items + users * (1 - without))
        gathered = 2 * FACTORS * max(users, items)
    else:
        compute *= SUMS
        received = 2 * FACTORS * others * items + 4 * FACTORS * (STEPS + 1) * 2 * items * others
        gathered = 2 * FACTORS * (items + users // workers) + 16 * FACTORS * items / workers
    seconds = compute + 8 * received / (gigabits * 1e9)
    memory = (
        16 * entries / workers + 8 * FACTORS * users / workers + 12 * FACTORS * items / workers + gathered
    )
    result = 16 * entries + 8 * FACTORS * (users + items)
    return seconds, "users" if users_travel else "sums", memory / 2**30, result / 2**30


def shown(seconds):
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def main():
    print(
        "| users | items | workers | what travels | epoch at 10 Gbit/s | at 25 Gbit/s | memory of a worker |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for users, items in SIZES:
        for workers in (1, 4, 16, 64, 256):
            slow, what, memory, result = epoch(users, items, workers, 10)
            fast = epoch(users, items, workers, 25)[0]
            what = "nothing" if workers == 1 else what
            print(
                f"| 10^{len(str(users)) - 1} | {items:,} | {workers} | {what} | {shown(slow)} | {shown(fast)} "
                f"| {memory:,.1f} GiB | {result:,.0f} GiB |"
            )


if __name__ == "__main__":
    main()
