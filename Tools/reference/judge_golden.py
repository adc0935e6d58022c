"""Writes Tests/Golden/judge.json: logistic regressions and TF-IDF features as scikit-learn fits and computes them, the area
under the curve, and intervals worked out from their formulas with SciPy and by simulation.

    python Tools/reference/judge_golden.py
"""

import zlib

import numpy
import scipy
import sklearn
from scipy.optimize import brentq
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import golden

Z = 1.959963984540054
ADJECTIVES = ["nice", "awful", "Kind", "stupid", "RUDE", "lovely", "foul_mouthed", "don't"]
NOUNS = ["Mensch", "übel", "ÜBEL", "человек", "Человек", "漢字", "naïve", "naive", "x", "42nd", "२३", "हिन्दी", "½", "e\u0301t"]


def regression(features, labels, cost, balanced):
    model = LogisticRegression(
        C=cost, class_weight="balanced" if balanced else None, solver="lbfgs", tol=1e-12, max_iter=100000)
    model.fit(features, labels)
    return {"weights": model.coef_[0].tolist(), "bias": model.intercept_[0].item()}


def dense():
    generator = numpy.random.default_rng(zlib.crc32(b"judge"))
    features = numpy.round(generator.standard_normal((60, 11)), 3).astype(numpy.float32)
    truth = features @ generator.standard_normal(11) + generator.standard_normal(60) * 2
    labels = (truth > 1).astype(int)
    cases = [{"cost": cost, "balanced": balanced, **regression(features.astype(float), labels, cost, balanced)}
             for cost, balanced in [(1.0, False), (0.01, True), (100.0, False)]]
    return {"features": [[round(float(value), 3) for value in row] for row in features], "labels": labels.tolist(),
            "cases": cases}


def texts(generator, count):
    def words():
        for _ in range(generator.integers(0, 9)):
            yield (ADJECTIVES + NOUNS)[generator.integers(0, len(ADJECTIVES) + len(NOUNS))]
    return [" ".join(words()) + [".", "!", " _", ""][generator.integers(0, 4)] for _ in range(count)]


def words():
    generator = numpy.random.default_rng(zlib.crc32(b"words"))
    fitted, others = texts(generator, 50), texts(generator, 6) + ["nothing known", ""]
    labels = [int("awful" in text or "stupid" in text.lower() or "RUDE" in text) for text in fitted]
    cases = []
    for phrase, least, logarithm in [(2, 2, True), (1, 1, False), (3, 3, True)]:
        vectorizer = TfidfVectorizer(ngram_range=(1, phrase), min_df=least, sublinear_tf=logarithm)
        matrix = vectorizer.fit_transform(fitted)
        cases.append({
            "longestPhrase": phrase, "minimumTexts": least, "usesLogarithm": logarithm,
            "terms": vectorizer.get_feature_names_out().tolist(), "rarity": vectorizer.idf_.tolist(),
            "rows": vectorizer.transform(others).toarray().round(12).tolist(),
            **regression(matrix, labels, 10.0, False),
        })
    most = TfidfVectorizer(ngram_range=(1, 1), min_df=1, max_features=5).fit(["a1 a1 a1 a2 a2", "a3 a3 a4 a4 a4 a4", "a5 a6 a5 a5 a5 a5"])
    return {"fitted": fitted, "labels": labels, "others": others, "cases": cases,
            "fiveTerms": most.get_feature_names_out().tolist()}


def area_under_curve(positives, negatives):
    """Newcombe's method 5: the two areas from which the one found is z standard errors away."""
    m, n = len(positives), len(negatives)
    found = roc_auc_score([1] * m + [0] * n, positives + negatives)
    others = (m + n) / 2 - 1

    def distance(area, sign):
        variance = area * (1 - area) * (1 + others * (1 - area) / (2 - area) + others * area / (1 + area)) / (m * n)
        return sign * (found - area) - Z * variance**0.5

    low = brentq(distance, 1e-12, min(found, 1 - 1e-12), args=(1,), xtol=1e-14) if found > 0 else 0.0
    high = brentq(distance, max(found, 1e-12), 1 - 1e-12, args=(-1,), xtol=1e-14) if found < 1 else 1.0
    return {"positives": positives, "negatives": negatives, "value": float(found), "low": low, "high": high}


def areas():
    generator = numpy.random.default_rng(zlib.crc32(b"areas"))
    def numbers(shift, count):
        return numpy.round(generator.random(count) * 0.7 + shift, 2).tolist()
    return [area_under_curve(numbers(0.2, 17), numbers(0.1, 23)), area_under_curve(numbers(0.3, 4), numbers(0, 40)),
            area_under_curve([0.8, 0.9], [0.1, 0.2, 0.3])]


def corrected(hits, count, wrong, negatives, missed, positives):
    q, f, m = hits / count, wrong / negatives, missed / positives
    value = (q - f) / (1 - m - f)
    q, f, m = [(k + Z * Z / 2) / (n + Z * Z) for k, n in [(hits, count), (wrong, negatives), (missed, positives)]]
    power = 1 - m - f
    center = min(1, max(0, (q - f) / power))
    # The gradient of (q − f) / (1 − m − f) by differences, so that no formula is written twice.
    def rate(shares):
        return (shares[0] - shares[1]) / (1 - shares[2] - shares[1])
    point = numpy.array([center * power + f, f, m])
    slopes = [(rate(point + step) - rate(point - step)) / 2e-6 for step in numpy.eye(3) * 1e-6]
    spreads = [q * (1 - q) / (count + Z * Z), f * (1 - f) / (negatives + Z * Z), m * (1 - m) / (positives + Z * Z)]
    half = Z * sum(slope**2 * spread for slope, spread in zip(slopes, spreads)) ** 0.5
    return {"hits": hits, "count": count, "wrong": wrong, "negatives": negatives, "missed": missed,
            "positives": positives, "value": min(1, max(0, value)), "low": max(0, center - half),
            "high": min(1, center + half)}


def coverage(truth, wrong, missed, count, labelled, rounds=20000):
    """How often the interval holds the true rate."""
    generator = numpy.random.default_rng(1)
    hits = generator.binomial(count, truth * (1 - missed) + (1 - truth) * wrong, rounds)
    f, m = generator.binomial(labelled, wrong, rounds), generator.binomial(labelled, missed, rounds)
    q, f, m = [(k + Z * Z / 2) / (n + Z * Z) for k, n in [(hits, count), (f, labelled), (m, labelled)]]
    power = 1 - m - f
    p = numpy.clip((q - f) / power, 0, 1)
    more = Z * Z
    variance = q * (1 - q) / (count + more) + (1 - p) ** 2 * f * (1 - f) / (labelled + more) + p**2 * m * (1 - m) / (labelled + more)
    half = Z * variance**0.5 / power
    return float(numpy.mean((p - half <= truth) & (truth <= p + half)))


if __name__ == "__main__":
    golden.write_json(golden.FOLDER / "judge.json", {
        "source": "Tools/reference/judge_golden.py",
        "versions": {"numpy": numpy.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
        "dense": dense(), "words": words(), "areas": areas(),
        "rates": [corrected(154, 1000, 30, 500, 60, 500), corrected(3, 1000, 30, 500, 60, 500),
                  corrected(0, 50, 0, 40, 4, 40), corrected(48, 50, 4, 40, 2, 40)],
    })
    for case in [(0.154, 0.05, 0.15, 1000, 500), (0.02, 0.05, 0.15, 1000, 500), (0.0, 0.02, 0.3, 1000, 200),
                 (0.5, 0.2, 0.2, 200, 100)]:
        print("coverage", case, coverage(*case))
