"""Are the curves, likelihoods and abilities of a 3PL those of an independent engine?

Values: tpm of R ltm on LSAT section 6 (Bock and Lieberman 1970), without priors: the frequencies
that it expects of the patterns met, the modes of ability, and the log-likelihood -2466.66, as
printed in a public notebook (rstudio-pubs-static.s3.amazonaws.com/1049111_...). The parameters
below are solved from these frequencies, which they give to the last digit; the notebook prints, for
the first item, c 0.0374, b -3.2965 and a 0.8286. They are no maximum (its 2PL reaches
-2466.653), and ours always has priors, so that estimates themselves cannot be compared.
"""

from __future__ import annotations

import numpy as np
import pytest

from assess.psychometrics import expected, patterns, scoring
from assess.psychometrics.expected import Curves

C = np.array([0.038470, 0.077791, 0.011849, 0.034893, 0.052830])
B = np.array([-3.294301, -1.144923, -0.248831, -1.766870, -2.991108])
A = np.array([0.828810, 0.760408, 0.901665, 0.700542, 0.665727])
LOGLIK = -2466.66

# Right answers to items 1 to 5, how many gave them, how many are expected, mode of ability.
PATTERNS = """
00000 3 2.230 -1.871
00001 6 5.820 -1.463
00010 2 2.583 -1.446
00011 11 8.944 -1.032
00100 1 0.701 -1.325
00101 1 2.628 -0.908
00110 3 1.185 -0.889
00111 4 5.969 -0.463
01000 1 1.855 -1.438
01001 8 6.456 -1.017
01011 16 13.583 -0.570
01101 3 4.374 -0.439
01110 2 2.002 -0.418
01111 15 13.906 0.028
10000 10 9.438 -1.358
10001 29 34.655 -0.945
10010 14 15.612 -0.926
10011 81 76.691 -0.504
10100 3 4.684 -0.801
10101 28 25.037 -0.375
10110 15 11.481 -0.354
10111 80 83.338 0.089
11000 16 11.294 -0.909
11001 56 56.131 -0.481
11010 21 25.652 -0.460
11011 173 173.188 -0.018
11100 11 8.446 -0.329
11101 61 62.389 0.119
11110 28 29.073 0.142
11111 298 296.893 0.612
"""


def test_a_3pl_gives_the_frequencies_likelihood_and_abilities_of_ltm() -> None:
    rows = [line.split() for line in PATTERNS.split("\n") if line]
    right = np.array([[int(mark) for mark in row[0]] for row in rows], np.bool_)
    met, frequency, mode = np.array([row[1:] for row in rows], np.float64).T
    attempt, item = np.nonzero(np.ones(right.shape))
    part = patterns.arranged(
        len(rows), 5, attempt.astype(np.int32), item.astype(np.int32), right.ravel()
    )
    curves = Curves(A, -A * B, C, np.ones(5, np.bool_))
    grid = expected.nodes(61)
    (chunk,) = part.chunks()
    table = expected.rounded(curves.log_chances(grid.theta))
    _, evidence = expected.posterior(expected.likelihoods(chunk, table, grid))
    assert met.sum() == 1000
    assert 1000 * np.exp(evidence) == pytest.approx(frequency, abs=0.001)
    assert met @ evidence == pytest.approx(LOGLIK, abs=0.005)
    assert scoring.maximum_a_posteriori(part, curves).theta == pytest.approx(mode, abs=0.001)
