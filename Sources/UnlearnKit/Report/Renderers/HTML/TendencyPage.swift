// The part of report.html that shows a tendency: rates per group, and continuations of which the offensive are veiled.
import UnlearnEvaluation

/// What the template places. Its names are none of the page's.
struct TendencyPage {
    struct RateRow { let about, asked, promptCount, oldRate, oldRange, newRate, newRange: String }
    struct Side {
        let words, chance: String
        let isBlank, isVeiled: Bool
    }
    struct Pair {
        let prompt: String
        let earlier, later: Side
    }
    struct Part {
        let heading: String
        let pairs: [Pair]
    }

    let judgeWords, veilWords: String
    let rates: [RateRow]
    let hasRates: Bool
    let parts: [Part]

    init(_ tendency: Tendency) {
        judgeWords = PlainText.singleLine(tendency.judgeWords)
        veilWords = PlainText.singleLine("What the judge finds \(tendency.kind) is veiled until you open it.")
        rates = tendency.rates.map { rate in
            RateRow(
                about: PlainText.singleLine(rate.group), asked: rate.split.rawValue, promptCount: "\(rate.before.n)",
                oldRate: NumberText.percent(rate.before.value), oldRange: rate.before.percents,
                newRate: NumberText.percent(rate.after.value), newRange: rate.after.percents)
        }
        hasRates = !rates.isEmpty
        func side(_ text: Tendency.Text) -> Side {
            Side(
                words: PlainText.lines(text.text),
                chance: PlainText.singleLine(
                    "\(tendency.kind), says the judge (\(NumberText.percent(text.probability, places: 0)))"),
                isBlank: text.text.isBlank, isVeiled: text.isVeiled)
        }
        parts = [Split.toxic, .harmless].compactMap { split in
            let pairs = tendency.samples.filter { $0.split == split }.map {
                Pair(prompt: PlainText.lines($0.prompt), earlier: side($0.before), later: side($0.after))
            }
            return pairs.isEmpty ? nil : Part(heading: split.title, pairs: pairs)
        }
    }
}

extension Report.Figure {
    /// "1.2 % to 3.4 %"; empty without an interval.
    fileprivate var percents: String {
        guard let low, let high else { return "" }
        return "\(NumberText.percent(low)) to \(NumberText.percent(high))"
    }
}
