"""What all tables share: median (lowest–highest), Markdown lines, ratios of the same round."""
import statistics

OURS = "pabal"
QUIET_BELOW = 0.25


def figure(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values, form):
    """Of one value alone there is none."""
    return f" ({form(min(values))}–{form(max(values))})" if len(values) > 1 else ""


def cell(values):
    if not values:
        return "–"
    return figure(statistics.median(values)) + spread(values, figure)


def lines(header, rows):
    out = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return out + ["| " + " | ".join(row) + " |" for row in rows]


def ratio_cell(found, name):
    """name: how the median itself is shown."""
    return name(statistics.median(found)) + spread(found, "{:.1f}".format) if found else "–"


def ratios(ours, theirs, key):
    """Of the same round: what slows the machine down for a while slows both."""
    by_round = {r["round"]: r[key] for r in theirs}
    return [r[key] / by_round[r["round"]] for r in ours if by_round.get(r["round"])]


def aligned(text):
    """Markdown tables with columns as wide as their widest cell: the same table, for the terminal."""
    out, rows = [], []

    def flush():
        widths = [max(map(len, column)) for column in zip(*rows)]
        for n, row in enumerate(rows):
            if n == 1:
                out.append("|" + "|".join("-" * (width + 2) for width in widths) + "|")
            else:
                # Names to the left, figures to the right.
                cells = [word.ljust(width) if k == 0 else word.rjust(width) for k, (word, width) in enumerate(zip(row, widths))]
                out.append("| " + " | ".join(cells) + " |")
        rows.clear()

    for line in text.split("\n"):
        if line.startswith("|"):
            rows.append([word.strip() for word in line.strip("|").split("|")])
            continue
        flush()
        out.append(line)
    flush()
    return "\n".join(out)
