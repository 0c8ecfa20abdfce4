"""`assess draw simulate`: what the forms of a specification will be like for those who sit it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assess.cli import shell
from assess.cli.shell import Shell
from assess.reasons import Code, Refused

if TYPE_CHECKING:
    from assess.actions.context import Context
    from assess.actions.forecasts import Forecast
    from assess.bank.specification import Specification


@click.command()
@click.argument("spec")
@click.option(
    "--candidates",
    type=click.IntRange(1, 100_000),
    default=1000,
    show_default=True,
    help="How many candidates sit the test.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=1,
    show_default=True,
    help="The same seed gives the same figures.",
)
@click.option(
    "--difficulties",
    type=shell.FILE,
    help="CSV with the columns id and facility (or difficulty, or b in logits).",
)
@shell.centre_option
@shell.json_option
@click.pass_obj
def simulate(
    obj: Shell,
    spec: str,
    candidates: int,
    seed: int,
    difficulties: str | None,
    centre: str | None,
    as_json: bool,
) -> None:
    """Draw the forms of many candidates and say how fair they are; nothing is stored.

    SPEC is the name of a published specification, or a YAML file, whole or only with bank, cut,
    band and quotas (docs/draw-simulation.md).
    """
    from assess.actions import forecasts
    from assess.bank.formats.difficulties import read_difficulties
    from assess.bank.specification_file import read_blueprint

    what: str | Specification = spec
    if spec == "-" or (Path(spec).exists() and not Path(spec).is_dir()):
        found = read_blueprint(shell.text_of("/dev/stdin" if spec == "-" else spec))
        if isinstance(found, Refused):
            shell.refuse(found, spec)
        what = found
    facilities = None
    if difficulties is not None:
        read = read_difficulties(shell.text_of(difficulties))
        if isinstance(read, Refused):
            shell.refuse(read, difficulties)
        facilities = read
    with obj.context(centre) as context, shell.progress(None, "Drawing forms") as show:
        done = forecasts.run(context, what, candidates, seed, facilities, show)
        if isinstance(done, Refused) and done.code is Code.NOT_FOUND:
            shell.fail(_neither(context, spec))
    if isinstance(done, Refused):
        shell.refuse(done, spec)
    if as_json:
        shell.print_json(forecasts.document(done))
        return
    for line in _lines(done):
        click.echo(line)


def _neither(context: Context, spec: str) -> str:
    """That there is neither a published test nor a file of this name, and which tests there are."""
    from assess import store
    from assess.store import specifications

    with store.read() as session:
        current = specifications.published_of_centre(session, context.centre)
        tests = specifications.of_centre(session, context.centre)
    there = ", ".join(test.name for test in tests if test.id in current) or "none"
    return (
        f"There is neither a published test nor a file {spec!r} here. Tests: {there}. "
        f"[{Code.NOT_FOUND.value}]"
    )


def _lines(found: Forecast) -> list[str]:
    """A forecast as a person reads it."""
    from assess.actions import forecasts
    from assess.psychometrics.flags import percent

    plan, said = found.ground.plan, forecasts.document(found)
    lines = [
        f"{shell.counted(plan.length, 'question')} from {len(found.exposed):,}, "
        f"{shell.counted(found.candidates, 'candidate')}"
    ]
    for name, spread in (("not balanced", found.naive), ("balanced", found.balanced)):
        if spread is not None:
            lines.append(
                f"{name + ':':<14} a borderline candidate passes with {spread.p05:.2f} to "
                f"{spread.p95:.2f} (5 to 95 % of forms, middle {spread.p50:.2f}); "
                f"expected scores differ by {spread.expected_score_sd:.2f} marks (SD)"
            )
    if found.naive is not None and found.ground.specification.has_minima:
        lines.append(
            "               by the cut score alone, without what outcomes ask for at least"
        )
    if plan.band is not None and found.acceptance is not None:
        target, half = (one / 1000 for one in plan.band)
        lines.append(
            f"band:          {target:.2f} marks, {half:.2f} to each side; "
            f"{percent(found.acceptance, 1)} of all forms lie in it"
        )
        shares = ", ".join(percent(share, 1) for share in found.course.in_band)
        lines.append(f"in the band:   {shares} of first, second, ... attempts")
        if not found.ground.exact:
            lines.append("               conditional: forms are tried, not counted, for this pool")
    else:
        lines.append(str(said["reason"]))
    least, most = found.exposed.min(), found.exposed.max()
    lines.append(f"exposure:      {least:.3f} to {most:.3f} of first attempts meet an item")
    if found.overlap is not None:
        shared, pairs = percent(found.overlap.mean, 1), percent(found.overlap.fifth_or_more, 1)
        lines.append(
            f"overlap:       two candidates share {shared} of their questions; "
            f"{pairs} of pairs share a fifth or more"
        )
    fresh = found.ground.proof.fresh
    bound = "" if fresh.exact else "at least "
    attempts = shell.counted(fresh.attempts, "attempt")
    lines.append(f"fresh:         {bound}{attempts} without a repeated question")
    return lines
