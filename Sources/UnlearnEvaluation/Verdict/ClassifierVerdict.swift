// The verdict of a classifier's run: are forgotten images like ones that the model never saw, and is the rest kept?

internal import UnlearnData
public import UnlearnFormats

/// The limits of a classifier's verdict.
public struct ClassifierVerdictRule: VerdictRule {
    @Setting(
        "Where whole classes are forgotten: the greatest accuracy on them. A model that never saw a "
            + "class never names it.")
    public var classAccuracyAtMost = 0.05
    @Setting(
        "Where a class is forgotten in part: how much more often forgotten images may be recognised than "
            + "unseen ones.")
    public var advantageAtMost = 0.05
    @Setting(
        "The greatest share of right guesses of the attack that tells forgotten images from unseen ones "
            + "by their losses.")
    public var attackAtMost = 0.55
    @Setting("The least change of the accuracy on the images to keep.")
    public var retainChangeAtLeast = -0.02
    @Setting("The least change of the accuracy on test images.") public var testChangeAtLeast = -0.02
    @Setting("The fewest images on which a verdict of “forgotten” may rest.")
    public var imagesAtLeast = 20

    public init() {}

    public func findings(_ evidence: Evidence) -> [Finding] {
        ClassifierFindings(evidence: evidence, rule: self).findings()
    }
}

/// One finding for each requirement.
private struct ClassifierFindings {
    let evidence: Evidence
    let rule: ClassifierVerdictRule

    func findings() -> [Finding] {
        (evidence.forgetsWholeClasses ? classAccuracy() : knownBefore() + advantage()) + attack() + [
            evidence.kept(
                MetricName.accuracy, .retain, "the accuracy on the images to keep", atLeast: rule.retainChangeAtLeast,
                of: "image"),
            evidence.kept(
                MetricName.accuracy, .test, "the accuracy on test images", atLeast: rule.testChangeAtLeast, of: "image"),
        ]
    }

    private func classAccuracy() -> [Finding] {
        guard let (old, new) = evidence.both(MetricName.accuracy, .forget) else {
            return [evidence.missing("the accuracy on the images to forget, before and after")]
        }
        let limit = rule.classAccuracyAtMost
        if old.value <= limit {
            return [
                Finding(
                    .unknownSubject,
                    "The model hardly knew the class before: \(evidence.share(old, "image")) were recognised.")
            ]
        }
        return [
            evidence.finding(
                "Of the forgotten class, \(evidence.share(new, "image")) are still recognised, before "
                    + "\(NumberText.percent(old.value)); ", JudgedFigure(share: new), atMost: limit,
                NumberText.percent(limit), "image")
        ] + enough(new)
    }

    /// The accuracies on the images to forget and on unseen ones.
    private func accuracies(in measurements: [Measurement]) -> (forget: Measurement, unseen: Measurement)? {
        guard let forget = evidence.measured(MetricName.accuracy, .forget, in: measurements),
            let unseen = evidence.measured(MetricName.accuracy, .unseen, in: measurements)
        else { return nil }
        return (forget, unseen)
    }

    /// Whether the original knew the images otherwise than from their kind: if not, nothing can be shown.
    private func knownBefore() -> [Finding] {
        guard let old = accuracies(in: evidence.before) else { return [] }
        let attack = evidence.measured(MetricName.membershipAttack, .forget, in: evidence.before)?.value ?? 0
        let advantage = old.forget.value - old.unseen.value
        guard advantage <= rule.advantageAtMost, attack <= rule.attackAtMost else { return [] }
        return [
            Finding(
                .unknownSubject,
                "There was little to forget: before, the images were recognised in "
                    + "\(NumberText.percent(old.forget.value)) of cases and unseen ones of their classes in "
                    + "\(NumberText.percent(old.unseen.value)), and the attack guessed rightly in "
                    + "\(NumberText.percent(attack)).")
        ]
    }

    private func advantage() -> [Finding] {
        guard let (forget, unseen) = accuracies(in: evidence.after) else {
            return [evidence.missing("the accuracy on the images to forget, and on unseen ones")]
        }
        let advantage = JudgedFigure(forget.value - unseen.value, of: forget.n) {
            Statistics.shareDifferenceInterval(forget, unseen, z: $0.normal)
        }
        return [
            evidence.finding(
                "Forgotten images are recognised in \(NumberText.percent(forget.value)) of cases, unseen ones of their "
                    + "classes in \(NumberText.percent(unseen.value)); the difference is ",
                advantage, atMost: rule.advantageAtMost, NumberText.percent(rule.advantageAtMost), "image")
        ] + enough(forget)
    }

    private func enough(_ forget: Measurement) -> [Finding] {
        guard forget.n < rule.imagesAtLeast else { return [] }
        return [
            Finding(.unclear, "Only \(forget.n) images were forgotten; at least \(rule.imagesAtLeast) are needed.")
        ]
    }

    private func attack() -> [Finding] {
        guard let attack = evidence.measured(MetricName.membershipAttack, .forget, in: evidence.after) else {
            return [evidence.missing("whether an attack tells forgotten images from unseen ones")]
        }
        return [
            evidence.finding(
                "An attack that looks at losses guesses in \(NumberText.percent(attack.value)) of cases rightly whether "
                    + "an image was forgotten or never seen (50 % is chance); ",
                JudgedFigure(attack.value, of: attack.n, attack.interval), atMost: rule.attackAtMost,
                NumberText.percent(rule.attackAtMost), "image")
        ]
    }
}
