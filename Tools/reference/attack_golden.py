"""Prints what AttackFigureTests holds the area under the curve against: scikit-learn's value, and the standard error of
DeLong et al. 1988, equation 3, with the placements counted pair by pair.
"""

import numpy
from sklearn.metrics import roc_auc_score

FIRST, SECOND = numpy.array([2.5, 3.0, 1.0, 4.0, 3.0, 5.5]), numpy.array([1.0, 2.0, 3.0, 0.5, 2.5])


def main():
    wins = (FIRST[:, None] > SECOND[None, :]) + 0.5 * (FIRST[:, None] == SECOND[None, :])
    variance = wins.mean(1).var(ddof=1) / len(FIRST) + wins.mean(0).var(ddof=1) / len(SECOND)
    labels = [1] * len(FIRST) + [0] * len(SECOND)
    print("area", roc_auc_score(labels, numpy.concatenate([FIRST, SECOND])), wins.mean(), "error", variance**0.5)


if __name__ == "__main__":
    main()
