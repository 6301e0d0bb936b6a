"""The part of the page on the evidence model: what each way took and found, and which one the project uses."""

from bench.comparison import EXACT, METAFOR, Fitted, apart
from bench.page import Row, markdown_table

HEAD = """\
## Evidence model, from data to posterior

The synthesis of stage 05, from the table of its rows to the quantiles of the effect in a new place of every measure.
Each way runs in a process of its own with nothing compiled before; `seconds` counts from reading the data to the
quantiles, compiling the model included, and `process` adds starting Python or R and loading the libraries.

- `exact`: the project's way, by integration over a grid of the spreads.
- `numpyro`: the same model through the no-U-turn sampler of NumPyro with four chains as one vector, 500 steps of
  warm-up and 700 draws each. R-hat above 1.01, fewer than 400 effective draws or a divergent step stop the comparison.
- `numpyro_devices`: the same model and size with a device for every chain, so that two chains run at a time.
- `pymc`: the same model in PyMC with its default sampler, 1000 steps of tuning and 1000 draws; four chains on two cores
  are asked for. Installed from wheels, PyTensor may find no BLAS to link and warns that this can slow it; it did when
  this comparison was written.
- `nutpie`: the same model in PyMC, drawn by nutpie.
- `_again`: the same command a second time, which finds on disk what the first has compiled.
- `metafor`: `rma.mv` of R for the part it can fit: measures with two rows or more, one at a time, by REML. It has no
  priors, no bias of designs, no common typical spread and no unknown factor on imputed errors.

`effective` is the least effective sample size as the library counts it; NumPyro and PyMC count a little differently.
The ways draw different numbers, so samplers are compared by `effective per second` and not by `seconds` alone. Each way
was timed once, with one seed: small differences mean nothing. Measures without rows keep their prior; only `exact`
lists them. `apart` is the largest distance of a quantile from the exact one, in percent of the exact interval;
a sampler further away than 5 % stops the comparison.

"""


def rows(found: dict[str, Fitted]) -> list[Row]:
    """One row per way; what a way does not have stays empty."""
    exact = found[EXACT]
    return [
        {
            "way": way,
            "seconds": f"{fitted.seconds:.2f}",
            "ratio_to_exact": f"{fitted.seconds / exact.seconds:.1f}",
            "process": f"{fitted.process.seconds:.2f}",
            "measures": str(len(fitted.quantiles)),
            "effective": shown(fitted.effective, ".0f"),
            "effective_per_second": shown(rate(fitted), ".0f"),
            "r_hat": shown(fitted.r_hat, ".3f"),
            "divergent": shown(fitted.divergent, "d"),
            "apart": f"{apart(exact.quantiles, fitted.quantiles):.1f}",
        }
        for way, fitted in found.items()
    ]


def rate(fitted: Fitted) -> float | None:
    """Effective draws in a second, compiling included; None where there are no chains."""
    return None if fitted.effective is None else fitted.effective / fitted.seconds


def shown(value: float | None, form: str) -> str:
    """A number, or nothing."""
    return "" if value is None else f"{value:{form}}"


def quantile_rows(found: dict[str, Fitted]) -> list[Row]:
    """Quantiles of every way and measure, as log ratios."""
    names = ("lower", "value", "upper")
    return [
        {"way": way, "measure": measure, **{n: f"{p:.4f}" for n, p in zip(names, points, strict=True)}}
        for way, fitted in found.items()
        for measure, points in fitted.quantiles.items()
    ]


def choice(found: dict[str, Fitted]) -> str:
    """Which way the project uses for what, with the times that speak for it."""
    rates = {way: found_rate for way, fitted in found.items() if (found_rate := rate(fitted)) is not None}
    order = ", ".join(f"`{way}` {rates[way]:.0f}" for way in sorted(rates, key=lambda way: -rates[way]))
    lines = [
        "Given its spreads the model is linear and normal, so the project integrates it exactly: "
        f"{found[EXACT].seconds:.1f} s, no chains to watch, the same digits every time.",
        "No published number rests on a sampler: they are here to check the exact way.",
        f"Effective draws in a second, most first: {order}.",
    ]
    if "pymc" in found:
        lines.append(
            f"PyMC took {found['pymc'].seconds:.1f} s at first and {found['pymc_again'].seconds:.1f} s once compiled, "
            f"with nutpie {found['nutpie'].seconds:.1f} s and {found['nutpie_again'].seconds:.1f} s; "
            "it is an environment more, and its default sampler compiles with a C++ compiler."
        )
    else:
        lines.append("PyMC could not be installed and was not measured.")
    if METAFOR not in found:
        lines.append("R with metafor was not there and was not measured.")
    return "\n".join(lines)


def section(found: dict[str, Fitted]) -> str:
    """The part of the page."""
    return f"{HEAD}{markdown_table(rows(found))}\n\n{choice(found)}\n"
